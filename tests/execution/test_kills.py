"""kill -9 at random moments: no torn or lost surface, no orphan after the next start, no event lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

from processes import assert_logs_match_account, end, list_temps, read, read_state, run, running, wait_until
from publisher_world import NOW_S, append, build_close, write_world

from execution.surfaces.engine import OWNED
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

# The whole suite has to stay short; HEDGE_KILLS=100 is the long run, of each process.
KILLS = int(os.environ.get("HEDGE_KILLS", "8"))
SHORT = ("--backfill-hours", "1")


def holds_lock(lock: Path, pid: int) -> bool:
    """The process has started to work."""
    return lock.exists() and lock.read_text() == f"{pid}\n"


def test_kill_minus_nine_loses_nothing(tmp_path: Path) -> None:
    """At random moments: every surface parses, no orphans after the next start, no event lost or doubled."""
    dice = random.Random(11)  # noqa: S311 - moments to kill at
    for _ in range(KILLS):
        with running("executor", tmp_path, "--speed", "250", "--seed", "9", *SHORT) as process:
            wait_until(partial(holds_lock, tmp_path / "state" / ".locks" / f"{OWNED[-1]}.lock", process.pid))
            time.sleep(dice.uniform(0.0, 0.8))
            end(process, signal.SIGKILL)
        for path in [*(tmp_path / "state").glob("*.json"), *(tmp_path / "cache").glob("*.json")]:
            assert read(path), path
    assert run("executor", tmp_path, "--speed", "0", "--steps", "30")[0] == 0
    assert list_temps(tmp_path) == []
    assert_logs_match_account(tmp_path)


def test_kill_minus_nine_leaves_whole_files(tmp_path: Path) -> None:
    """At random moments; the next start cleans up and has the same figures."""
    write_world(tmp_path, NOW_S)
    dice = random.Random(5)  # noqa: S311 - moments to kill at
    append(tmp_path, "orders_executed", *(build_close(number, 1.0, time.time()) for number in range(100)))
    for _ in range(KILLS):
        with running("sync_state", tmp_path, "--interval", "0.01") as process:
            wait_until((tmp_path / "execution" / "sync_daemon_heartbeats.jsonl").exists)
            for _ in range(5):
                write_world(tmp_path, time.time())
                time.sleep(dice.uniform(0.05, 0.15))
            end(process, signal.SIGKILL)
        for path in [*(tmp_path / "state").glob("*.json"), *(tmp_path / "cache").glob("*.json")]:
            assert read(path), path
    assert run("sync_state", tmp_path, "--once")[0] == 0
    assert list_temps(tmp_path) == []
    assert read_state(tmp_path, surfaces.KPIS)["fee_pnl"]["pnl"] == 100.0
