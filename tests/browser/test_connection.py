"""A page whose server stops, hangs, is slow, is replaced or cannot be reached: it says so, and recovers by itself."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pages import Shown, shown
from playwright.sync_api import Browser, Route
from serving import HEALTHY_STATE, Server, serving

pytestmark = pytest.mark.usefixtures("files")

UPDATES = "**/_dash-update-component*"
LAYOUT = "**/_dash-layout"
DRAWN = "drawn"  # what only a drawing puts out
MARK = "window.loadedOnce = true"
SLOW_MS = 1200  # longer than the interval
LOADED_AT = json.loads((HEALTHY_STATE.parents[1] / "expected.json").read_text())["now"]
CHANGE = {"kind": "dd_state", "subject": "portfolio", "before": "normal", "after": "cautious", "text": "of the state"}
NOTES = "[...document.querySelectorAll('.note')]"
IN_ORDER = f"{NOTES}.length > 1 && {NOTES}.every((row, index) => Number(row.style.order) === index)"


@pytest.fixture(scope="module")
def wall(browser: Browser, server: Server) -> Iterator[Shown]:
    """One tab for most tests."""
    with shown(browser, server) as view:
        yield view


@pytest.fixture
def view(wall: Shown, files: None) -> Iterator[Shown]:  # noqa: ARG001 - the files come first
    """The tab, connected, with the files as they were and a mark that a reload would wipe out."""
    await_connected(wall)
    wall.await_text("#header-nav", "Source: nav_state.json")
    wall.page.evaluate(MARK)
    yield wall
    assert not was_reloaded(wall)
    wall.complaints.clear()


def test_hanging_server_is_said_and_recovers(view: Shown, server: Server) -> None:
    workers = server.workers()
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        await_lost(view)
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
    await_connected(view)


def test_network_failure_does_not_lock_the_tab(view: Shown, state_dir: Path) -> None:
    view.page.context.set_offline(True)
    await_lost(view)
    (state_dir / "nav_state.json").unlink()
    view.page.context.set_offline(False)
    await_connected(view)
    view.await_text("#header-nav", "Source: nav.json")


def test_lost_interval_is_started_again(view: Shown, state_dir: Path) -> None:
    view.page.evaluate("window.dash_clientside.set_props('tick', {disabled: true})")
    (state_dir / "nav_state.json").unlink()
    view.await_text("#header-nav", "Source: nav.json")


def test_failed_drawing_is_repeated_at_the_next_tick(view: Shown, state_dir: Path) -> None:
    view.page.route(UPDATES, fail_once(DRAWN))
    (state_dir / "nav_state.json").unlink()
    view.await_text("#header-nav", "Source: nav.json")
    view.page.unroute_all(behavior="ignoreErrors")
    assert any("500" in complaint for complaint in view.complaints)


def test_drawing_that_always_fails_is_said(view: Shown, state_dir: Path) -> None:
    view.page.route(UPDATES, lambda route: fail(route) if draws(route, DRAWN) else route.continue_())
    (state_dir / "nav_state.json").unlink()
    await_lost(view, "PAGE NOT UPDATING")
    view.page.unroute_all(behavior="ignoreErrors")
    await_connected(view)


def test_line_slower_than_the_interval_is_still_shown(view: Shown, state_dir: Path) -> None:
    session = view.page.context.new_cdp_session(view.page)
    throughputs = {"downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": SLOW_MS, **throughputs})
    is_slow = "performance.getEntriesByType('resource').some(({ name, duration }) => name.includes('update-component')"
    view.page.evaluate("performance.clearResourceTimings()")
    (state_dir / "nav_state.json").unlink()
    view.await_text("#header-nav", "Source: nav.json")
    await_connected(view)
    view.await_true(f"{is_slow} && duration > {SLOW_MS - 100})")
    session.detach()


def test_stopped_server_is_said_found_again_without_a_reload_and_with_one_after_a_deploy(
    browser: Browser, settings: dict[str, str], state_dir: Path, tmp_path: Path
) -> None:
    """Ages go on while it is gone; what the browser noticed survives the reload."""
    tape = state_dir.parent / "execution" / "transitions.jsonl"
    tape.parent.mkdir(exist_ok=True)
    tape.write_text(json.dumps({"at": LOADED_AT, **CHANGE}) + "\n")
    with serving(tmp_path / "log", settings) as server, shown(browser, server) as view:
        view.page.evaluate(MARK)
        assert server.stop() == 0
        await_lost(view)
        assert "last contact" in view.page.inner_text("#connection")
        await_noted(view, "Connection lost")
        await_ages(view)
        (state_dir / "nav_state.json").unlink()
        again = settings | {"HEDGE_BIND": server.address}
        with serving(tmp_path / "second-log", again):
            await_connected(view)
            view.await_text("#header-nav", "Source: nav.json")
            await_noted(view, "Connection back after")
            assert not was_reloaded(view)
        await_lost(view)
        with serving(tmp_path / "third-log", again | {"HEDGE_REFRESH_MS": "400"}):
            await_deployed(view)


def await_ages(view: Shown) -> None:
    """Tags appear as the page's clock moves, without an answer of a server."""
    view.page.evaluate(f"hedge.now = () => {LOADED_AT} + 10000")
    view.await_text(".positions .source-age", "2 h 46 m")
    assert view.age_tags(".positions") == ["stale · 2 h 46 m"]
    assert view.age_tags(".symbols") == ["stale · 2 h 46 m"]


