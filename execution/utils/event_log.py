"""Read a growing JSONL log from where the last read ended, through rotation and truncation."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HEAD_BYTES = 256
BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 23
ROTATED_PARTS = 5

# What a crash leaves where a file was longer than what had reached the disk.
NULS = bytes(BLOCK_BYTES)


@dataclass(slots=True)
class Cursor:
    """How far a log was read: `offset` bytes of the file with this inode and these first bytes.

    Some writers replace the whole file at each append, and a truncated file keeps its inode: only the first bytes tell
    whether it is still the same log.
    """

    inode: int = 0
    offset: int = 0
    head_bytes: int = 0
    head_crc: int = 0


class EventLog:
    """One log and a cursor in it; counts what it had to skip."""

    def __init__(self, path: Path | str, saved: Mapping[str, Any] | None = None) -> None:
        """Continue where `saved` (of `save()`) ended, else begin with the oldest rotated part."""
        self.path = Path(path)
        self.cursor = _restore(saved)
        self.malformed = 0
        self.rotations = 0
        self.truncations = 0

    def save(self) -> dict[str, int]:
        """The cursor as JSON; empty before the first read."""
        return asdict(self.cursor) if self.cursor else {}

    def read_new(self, stopped: Callable[[], bool] = lambda: False) -> Iterator[dict[str, Any]]:
        """Yield the records appended since the last call; a half-written last line waits for its end.

        `stopped` is asked at each block of 1 MiB: once it says so nothing more is read; the next call goes on there.
        """
        for path, offset in self._unread_parts():
            yield from self._read_part(path, offset, stopped, final=path != self.path)
            if stopped():
                return

    def _unread_parts(self) -> list[tuple[Path, int]]:
        """(file, offset) oldest first: where the cursor stands, and every younger part from its beginning."""
        if not self.path.exists():
            return []
        if self.cursor is None:
            return [(part, 0) for part in [*reversed(self._rotated()), self.path]]
        if _holds(self.path, self.cursor):
            return [(self.path, self.cursor.offset)]
        return self._parts_after_change(self.cursor)

    def _parts_after_change(self, cursor: Cursor) -> list[tuple[Path, int]]:
        rotated = self._rotated()
        for index, part in enumerate(rotated):
            if _holds(part, cursor):
                self.rotations += 1
                younger = [*reversed(rotated[:index]), self.path]
                return [(part, cursor.offset), *((path, 0) for path in younger)]
        self.truncations += 1
        return [(self.path, 0)]

    def _rotated(self) -> list[Path]:
        """Rotated parts that exist, youngest first."""
        parts = (self.path.with_name(f"{self.path.name}.{number}") for number in range(1, ROTATED_PARTS + 1))
        return [part for part in parts if part.exists()]

    def _read_part(
        self, path: Path, offset: int, stopped: Callable[[], bool], *, final: bool
    ) -> Iterator[dict[str, Any]]:
        try:
            file = path.open("rb")
        except FileNotFoundError:  # rotated away between listing and opening; the next call finds it
            return
        with file:
            self._advance(file, offset)
            for end, line in _lines(file, offset, stopped, final=final):
                self._advance(file, end)
                record = _parse(line)
                if record is None:
                    self.malformed += bool(line.strip())
                else:
                    yield record

    def _advance(self, file: BinaryIO, offset: int) -> None:
        cursor = self.cursor
        if cursor and cursor.inode == _inode(file) and cursor.head_bytes == HEAD_BYTES and offset >= cursor.offset:
            cursor.offset = offset
            return
        self.cursor = _cursor_at(file, offset)


def _restore(saved: Mapping[str, Any] | None) -> Cursor | None:
    names = [field.name for field in fields(Cursor)]
    if not saved or not all(isinstance(saved.get(name), int) for name in names):
        return None
    return Cursor(**{name: saved[name] for name in names})


def _inode(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_ino


def _cursor_at(file: BinaryIO, offset: int) -> Cursor:
    position = file.tell()
    head = _head(file, min(HEAD_BYTES, offset))
    file.seek(position)
    return Cursor(_inode(file), offset, len(head), zlib.crc32(head))


def _head(file: BinaryIO, size: int) -> bytes:
    file.seek(0)
    return file.read(size)


def _holds(path: Path, cursor: Cursor) -> bool:
    """True when `path` still begins with what was read and is at least as long."""
    try:
        with path.open("rb") as file:
            head = _head(file, cursor.head_bytes)
            return path.stat().st_size >= cursor.offset and zlib.crc32(head) == cursor.head_crc
    except FileNotFoundError:
        return False


def _lines(file: BinaryIO, offset: int, stopped: Callable[[], bool], *, final: bool) -> Iterator[tuple[int, bytes]]:
    """(offset of the end, line) of each whole line from `offset`; of a `final` file the unended last one too."""
    file.seek(offset)
    rest = b""
    while not stopped() and (block := file.read(BLOCK_BYTES)):
        if block == NULS:  # a line that was torn here has no end
            offset = _skip_hole(file)
            yield offset, rest
            rest = b""
            continue
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            offset += len(line) + 1
            yield offset, line
        if len(rest) > MAX_LINE_BYTES:  # no record is this long: give it up, its end counts as malformed
            offset += len(rest)
            yield offset, rest
            rest = b""
    if final and rest and not stopped():
        yield offset + len(rest), rest


def _skip_hole(file: BinaryIO) -> int:
    """Go on to the next byte that is on the disk, however far; returns where that is."""
    here, size = file.tell(), os.fstat(file.fileno()).st_size
    try:
        return file.seek(os.lseek(file.fileno(), here, os.SEEK_DATA))
    except OSError:  # nothing but the hole up to the end
        return file.seek(max(here, size))


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line[line.rfind(b"\0") + 1 :])  # NULs are a hole, and no part of a record
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
