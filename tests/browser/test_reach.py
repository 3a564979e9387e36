"""Whoever uses keys, hears the page or sees little of it: axe finds nothing, and no key is swallowed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from keyfiles import KeyFiles
from pages import Shown, find_scenario, shown
from playwright.sync_api import Browser, Page
from serving import serving

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
FOUND = """axe.run().then(({ violations }) => violations.flatMap(
    ({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html.slice(0, 200), failureSummary])))"""
SCENARIOS = ["v7.1/large_universe", "v7.1/exchange_down", "v7.6/recent_orders"]
THEMES = ["", "?theme=light", "?kiosk=1"]


def find_faults(page: Page) -> list[Any]:
    """What axe finds on a page: rule, element and what is wrong."""
    page.evaluate(AXE)
    found: list[Any] = page.evaluate(FOUND)
    return found


@pytest.fixture(scope="module", params=SCENARIOS)
def view(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    scenario = find_scenario(request.param)
    log = tmp_path_factory.mktemp("reach") / "log"
    with serving(log, scenario.settings) as server, shown(browser, server) as view:
        view.state = scenario.print_state()
        yield view


@pytest.mark.parametrize("search", THEMES)
def test_axe_finds_nothing(view: Shown, search: str) -> None:
    """In every theme, once the page is drawn and its buttons have their names."""
    view.page.goto(view.server.url + search)
    view.await_true("document.querySelector('#aum-donut')?.getAttribute('role') === 'img'")
    assert find_faults(view.page) == []


def test_axe_finds_nothing_when_the_server_is_gone(view: Shown) -> None:
    """What nobody answers for loses its colours, and can still be read."""
    view.page.evaluate("document.documentElement.classList.add('connection-lost')")
    found = find_faults(view.page)
    view.page.evaluate("document.documentElement.classList.remove('connection-lost')")
    assert found == []


def test_charts_have_their_figures_in_words(view: Shown) -> None:
    """The NAV that is drawn last, and the label of each slice."""
    view.await_true("document.querySelector('#nav-history').getAttribute('aria-label')?.includes('last')")
    words = view.page.get_attribute("#nav-history", "aria-label") or ""
    assert f"last {view.state['nav']['series'][-1][1]:,.2f}" in words
    legend = view.page.get_attribute("#aum-donut", "aria-label") or ""
    assert [row["label"] for row in view.state["aum"]["slices"] if row["label"] not in legend] == []


def test_the_page_has_one_first_heading(view: Shown) -> None:
    """Its title."""
    assert view.page.locator("h1").all_inner_texts() == ["Hedge — Portfolio Dashboard (v7)"]


def test_tab_leaves_a_table(view: Shown) -> None:
    """Forwards from its last header and from its last cell with a reason, and backwards from its first header."""
    view.page.goto(view.server.url)
    view.await_true("document.querySelector('#symbols-table th[tabindex]') !== null")
    for place, key in (("th >> nth=0", "Shift+Tab"), ("th >> nth=-1", "Tab"), ("td[tabindex='0'] >> nth=-1", "Tab")):
        start = view.page.locator(f"#symbols-table {place}")
        start.focus()
        view.page.keyboard.press(key)
        assert not start.evaluate("start => start === document.activeElement")


def test_the_sign_in_page_has_no_fault(browser: Browser, tmp_path: Path) -> None:
    """Which is all that a stranger sees."""
    settings = find_scenario("v7.1/healthy").settings | KeyFiles(tmp_path).write_all().environ()
    with serving(tmp_path / "log", settings) as server:
        page = browser.new_page()
        page.goto(f"{server.url}/login")
        assert page.locator("input[type=password]").count() == 1
        assert find_faults(page) == []
        page.close()
