"""Each failure of a file, a writer, the server or the tab: said within two refreshes, and gone with its cause."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pages import Shown, shown, shows_age_between
from playwright.sync_api import Browser
from serving import Server, serving, wait_until
from writers import EXECUTOR_FILES, SEED, copy_healthy, make_older, program, shift, write_as_of, write_healthy

from execution.storage.atomic_json import write_json_atomic
from execution.sync.cycle import OWNED as DAEMON_FILES
from state.files import surfaces

REFRESH_MS = 1000
# Two refreshes, the beat in which the page writes its words, and a busy machine.
SOON_MS = 2 * REFRESH_MS + 1000 + 60000
# A server that answers nothing has two refreshes, a second at least, until that is said;
# three, five seconds at least, until it counts as lost.
WAIT_MS = 1000
SILENCE_MS = 5000
PAUSE_MS = 5500
ALERT = "#alert-line .alert-title"
CALM = ".alert:not(.alert-danger)"
MARK = "window.loadedOnce = true"
COUNT_PAUSES = """() => {
    let last = Date.now();
    window.longestPause = 0;
    document.addEventListener("hedge-beat", function () {
        window.longestPause = Math.max(window.longestPause, Date.now() - last);
        last = Date.now();
    });
}"""


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log directory that a healthy executor and its daemon left."""
    return write_healthy(tmp_path_factory.mktemp("healthy"))


