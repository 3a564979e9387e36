"""What a phone folds and a kiosk turns: the table by symbol, and the NAV line of a day and of a week."""

import json
import shutil
from collections.abc import Iterator

import pytest
from pages import Shown, find_scenario, opened, shown
from playwright.sync_api import Browser
from serving import Server, serving

HEALTHY = find_scenario("v7.1/healthy")
PHONE = {"width": 390, "height": 844}
ROWS_SEEN = "document.querySelector('#symbols-table td')?.checkVisibility() === {}"
LINE = "document.querySelector('{}').checkVisibility()"
SHOWN_LINE = f"[{LINE.format('#nav-history')}, {LINE.format('#nav-week')}].join()"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A desk whose NAV log goes back further than a day."""
    root = tmp_path_factory.mktemp("week")
    shutil.copytree(HEALTHY.state_dir.parent, root / "logs")
    points = [{"t": HEALTHY.now - 5 - 600 * step, "nav": 10461.27 - step} for step in range(300, -1, -1)]
    (root / "logs" / "nav_log.json").write_text(json.dumps(points))
    settings = {**HEALTHY.settings, "HEDGE_STATE_DIR": str(root / "logs" / "state")}
    with serving(root / "log", settings) as server:
        yield server


@pytest.fixture(scope="module")
def view(browser: Browser, desk: Server) -> Iterator[Shown]:
    """One page, that tests resize."""
    with shown(browser, desk, size=(PHONE["width"], PHONE["height"])) as view:
        yield view


@pytest.mark.parametrize("opens", ["tap", "Enter"])
def test_a_phone_folds_the_symbols_until_somebody_asks(view: Shown, opens: str) -> None:
    """To one line that says the worst of them; what is open stays so, whatever is drawn anew."""
    view.await_true(ROWS_SEEN.format("false"))
    line = view.page.locator(".fold > summary")
    assert (line.text_content() or "").startswith("v7 Risk KPIs by symbol · 8")
    box = view.page.locator(".symbols").bounding_box()
    assert box is not None
    assert box["height"] == pytest.approx(44, abs=1)
    line.click() if opens == "tap" else line.press(opens)
    view.await_true(ROWS_SEEN.format("true"))
    words = view.page.inner_text("#symbols-fold")
    view.page.evaluate("hedge.setProps('symbols-fold', { children: 'drawn anew' })")
    view.await_text(".fold > summary", "drawn anew")
    assert view.page.evaluate(ROWS_SEEN.format("true"))
    view.page.evaluate("words => hedge.setProps('symbols-fold', { children: words })", words)
    line.click() if opens == "tap" else line.press(opens)
    view.await_true(ROWS_SEEN.format("false"))


def test_nothing_is_folded_elsewhere(view: Shown) -> None:
    """Neither where nobody could open it nor where there is room."""
    for size in ({"width": 820, "height": 1180}, {"width": 1920, "height": 1080}):
        view.page.set_viewport_size(size)  # type: ignore[arg-type]
        view.await_true(ROWS_SEEN.format("true"))
        assert not view.page.locator(".fold").is_visible()
    view.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    view.visit("?kiosk=1")
    view.await_true(ROWS_SEEN.format("true"))
    assert not view.page.locator(".fold").is_visible()


def test_the_pages_of_a_table_turn_without_the_line(browser: Browser, desk: Server) -> None:
    """Two kinds of buttons, of which one knows nothing of the other."""
    with shown(browser, desk) as view:
        view.page.locator(".nav-button[data-turn=week]").click()
        view.page.locator(".symbols .turn[data-turn='1']").dispatch_event("click")
        assert view.page.evaluate(SHOWN_LINE) == "false,true"
        assert view.page.locator(".turn[aria-pressed]").count() == 0


@pytest.mark.parametrize(("search", "turns"), [("?kiosk=1", True), ("", False)])
def test_a_kiosk_turns_the_nav_between_a_day_and_a_week(
    browser: Browser, desk: Server, search: str, *, turns: bool
) -> None:
    """Every twenty seconds of the page's own clock; a page that somebody has at hand stays where it is."""
    with opened(browser, desk) as view:
        view.page.clock.install()
        view.visit(search)
        view.page.wait_for_selector(".nav-button[data-turn=week]", state="attached")
        # What a slow machine takes between two turns does not count, and it may have turned once until here.
        view.page.clock.pause_at(view.page.evaluate("Date.now()") / 1000 + 10)
        seen = [view.page.evaluate(SHOWN_LINE)]
        for _ in range(3):
            view.page.clock.fast_forward(20_000)
            seen.append(view.page.evaluate(SHOWN_LINE))
        view.page.clock.resume()  # the next tab has the same clock
    day, week = "true,false", "false,true"
    assert seen in ([day, week, day, week], [week, day, week, day]) if turns else seen == 4 * [day]
