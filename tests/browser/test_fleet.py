"""Several desks in a browser: tiles, order, totals, desk and back, the words of faults, privacy, and every screen."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from desks import HEALTHY, QUIET, Desks, picture
from pages import Shown, shown
from playwright.sync_api import Browser
from serving import serving
from walls import VIEWPORTS, Viewport, await_still, list_faults, resize

SCREENS = [viewport for viewport in VIEWPORTS if (viewport.width, viewport.height) != (3840, 2160)]
CHARTS_FIT = """[...document.querySelectorAll(".graph .js-plotly-plot")].filter((chart) => chart.clientWidth).every(
    ({ _fullLayout: drawn, clientWidth, clientHeight }) =>
        Math.abs(drawn.width - clientWidth) < 3 && Math.abs(drawn.height - clientHeight) < 3)"""
TILES = "[...document.querySelectorAll('.tile h2')].map(name => name.textContent)"


def crowd(root: Path) -> Desks:
    """Thirty desks, some of them in trouble, more than there are tiles; and directories whose names are no desks'."""
    desks = picture(root)
    for number in range(3):
        (root / f"{number}_momentum.alpha_of_the_second_account_of_the_growth_fund").mkdir()
    scenarios = (QUIET, HEALTHY, "v7.1/drawdown", "v7.6/healthy", "v7.1/exchange_down")
    for number in range(22):
        desks.add(f"desk-{number:02d}", scenarios[number % len(scenarios)], nav_usd=5000.11 + 977.3 * number)
    return desks


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Desks:
    """Eight desks, as the picture of the look has them."""
    return picture(tmp_path_factory.mktemp("fleet") / "desks")


@pytest.fixture(scope="module")
def view(desks: Desks, browser: Browser) -> Iterator[Shown]:
    """Their page, which tests leave at the overview."""
    log = desks.root.with_name("log")
    with serving(log, desks.settings()) as server, shown(browser, server) as view:
        yield view
    assert view.complaints == []


def settle(view: Shown, viewport: Viewport = VIEWPORTS[0]) -> None:
    """The overview, on a wall."""
    view.await_true("document.getElementById('shown').dataset.page === 'fleet'")
    resize(view.page, viewport, kiosk=False)
    await_still(view.page)


def test_tiles_totals_and_alert_line(view: Shown) -> None:
    """Worst first, testnet last; what is missing is said beside every sum."""
    settle(view)
    assert view.page.evaluate(TILES) == ["beta", "delta", "epsilon", "alpha", "eta", "gamma", "zeta", "lab"]
    header = view.page.inner_text("#header-nav")
    assert re.search(r"NAV: ≥ 9569\d\.\d\d USD", header)
    assert "beta silent" in header
    assert "6 of 7 live desks, without beta silent" in view.page.inner_text("#fleet-totals")
    line = view.page.inner_text("#alert-line")
    assert "beta: DESK SILENT for 4 m 12 s" in line
    assert "delta: Drawdown defensive" in line
    assert "5 of 8 desks quiet" in line
    assert view.page.locator(".main").is_hidden()
    view.await_true("document.title.startsWith('✗ beta: DESK SILENT')")


def test_a_silent_desk_is_grey_and_says_since_when(view: Shown) -> None:
    """Its last NAV stands there, as the last known one."""
    settle(view)
    tile = view.page.locator(".tile").first
    assert "8,204.15 USD last known" in tile.inner_text()
    assert "beat 4 m 12 s ago" in tile.inner_text()
    color = "one => getComputedStyle(one).color"
    colors = f"tile => [...tile.querySelectorAll('[data-field$=nav_usd], .beat')].map({color})"
    assert tile.evaluate(colors) == ["rgb(130, 146, 166)", "rgb(255, 111, 89)"]


