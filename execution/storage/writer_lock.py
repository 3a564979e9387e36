"""One writer per file: a second process that wants to write the same surface is told so."""

from __future__ import annotations

import fcntl
import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOGGER = logging.getLogger("writer_lock")

LOCK_DIRECTORY = ".locks"

# So often a lock may be deleted between opening and taking it before that is an error.
ATTEMPTS = 10

# Descriptors of the locks this process holds; the system drops a lock with its process, also on kill -9.
_held: dict[Path, int] = {}


class SecondWriterError(RuntimeError):
    """Another process is the writer of this file."""


def claim_writer(path: Path) -> None:
    """Become the one writer of `path` until this process ends; call it before each write.

    At once when it already is. A lock file that was deleted meanwhile is made and taken again.

    Raises:
        SecondWriterError: another process is, perhaps since the lock file was deleted; the message has its pid.
        OSError: the lock file cannot be made.
    """
    lock = path.resolve().parent / LOCK_DIRECTORY / f"{path.name}.lock"
    held = _held.get(lock)
    if held is not None and _is_at(lock, held):
        return
    if held is not None:
        del _held[lock]
        os.close(held)
    _held[lock] = _take(lock, path)
    if held is not None:
        LOGGER.warning("%s: the lock file was deleted or replaced; it is taken again", path)


def release_writers() -> None:
    """Give up every file this process writes."""
    for descriptor in _held.values():
        os.close(descriptor)
    _held.clear()


def _take(lock: Path, path: Path) -> int:
    """A descriptor that holds the lock which lies at `lock`."""
    for _ in range(ATTEMPTS):
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise SecondWriterError(f"{path} is already written by process {owner}: one writer per file") from None
        except OSError:
            os.close(descriptor)
            raise
        # Whoever finds another file there would hold a lock that nobody else can see.
        if _is_at(lock, descriptor):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            return descriptor
        os.close(descriptor)
    raise OSError(f"{lock} is deleted again and again; nothing can be written to {path}")


def _is_at(lock: Path, descriptor: int) -> bool:
    """Whether the file that is open here is the one that lies there."""
    try:
        return os.path.samestat(os.fstat(descriptor), lock.stat())
    except (FileNotFoundError, NotADirectoryError):
        return False
