"""What the wall says on a bad day: each fault of the executor, on a page that was well before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pages import TIMEOUT_MS, Shown, print_state, shown
from playwright.sync_api import Browser
from serving import Server, serving, wait_until
from writers import SEED, copy_healthy, make_older, program, write_healthy

from state.files import surfaces

STEP_MS = 5000
REFRESH_MS = 1000
# Two steps of the executor, and what a process needs to start on a busy machine.
SOON_MS = 2 * STEP_MS + 60000
ALERT = "#alert-line .alert-title"


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log directory that a healthy executor and its daemon left."""
    return write_healthy(tmp_path_factory.mktemp("healthy"))


@pytest.fixture(scope="module")
def log_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log directory on show."""
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def server(log_dir: Path) -> Iterator[Server]:
    settings = {"HEDGE_STATE_DIR": str(log_dir / "state"), "HEDGE_REFRESH_MS": str(REFRESH_MS)}
    with serving(log_dir.with_suffix(".log"), settings) as server:
        yield server


@pytest.fixture(scope="module")
def wall(browser: Browser, server: Server) -> Iterator[Shown]:
    """One page for all of them."""
    with shown(browser, server) as view:
        yield view


@pytest.fixture
def view(wall: Shown, log_dir: Path, healthy: Path) -> Shown:
    """The page once it shows the healthy state."""
    copy_healthy(healthy, log_dir)
    wall.page.wait_for_selector(".alert:not(.alert-danger)")
    wall.page.wait_for_selector(f".surface.fresh[data-surface='{surfaces.NAV}']")
    wall.page.wait_for_selector(f".surface.fresh[data-surface='{surfaces.POSITIONS}']")
    return wall


@contextmanager
def fault(log_dir: Path, name: str, *arguments: str) -> Iterator[None]:
    """Executor and daemon at work, with one thing wrong."""
    with program(log_dir, "sync_state"), program(log_dir, "executor", *SEED, "--fault", name, *arguments):
        yield


def test_exchange_that_does_not_answer(view: Shown, log_dir: Path) -> None:
    with fault(log_dir, "exchange-down"):
        view.await_text(ALERT, "EXCHANGE UNREACHABLE", timeout_ms=SOON_MS)
        view.page.wait_for_selector("#header-nav .nav-figure.frozen", timeout=TIMEOUT_MS)
        view.await_text("#header-nav", "frozen, confirmed")


def test_torn_file(view: Shown, log_dir: Path) -> None:
    with fault(log_dir, "torn-file"):
        view.await_text(ALERT, "positions.json malformed", timeout_ms=SOON_MS)
        view.await_told("last good content of")
        view.await_text(".surface.broken", "positions")
        assert len(view.rows("positions-table")) == len(print_state(log_dir / "state")["positions"]) > 0
        assert view.page.locator("#positions-table [data-unknown]").count() == 0


def test_drawdown(view: Shown, log_dir: Path) -> None:
    """The fall of the fault, give or take what the market did before and after; its number once the writers rest."""
    with fault(log_dir, "drawdown"):
        view.await_text(ALERT, "Drawdown defensive", timeout_ms=SOON_MS)
    pct = print_state(log_dir / "state")["kpis"]["risk"]["drawdown_pct"]
    assert 4.0 < pct < 13.0
    view.await_text("#alert-line", f"{pct:.2f} % below the peak")
    view.await_text("[data-field='kpis.risk.dd_state']", "defensive")


def test_stalled_writer(view: Shown, log_dir: Path) -> None:
    """The minutes until it counts as late, then as silent, are taken off the stamps of what it wrote last."""
    nav, checkpoint = log_dir / "state" / surfaces.NAV, log_dir / "cache" / "paper_state.json"
    before = changed_at(nav)
    with fault(log_dir, "writer-stall", "--speed", "20"):
        wait_until(lambda: changed_at(nav) > before)
        wait_until(lambda: changed_at(checkpoint) > changed_at(nav))  # it steps on, and writes no more
        for word, chip, minutes in (("late", "late", 3), ("EXECUTOR SILENT", "stale", 5)):
            make_older(log_dir, 60.0 * minutes)
            view.page.wait_for_selector(f".surface.{chip}[data-surface='{surfaces.NAV}']", timeout=TIMEOUT_MS)
            view.await_text("#alert-line", word)
            view.await_text("#alert-line", surfaces.NAV)


def changed_at(path: Path) -> int:
    return path.stat().st_mtime_ns