def test_to_a_desk_and_back_without_another_load_of_the_page(view: Shown) -> None:
    """By its tile, by the way back and by the browser's own; the rest of the address stays."""
    settle(view)
    view.page.evaluate("history.replaceState({}, '', '?tz=UTC')")
    view.page.evaluate("window.stayed = true")
    before = len(view.urls)
    view.page.click(".tile a[data-desk=delta]")
    view.await_text(".desk-name", "delta")
    view.await_true("document.querySelector('.nav-figure').textContent === 'NAV: 10912.44 USD'")
    assert view.page.url.endswith("/?tz=UTC&desk=delta")
    assert view.page.locator(".fleet").is_hidden()
    assert list_faults(view.page, VIEWPORTS[0], kiosk=False) == []
    view.await_true("document.title.includes('delta')")
    view.page.click(".to-overview")
    view.await_true("document.getElementById('shown').dataset.page === 'fleet'")
    assert view.page.url.endswith("/?tz=UTC")
    view.page.go_back()
    view.await_text(".desk-name", "delta")
    view.page.go_back()
    view.await_true("document.getElementById('shown').dataset.page === 'fleet'")
    assert view.page.evaluate("window.stayed") is True
    assert {url for url in list(view.urls)[before:] if "/assets/" in url} == set()


def test_the_whole_tile_is_the_link_and_reasons_can_be_reached(view: Shown) -> None:
    """For pointer and for keys."""
    settle(view)
    view.page.locator(".tile", has_text="epsilon").locator(".tile-line").click(force=True)
    view.await_text(".desk-name", "epsilon")
    view.page.go_back()
    settle(view)
    view.page.locator(".tile [data-unknown]").first.hover()
    view.await_true("!document.getElementById('popover').hidden")
    view.page.locator(".tile a[data-desk=zeta]").press("Enter")
    view.await_text(".desk-name", "zeta")
    view.page.go_back()
    settle(view)


def test_axe_finds_nothing(view: Shown) -> None:
    """On the overview, dark, and light, which is the same in other colours."""
    settle(view)
    for theme, rules in (("dark", {}), ("light", {"runOnly": ["color-contrast"]})):
        view.page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme; }", theme)
        found = Axe().run(view.page, options=rules)
        assert len(found.response["passes"]) >= 1
        assert [item["id"] for item in found.response["violations"]] == [], found.generate_report()
    view.page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")


@pytest.mark.parametrize("kiosk", [False, True], ids=["plain", "kiosk"])
@pytest.mark.parametrize("viewport", SCREENS, ids=lambda viewport: f"{viewport.width}x{viewport.height}")
def test_nothing_of_eight_desks_is_cut_or_hidden(view: Shown, viewport: Viewport, *, kiosk: bool) -> None:
    """All of them on every wall, and no wall scrolls."""
    resize(view.page, viewport, kiosk=kiosk)
    assert list_faults(view.page, viewport, kiosk=kiosk) == []
    assert view.page.locator(".tile:visible").count() == 8


def test_a_desk_that_is_not_there_is_a_sentence_and_a_private_wall_stays_private(view: Shown) -> None:
    """The names that are there, and the overview below; totals are masked too, and a link does not drop it."""
    settle(view)
    view.visit("/?privacy=1&desk=nope")
    view.await_text("#alert-line", "No desk is called 'nope'")
    view.await_told("there are alpha, beta, delta")
    assert view.page.evaluate(TILES)[0] == "beta"
    view.await_true("document.getElementById('shown').dataset.page === 'fleet'")
    texts = [view.page.inner_text("#page")]
    view.page.click(".tile a[data-desk=delta]")
    view.await_text(".desk-name", "delta")
    assert "privacy=1" in view.page.url
    # What was out of sight has its size now, though the window has kept its own.
    view.await_true(CHARTS_FIT)
    assert list_faults(view.page, VIEWPORTS[0], kiosk=False) == []
    texts.append(view.page.inner_text("#page"))
    for text in texts:
        assert "PRIVATE" in text
        assert not re.search(r"10,?912|8,?204|95,?69|31,?870", text)
    assert view.complaints == []


