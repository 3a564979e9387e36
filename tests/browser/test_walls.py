"""Every wall shows every word whole: one page per scenario is measured on every screen, plain and as a kiosk."""

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import Shown, find_scenario, shown
from playwright.sync_api import Browser
from serving import serving
from walls import INTERRUPT, VIEWPORTS, Viewport, await_still, case_settings, list_faults, resize

SCENARIOS = (
    "v7.1/healthy",
    "v7.1/drawdown",
    "v7.1/exchange_down",
    "v7.1/large_universe",
    "v7.6/healthy",
    "cases/big_desk",
    "cases/many_aum",
    "empty",
    "few files",
    "long words",
    "NAV alone",
    "writers gone",
    "worst day",
    "crowded charts",
)
HOLDING = "Cold wallet (Ledger Nano X, Zürich)"
KEPT = {
    "few files": ("kpis_v7.json", "router_health.json", "positions.json"),  # neither NAV nor AUM
    "NAV alone": ("nav.json",),
}
REASON = (
    "the loss of the day is beyond its limit after a third order was rejected, and a manual review has to come first; "
)
ODD = ("spread", "funding", "ledger", "ghost_position", "price_jump", "panic", "latency", "orphan_order")
WALL = VIEWPORTS[0]
# Whose tape has what the browser noticed: a lost connection, and its return.
INTERRUPTED = ("v7.1/exchange_down", "v7.6/healthy", "cases/big_desk")
PANELS = """() => [...document.querySelectorAll(".card, .alert, footer, th")].map((panel) => {
    const box = panel.getBoundingClientRect();
    return [box.x, box.y, box.width, box.height].map(Math.round);
})"""
LEFT = """() => [...document.querySelectorAll(".main > *")].filter(panel => !panel.checkVisibility())
    .map(panel => panel.className.split(" ")[0])"""
LEFT_TOLD = "getComputedStyle(document.querySelector('.overview > h2'), '::after').content"
# How often the page asks to be measured again in a second in which nothing changes.
ASKED = """() => new Promise(done => {
    const [plain, asked] = [window.hedge.measureAgain, []];
    window.hedge.measureAgain = () => asked.push(plain());
    setTimeout(() => {
        window.hedge.measureAgain = plain;
        done(asked.length);
    }, 1000);
})"""
MEASURED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
COLUMN = """key => [...document.querySelectorAll(`#positions-table td[data-dash-column=${key}]`)]
    .map(cell => cell.textContent)"""


def settings_of(name: str, directory: Path) -> dict[str, str]:
    """A server of a corpus scenario or a case, or one that finds nothing or little."""
    if name == "empty":
        return {"HEDGE_STATE_DIR": str(directory / "nothing")}
    if name == "long words":
        return {**find_scenario("v7.6/healthy").settings, "ENV": "staging-europe-west-disaster-recovery"}
    if name in KEPT:
        scenario = find_scenario("v7.6/healthy")
        shutil.copytree(scenario.state_dir, directory / "few", ignore=lambda _, names: set(names) - set(KEPT[name]))
        return {**scenario.settings, "HEDGE_STATE_DIR": str(directory / "few")}
    if name == "writers gone":
        scenario = find_scenario("v7.1/healthy")
        return {**scenario.settings, "HEDGE_NOW": str(scenario.now + 25 * 60)}
    if name == "worst day":
        return worst_day(directory / "logs" / "state")
    if name == "crowded charts":
        return crowd(directory / "crowded")
    return case_settings(name.removeprefix("cases/")) if name.startswith("cases/") else find_scenario(name).settings


