"""One writer per file: a second process that wants to write the same surface is told so."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOCK_DIRECTORY = ".locks"

# Descriptors of the locks this process holds; the system drops a lock with its process, also on kill -9.
_held: dict[Path, int] = {}


class SecondWriterError(RuntimeError):
    """Another process is the writer of this file."""


def claim_writer(path: Path) -> None:
    """Become the one writer of `path` until this process ends; at once when it already is.

    Raises:
        SecondWriterError: another process is; the message has its pid.
        OSError: the lock file cannot be made.
    """
    lock = path.resolve().parent / LOCK_DIRECTORY / f"{path.name}.lock"
    if lock in _held:
        return
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise SecondWriterError(f"{path} is already written by process {owner}: one writer per file") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    _held[lock] = descriptor


def release_writers() -> None:
    """Give up every file this process writes."""
    for descriptor in _held.values():
        os.close(descriptor)
    _held.clear()
