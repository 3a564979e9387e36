"""What the wall shows beyond its values: age, tape, kiosk, theme, time zone, privacy, title."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import Shown, await_true, find_scenario, shown
from playwright.sync_api import Browser, Response, Route
from serving import CORPUS, Server, serving

from dash_app.render.readings import MASK
from dash_app.render.text import PAGE_TITLE

HEALTHY = find_scenario("v7.1/healthy")
REFRESH_MS = 300
WALLS = [(1920, 1080), (3840, 2160)]
TAGS = "[...document.querySelectorAll('{panel} .source-age')].filter(tag => tag.checkVisibility())"
TEXTS = TAGS + ".map(tag => before(tag) + tag.textContent)"
BEFORE = "const before = tag => getComputedStyle(tag, '::before').content.replace('none', '').replaceAll('\"', ''); "
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
COUNT_LOCKS = """
    window.locks = [];
    const plain = navigator.wakeLock.request.bind(navigator.wakeLock);
    navigator.wakeLock.request = async type => {
        window.locks.push(type);
        return plain(type);
    };
"""


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
def settings(log_dir: Path) -> dict[str, str]:
    state_dir = {"HEDGE_STATE_DIR": str(log_dir / "state")}
    return {**HEALTHY.settings, **state_dir, "HEDGE_REFRESH_MS": str(REFRESH_MS)}


@pytest.fixture(scope="module")
def desk(settings: dict[str, str], log_dir: Path) -> Iterator[Server]:
    with serving(log_dir.with_name("log"), settings) as server:
        yield server


def tags(view: Shown, panel: str) -> list[str]:
    """The tags in sight, with their words."""
    found: list[str] = view.page.evaluate(f"() => {{ {BEFORE} return {TEXTS.format(panel=panel)} }}")
    return found


def is_grey(view: Shown, selector: str) -> bool:
    """Whether what a panel shows has the colour of what is not of now."""
    return bool(view.page.evaluate(COLOR.format(selector=selector)) == GREY)


def test_a_fresh_wall_says_nothing_of_ages(browser: Browser, desk: Server) -> None:
    with shown(browser, desk) as view:
        assert tags(view, "#page") == []
        assert not is_grey(view, ".positions .card-body > :not(.empty)")


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
    browser: Browser, tmp_path: Path, later_s: float, expected: dict[str, list[str]]
) -> None:
    settings = {**HEALTHY.settings, "HEDGE_NOW": str(HEALTHY.now + later_s)}
    with serving(tmp_path / "log", settings) as server, shown(browser, server) as view:
        assert {panel: tags(view, panel) for panel in expected} == expected
        for panel, words in expected.items():
            if panel.startswith("."):
                assert is_grey(view, f"{panel} .card-body > :not(.empty)") == bool(words)


def test_frozen_nav_dims_nav_and_aum(browser: Browser, down: Server) -> None:
    with shown(browser, down) as view:
        assert tags(view, ".aum") == ["NAV frozen · 10 m 11 s"]
        assert is_grey(view, ".aum .card-body > :not(.empty)")
        assert tags(view, ".symbols") == []


def test_ages_go_on_while_the_server_is_gone(browser: Browser, settings: dict[str, str], tmp_path: Path) -> None:
    with serving(tmp_path / "log", settings) as server, shown(browser, server) as view:
        server.stop()
        view.page.evaluate(f"hedge.now = () => {HEALTHY.now} + 10000")
        view.await_true(f"{TAGS.format(panel='.positions')}.length === 1")
        assert tags(view, ".positions") == ["stale · 2 h 46 m"]
        assert tags(view, ".symbols") == ["stale · 2 h 46 m"]


def test_tape_is_newest_first(browser: Browser, desk: Server) -> None:
    with shown(browser, desk) as view:
        texts = view.page.locator("#changes .change-text").all_text_contents()
        assert texts == [f"change {number}" for number in range(1, 6)]
        assert view.page.locator("#changes .change").first.inner_text().startswith("22:35:00 UTC")


def test_tape_without_a_change_says_so(browser: Browser, large: Server) -> None:
    with shown(browser, large) as view:
        assert view.page.text_content("#changes") == "Nothing has changed yet"


def test_what_the_browser_noticed_survives_reload_and_restart(
    browser: Browser, settings: dict[str, str], tmp_path: Path
) -> None:
    with serving(tmp_path / "log", settings) as server, shown(browser, server) as view:
        server.stop()
        view.await_text("#browser-changes .change", "Connection lost")
        with serving(tmp_path / "second-log", settings | {"HEDGE_BIND": server.address}):
            view.await_text("#browser-changes .change", "Connection back after")
            view.page.reload()
            view.await_text("#browser-changes .change", "Connection back after")
            view.await_text("#changes .change", "change 1")
            # The notes are of today, the fixed clock is not: they come before the lines of the state.
            orders = "[...document.querySelectorAll('.note')].map(row => Number(row.style.order))"
            view.await_true(f"{orders}.length > 1 && {orders}.every((order, index) => order === index)")


def test_a_reload_after_a_deploy_is_on_the_tape(browser: Browser, desk: Server) -> None:
    def deploy(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "x-hedge-build": "another"})

    with shown(browser, desk) as view:
        view.page.route("**/_dash-update-component*", deploy)
        view.await_text("#browser-changes .change", "Page loaded again after a deploy")
        view.await_true("document.querySelector('#changes .change') !== null")
        view.page.unroute_all(behavior="ignoreErrors")


def test_the_browser_keeps_a_bounded_tape(browser: Browser, desk: Server) -> None:
    tell = "hedge.tell('hedge-connection', { lost: true, at: 1764197100 + 10 * number, words: 'lost' })"
    with shown(browser, desk) as view:
        view.page.evaluate(f"() => {{ for (let number = 0; number < 100; number += 1) {tell} }}")
        assert view.page.evaluate("JSON.parse(localStorage.getItem('hedge-tape:/')).length") == 30
        view.page.evaluate("localStorage.setItem('hedge-tape:/', '[{\"at\": \"x\"}, null, 5')")
        view.page.reload()
        view.await_text("#changes .change", "change 1")
        assert view.complaints == []


def test_kiosk_on_a_phone_does_not_stick_out(browser: Browser, desk: Server) -> None:
    with shown(browser, desk, size=(390, 844), search="?kiosk=1") as view:
        view.await_true("document.documentElement.scrollWidth <= 390", timeout_ms=3000)


ROWS_SEEN = "document.querySelector('#symbols-table td')?.checkVisibility() === {}"


@pytest.mark.parametrize("opens", ["tap", "Enter"])
def test_a_phone_folds_the_symbols_until_somebody_asks(browser: Browser, desk: Server, opens: str) -> None:
    """To one line that says the worst of them; what is open stays so, whatever is drawn anew."""
    with shown(browser, desk, size=(390, 844)) as view:
        view.await_true(ROWS_SEEN.format("false"))
        line = view.page.locator(".fold > summary")
        view.await_text(".fold > summary", "1 panic · 1 hot")
        assert (line.text_content() or "").startswith("v7 Risk KPIs by symbol · 8")
        box = view.page.locator(".symbols").bounding_box()
        assert box is not None
        assert box["height"] == pytest.approx(44, abs=1)
        line.click() if opens == "tap" else line.press(opens)
        view.await_true(ROWS_SEEN.format("true"))
        view.page.evaluate("hedge.setProps('symbols-fold', { children: 'drawn anew' })")
        view.await_text(".fold > summary", "drawn anew")
        assert view.page.evaluate(ROWS_SEEN.format("true"))
        line.click() if opens == "tap" else line.press(opens)
        view.await_true(ROWS_SEEN.format("false"))


@pytest.mark.parametrize(("size", "search"), [((390, 844), "?kiosk=1"), ((820, 1180), ""), ((1920, 1080), "")])
def test_nothing_is_folded_elsewhere(browser: Browser, desk: Server, size: tuple[int, int], search: str) -> None:
    """Neither where nobody could open it nor where there is room."""
    with shown(browser, desk, size=size, search=search) as view:
        view.await_true(ROWS_SEEN.format("true"))
        assert not view.page.locator(".fold").is_visible()


@pytest.mark.parametrize("size", WALLS)
def test_kiosk_has_no_chrome_and_fits(browser: Browser, large: Server, size: tuple[int, int]) -> None:
    with shown(browser, large, size=size, search="?kiosk=1") as view:
        view.await_true(f"document.documentElement.scrollHeight <= {size[1]}", timeout_ms=3000)
        view.await_true(f"document.documentElement.scrollWidth <= {size[0]}", timeout_ms=3000)
        for chrome in ("h1", ".previous-next-container"):
            assert view.page.locator(chrome).first.is_hidden()
        assert view.page.evaluate(TALLER.format(selector=".big, .nav-figure", least=0.03 * size[1]))
        assert view.complaints == []


def test_kiosk_shows_the_worst_first(browser: Browser, desk: Server) -> None:
    with shown(browser, desk, search="?kiosk=1") as view:
        assert [row["symbol"] for row in view.rows("positions-table")][:2] == ["SOLUSDT", "DOGEUSDT"]
        assert [row["symbol"] for row in view.rows("symbols-table")][:2] == ["DOGEUSDT", "SOLUSDT"]


def test_kiosk_turns_its_pages(browser: Browser, large: Server) -> None:
    with shown(browser, large, search="?kiosk=1") as view:
        first = view.rows("symbols-table")
        view.await_true("document.querySelector('.symbols .table-box').dataset.page === '2 / 8'", timeout_ms=15000)
        view.await_true(f"!document.querySelector('#symbols-table').textContent.includes('{first[0]['symbol']}')")


def test_kiosk_shifts_its_pixels_and_stays_in_view(browser: Browser, desk: Server) -> None:
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.clock.install()
    page.goto(desk.url + "?kiosk=1")
    page.wait_for_selector("#alert-line > *")
    found = []
    for _ in range(9):
        page.clock.fast_forward(180_000)
        found.append(page.evaluate(SHIFT))
    assert len({tuple(shift) for shift in found}) == 9
    assert max(abs(number) for shift in found for number in shift) == 3
    assert page.evaluate(FITS)
    page.close()


@pytest.fixture
def week(log_dir: Path, tmp_path: Path) -> Iterator[Server]:
    """A desk whose NAV log goes back further than a day."""
    log = shutil.copytree(log_dir, tmp_path / "logs") / "nav_log.json"
    points = [{"t": HEALTHY.now - 5 - 600 * step, "nav": 10461.27 - step} for step in range(300, -1, -1)]
    log.write_text(json.dumps(points))
    with serving(tmp_path / "log", {**HEALTHY.settings, "HEDGE_STATE_DIR": str(tmp_path / "logs" / "state")}) as server:
        yield server


LINE = "document.querySelector('{}').checkVisibility()"
SHOWN_LINE = f"[{LINE.format('#nav-history')}, {LINE.format('#nav-week')}].join()"


@pytest.mark.parametrize(("search", "lines"), [("?kiosk=1", ["week", "day", "week"]), ("", ["day", "day", "day"])])
def test_a_kiosk_turns_the_nav_between_a_day_and_a_week(
    browser: Browser, week: Server, search: str, lines: list[str]
) -> None:
    """Every twenty seconds of the page's own clock; a page that somebody has at hand stays where it is."""
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.clock.install()
    page.goto(week.url + search)
    page.wait_for_selector(".nav-button[data-turn=week]", state="attached")
    seen = [page.evaluate(SHOWN_LINE)]
    for _ in lines:
        page.clock.fast_forward(20_000)
        seen.append(page.evaluate(SHOWN_LINE))
    assert seen == ["true,false", *("true,false" if line == "day" else "false,true" for line in lines)]
    page.close()


