"""Read a growing JSONL log from where the last read ended, through rotation, truncation and removal."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from execution.storage.event_cursor import Cursor
from execution.storage.log_parts import list_rotated
from execution.storage.reading import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 23

# So many rotated parts are looked at again for what a slow writer has added.
KEPT_PARTS = 4

# A rotation in the middle of a look hides a part from it, and a second look finds it.
LOOKS = 3

# What a crash leaves where a file was longer than what had reached the disk.
NULS = bytes(BLOCK_BYTES)


class _Part(NamedTuple):
    """One file to read: from its cursor, or from its beginning when it is new; a `final` one is rotated."""

    file: BinaryIO
    cursor: Cursor | None
    final: bool


class EventLog:
    """One log and a cursor in it; counts what it had to skip."""

    def __init__(self, path: Path | str, saved: Mapping[str, Any] | None = None) -> None:
        """Continue where `saved` (of `save()`) ended, else begin with the oldest rotated part."""
        self.path = Path(path)
        self.cursor = Cursor.restore(saved)
        # The parts read before this one: a writer that had not noticed a rotation may still have added to them.
        self.left = _restore_left(saved)
        self.malformed = 0
        self.rotations = 0
        self.truncations = 0

    def save(self) -> dict[str, Any]:
        """The cursor as JSON; empty before the first read."""
        return self.cursor.save() | {"left": [cursor.save() for cursor in self.left]} if self.cursor else {}

    def read_new(self, stopped: Callable[[], bool] = lambda: False) -> Iterator[dict[str, Any]]:
        """Yield the records appended since the last call; a half-written last line waits for its end.

        `stopped` is asked at each block of 1 MiB: once it says so nothing more is read; the next call goes on there.

        Raises:
            OSError: a file of the log cannot be read; the next call tries again.
        """
        with contextlib.ExitStack() as opened:
            for part in self._find_unread(opened):
                yield from self._read_part(part, stopped)
                if stopped():
                    return

    def _find_unread(self, opened: contextlib.ExitStack) -> list[_Part]:
        """What there is to read, oldest first; the files stay open, so that no rename comes between."""
        current = _open(self.path, opened)
        if current is None:
            return []
        if self.cursor is not None and self.cursor.holds(current):
            return [*self._find_left(opened), _Part(current, self.cursor, final=False)]
        files = _open_all(self.path, opened)
        if self.cursor is None or not files:
            return self._begin(files)
        for _ in range(LOOKS - 1):
            if _find_held(files, self.cursor) is None:
                files = _open_all(self.path, opened) or files
        return [*self._find_left(opened), *self._follow(files, self.cursor)]

    def _begin(self, files: list[BinaryIO]) -> list[_Part]:
        """Each of them from its beginning; the first, the youngest, is the log itself."""
        return [_Part(file, None, final=file is not files[0]) for file in reversed(files)]

    def _follow(self, files: list[BinaryIO], cursor: Cursor) -> list[_Part]:
        """The log is another file than before: `files` has all of its parts, youngest first."""
        held = _find_held(files, cursor)
        if held is None:
            # What was read is gone. Parts that were written since are new, older ones are known.
            self.truncations += 1
            younger = [file for file in files[1:] if self._is_unknown(file, cursor)]
            return self._begin([files[0], *younger])
        if held is files[0]:
            return [_Part(held, cursor, final=False)]
        self.rotations += 1
        between = [file for file in files[1 : files.index(held)] if not cursor.holds(file)]
        return [_Part(held, cursor, final=True), *self._begin([files[0], *between])]

    def _is_unknown(self, file: BinaryIO, cursor: Cursor) -> bool:
        known = any(left.holds(file) for left in self.left)
        return not known and os.fstat(file.fileno()).st_mtime_ns > cursor.mtime_ns

    def _find_left(self, opened: contextlib.ExitStack) -> Iterator[_Part]:
        """The parts read before, where they have grown."""
        for path in list_rotated(self.path) if self.left else []:
            for cursor in self.left:
                if _has_grown(path, cursor):
                    file = _open(path, opened)
                    if file is not None and cursor.holds(file):
                        yield _Part(file, cursor, final=True)

    def _read_part(self, part: _Part, stopped: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        cursor = part.cursor
        if cursor is None:
            cursor = Cursor.at_start(part.file)
            self._begin_part(cursor)
        found = os.fstat(part.file.fileno())
        for end, line in _lines(part.file, cursor.offset, stopped, final=part.final):
            cursor.advance(part.file, end)
            record = _parse(line)
            if record is None:
                self.malformed += bool(line.strip())
            else:
                yield record
        cursor.inode, cursor.mtime_ns = found.st_ino, found.st_mtime_ns

    def _begin_part(self, cursor: Cursor) -> None:
        if self.cursor is not None:
            self.left = [*self.left, self.cursor][-KEPT_PARTS:]
        self.cursor = cursor


def _restore_left(saved: Mapping[str, Any] | None) -> list[Cursor]:
    found = saved.get("left") if saved else None
    cursors = [Cursor.restore(item) for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return [cursor for cursor in cursors if cursor is not None][-KEPT_PARTS:]


def _open(path: Path, opened: contextlib.ExitStack) -> BinaryIO | None:
    try:
        return opened.enter_context(open_regular(path))
    except FileNotFoundError:  # rotated away
        return None


def _open_all(path: Path, opened: contextlib.ExitStack) -> list[BinaryIO]:
    """Every part, youngest first; none when there is no log at the moment.

    A rotation meanwhile shows a file a second time under its next name, which is the place in the order that counts.
    """
    found: dict[tuple[int, int], BinaryIO] = {}
    current = _open(path, opened)
    if current is None:
        return []
    for file in (current, *(_open(part, opened) for part in list_rotated(path))):
        if file is not None:
            status = os.fstat(file.fileno())
            found.pop((status.st_dev, status.st_ino), None)
            found[status.st_dev, status.st_ino] = file
    return list(found.values())


def _find_held(files: list[BinaryIO], cursor: Cursor) -> BinaryIO | None:
    """The file that the cursor is in; where a copy begins alike, the file itself."""
    held = [file for file in files if cursor.holds(file)]
    same = [file for file in held if os.fstat(file.fileno()).st_ino == cursor.inode]
    return next(iter([*same, *held]), None)


def _has_grown(path: Path, cursor: Cursor) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_ino == cursor.inode and found.st_size > cursor.offset


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
    # Half a line of a rotated part may still get its end.
    if final and _parse(rest) is not None and not stopped():
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