def worst_day(state_dir: Path) -> dict[str, str]:
    """Halted with a long reason, eight anomalies, no stops, a long change, and half of the files old, torn or gone."""
    settings = case_settings("risk_mode_halted")
    shutil.copytree(settings["HEDGE_STATE_DIR"], state_dir, copy_function=shutil.copyfile)
    (state_dir / "positions.json").unlink()
    for name in ("positions_state.json", "router_health.json"):
        (state_dir / name).write_text("{")
    for name, age_s in (("nav_state.json", 9000), ("synced_state.json", 40000)):
        revise(state_dir / name, updated_at=float(settings["HEDGE_NOW"]) - age_s)
    anomalies = {name: {"active": True, "detail": f"{name} has deviated from its median {REASON}"} for name in ODD}
    tripped = {"active": True, "max_portfolio_dd_pct": 0.1}
    revise(state_dir / "risk_snapshot.json", risk_mode_reason=REASON * 3, circuit_breaker=tripped, anomalies=anomalies)
    changed = {"kind": "position", "subject": "BTCUSDT LONG", "text": f"BTCUSDT LONG closed: {REASON}"}
    (state_dir.parent / "execution").mkdir()
    tape = state_dir.parent / "execution" / "transitions.jsonl"
    tape.write_text(
        json.dumps({**changed, "at": float(settings["HEDGE_NOW"]) - 600, "before": "LONG 0.04", "after": None})
    )
    return {**settings, "HEDGE_STATE_DIR": str(state_dir)}