@pytest.mark.parametrize(("search", "awake"), [("?kiosk=1", 1), ("", 0)])
def test_kiosk_keeps_the_screen_awake(browser: Browser, desk: Server, search: str, awake: int) -> None:
    """The browser's own lock, counted on its way."""
    page = browser.new_page()
    page.add_init_script(COUNT_LOCKS)
    page.goto(desk.url + search)
    page.wait_for_selector("#alert-line > *")
    await_true(page, f"window.locks.length === {awake}")
    assert page.evaluate("window.locks.every(type => type === 'screen')")
    page.close()


def test_kiosk_gives_reasons_without_a_hover(browser: Browser, tmp_path: Path) -> None:
    settings = {"HEDGE_STATE_DIR": str(tmp_path / "absent")}
    with serving(tmp_path / "log", settings) as server, shown(browser, server, search="?kiosk=1") as view:
        content = "getComputedStyle(document.querySelector('.nav-figure [data-unknown]'), '::after').content"
        assert len(view.page.evaluate(content)) > 10


def test_light_theme(browser: Browser, desk: Server) -> None:
    with shown(browser, desk, search="?theme=light") as view:
        assert view.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(238, 241, 245)"
        stroke = "getComputedStyle(document.querySelector('.pielayer path.surface')).stroke"
        assert view.page.evaluate(stroke) == "rgb(255, 255, 255)"
        assert view.complaints == []


