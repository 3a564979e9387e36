"""nav_log.json by its end: a log of weeks that is rewritten every minute costs what was added to it.

What was read last time is looked for in the file byte by byte. Only when all of it is still there are the points behind
it simply added, so that a process that has followed the log for days has the points of one that has just opened it.
"""

import os
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from math import inf
from operator import itemgetter
from typing import Any, NamedTuple

from state.files.decoding import UnusableFileError, decode
from state.files.stamps import parse_stamp
from state.files.values import JsonDict, number

# Kept are the points of this long before the last one, and of a slow writer at least so many.
KEPT_S = 25 * 3600.0
LEAST_POINTS = 600
MOST_POINTS = 9000
# Of what is older than these, so much is known for the line of a week.
WEEK_S = 7 * 24 * 3600.0 + 3600.0
MOST_OLDER = 15_000

# What is read at first sight, until it holds all that is kept; afterwards that again, and so much of what is new.
TAILS_BYTES = (128 * 1024, 1024 * 1024, 2 * 1024 * 1024)
NEW_BYTES = 8 * 1024
# After so many points the bytes of those that are no longer kept are let go.
RENEWED_AFTER = 1000

# The first point of a tail is usually cut; the next one begins within this many bytes, and is found at one of the
# first few braces even where points have objects in them.
LARGEST_POINT_BYTES = 16 * 1024
MOST_STARTS = 32

NAV_KEYS = ("total_equity", "nav", "equity")

_FRONT_BYTES = 64
_BLANK = b" \t\r\n"
_MARK = b"\xef\xbb\xbf"  # of UTF-8, which some editors write in front
_MOMENT = itemgetter(0)


class LogPoint(NamedTuple):
    """One point: epoch seconds, and USD where the writer has put a number."""

    t: float
    nav: float | None
    unrealized_pnl: float | None


@dataclass(frozen=True, slots=True)
class NavLog:
    """The newest points of a log, oldest first, one a moment; `older` are those of the week before them.

    `updated_at` is the moment of the newest row, one later than the file only if written last; `faults` has, for each
    row that has none, the moment of the row before it. `raw` are the bytes of all these and perhaps of some before
    them, without the brackets; `whole` when they are all rows of the file. `added` counts the rows that came since all
    of `raw` was parsed; of those that came last, `changed_from` is the earliest moment. `last_at` is the moment of the
    last row that has one.
    """

    points: list[LogPoint]
    faults: list[float]
    updated_at: float | None
    raw: bytes
    whole: bool
    added: int = 0
    older: list[LogPoint] = field(default_factory=list)
    changed_from: float = -inf
    last_at: float | None = None


def read_nav_log(path: str, written_at: float, known: NavLog | None) -> NavLog:
    """The log at `path`, whose modification time is `written_at`; `points` is the same list while nothing was added.

    Raises:
        UnusableFileError: it is torn or not a list.
        OSError: it cannot be read.
    """
    # Non-blocking, so that a FIFO put there since the stat cannot hang the page.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return _read_added(descriptor, written_at, known) or _read_tail(descriptor, written_at)
    finally:
        os.close(descriptor)


def read_rows(rows: list[Any], after: float = -inf) -> tuple[list[LogPoint], list[float]]:
    """The rows that tell their moment, and for each that does not the moment before it (`after` for the first ones)."""
    points: list[LogPoint] = []
    faults: list[float] = []
    for row in rows:
        moment = parse_stamp(row.get("t")) if isinstance(row, dict) else None
        if moment is None:
            faults.append(points[-1].t if points else after)
        else:
            points.append(LogPoint(moment, nav_of_row(row), number(row.get("unrealized_pnl"))))
    return points, faults


def nav_of_row(row: JsonDict) -> float | None:
    """NAV of a row; zero only where no key has anything else."""
    zero = None
    for key in NAV_KEYS:
        if key in row and (value := number(row[key])) is not None:
            if value:
                return value
            zero = 0.0
    return zero


def _read_added(descriptor: int, written_at: float, known: NavLog | None) -> NavLog | None:
    """What is known, and what follows it; None where the file does not show that it continues what is known."""
    if known is None or not known.raw or known.added >= RENEWED_AFTER:
        return None
    offset, content = _read_end(descriptor, len(known.raw) + NEW_BYTES)
    raw = _without_bracket(content)
    start = raw.find(known.raw[:_FRONT_BYTES])
    if start < 0 or not raw.startswith(known.raw, start) or not _has_front(descriptor, offset + start, known.whole):
        return None
    try:
        # The zero stands for the last point that is known, so that only a list that goes on can be read.
        _, *rows = decode(b"[0" + raw[start + len(known.raw) :] + b"]", list)
    except UnusableFileError:
        return None
    return _add(known, rows, raw[start:], written_at)


def _add(known: NavLog, rows: list[Any], raw: bytes, written_at: float) -> NavLog:
    added, faults = read_rows(rows, known.last_at or -inf)
    points = _in_order([*known.points, *added], len(known.points)) if added else known.points
    last_at = added[-1].t if added else known.last_at
    updated_at = _newest(last_at, points, written_at)
    points, older, faults = _trim(points, [*known.faults, *faults], written_at, known.older)
    changed_from = min((point.t for point in added), default=inf)
    return NavLog(points, faults, updated_at, raw, known.whole, known.added + len(rows), older, changed_from, last_at)


