"""What the wall shows beyond its values: age, tape, kiosk, theme, time zone, privacy, title."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pages import Shown, find_scenario, opened, shown
from playwright.sync_api import Browser, Response
from serving import CORPUS, HEALTHY_STATE, Server, serving, wait_until
from walls import await_still
from writers import shift, write_as_of

from dash_app.render.readings import MASK
from dash_app.render.text import PAGE_TITLE

HEALTHY = find_scenario("v7.1/healthy")
REFRESH_MS = 1000
WALLS = [(1920, 1080), (3840, 2160)]
COLOR = "getComputedStyle(document.querySelector('{selector}')).color"
GREY = "rgb(130, 146, 166)"
TALLER = (
    "[...document.querySelectorAll('{selector}')].every(one => parseFloat(getComputedStyle(one).fontSize) >= {least})"
)
SHIFT = """() => {
    const box = document.getElementById("page").getBoundingClientRect();
    return [Math.round(box.left), Math.round(box.top)];
}"""
FITS = "(root => root.scrollWidth <= 1920 && root.scrollHeight <= 1080)(document.documentElement)"
PAGE_OF = "document.querySelector('.symbols .table-box').dataset.page"
COUNT_LOCKS = """
    window.locks = [];
    const plain = navigator.wakeLock.request.bind(navigator.wakeLock);
    navigator.wakeLock.request = async type => {
        window.locks.push(type);
        return plain(type);
    };
"""
# Half a day from now, so that no page of these tests meets it by itself.
RELOAD_AT = f"{(datetime.now(UTC).hour + 12) % 24:02}:30"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """40 positions, 60 symbols."""
    with serving(tmp_path_factory.mktemp("large") / "log", find_scenario("v7.1/large_universe").settings) as server:
        yield server


@pytest.fixture(scope="module")
def down(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The exchange is gone."""
    with serving(tmp_path_factory.mktemp("down") / "log", find_scenario("v7.1/exchange_down").settings) as server:
        yield server