def test_time_zone_of_one_page(browser: Browser, desk: Server) -> None:
    with shown(browser, desk, search="?tz=Africa/Johannesburg") as view:
        view.await_text("#clock", "00:45:00")
        view.await_text("#changes .change", "00:35:00")
        assert view.page.inner_text("#zone-note") == ""


def test_bad_time_zone_is_said(browser: Browser, desk: Server) -> None:
    with shown(browser, desk, search="?tz=Mars/Base") as view:
        view.await_text("#zone-note", "no time zone called Mars/Base")
        assert view.page.inner_text("#clock") == "22:45:00 UTC"


@pytest.mark.parametrize(("name", "worst"), [("desk", "▲ Router poor"), ("down", "✗ EXCHANGE UNREACHABLE")])
def test_title_and_icon_show_the_worst(browser: Browser, request: pytest.FixtureRequest, name: str, worst: str) -> None:
    with shown(browser, request.getfixturevalue(name)) as view:
        view.await_true(f"document.title === '{worst} · {PAGE_TITLE}'")
        view.await_true("document.querySelector('link[rel=icon]').href.startsWith('data:image/svg+xml,')")
        assert view.complaints == []


def raw_amounts(state: Any) -> set[str]:
    """Amounts of the healthy desk in every spelling."""
    rows = [row[key] for row in state["positions"] for key in ("qty", "notional", "pnl", "entry_price", "mark_price")]
    nav = [value for key, value in state["nav"].items() if key.endswith(("_usd", "_zar"))]
    series = [value for _, value in state["nav"]["series"]]
    risk = [state["kpis"]["risk"][key] for key in ("fees_usd", "realized_pnl_usd")]
    found = {abs(value) for value in [*rows, *nav, *series, *risk] if value}
    texts = {text for value in found for text in (json.dumps(value), f"{value:,.2f}", f"{value:.2f}")}
    return {text for text in texts if len(text.strip("0.,")) > 4}


