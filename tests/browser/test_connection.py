"""A page whose server stops, hangs, is slow, is replaced or cannot be reached: it says so, and recovers by itself."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pages import Shown, await_true, shown
from playwright.sync_api import Browser, Route
from serving import Server, serving

pytestmark = pytest.mark.usefixtures("files")

UPDATES = "**/_dash-update-component*"
DRAWN = "drawn"  # what only a drawing puts out
MARK = "window.loadedOnce = true"


@pytest.fixture
def view(browser: Browser, server: Server) -> Iterator[Shown]:
    """A page with a mark that a reload would wipe out."""
    with shown(browser, server) as view:
        view.page.evaluate(MARK)
        yield view


def test_stopped_server_is_said_and_its_return_needs_no_reload(
    browser: Browser, settings: dict[str, str], state_dir: Path, tmp_path: Path
) -> None:
    with serving(tmp_path / "log", settings) as server, shown(browser, server) as view:
        view.page.evaluate(MARK)
        assert server.stop() == 0
        await_lost(view)
        assert "last contact" in view.page.inner_text("#connection")
        (state_dir / "nav_state.json").unlink()
        with serving(tmp_path / "second-log", settings | {"HEDGE_BIND": server.address}):
            await_connected(view)
            view.await_text("#header-nav", "Source: nav.json")
            assert not was_reloaded(view)


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
    assert not was_reloaded(view)


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
    assert any("500" in complaint for complaint in view.complaints)


def test_drawing_that_always_fails_is_said(view: Shown, state_dir: Path) -> None:
    view.page.route(UPDATES, lambda route: fail(route) if draws(route, DRAWN) else route.continue_())
    (state_dir / "nav_state.json").unlink()
    await_lost(view, "PAGE NOT UPDATING")
    view.page.unroute(UPDATES)
    await_connected(view)


def test_server_slower_than_the_interval_is_still_shown(
    browser: Browser, settings: dict[str, str], state_dir: Path, tmp_path: Path
) -> None:
    arguments = ("--pythonpath", "tests/browser", "slow:server")
    with serving(tmp_path / "log", settings, *arguments) as server, shown(browser, server) as view:
        (state_dir / "nav_state.json").unlink()
        view.await_text("#header-nav", "Source: nav.json")
        await_connected(view)


def test_deploy_reloads_the_tab(browser: Browser, settings: dict[str, str], tmp_path: Path) -> None:
    with serving(tmp_path / "log", settings) as server, shown(browser, server) as view:
        view.page.evaluate(MARK)
        assert server.stop() == 0
        await_lost(view)
        with serving(tmp_path / "second-log", settings | {"HEDGE_BIND": server.address, "HEDGE_REFRESH_MS": "400"}):
            view.await_true("!window.loadedOnce && document.querySelector('#clock')?.textContent")
            assert view.page.evaluate("document.documentElement.dataset.refreshMs") == "400"
            await_connected(view)


def test_build_that_never_fits_reloads_the_tab_once_only(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    loads: list[str] = []
    polls: list[str] = []
    page.on("load", lambda loaded: loads.append(loaded.url))
    page.on("response", lambda response: polls.append(response.url) if "update-component" in response.url else None)
    page.route(UPDATES, answer_as_another_build)
    page.goto(server.url)
    await_true(page, "sessionStorage.getItem('hedge-reload')")
    polls.clear()
    while len(polls) < 12:
        page.wait_for_event("response", timeout=10000)
    context.close()
    assert len(loads) == 2


def test_page_whose_layout_could_not_be_had_loads_itself_again(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/_dash-layout", lambda route: route.abort())
    page.goto(server.url)
    page.unroute("**/_dash-layout")
    page.wait_for_selector("[data-field='nav.nav_usd']", timeout=20000)
    context.close()


def was_reloaded(view: Shown) -> bool:
    return not view.page.evaluate("window.loadedOnce === true")


def await_lost(view: Shown, words: str = "CONNECTION LOST") -> None:
    view.page.wait_for_selector("html.connection-lost", timeout=20000)
    view.await_text("#connection", words)


def await_connected(view: Shown) -> None:
    view.page.wait_for_selector("html:not(.connection-lost)", timeout=30000)
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