@pytest.fixture(scope="module")
def log_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log directory on show."""
    return tmp_path_factory.mktemp("failures")


@pytest.fixture(scope="module")
def settings(log_dir: Path) -> dict[str, str]:
    return {"HEDGE_STATE_DIR": str(log_dir / "state"), "HEDGE_REFRESH_MS": str(REFRESH_MS)}


@pytest.fixture(scope="module")
def server(log_dir: Path, settings: dict[str, str]) -> Iterator[Server]:
    with serving(log_dir.with_suffix(".log"), settings) as server:
        yield server


@pytest.fixture
def files(log_dir: Path, healthy: Path) -> None:
    """The healthy files, as if written just now."""
    copy_healthy(healthy, log_dir)


@pytest.fixture(scope="module")
def wall(browser: Browser, server: Server) -> Iterator[Shown]:
    """One page for all of them."""
    with shown(browser, server) as view:
        yield view


@pytest.fixture
def view(wall: Shown, files: None) -> Iterator[Shown]:  # noqa: ARG001 - the files come first
    """The page once it shows the healthy state, with a mark that a reload would wipe out."""
    wall.page.wait_for_selector(f"html:not(.connection-lost) {CALM}")
    wall.page.wait_for_selector(".surface.fresh[data-surface='nav_state.json']")
    wall.page.evaluate(MARK)
    yield wall
    assert wall.page.evaluate("window.loadedOnce === true")


def become_directory(_view: Shown, path: Path) -> None:
    path.unlink()
    path.mkdir()


def become_fifo(_view: Shown, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def tear(_view: Shown, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def empty(_view: Shown, path: Path) -> None:
    path.write_bytes(b"")


def stamp_ahead(_view: Shown, path: Path) -> None:
    write_json_atomic(path, shift(json.loads(path.read_bytes()), 3600.0))


def freeze(view: Shown, path: Path) -> None:
    """Prices of six minutes ago, and the same prices with the stamp of now."""
    content = json.loads(path.read_bytes())
    content["rows"][0]["markPrice"] *= 1.001
    write_as_of(path, shift(content, -360.0), time.time() - 360.0)
    view.page.wait_for_selector(f".surface.stale[data-surface='{path.name}']")
    write_json_atomic(path, content)


class Failure(NamedTuple):
    """What is done to a file, and what the alert line says: its title, and the reason behind it."""

    name: str
    surface: str
    damage: Callable[[Shown, Path], None]
    title: str
    reason: str


FAILURES = (
    Failure("unreadable", surfaces.NAV, become_directory, "nav.json unreadable", "not a regular file"),
    Failure("fifo", surfaces.ROUTER_HEALTH, become_fifo, "router_health.json unreadable", "not a regular file"),
    Failure("torn", surfaces.NAV_STATE, tear, "nav_state.json malformed", "last good content of"),
    Failure("empty", surfaces.KPIS, empty, "kpis_v7.json malformed", "the file is empty"),
    Failure("frozen", surfaces.POSITIONS, freeze, "positions.json FROZEN", "its rows have not changed after"),
    Failure("ahead", surfaces.RISK_SNAPSHOT, stamp_ahead, "risk_snapshot.json has a wrong clock", "later than it was"),
)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_damaged_file_is_named_and_forgotten_once_it_is_well(view: Shown, log_dir: Path, failure: Failure) -> None:
    path = log_dir / "state" / failure.surface
    content = json.loads(path.read_bytes())
    failure.damage(view, path)
    view.await_text(ALERT, failure.title, timeout_ms=SOON_MS)
    view.await_told(failure.reason, SOON_MS)
    view.await_true(f"document.title.includes('{failure.title}')", SOON_MS)
    repair(path, content)
    view.await_true(f"!document.querySelector('#alert-line').textContent.includes('{failure.title}')", SOON_MS)


def repair(path: Path, content: Any) -> None:
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    write_json_atomic(path, content)


class Death(NamedTuple):
    """A writer that is killed: its command, what it wrote, and when that counts as silence."""

    command: tuple[str, ...]
    names: tuple[str, ...]
    silence_s: float
    title: str


DEATHS = (
    Death(("executor", *SEED, "--speed", "5"), EXECUTOR_FILES, 301.0, "EXECUTOR SILENT"),
    Death(("sync_state",), DAEMON_FILES, 101.0, "SYNC DAEMON SILENT"),
)


def test_killed_writer_is_named_until_it_runs_again(view: Shown, log_dir: Path) -> None:
    """Both are at work when one is killed; its silence is put into the stamps of what it wrote last."""
    with ExitStack() as at_work:
        processes = [at_work.enter_context(program(log_dir, *death.command)) for death in DEATHS]
        for death, process in zip(DEATHS, processes, strict=True):
            await_write(log_dir, death)
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait(10) == -signal.SIGKILL
            make_older(log_dir, death.silence_s, death.names)
            view.await_text(ALERT, death.title, timeout_ms=SOON_MS)
            view.await_text("#alert-line", "last wrote at", timeout_ms=SOON_MS)
            at_work.enter_context(program(log_dir, *death.command))
            await_write(log_dir, death)
            view.await_true(f"!document.querySelector('#alert-line').textContent.includes('{death.title}')", SOON_MS)


def await_write(log_dir: Path, death: Death) -> None:
    """Return once the writer has written the file that tells of it."""
    name = surfaces.NAV if surfaces.NAV in death.names else surfaces.NAV_STATE
    before = (log_dir / "state" / name).stat().st_mtime_ns
    wait_until(lambda: (log_dir / "state" / name).stat().st_mtime_ns > before)


def test_stopped_server_is_said_and_recovers(view: Shown, server: Server) -> None:
    """Late by two refreshes it has not answered; a slow one would look the same, so it is lost only later."""
    with stopped(server.process.pid, *server.workers()):
        view.page.wait_for_selector("html.connection-waiting:not(.connection-lost)", timeout=WAIT_MS + SOON_MS)
        view.await_text("#connection", "NO ANSWER for", timeout_ms=SILENCE_MS)
        await_lost(view, SILENCE_MS + SOON_MS)
    await_connected(view)
    view.page.wait_for_selector("html:not(.connection-waiting)", timeout=SOON_MS)


def test_paused_tab_shows_the_present_when_it_wakes(browser: Browser, view: Shown, log_dir: Path) -> None:
    """Longer than the silence that counts as a lost connection; the state moves meanwhile."""
    view.page.evaluate(COUNT_PAUSES)
    with stopped(*find_renderers(browser)):
        (log_dir / "state" / surfaces.NAV).unlink()
        wait_until(past(time.monotonic() + PAUSE_MS / 1000))
    view.await_text(ALERT, "1 of 9 files missing", timeout_ms=SOON_MS)
    await_connected(view)
    assert view.page.evaluate("window.longestPause") > PAUSE_MS - 1500


def past(moment: float) -> Callable[[], bool]:
    return lambda: time.monotonic() > moment


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    """These processes stand still while the block runs."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