def _has_front(descriptor: int, length: int, bare: bool) -> bool:
    """Whether the list begins in the first `length` bytes; where it is to be `bare`, with nothing else in them."""
    front = os.pread(descriptor, min(length, _FRONT_BYTES), 0).strip(_MARK + _BLANK)
    return front == b"[" and length <= _FRONT_BYTES if bare else front.startswith(b"[")


def _read_tail(descriptor: int, written_at: float) -> NavLog:
    """The end of a log of which nothing is known, or which has become another one."""
    for most_bytes in TAILS_BYTES:
        offset, content = _read_end(descriptor, most_bytes)
        found = _decode_end(descriptor, content) if offset else _decode_whole(content)
        if found is None:
            continue
        raw, rows = found
        read, faults = read_rows(rows)
        known = _in_order(read)
        points, older, faults = _trim(known, faults, written_at)
        # The time that is kept ends with the last point that is no later than the file: it has to be among them.
        holds_all = len(points) + len(older) < len(known) and known[0].t <= written_at
        if not offset or holds_all or most_bytes == TAILS_BYTES[-1]:
            last_at = read[-1].t if read else None
            updated_at = _newest(last_at, points, written_at)
            return NavLog(points, faults, updated_at, raw, not offset, older=older, last_at=last_at)
    raise UnusableFileError("malformed", "torn, or without a point near its end")


def _decode_whole(content: bytes) -> tuple[bytes, list[Any]]:
    rows: list[Any] = decode(content, list)
    raw = _without_bracket(content)
    return raw[raw.find(b"{") :] if b"{" in raw else b"", rows


def _decode_end(descriptor: int, content: bytes) -> tuple[bytes, list[Any]] | None:
    """The whole points of the end of a list, and their bytes; None where no point begins in it."""
    if not _has_front(descriptor, _FRONT_BYTES, bare=False):
        raise UnusableFileError("malformed", "does not begin as a JSON list")
    raw = _without_bracket(content)
    if not raw:
        raise UnusableFileError("malformed", "torn: no closing bracket at its end")
    start = raw.find(b"{")
    for _ in range(MOST_STARTS):
        if not 0 <= start <= LARGEST_POINT_BYTES:
            break
        try:
            return raw[start:], decode(b"[" + raw[start:] + b"]", list)
        except UnusableFileError as error:
            if error.position is None:
                raise
            # What begins inside a point ends with it: whatever follows begins behind.
            start = raw.find(b"{", start + max(error.position - 1, 1))
    return None


def _read_end(descriptor: int, most_bytes: int) -> tuple[int, bytes]:
    """The last bytes of a file, and how many stand before them."""
    offset = max(0, os.fstat(descriptor).st_size - most_bytes)
    return offset, os.pread(descriptor, most_bytes, offset)


def _without_bracket(content: bytes) -> bytes:
    """What stands before the closing bracket; nothing where there is none."""
    end = content.rfind(b"]")  # nothing is cut off before it is found, since each cut copies a megabyte
    return b"" if end < 0 or content[end + 1 :].strip(_BLANK) else content[:end].rstrip(_BLANK)


def _in_order(points: list[LogPoint], sorted_until: int = 0) -> list[LogPoint]:
    """By moment; of one moment the row that was written last."""
    moments = [point.t for point in points[max(0, sorted_until - 1) :]]
    if all(map(float.__lt__, moments, moments[1:])):
        return points
    return [point for _, point in sorted({point.t: point for point in points}.items(), key=_MOMENT)]


def _trim(
    points: list[LogPoint], faults: list[float], written_at: float, older: list[LogPoint] | None = None
) -> tuple[list[LogPoint], list[LogPoint], list[float]]:
    """The points that are kept, and those of the week before them; counted from the last one, but not from one later
    than the file itself.
    """
    older = older or []
    if not points:
        return points, older, faults
    end = end_of(points, written_at)
    start = bisect_left(points, end - KEPT_S, key=_MOMENT)
    start = max(min(start, len(points) - LEAST_POINTS), len(points) - MOST_POINTS, 0)
    if start:
        older = _in_order([*older, *points[:start]], len(older))
        points, faults = points[start:], [moment for moment in faults if moment >= points[start].t]
    first = max(bisect_left(older, end - WEEK_S, key=_MOMENT), len(older) - MOST_OLDER)
    return points, older[first:] if first > 0 else older, faults


def _newest(last_at: float | None, points: list[LogPoint], written_at: float) -> float | None:
    """Of when the log is: by its last row, and by the newest, since rows may be written in any order."""
    return last_at if last_at is None or not points else max(last_at, end_of(points, written_at))


def end_of(points: list[LogPoint], written_at: float) -> float:
    """The moment of the last point that is not later than the file itself; of the last one where all are."""
    return points[bisect_right(points, written_at, key=_MOMENT) - 1].t