@pytest.fixture(scope="module")
def many(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """Thirty desks."""
    desks = crowd(tmp_path_factory.mktemp("crowd") / "desks")
    with serving(desks.root.with_name("log"), desks.settings()) as server, shown(browser, server) as view:
        yield view


@pytest.mark.parametrize("kiosk", [False, True], ids=["plain", "kiosk"])
@pytest.mark.parametrize("viewport", SCREENS, ids=lambda viewport: f"{viewport.width}x{viewport.height}")
def test_nothing_of_thirty_desks_is_cut_or_hidden(many: Shown, viewport: Viewport, *, kiosk: bool) -> None:
    """Tiles are closer, and turn pages where even that is too much."""
    resize(many.page, viewport, kiosk=kiosk)
    assert list_faults(many.page, viewport, kiosk=kiosk) == []


def test_every_desk_is_a_tile_or_a_row(many: Shown) -> None:
    """On one of the pages that turn."""
    resize(many.page, VIEWPORTS[0], kiosk=False)
    await_still(many.page)
    names = list(many.page.evaluate(TILES))
    assert len(names) == 24
    seen: set[str] = set()
    while True:
        seen |= set(many.page.locator(".tile:visible h2").all_inner_texts())
        if len(seen) == 24:
            break
        many.page.click(".tile-turn[data-turn='1']")
    rows = [row["name"] for row in many.rows("fleet-table")]
    many.page.click(".fleet-rest .turn[data-turn='1']")
    many.await_text(".fleet-rest .page-of", "page 2")
    rows += [row["name"] for row in many.rows("fleet-table")]
    assert len({*names, *rows}) == 30
    many.page.click(f"#fleet-table td[data-dash-column=name]:has-text('{rows[-1]}')")
    many.await_text(".desk-name", rows[-1])


# --- faults ---

FAULTS: list[tuple[str, dict[str, Any], dict[str, float], str]] = [
    ("store down", {"up": False}, {"far": 2.0, "off": 2.0}, "STORE UNREACHABLE"),
    ("one silent", {}, {"far": 40.0, "off": 2.0}, "DESK SILENT"),
    ("all silent", {}, {"far": 40.0, "off": 90.0}, "PUBLISHING STOPPED"),
    ("mirror dead", {"age_s": 30.0}, {"far": 30.0, "off": 30.0}, "MIRROR SILENT"),
]


@pytest.fixture(scope="module")
def hit(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desks, Shown]]:
    """Two desks of other hosts, well at first, and their page."""
    desks = Desks(tmp_path_factory.mktemp("hit") / "desks")
    desks.add("far", QUIET, None).add("off", QUIET, None, nav_usd=77.5).mirror().beat("far").beat("off")
    with (
        serving(desks.root.with_name("log"), desks.settings()) as server,
        shown(browser, server) as view,
    ):
        yield desks, view


@pytest.mark.parametrize(("mirror", "beats", "words"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_the_words_of_a_fault_are_on_the_overview_and_on_the_desk(
    hit: tuple[Desks, Shown], mirror: dict[str, Any], beats: dict[str, float], words: str
) -> None:
    """As soon as the files say so; and they go when it is over."""
    desks, view = hit
    view.await_text("#alert-line", "All quiet")
    desks.mirror(**mirror)
    for name, age_s in beats.items():
        desks.beat(name, age_s)
    view.await_text("#alert-line", words)
    view.page.click(".tile a[data-desk=far]")
    view.await_text(".desk-name", "far")
    view.await_text("#alert-line", words)
    view.page.click(".to-overview")
    view.await_true("document.getElementById('shown').dataset.page === 'fleet'")
    desks.mirror().beat("far").beat("off")
    view.await_text("#alert-line", "All quiet")


def test_a_publisher_of_another_version_is_said(hit: tuple[Desks, Shown]) -> None:
    """Its files are still read."""
    desks, view = hit
    desks.beat("off", format=2)
    view.await_text("#alert-line", "off: Publisher speaks format 2")
    assert "77.50" in view.page.locator(".tile", has_text="off").first.inner_text()
    desks.beat("off")
    view.await_text("#alert-line", "All quiet")


def test_ages_are_counted_on_the_clock_of_the_desk(hit: tuple[Desks, Shown]) -> None:
    """In tiles and on its page, also as the browser counts on."""
    desks, view = hit
    desks.beat("off", skew_s=60.0)
    view.await_text("#alert-line", "off: Clock 60.0 s ahead")
    view.await_true("document.querySelector('.tile .age').dataset.stamp && document.querySelector('.tile[data-skew]')")
    view.await_beats()
    assert "confirmed 1 m 11 s ago" in view.page.locator(".tile", has_text="off").first.inner_text()
    assert "beat 2 s ago" in view.page.locator(".tile", has_text="off").first.inner_text()
    view.page.click(".tile a[data-desk=off]")
    view.await_text(".desk-name", "off")
    view.await_beats()
    assert "Age: 65.0s" in view.page.inner_text("#header-nav")
    view.page.click(".to-overview")
    desks.beat("off")
    view.await_text("#alert-line", "All quiet")