def find_renderers(browser: Browser) -> list[int]:
    """The processes in which this browser's pages run."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return [int(process["id"]) for process in found if process["type"] == "renderer"]


def await_lost(view: Shown, timeout_ms: float) -> None:
    view.page.wait_for_selector("html.connection-lost", timeout=timeout_ms)
    view.await_text("#connection", "CONNECTION LOST since")
    view.await_true("document.title.startsWith('✗ CONNECTION LOST')", SOON_MS)


def await_connected(view: Shown) -> None:
    view.page.wait_for_selector("html:not(.connection-lost)", timeout=SOON_MS)
    view.await_text("#connection", "connected", timeout_ms=SOON_MS)


STEPS = 10
STEP_MS = 60_000
STOPPED_S = STEPS * STEP_MS / 1000
AGES = """() => [...document.querySelectorAll(".age[data-stamp]:not([data-stamp=''])")].map(age => age.textContent)"""
# What still looks live: neither grey as a whole, nor marked stale, nor behind the sign of the lost connection.
PARTS = ".card, #header-nav > *, #alert-line, .surface, #check-chips > *"
LIVE = """parts => [...document.querySelectorAll(parts)].filter(part => !part.matches(".stale")
    && [...part.querySelectorAll("*")].some(box => box.checkVisibility() && !box.closest("svg")
        && getComputedStyle(box).color !== "rgb(130, 146, 166)")).map(part => part.textContent)"""


@pytest.mark.usefixtures("files")
def test_ten_minutes_without_a_server_leave_nothing_that_looks_live(wall: Shown, server: Server) -> None:
    """They pass on the page's clock alone, which is therefore wrong when the server is back."""
    view, page = wall, wall.page
    page.clock.install()
    view.visit()
    page.wait_for_selector(CALM)
    view.await_text("#connection", "connected")
    before = page.evaluate(AGES)
    assert len(before) > 10
    assert [age for age in before if not shows_age_between(age, 0.0, STOPPED_S / 2)] == []
    with stopped(server.process.pid, *server.workers()):
        for _ in range(STEPS):
            page.clock.fast_forward(STEP_MS)
        view.await_true("document.title.startsWith('✗ CONNECTION LOST')", SOON_MS)
        assert_says_for_how_long(page.inner_text("#connection"))
        after = page.evaluate(AGES)
        assert len(after) == len(before)
        assert [age for age in after if not shows_age_between(age, STOPPED_S, 2 * STOPPED_S)] == []
        assert page.evaluate(LIVE, PARTS) == []
    await_connected(view)
    page.wait_for_selector(CALM, timeout=SOON_MS)
    view.await_true("document.querySelectorAll('.surface.fresh').length > 5", SOON_MS)


def assert_says_for_how_long(sign: str) -> None:
    said = re.fullmatch(r"CONNECTION LOST since [0-9:]{8} UTC · last contact (.+) ago", sign)
    assert said is not None, sign
    assert shows_age_between(said[1], STOPPED_S, STOPPED_S + 30), sign


# The last: its server is another one.
def test_killed_server_is_said_and_its_successor_is_found(
    view: Shown, server: Server, settings: dict[str, str], tmp_path: Path
) -> None:
    """Two refusals in a row count."""
    for pid in (server.process.pid, *server.workers()):
        os.kill(pid, signal.SIGKILL)
    await_lost(view, 2 * REFRESH_MS + SOON_MS)
    server.process.wait(10)
    with serving(tmp_path / "second-log", settings | {"HEDGE_BIND": server.address}):
        await_connected(view)
        assert view.page.evaluate("window.loadedOnce === true")
