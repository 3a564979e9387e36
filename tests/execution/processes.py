"""Executor and sync daemon as processes of their own."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from execution.paper.money import to_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).parents[2]
PATIENCE_S = 60.0

Process = subprocess.Popen[str]


@contextlib.contextmanager
def running(module: str, log_dir: Path, *arguments: str) -> Iterator[Process]:
    """`python -m execution.<module>` on a log directory; it does not outlive the block."""
    command = [sys.executable, "-m", f"execution.{module}", "--log-dir", str(log_dir), *arguments]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            end(process, signal.SIGKILL)


def run(module: str, log_dir: Path, *arguments: str) -> tuple[int, str]:
    """Run to the end; (exit code, what it said)."""
    with running(module, log_dir, *arguments) as process:
        said, _ = process.communicate(timeout=PATIENCE_S)
        return process.returncode, said


def end(process: Process, number: int = signal.SIGTERM) -> str:
    """Send a signal and wait for the end; what the process said."""
    process.send_signal(number)
    said, _ = process.communicate(timeout=PATIENCE_S)
    return said


def wait_until(condition: Callable[[], Any]) -> None:
    """Look until it holds, for a minute at most."""
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError(f"{condition} did not come to hold in {PATIENCE_S} s")
        time.sleep(0.02)


def read(path: Path) -> Any:
    """A JSON file, None when it is not there."""
    return json.loads(path.read_bytes()) if path.exists() else None


def read_state(log_dir: Path, name: str) -> Any:
    """A surface, None when it is not there."""
    return read(log_dir / "state" / name)


def read_records(log_dir: Path, name: str) -> list[dict[str, Any]]:
    """Every record of an event log, rotated parts included; each line has to parse."""
    parts = sorted((log_dir / "execution").glob(f"{name}.jsonl*"), reverse=True)
    return [json.loads(line) for part in parts for line in part.read_text().splitlines()]


def list_temps(log_dir: Path) -> list[Path]:
    """Temporary files anywhere under the log directory."""
    return [path for path in log_dir.rglob("*") if path.name.endswith(".tmp")]


def assert_logs_match_account(log_dir: Path) -> None:
    """PnL and fees of the event logs are those of the account, to 1e-8 USD, and no event is there twice."""
    account = read(log_dir / "cache" / "paper_state.json")["world"]["account"]
    rows = read_records(log_dir, "orders_executed")
    closes = [row for row in rows if row["event_type"] == "order_close"]
    last_fees = {row["orderId"]: to_units(row["fee_total"]) for row in rows if row["event_type"] == "order_fill"}
    assert sum(to_units(row["realizedPnlUsd"]) for row in closes) == account["realized"]
    assert sum(last_fees.values()) == account["fees"]
    for name in ("orders_attempted", "order_metrics"):
        ids = [row["attempt_id"] for row in read_records(log_dir, name)]
        assert len(ids) == len(set(ids))
