"""The embedded executor as a process: what it publishes, how it ends, what it takes up again."""

from __future__ import annotations

import io
import itertools
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from processes import (
    assert_logs_match_account,
    end,
    list_temps,
    read,
    read_state,
    run,
    running,
    wait_until,
)
from publisher_world import UNSAID, unknown_paths

from execution.paper.backfill import list_missed_stamps, show_progress
from execution.paper.money import to_units
from execution.storage.event_log import EventLog
from execution.utils.event_window import EventWindow
from state import load_all_state
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

# One hour of backfill is enough for most tests.
SHORT = ("--backfill-hours", "1")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run of executor and daemon leaves, both ended as they should be."""
    log_dir = tmp_path_factory.mktemp("logs")
    assert run("executor", log_dir, "--speed", "0", "--steps", "50")[0] == 0
    assert run("sync_state", log_dir, "--once")[0] == 0
    return log_dir


@pytest.fixture(scope="module")
def short_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an hour and five steps leave."""
    log_dir = tmp_path_factory.mktemp("short")
    assert run("executor", log_dir, "--speed", "0", "--steps", "5", *SHORT)[0] == 0
    return log_dir


@pytest.fixture
def begun(short_logs: Path, tmp_path: Path) -> Path:
    """A copy of it, to go on with."""
    return shutil.copytree(short_logs, tmp_path / "logs")


def load(log_dir: Path) -> dict[str, Any]:
    """What the dashboard reads, as of the moment the executor wrote."""
    now_s = max(read_state(log_dir, surfaces.NAV)["updated_ts"], read_state(log_dir, surfaces.KPIS)["updated_at"])
    return load_all_state(log_dir / "state", now=now_s + 1, environ={})


def test_a_healthy_run_leaves_nothing_unknown(logs: Path) -> None:
    """Every value that the publishers have a word for is there, every check agrees, every surface is fresh."""
    state = load(logs)
    meta = state["meta"]
    assert unknown_paths(state) == UNSAID
    # Two checks want a second source, which these publishers have not; a third, a daemon that has read the snapshot.
    alone = {check["name"]: check["status"] for check in meta["checks"] if check["status"] != "ok"}
    assert alone.pop("states", "not_comparable") == "not_comparable"
    assert alone == {"realized_pnl": "not_comparable", "router_rates": "not_comparable"}
    assert {item["name"] for item in meta["surfaces"] if item["freshness"] != "fresh"} == set()
    assert (meta["environment"], meta["testnet"]) == ("paper", None)


def test_the_reader_sees_the_account(logs: Path) -> None:
    """NAV, book and holdings, to the cent."""
    state = load(logs)
    account = read(logs / "cache" / "paper_state.json")["world"]["account"]
    assert state["nav"]["nav_usd"] - state["nav"]["unrealized_pnl_usd"] == pytest.approx(
        account["cash"] / 1e8, abs=0.005
    )
    assert {(row["symbol"], row["side"]) for row in state["positions"]} == {(leg[0], leg[1]) for leg in account["legs"]}
    assert {item["label"]: item["price_basis"] for item in state["aum"]["slices"]} == {
        "Futures": "exchange", "BTC": "market", "USDC": "par", "PAXG": "cost"
    }  # fmt: skip
    assert len(state["nav"]["series"]) > 200
    assert len(state["kpis"]["symbols"]) == 10


def test_the_day_is_there_from_the_first_minute(logs: Path) -> None:
    """Six hours were backfilled, up to the present."""
    points = read(logs / "nav_log.json")
    assert points[-1]["t"] - points[0]["t"] == pytest.approx(6 * 3600, rel=0.01)
    stats = read_state(logs, surfaces.POSITIONS)["exec_stats"]
    assert stats["attempted_24h"] > 50
    assert 0.5 < stats["fill_rate"] <= 1.0
    assert stats["vetoes_24h"] > 0
    assert_logs_match_account(logs)


def test_each_surface_has_one_writer(logs: Path) -> None:
    """The locks name who wrote what, and nothing temporary is left."""
    locked = {path.name.removesuffix(".lock") for path in (logs / "state" / ".locks").iterdir()}
    assert locked == {path.name for path in (logs / "state").iterdir() if path.suffix == ".json"}
    assert list_temps(logs) == []


