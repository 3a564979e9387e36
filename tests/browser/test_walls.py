"""Every wall shows every word whole: one page per scenario is measured on every screen, plain and as a kiosk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_desks import MADE
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
    """A server of a corpus scenario, a case, or a desk that is made for this."""
    if name in MADE:
        return MADE[name](directory)
    return case_settings(name.removeprefix("cases/")) if name.startswith("cases/") else find_scenario(name).settings


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
