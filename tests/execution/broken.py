"""What may stand in a file, or in a field of it, instead of what should; and how it gets there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from execution.storage.event_feed import EventFeed
from execution.sync.cycle import SyncCycle
from execution.utils.metrics import Peak

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NAV_USD = 10_078.7542
HUGE = b"1" + b"0" * 400
DEEP = b"[" * 900 + b"]" * 900

# What a whole file may hold instead of what it should.
CONTENTS: dict[str, bytes] = {
    "empty": b"",
    "cut off": b'{"updated_at": 17641',
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "NULs": bytes(4096),
    "deep list": b"[" * 100_000,
    "deep object": b'{"updated_at":' * 100_000,
    "deep and closed": DEEP,
    "10^400": HUGE,
    "5000 digits": b"9" * 5000,
    "NaN": b"NaN",
    "null": b"null",
    "text": b'"text"',
    "number": b"3",
    "list": b"[]",
    "list of lists": b"[[[]]]",
}

# What one field may hold.
VALUES: dict[str, Any] = {
    "10^400": 10**400,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "1e308": 1e308,
    "text": "text",
    "list": [],
    "object": {},
    "true": True,
    "half a character": "\ud800",
}


# Files of the executor that the daemon reads in every cycle, and what it has saved itself.
READ_EACH_CYCLE = [
    "state/nav.json",
    "state/synced_state.json",
    "state/risk_snapshot.json",
    "state/router_health.json",
    "state/execution_health.json",
    "state/positions.json",
    "state/engine_metadata.json",
]
SAVED = ["cache/peak_state.json", "cache/sync_window.json", "cache/transitions_world.json"]


def make_cycle(log_dir: Path) -> SyncCycle:
    """A daemon's cycle over the directory."""
    return SyncCycle(log_dir, EventFeed(log_dir / "execution"), Peak())


def fill(path: Path, content: bytes) -> None:
    """Put it there, whatever else there was."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def sentences(caplog: pytest.LogCaptureFixture, *about: str) -> list[str]:
    """What was logged about any of these, INFO aside."""
    messages = (record.getMessage() for record in caplog.records if record.levelno > logging.INFO)
    return [message for message in messages if any(name in message for name in about)]


def put(payload: Any, path: str, value: Any) -> None:
    """Another value at the path."""
    *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    for step in way:
        payload = payload.setdefault(step, {}) if isinstance(payload, dict) else payload[step]
    payload[last] = value
