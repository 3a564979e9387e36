"""What an operator once misread, on the page as it is drawn. One page a scenario, since each costs seconds."""

import math
import re
from collections.abc import Iterator

import pytest
from pages import Scenario, Shown, find_scenario, shown
from playwright.sync_api import Browser
from serving import serving
from walls import await_still

TIME_OF_DAY = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2} (\S+)")


def show(
    scenario: Scenario, browser: Browser, tmp_path_factory: pytest.TempPathFactory, search: str = ""
) -> Iterator[Shown]:
    """The page of a scenario, and the state it has to agree with."""
    log = tmp_path_factory.mktemp("misleads") / "log"
    with serving(log, scenario.settings) as server, shown(browser, server, search=search) as view:
        view.state = scenario.print_state()
        view.await_true("document.querySelector('#nav-history .js-line') !== null")
        yield view


@pytest.fixture(scope="module")
def frozen(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A desk whose exchange does not answer, on a wall of another time zone; its youngest file is 4.97 s old."""
    scenario = find_scenario("v7.1/exchange_down")
    later = scenario._replace(now=scenario.now + 0.06)
    yield from show(later, browser, tmp_path_factory, "?tz=Africa/Johannesburg&kiosk=0")


@pytest.fixture(scope="module")
def healthy(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A quiet desk without amounts."""
    yield from show(find_scenario("v7.1/healthy"), browser, tmp_path_factory, "?privacy=1")


@pytest.fixture
def quiet(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A desk that nothing is to be said about."""
    yield from show(find_scenario("v7.1/large_universe"), browser, tmp_path_factory)


def zone_of(view: Shown) -> str:
    """The name of the zone that the clock of the page shows."""
    found = TIME_OF_DAY.search(view.page.inner_text("#clock"))
    assert found is not None
    return found[1]


def hover(view: Shown, chart: str, right: float, down: float) -> str:
    """The words at a place of a chart, given from its middle in halves of its smaller side."""
    await_still(view.page)
    box = view.page.locator(chart).bounding_box()
    assert box is not None
    half = min(box["width"], box["height"]) / 2
    x, y = box["x"] + box["width"] / 2 + right * half, box["y"] + box["height"] / 2 + down * half
    view.page.mouse.move(x - 1, y)
    view.page.mouse.move(x, y)
    card = chart.split(maxsplit=1)[0]
    view.await_true(f"document.querySelector('{card} .hoverlayer .hovertext') !== null")
    words = view.page.locator(f"{card} .hoverlayer .hovertext").first.text_content()
    view.page.mouse.move(1, 1)
    return words or ""


def test_the_donut_says_the_label_and_each_amount_once(frozen: Shown) -> None:
    """Not its own name for a list of lists."""
    first = frozen.state["aum"]["slices"][0]
    angle = math.radians(20)
    words = hover(frozen, "#aum-donut .pielayer", 0.83 * math.sin(angle), -0.83 * math.cos(angle))
    assert words == f"{first['label']}{first['usd']:,.2f} USD{first['zar']:,.2f} ZAR"


def test_every_time_is_in_the_zone_that_was_asked_for(frozen: Shown) -> None:
    """The hover of the chart, its ends and the words of an alert too."""
    zone = zone_of(frozen)
    assert zone != "UTC"
    words = hover(frozen, "#nav-history .nsewdrag", -0.5, 0.0)
    assert re.search(rf"[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} {re.escape(zone)}", words)
    assert "UTC" not in words
    assert TIME_OF_DAY.findall(frozen.page.inner_text("#nav-caption")) == [zone, zone]
    assert "UTC" not in (frozen.page.locator("#page").text_content() or "")
    confirmed = frozen.state["nav"]["exchange"]["confirmed_at"] + 7200
    assert f"{int(confirmed // 3600 % 24):02d}:{int(confirmed // 60 % 60):02d}:" in frozen.page.inner_text(
        "#alert-line"
    )


def test_a_frozen_nav_dims_the_drawdown_and_the_checks(frozen: Shown) -> None:
    """What is made of an old figure is no fresher than that."""
    muted = frozen.page.evaluate("getComputedStyle(document.querySelector('.nav-figure')).color")
    colour = "element => getComputedStyle(element).color"
    path = "[data-field='kpis.risk.drawdown_pct']"
    assert frozen.page.eval_on_selector(f"#kpi-cards {path}", colour) == muted
    assert frozen.page.eval_on_selector("#overview-cards [data-field='nav.drawdown_pct']", colour) == muted
    assert "agree on an old NAV" in frozen.page.inner_text("#check-chips")
    assert frozen.page.locator("#check-chips .ok").count() == 0


def test_one_file_has_one_age(frozen: Shown) -> None:
    """In tenths in the header and in words in its chip, rounded once."""
    tenths = float(re.findall(r"Age: ([0-9.]+)s", frozen.page.inner_text("#header-nav"))[0])
    chip = frozen.page.locator("[data-surface='nav_state.json']").inner_text()
    assert chip == f"nav_state {int(tenths)} s"


def test_the_nav_is_a_line_with_its_figures(frozen: Shown) -> None:
    """No fill down to a cut base, and values instead of an axis."""
    fills = frozen.page.eval_on_selector_all("#nav-history .fills path, #nav-history .js-fill", "found => found.length")
    assert fills == 0
    navs = [nav for _, nav in frozen.state["nav"]["series"]]
    words = frozen.page.locator("#nav-history .annotation-text").all_text_contents()
    assert f"{navs[-1]:,.2f}" in words
    assert [word for word in words if word.startswith(f"low {min(navs):,.2f}")]
    assert [word for word in words if word.startswith(f"high {max(navs):,.2f}")]


def test_what_the_writers_always_write_is_a_default(healthy: Shown) -> None:
    """A `normal` and a 0.00 by symbol are grey, and say why."""
    cell = "#symbols-table tr:has(td) td[data-dash-column='{}']"
    healthy.await_true("document.querySelector(\"#symbols-table td[data-dash-column='dd_state']\").dataset.reason")
    for column in ("dd_state", "dd_today_pct"):
        told = healthy.page.eval_on_selector(cell.format(column), "found => found.dataset.reason")
        assert told == healthy.state["meta"]["unknown"]["kpis.symbols.BTCUSDT.dd_state"]


def test_fees_say_whether_they_stand_against_a_gain_or_a_loss(healthy: Shown) -> None:
    """And a ratio above 1 is amber."""
    card = healthy.page.locator("#kpi-cards .card", has_text="Fee / PnL")
    assert re.search(r"against a (gain|loss|PnL) of", card.inner_text())
    assert card.locator(".big .warn").count() == 2


def test_a_private_page_has_a_badge(healthy: Shown) -> None:
    """Dots alone could be a fault."""
    assert "PRIVATE" in healthy.page.inner_text("#header-status")


def test_reasons_are_reached_by_key_and_by_pointer(healthy: Shown) -> None:
    """In one popover, which Escape closes, and which names itself to whoever hears the page."""
    reason = healthy.page.locator("#symbols-table td[data-reason]").first
    words = reason.get_attribute("data-reason")
    reason.focus()
    assert healthy.page.inner_text("#popover") == words
    assert reason.get_attribute("aria-describedby") == "popover"
    healthy.page.keyboard.press("Escape")
    assert not healthy.page.locator("#popover").is_visible()
    healthy.page.locator("#kpi-cards h3").first.hover()
    reason.hover()
    assert healthy.page.inner_text("#popover") == words
    healthy.page.keyboard.press("Escape")
    assert healthy.page.locator("#page [title]").count() == 0


def test_nothing_was_complained_about(healthy: Shown, frozen: Shown) -> None:
    """The popover and the words of the charts need no inline style."""
    assert (healthy.complaints, frozen.complaints) == ([], [])


def test_a_server_that_is_gone_is_not_called_quiet(quiet: Shown) -> None:
    """Nobody knows any more."""
    # A machine that is busy with other tests may have kept the first answers from the page.
    quiet.await_true("document.querySelector('#alert-line').innerText.includes('All quiet')")
    quiet.server.stop()
    quiet.await_true("document.documentElement.classList.contains('connection-lost')", 30_000)
    assert "All quiet" not in quiet.page.inner_text("#alert-line")