def await_deployed(view: Shown) -> None:
    """The page of the other settings, and notes that are newer than the lines of the state, in order."""
    view.await_true("!window.loadedOnce && document.querySelector('#clock')?.textContent")
    assert view.page.evaluate("document.documentElement.dataset.refreshMs") == "400"
    await_connected(view)
    for words in ("Connection lost", "Connection back after", "Page loaded again after a deploy"):
        await_noted(view, words)
    view.await_on_tape("of the state")
    view.await_true(IN_ORDER)


def await_noted(view: Shown, words: str) -> None:
    """Return once the browser has it on its tape."""
    view.await_on_tape(words, "#browser-changes")


# The two below load the page again.
def test_build_that_never_fits_reloads_the_tab_once_only(wall: Shown) -> None:
    loads: list[str] = []
    polls: list[str] = []
    wall.page.on("load", lambda loaded: loads.append(loaded.url))
    wall.page.on("response", lambda answer: polls.append(answer.url) if "update-component" in answer.url else None)
    wall.page.route(UPDATES, answer_as_another_build)
    wall.await_true("sessionStorage.getItem('hedge-reload')")
    await_noted(wall, "Page loaded again after a deploy")
    while not loads:
        wall.page.wait_for_event("response")
    polls.clear()
    while len(polls) < 12:
        wall.page.wait_for_event("response")
    wall.page.unroute_all(behavior="ignoreErrors")
    assert len(loads) == 1


def test_page_whose_layout_could_not_be_had_loads_itself_again(wall: Shown) -> None:
    wall.page.route(LAYOUT, lambda route: route.abort())
    wall.page.goto(wall.server.url)
    wall.page.unroute(LAYOUT)
    wall.await_true("document.querySelector(\"[data-field='nav.nav_usd']\")")


def was_reloaded(view: Shown) -> bool:
    return not view.page.evaluate("window.loadedOnce === true")


def await_lost(view: Shown, words: str = "CONNECTION LOST") -> None:
    view.await_true("document.documentElement.matches('.connection-lost')")
    view.await_text("#connection", words)


def await_connected(view: Shown) -> None:
    view.await_true("!document.documentElement.matches('.connection-lost')")
    view.await_text("#connection", "connected")


def draws(route: Route, part: str) -> bool:
    """Whether an update asks for this output."""
    return part in json.loads(route.request.post_data or "{}").get("output", "")


def fail(route: Route) -> None:
    route.fulfill(status=500, body="a failure on the way")


def fail_once(part: str) -> Callable[[Route], None]:
    failed: list[str] = []

    def handle(route: Route) -> None:
        if not failed and draws(route, part):
            failed.append(route.request.url)
            fail(route)
        else:
            route.continue_()

    return handle


def answer_as_another_build(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, headers={**answer.headers, "x-hedge-build": "another"})