def test_privacy_keeps_every_amount_at_the_server(browser: Browser, desk: Server, log_dir: Path) -> None:
    amounts = raw_amounts(HEALTHY.print_state())
    assert len(amounts) > 100
    bodies: list[str] = []

    def keep(response: Response) -> None:
        if (
            "/_dash-update" in response.url
            or "/_dash-layout" in response.url
            or response.url.startswith(f"{desk.url}/?")
        ):
            bodies.append(response.text() if response.status == 200 else "")

    page = browser.new_page()
    page.on("response", keep)
    page.goto(f"{desk.url}/?privacy=1")
    page.wait_for_selector("#positions-table td")
    path = log_dir / "state" / "nav_state.json"
    path.write_text(path.read_text().replace("10461.27", "10470.31"))  # another state, another set of answers
    await_true(page, "document.querySelector('#nav-caption').textContent.includes('101.')")
    page.wait_for_timeout(2 * REFRESH_MS)
    assert MASK in page.inner_text("#header-nav")
    assert len([body for body in bodies if "positions-table" in body]) >= 1
    found = re.compile("|".join(rf"(?<![0-9.]){re.escape(amount)}(?![0-9])" for amount in amounts | {"10470.31"}))
    assert [body[match.start() - 60 : match.end()] for body in bodies for match in found.finditer(body)] == []
    page.close()


def test_nightly_reload(browser: Browser, settings: dict[str, str], tmp_path: Path) -> None:
    with serving(tmp_path / "log", settings | {"HEDGE_RELOAD_AT": "04:30"}) as server, shown(browser, server) as view:
        view.page.evaluate("window.loadedOnce = true; hedge.realNow = () => 1764217770")  # 04:29:30
        view.page.wait_for_timeout(1500)
        assert view.page.evaluate("window.loadedOnce") is True
        view.page.evaluate("hedge.realNow = () => 1764217801")
        view.await_true("window.loadedOnce === undefined && document.querySelector('#alert-line > *') !== null")
