"""Append records to JSONL logs that never outgrow their bounds."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from execution.atomic_json import encode_json
from execution.utils.event_log import ROTATED_PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_LOG_BYTES = 10_000_000


class EventWriter:
    """One log, rotated to .1 .. .5 when it has reached `max_bytes`."""

    def __init__(self, path: Path, max_bytes: int = MAX_LOG_BYTES) -> None:
        """Open `path` for appending; its directory is made when missing."""
        self.path = path
        self.max_bytes = max_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = _open_at_line_start(path)
        self._size_bytes = os.fstat(self._descriptor).st_size
        self._torn = False

    def append(self, record: Mapping[str, object]) -> None:
        """Add one line in one write, so that a reader sees it whole or unended, never mixed."""
        line = encode_json(self.path.name, dict(record)) + b"\n"
        if self._size_bytes and self._size_bytes + len(line) > self.max_bytes:
            self._rotate()
        self._write(line)

    def _write(self, line: bytes) -> None:
        # A full disk takes a part of a line: the next one must not be glued to it.
        line = b"\n" + line if self._torn else line
        self._torn = True
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        self._size_bytes += written
        if written < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        self._torn = False

    def close(self) -> None:
        """Close the file; the writer is done."""
        os.close(self._descriptor)

    def _rotate(self) -> None:
        self.close()
        for number in range(ROTATED_PARTS - 1, 0, -1):
            part = self._part(number)
            if part.exists():
                part.replace(self._part(number + 1))
        self.path.replace(self._part(1))
        self._descriptor = _open_at_line_start(self.path)
        self._size_bytes = 0

    def _part(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


def _open_at_line_start(path: Path) -> int:
    """A descriptor for appending; a line that a killed writer left unended is ended first."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    size_bytes = os.fstat(descriptor).st_size
    if size_bytes and os.pread(descriptor, 1, size_bytes - 1) != b"\n":
        os.write(descriptor, b"\n")
    return descriptor