@pytest.fixture(scope="module")
def log_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with a tape."""
    log_dir = tmp_path_factory.mktemp("desk") / "logs"
    shutil.copytree(CORPUS / "v7.1" / "healthy" / "logs", log_dir)
    rows = [change(HEALTHY.now - 600 * number, f"change {number}") for number in range(5, 0, -1)]
    (log_dir / "execution").mkdir(exist_ok=True)
    (log_dir / "execution" / "transitions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return log_dir


def change(at: float, text: str) -> dict[str, object]:
    return {
        "at": at,
        "kind": "dd_state",
        "subject": "portfolio",
        "before": f"before {text}",
        "after": text,
        "text": text,
    }


@pytest.fixture(scope="module")
def desk(log_dir: Path) -> Iterator[Server]:
    state_dir = {"HEDGE_STATE_DIR": str(log_dir / "state")}
    more = {"HEDGE_REFRESH_MS": str(REFRESH_MS), "HEDGE_RELOAD_AT": RELOAD_AT}
    with serving(log_dir.with_name("log"), {**HEALTHY.settings, **state_dir, **more}) as server:
        yield server


@pytest.fixture(scope="module")
def wall(browser: Browser, desk: Server) -> Iterator[Shown]:
    """One tab, which counts the locks of its screen."""
    with opened(browser, desk) as view:
        view.page.add_init_script(COUNT_LOCKS)
        view.visit()
        yield view


def await_grey(view: Shown, panel: str, *, grey: bool = True) -> None:
    """Return once what a panel shows has the colour of what is not of now, or has it no more: a frame after its tag."""
    color = COLOR.format(selector=f"{panel} .card-body > :not(.empty)")
    view.await_true(f"({color} === '{GREY}') === {str(grey).lower()}")


def await_title(view: Shown, worst: str) -> None:
    """The worst alert in title and icon."""
    view.await_true(f"document.title === '{worst} · {PAGE_TITLE}'")
    view.await_true("document.querySelector('link[rel=icon]').href.startsWith('data:image/svg+xml,')")
    assert view.complaints == []


def test_a_fresh_wall_says_nothing_of_ages_and_its_tape_is_newest_first(wall: Shown) -> None:
    """A plain page leaves the screen its sleep."""
    assert wall.age_tags("#page") == []
    await_grey(wall, ".positions", grey=False)
    texts = wall.page.locator("#changes .change-text").all_text_contents()
    assert texts == [f"change {number}" for number in range(1, 6)]
    assert (wall.page.locator("#changes .change").first.text_content() or "").startswith("22:35:00 UTC")
    await_title(wall, "▲ Router poor")
    assert wall.page.evaluate("window.locks") == []


@pytest.mark.parametrize(
    ("later_s", "expected"),
    [
        (60, {"#header-nav": ["late · 1 m 05 s"], ".aum": ["late · 1 m 05 s"], ".symbols": [], ".positions": []}),
        (
            200,
            {".nav-history": ["stale · 3 m 25 s"], ".symbols": ["late · 3 m 31 s"], ".positions": ["late · 3 m 31 s"]},
        ),
        (700, {".positions": ["stale · 11 m 51 s"], "#kpi-cards .card:first-child": ["NAV frozen · 11 m 51 s"]}),
    ],
)
def test_each_panel_goes_by_its_own_files(
    wall: Shown, log_dir: Path, later_s: float, expected: dict[str, list[str]]
) -> None:
    """Files so much older, while the clock stands."""
    make_older(log_dir, later_s)
    wait_until(lambda: {panel: wall.age_tags(panel) for panel in expected} == expected)
    for panel, words in expected.items():
        if panel.startswith("."):
            await_grey(wall, panel, grey=bool(words))
    make_older(log_dir, 0)
    wait_until(lambda: wall.age_tags("#page") == [])


def make_older(log_dir: Path, seconds: float) -> None:
    """The files of the healthy desk with stamps so much earlier."""
    for path in HEALTHY_STATE.glob("*.json"):
        write_as_of(
            log_dir / "state" / path.name, shift(json.loads(path.read_bytes()), -seconds), HEALTHY.now - seconds
        )


def test_frozen_nav_dims_nav_and_aum(browser: Browser, down: Server) -> None:
    """And the title says why."""
    with shown(browser, down) as view:
        assert view.age_tags(".aum") == ["NAV frozen · 10 m 11 s"]
        await_grey(view, ".aum")
        assert view.age_tags(".symbols") == []
        await_title(view, "✗ EXCHANGE UNREACHABLE")


def test_the_browser_keeps_a_bounded_tape(wall: Shown) -> None:
    tell = "hedge.tell('hedge-connection', { lost: true, at: 1764197100 + 10 * number, words: 'lost' })"
    wall.page.evaluate(f"() => {{ for (let number = 0; number < 100; number += 1) {tell} }}")
    assert wall.page.evaluate("JSON.parse(localStorage.getItem('hedge-tape:/')).length") == 30


def test_nightly_reload(wall: Shown) -> None:
    """At its hour and not before, whatever has become of the tape that the browser kept."""
    midnight, (hour, minute) = 1764201600, RELOAD_AT.split(":")
    at = midnight + 3600 * int(hour) + 60 * int(minute)
    wall.page.evaluate(f"window.loadedOnce = true; hedge.realNow = () => {at - 30}")
    wall.await_beats()
    assert wall.page.evaluate("window.loadedOnce") is True
    wall.page.evaluate("localStorage.setItem('hedge-tape:/', '[{\"at\": \"x\"}, null, 5')")
    wall.page.evaluate(f"hedge.realNow = () => {at + 1}")
    wall.await_true("window.loadedOnce === undefined && document.querySelector('#alert-line > *') !== null")
    wall.await_on_tape("change 1")
    assert wall.complaints == []


def test_kiosk_has_no_chrome_fits_and_turns_its_pages(browser: Browser, large: Server) -> None:
    """On both walls; its tape says that it is empty."""
    with opened(browser, large) as view:
        view.page.clock.install()
        view.visit("?kiosk=1")
        assert view.page.text_content("#changes") == "Nothing has changed yet"
        for width, height in reversed(WALLS):
            view.page.set_viewport_size({"width": width, "height": height})
            view.await_true(f"innerWidth === {width} && document.documentElement.scrollHeight <= {height}")
            view.await_true(f"document.documentElement.scrollWidth <= {width}")
            for chrome in ("h1", ".previous-next-container"):
                assert view.page.locator(chrome).first.is_hidden()
            view.await_true(TALLER.format(selector=".big, .nav-figure", least=0.03 * height))
        assert await_still(view.page)  # no row more or less will change the number of pages
        turned = view.page.evaluate(PAGE_OF)  # on a slow machine it has turned already
        first, pages = view.page.text_content("#symbols-table tr td"), turned.partition(" / ")[2]
        view.page.clock.fast_forward(10_000)
        view.await_true(f"{PAGE_OF} !== '{turned}' && {PAGE_OF}.endsWith(' / {pages}')")
        view.await_true(f"!document.querySelector('#symbols-table').textContent.includes('{first}')")
        assert view.complaints == []


def test_light_theme_and_a_bad_time_zone(wall: Shown) -> None:
    """Light to the charts, and the clock of the settings under words about the other one."""
    wall.visit("?theme=light&tz=Mars/Base")
    assert wall.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(238, 241, 245)"
    stroke = "getComputedStyle(document.querySelector('.pielayer path.surface')).stroke"
    wall.await_true(f"document.querySelector('.pielayer path.surface') && {stroke} === 'rgb(255, 255, 255)'")
    wall.await_text("#zone-note", "no time zone called Mars/Base")
    assert wall.page.inner_text("#clock") == "22:45:00 UTC"
    assert wall.complaints == []


def raw_amounts(state: Any) -> set[str]:
    """Amounts of the healthy desk in every spelling."""
    rows = [row[key] for row in state["positions"] for key in ("qty", "notional", "pnl", "entry_price", "mark_price")]
    nav = [value for key, value in state["nav"].items() if key.endswith(("_usd", "_zar"))]
    series = [value for _, value in state["nav"]["series"]]
    risk = [state["kpis"]["risk"][key] for key in ("fees_usd", "realized_pnl_usd")]
    found = {abs(value) for value in [*rows, *nav, *series, *risk] if value}
    texts = {text for value in found for text in (json.dumps(value), f"{value:,.2f}", f"{value:.2f}")}
    return {text for text in texts if len(text.strip("0.,")) > 4}


def test_privacy_keeps_every_amount_at_the_server(wall: Shown, log_dir: Path) -> None:
    amounts = raw_amounts(HEALTHY.print_state())
    assert len(amounts) > 100
    answers: list[Response] = []
    kept = re.compile(rf"{re.escape(wall.server.url)}/(_dash-update|_dash-layout|\?)")
    wall.page.goto("about:blank")  # no answer of the page before
    wall.page.on("response", lambda answer: answers.append(answer) if kept.match(answer.url) else None)
    wall.visit("/?privacy=1")
    wall.page.wait_for_selector("#positions-table td")
    path = log_dir / "state" / "nav_state.json"
    write_as_of(path, json.loads(path.read_text().replace("10461.27", "10470.31")), HEALTHY.now)
    wall.await_true("document.querySelector('#nav-caption').textContent.includes('101.')")
    wall.await_beats()  # another state, another set of answers
    bodies = [answer.text() for answer in answers if answer.status == 200]
    assert MASK in wall.page.inner_text("#header-nav")
    assert len([body for body in bodies if "positions-table" in body]) >= 1
    found = re.compile("|".join(rf"(?<![0-9.]){re.escape(amount)}(?![0-9])" for amount in amounts | {"10470.31"}))
    assert [body[match.start() - 60 : match.end()] for body in bodies for match in found.finditer(body)] == []


# The last: the clock of the tab is one to move on from here.
def test_kiosk_shows_the_worst_first_keeps_the_screen_awake_and_shifts_its_pixels(wall: Shown) -> None:
    """In the time zone of its address; never out of view, on a phone neither."""
    wall.page.clock.install()
    wall.visit("?kiosk=1&tz=Africa/Johannesburg")
    wall.await_text("#clock", "00:45:00")
    wall.await_on_tape("00:35:00")
    assert wall.page.inner_text("#zone-note") == ""
    assert [row["symbol"] for row in wall.rows("positions-table")][:2] == ["SOLUSDT", "DOGEUSDT"]
    assert [row["symbol"] for row in wall.rows("symbols-table")][:2] == ["DOGEUSDT", "SOLUSDT"]
    assert wall.page.evaluate("window.locks") == ["screen"]
    found = []
    for _ in range(9):
        wall.page.clock.fast_forward(180_000)
        found.append(wall.page.evaluate(SHIFT))
    assert len({tuple(shift) for shift in found}) == 9
    assert max(abs(number) for shift in found for number in shift) == 3
    assert wall.page.evaluate(FITS)
    wall.page.set_viewport_size({"width": 390, "height": 844})
    wall.await_true("innerWidth === 390 && document.documentElement.scrollWidth <= 390")
