"""Each account has a log directory of its own: one that another source has written would lend it a peak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.storage.atomic_json import write_json_atomic
from execution.storage.reading import read_json_object

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "account.json"
# What a source writes; the daemon that runs beside it may have begun already.
TRACES = (
    "nav_log.json",
    "state/nav.json",
    "state/positions.json",
    "state/synced_state.json",
    "execution/orders_*.jsonl",
    "cache/paper_state.json",
)


class DirectoryError(Exception):
    """The directory belongs to another source; the message says what to do."""


def claim_directory(log_dir: Path, exchange: str, environment: str) -> None:
    """Make the directory this account's, or see that it is.

    Raises:
        DirectoryError: another account, or another kind of source, has written there.
        OSError, ValueError: it cannot be written, or its marker is damaged.
    """
    marker, wanted = log_dir / "cache" / MARKER, {"exchange": exchange, "environment": environment}
    try:
        found = read_json_object(marker)
    except FileNotFoundError:
        found = None
    if found is None:
        trace = next((path for pattern in TRACES for path in log_dir.glob(pattern)), None)
        if trace is not None:
            raise DirectoryError(f"{log_dir} has been written by another source ({trace.name}); name another one")
        marker.parent.mkdir(parents=True, exist_ok=True)
        write_json_atomic(marker, wanted)
    elif {name: found.get(name) for name in wanted} != wanted:
        whose = f"{found.get('exchange')} ({found.get('environment')})"
        raise DirectoryError(f"{log_dir} is that of {whose}, not of {exchange} ({environment}); name another one")
