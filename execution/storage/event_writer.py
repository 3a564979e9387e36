"""Append records to JSONL logs that never outgrow their bounds."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from execution.storage.atomic_json import encode_json
from execution.storage.log_parts import ROTATED_PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_LOG_BYTES = 10_000_000


class EventWriter:
    """One log, rotated to .1 .. .5 when it has reached `max_bytes`.

    Others may rotate, truncate or remove it: each append goes into the file that lies at the path then.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_LOG_BYTES) -> None:
        """Open `path` for appending; its directory is made when missing."""
        self.path = path
        self.max_bytes = max_bytes
        self._torn = False
        self._descriptor: int | None = None
        self._follow()

    def append(self, record: Mapping[str, object]) -> None:
        """Add one line in one write, so that a reader sees it whole or unended, never mixed.

        Raises:
            ValueError, TypeError: a value has no JSON form; the message names the field.
            OSError: the log cannot be written; the next call tries again.
        """
        line = encode_json(self.path.name, dict(record)) + b"\n"
        descriptor = self._follow()
        size_bytes = os.fstat(descriptor).st_size
        if size_bytes and size_bytes + len(line) > self.max_bytes:
            descriptor = self._rotate()
        self._write(descriptor, line)
        if not os.fstat(descriptor).st_nlink:
            # Removed between looking and writing: nobody will ever read what went into it.
            self._write(self._follow(), line)

    def close(self) -> None:
        """Close the file; the writer is done."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _follow(self) -> int:
        """The descriptor of the file at the path, opened anew where it is another one than before."""
        if self._descriptor is not None and _is_at(self.path, self._descriptor):
            return self._descriptor
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor, self._torn = _open_at_line_start(self.path), False
        return self._descriptor

    def _write(self, descriptor: int, line: bytes) -> None:
        # A full disk takes a part of a line: the next one must not be glued to it.
        line = b"\n" + line if self._torn else line
        self._torn = True
        try:
            written = os.write(descriptor, line)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        if written < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        self._torn = False

    def _rotate(self) -> int:
        self.close()
        for number in range(ROTATED_PARTS - 1, 0, -1):
            with suppress(FileNotFoundError):
                self._part(number).replace(self._part(number + 1))
        with suppress(FileNotFoundError):
            self.path.replace(self._part(1))
        return self._follow()

    def _part(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _open_at_line_start(path: Path) -> int:
    """A descriptor for appending; a line that a killed writer left unended is ended first."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    if found.st_size and os.pread(descriptor, 1, found.st_size - 1) != b"\n":
        os.write(descriptor, b"\n")
    return descriptor