def test_a_second_executor_is_refused(tmp_path: Path) -> None:
    """With the pid of the first, before it has touched anything."""
    with running("executor", tmp_path, *SHORT) as first:
        wait_until(lambda: read_state(tmp_path, surfaces.ENGINE_METADATA))
        code, said = run("executor", tmp_path, "--steps", "1", "--speed", "0")
        assert code == 1
        assert f"is already written by process {first.pid}: one writer per file" in said
        said = end(first)
    assert first.returncode == 0
    assert "stopped at NAV" in said
    assert read_state(tmp_path, surfaces.ENGINE_METADATA)["status"] == "stopped"


def test_numbers_move_and_stamps_are_of_now(tmp_path: Path) -> None:
    """At real time stamps, several publications of a fast simulation."""
    with running("executor", tmp_path, "--speed", "50", *SHORT):
        wait_until(lambda: read_state(tmp_path, surfaces.SYNCED_STATE))
        first = read_state(tmp_path, surfaces.NAV)
        wait_until(lambda: read_state(tmp_path, surfaces.NAV)["updated_ts"] > first["updated_ts"] + 1)
        later = read_state(tmp_path, surfaces.NAV)
    assert later["nav_usd"] != first["nav_usd"]
    assert abs(later["updated_ts"] - time.time()) < 30
    assert later["nav_usd"] == pytest.approx(later["nav_detail"]["cash_usd"] + later["nav_detail"]["unrealized_usd"])


def test_a_restart_takes_up_the_account(tmp_path: Path) -> None:
    """Same account, same peak, the event logs go on without a gap in the story."""
    run("executor", tmp_path, "--speed", "0", "--steps", "20", "--seed", "3", *SHORT)
    before = read(tmp_path / "cache" / "paper_state.json")
    run("executor", tmp_path, "--speed", "0", "--steps", "200", "--seed", "4")
    after = read(tmp_path / "cache" / "paper_state.json")
    assert after["world"]["seed"] == 3
    assert after["world"]["step"] >= before["world"]["step"] + 200
    assert after["peak"][0] >= before["peak"][0]
    assert_logs_match_account(tmp_path)


def test_a_damaged_checkpoint_is_an_error_with_advice(tmp_path: Path) -> None:
    """Rather not start than forget an account silently."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "paper_state.json").write_text('{"half')
    code, said = run("executor", tmp_path, "--speed", "0", "--steps", "1")
    assert code == 1
    assert "paper_state.json is damaged" in said
    assert "delete it to begin a new account" in said


@pytest.mark.parametrize("arguments", [("--speed", "-1"), ("--source", "live"), ("--fault", "rain")])
def test_a_wrong_argument_is_refused(tmp_path: Path, arguments: tuple[str, str]) -> None:
    """argparse's exit code, and the value in the message."""
    code, said = run("executor", tmp_path, *arguments)
    assert code == 2
    assert arguments[1] in said


def test_missed_stamps_end_at_the_present() -> None:
    """5 s apart, at most six hours, none when nothing was missed."""
    hours_s = 6 * 3600.0
    assert list_missed_stamps(1000.0, 1021.0, hours_s) == [1006.0, 1011.0, 1016.0, 1021.0]
    assert list_missed_stamps(1000.0, 1003.0, hours_s) == []
    assert list_missed_stamps(1000.0, 900.0, hours_s) == []
    long = list_missed_stamps(0.0, 1_000_000.0, hours_s)
    assert (len(long), long[0], long[-1]) == (4320, 1_000_000.0 - hours_s + 5, 1_000_000.0)
    assert all(after - before == 5.0 for before, after in itertools.pairwise(long))


def run_fault(begun: Path, name: str) -> dict[str, Any]:
    """A run with a fault, then one cycle of the daemon, as the dashboard reads it."""
    assert run("executor", begun, "--speed", "100", "--steps", "40", "--fault", name)[0] == 0
    run("sync_state", begun, "--once")
    return load(begun)