def revise(path: Path, **news: object) -> None:
    """Write a file anew with other values."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **news}))


def crowd(directory: Path) -> dict[str, str]:
    """Two slices, one with a long name and a high amount, and a NAV of 24 h with gaps and many marks."""
    scenario = find_scenario("v7.6/healthy")
    shutil.copytree(scenario.state_dir.parent, directory, copy_function=shutil.copyfile)
    state_dir, now = directory / "state", scenario.now
    nav = json.loads((state_dir / "nav.json").read_text())
    nav["aum"]["offexchange"] = {HOLDING: {"qty": 1.0, "usd_value": 1234567.89, "mark": 1234567.89}}
    nav["aum"]["assets"] = [{"label": "Futures", "usd": 10461.27}, {"label": HOLDING, "usd": 1234567.89}]
    nav["aum"]["total"] = 1245029.16
    (state_dir / "nav.json").write_text(json.dumps(nav))
    times = [at for at in range(int(now) - 90000, int(now), 120) if (at // 7200) % 3]
    points = [{"t": float(at), "nav": 10161 + 300 * math.sin(at / 9000), "unrealized_pnl": 50.0} for at in times]
    (directory / "nav_log.json").write_text(json.dumps([*points[:-1], points[-1] | {"nav": 10461.27}]))
    marks = [
        {"at": now - 9800 - 1700 * number, "kind": "position", "subject": symbol, "text": symbol, "after": "LONG 1"}
        for number, symbol in enumerate(["1000PEPEUSDT", "BTCUSDT"] * 25)
    ]
    (directory / "execution").mkdir(exist_ok=True)
    lines = [json.dumps({"before": None, **mark}) for mark in reversed(marks)]
    (directory / "execution" / "transitions.jsonl").write_text("\n".join(lines) + "\n")
    return {**scenario.settings, "HEDGE_STATE_DIR": str(state_dir)}


@pytest.fixture(scope="module", params=SCENARIOS)
def view(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """One page of the scenario; tests resize it."""
    directory = tmp_path_factory.mktemp("wall")
    with (
        serving(directory / "log", settings_of(request.param, directory)) as server,
        shown(browser, server) as view,
    ):
        if request.param in INTERRUPTED:
            view.page.evaluate(INTERRUPT)
        yield view


@pytest.mark.parametrize("kiosk", [False, True], ids=["plain", "kiosk"])
@pytest.mark.parametrize("viewport", VIEWPORTS, ids=lambda viewport: f"{viewport.width}x{viewport.height}")
def test_nothing_is_cut_or_hidden(view: Shown, viewport: Viewport, *, kiosk: bool) -> None:
    """No word is clipped, small or over another; no column leaves in silence; a wall never scrolls."""
    resize(view.page, viewport, kiosk=kiosk)
    assert list_faults(view.page, viewport, kiosk=kiosk) == []


@pytest.fixture(scope="module")
def large(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """40 positions, 60 symbols."""
    log = tmp_path_factory.mktemp("large") / "log"
    with serving(log, find_scenario("v7.1/large_universe").settings) as server, shown(browser, server) as view:
        resize(view.page, WALL, kiosk=False)
        await_still(view.page)
        yield view


def test_a_page_that_turns_moves_nothing(large: Shown) -> None:
    """Neither panels nor columns, on any page of either table."""
    before = large.page.evaluate(PANELS)
    for _ in range(4):
        for panel in (".positions", ".symbols"):
            large.page.locator(f"{panel} .turn[data-turn='1']").click()
        assert large.page.evaluate(PANELS) == before
    large.await_text(".positions .page-of", "page 1 / 4")


@pytest.mark.parametrize("key", ["Enter", " "])
def test_headers_sort_from_the_keyboard(large: Shown, key: str) -> None:
    """By number and not by letter; the third time, the rows stand as the server has them."""
    original = large.page.evaluate(COLUMN, "pnl_fmt")
    header = large.page.locator("#positions-table th[data-dash-column=pnl_fmt]")
    orders = []
    for direction in ("descending", "ascending", None):
        header.press(key)
        large.await_true(f"document.querySelector('th[aria-sort]')?.getAttribute('aria-sort') === {_js(direction)}")
        orders.append([float(text) for text in large.page.evaluate(COLUMN, "pnl_fmt")])
    assert orders[0] == sorted(orders[0], reverse=True)
    assert orders[1] == sorted(orders[1])
    assert orders[0][0] > 0 > orders[1][0]
    assert large.page.evaluate(COLUMN, "pnl_fmt") == original


def _js(word: str | None) -> str:
    return "undefined" if word is None else f"'{word}'"


def test_tab_leaves_a_table(large: Shown) -> None:
    """The table takes no key from who passes through it."""
    header = "#positions-table th[data-dash-column={}]"
    large.page.locator(header.format("symbol")).focus()
    large.page.keyboard.press("Tab")
    assert large.page.evaluate("document.activeElement.dataset.dashColumn") == "side"
    large.page.locator("#positions-table th:visible").last.focus()
    large.page.keyboard.press("Tab")
    assert large.page.evaluate("document.activeElement.closest('#positions-table tr:has(th)')") is None


def test_reasons_of_cells_are_on_the_cells(large: Shown) -> None:
    """Where a pointer or a key can find them."""
    cells = large.page.locator("#positions-table td[data-reason]")
    assert cells.count() > 0
    assert all(len(cell.get_attribute("data-reason") or "") > 10 for cell in cells.all())


def test_the_footer_of_a_wall_keeps_its_height(large: Shown) -> None:
    """Ages grow longer words; a row of chips that was needed once stays."""
    resize(large.page, WALL, kiosk=True)
    await_still(large.page)
    height = "document.querySelector('.page-footer').offsetHeight"
    chips = "document.querySelectorAll('.chip .age')"
    # Without a stamp no tick puts the age back before the page has measured it, which is at the next frame.
    longer = "age => { age.removeAttribute('data-stamp'); age.textContent = '100 d 23 h 59 m'; }"
    large.page.evaluate(f"{chips}.forEach({longer})")
    large.await_true(f"{height} > 40")
    large.page.evaluate(MEASURED)
    grown = large.page.evaluate(height)
    large.page.evaluate(f"{chips}.forEach(age => {{ age.textContent = '5 s'; }})")
    large.page.evaluate(MEASURED)
    assert large.page.evaluate(height) == grown


def test_what_leaves_a_kiosk_that_is_too_low_is_told(large: Shown) -> None:
    """It cannot scroll: what changed leaves, then the charts; all is back when there is room, and nothing wavers."""
    low = Viewport(1024, 480, whole=True)
    resize(large.page, low, kiosk=True)
    await_still(large.page)
    assert large.page.evaluate(LEFT) == ["changes", "aum", "nav-history"]
    assert "no room for what changed, the AUM breakdown and the NAV line" in large.page.evaluate(LEFT_TOLD)
    assert large.page.evaluate(ASKED) == 0
    resize(large.page, WALL, kiosk=True)
    await_still(large.page)
    assert (large.page.evaluate(LEFT), large.page.evaluate(LEFT_TOLD)) == ([], "none")


def test_a_page_that_scrolls_all_the_same_gives_nothing(large: Shown) -> None:
    """Smaller words would be for nothing."""
    resize(large.page, Viewport(1024, 400, whole=False), kiosk=False)
    await_still(large.page)
    assert large.page.evaluate("document.documentElement.dataset.gives") is None
    assert large.page.evaluate(ASKED) == 0
