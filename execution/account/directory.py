"""Each account has a log directory of its own: one that another source has written would lend it a peak."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from execution.storage.atomic_json import write_json_atomic
from execution.storage.reading import read_json_object

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "account.json"
# Beside the marker, so that it can be deleted where an account gets a new key.
FINGERPRINT = "account_fingerprint.json"
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


def claim_directory(log_dir: Path, exchange: str, environment: str, identity: str) -> None:
    """Make the directory this account's, or see that it is.

    `identity` is the account's address, or else its API key; a salted hash of it is all that is kept.

    Raises:
        DirectoryError: another account, or another kind of source, has written there.
        OSError, ValueError: it cannot be written, or its marker is damaged.
    """
    marker, wanted = log_dir / "cache" / MARKER, {"exchange": exchange, "environment": environment}
    found = _read(marker)
    if found is None:
        trace = next((path for pattern in TRACES for path in log_dir.glob(pattern)), None)
        if trace is not None:
            raise DirectoryError(f"{log_dir} has been written by another source ({trace.name}); name another one")
        marker.parent.mkdir(parents=True, exist_ok=True)
        write_json_atomic(marker, wanted)
    elif {name: found.get(name) for name in wanted} != wanted:
        whose = f"{found.get('exchange')} ({found.get('environment')})"
        raise DirectoryError(f"{log_dir} is that of {whose}, not of {exchange} ({environment}); name another one")
    _compare(log_dir, exchange, identity)


def _compare(log_dir: Path, exchange: str, identity: str) -> None:
    """Hold the account against the one that has written here; where none has left a fingerprint, it leaves its own."""
    path = log_dir / "cache" / FINGERPRINT
    found = _read(path)
    if found is None:
        salt = secrets.token_hex(16)
        write_json_atomic(path, {"salt": salt, "fingerprint": _hash(salt, identity)})
    elif found.get("fingerprint") != _hash(str(found.get("salt")), identity):
        raise DirectoryError(
            f"{log_dir} has the history of another key at {exchange}; name another one (ACCOUNT_NAME, --name), or "
            f"delete {path} where it is the same account with a new key"
        )


def _hash(salt: str, identity: str) -> str:
    return hashlib.sha256(f"{salt}:{identity}".encode()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return read_json_object(path)
    except FileNotFoundError:
        return None