def test_fault_exchange_down(begun: Path) -> None:
    """The NAV is an old one repeated, and says so."""
    exchange = run_fault(begun, "exchange-down")["nav"]["exchange"]
    assert (exchange["source"], exchange["fresh"], exchange["frozen"]) == ("cache", False, True)
    assert read_state(begun, surfaces.NAV)["nav_detail"]["nav_health"]["sources_ok"] is False
    assert read_state(begun, surfaces.KPIS)["nav"]["sources_ok"] is False


def test_fault_drawdown(begun: Path) -> None:
    """More than 6 % below the peak, on both processes' surfaces."""
    state = run_fault(begun, "drawdown")
    assert state["nav"]["dd_state"] == "defensive"
    assert 6.0 < state["nav"]["drawdown_pct"] < 12.0
    assert read_state(begun, surfaces.RISK_SNAPSHOT)["dd_state"]["dd_state"] == "defensive"


def test_fault_torn_file(begun: Path) -> None:
    """positions.json is half a file; the book still comes from the others."""
    state = run_fault(begun, "torn-file")
    torn = next(item for item in state["meta"]["surfaces"] if item["name"] == surfaces.POSITIONS)
    assert torn["status"] == "malformed"
    assert state["positions"]


def test_fault_writer_stall(begun: Path) -> None:
    """The process lives and nothing is written any more, once it has told of the time that it was away."""
    left = read_state(begun, surfaces.NAV)["updated_ts"]
    with running("executor", begun, "--speed", "20", "--fault", "writer-stall") as process:
        log = EventLog(begun / "execution" / "sync_heartbeats.jsonl")
        before = len(list(log.read_new()))
        wait_until(lambda: read_state(begun, surfaces.NAV)["updated_ts"] != left)
        written = read_state(begun, surfaces.NAV)["updated_ts"]
        wait_until(lambda: len(list(log.read_new())) >= 1)
        assert read_state(begun, surfaces.NAV)["updated_ts"] == written
        end(process)
    assert before > 0
    assert read_state(begun, surfaces.NAV)["updated_ts"] == written


def test_event_logs_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small limit instead of many hours: at most six parts of a log, none over the limit, and the window is whole."""
    from execution.paper.simulation import Simulation  # noqa: PLC0415
    from execution.paper.sink import EventSink  # noqa: PLC0415

    monkeypatch.setattr("execution.storage.event_writer.EventWriter.__init__.__defaults__", (20_000,))
    sink, window, log = EventSink(tmp_path), EventWindow(), EventLog(tmp_path / "orders_executed.jsonl")
    simulation = Simulation(1, sink.emit)
    for step in range(6000):
        simulation.advance(1_764_150_000.0 + 5 * step)
        if step % 200 == 0:
            for record in log.read_new():
                window.add("orders_executed", record)
    sink.close()
    for record in log.read_new():
        window.add("orders_executed", record)
    parts = list(tmp_path.glob("orders_executed.jsonl*"))
    assert len(parts) == 6
    assert max(part.stat().st_size for part in parts) <= 20_000
    assert to_units(window.fees_usd[7].total_usd) == simulation.account.fees
    assert to_units(window.pnl_usd[7].total_usd) == simulation.account.realized


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (0, []),
        (3, ["caught up on the last 15 s in 3 steps"]),
        (12, ["caught up on the last 1 min in 12 steps"]),
        (4320, ["caught up on the last 6 h in 4320 steps"]),
    ],
)
def test_the_backfill_says_when_it_is_done(steps: int, said: list[str]) -> None:
    """Within a second one line is enough, and none when nothing was missed."""
    stream = io.StringIO()
    assert list(show_progress([1.0] * steps, 1e9, stream)) == [1.0] * steps
    assert stream.getvalue().splitlines() == said


def test_a_long_backfill_says_how_far_it_is() -> None:
    """A line each time the pause is over, the end apart."""
    stream = io.StringIO()
    list(show_progress([1.0] * 4, 0.0, stream))
    assert [line.rpartition(": ")[2] for line in stream.getvalue().splitlines()[:-1]] == ["25 %", "50 %", "75 %"]
