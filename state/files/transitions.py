"""What changed and when: the end of the log that the publishers append to, cleaned, newest first."""

import json
import os
import stat
from dataclasses import dataclass
from typing import Any

from state.files.stamps import EARLIEST_EPOCH
from state.files.values import number, text

LOCATION = "../execution/transitions.jsonl"
KINDS = frozenset({"dd_state", "atr_regime", "router_quality", "position", "surface", "environment"})

TAIL_BYTES = 64 * 1024
MOST = 50
LONGEST_TEXT = 200

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tape:
    """The usable rows of the tail, newest first; how many lines were not usable, and why the file cannot be read."""

    rows: tuple[Row, ...] = ()
    skipped: int = 0
    error: str | None = None
    signature: tuple[int, int, int] | None = None


def read_tape(path: str, previous: Tape) -> Tape:
    """Look at the log; never raises. What cannot be read keeps the rows seen before, what is gone has none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - this runs at every change of a surface
        if previous.signature == _signature(found):
            return previous
        return _read_changed(path)
    except (FileNotFoundError, NotADirectoryError):
        # For a moment of each rotation the log is not there, but the part just rotated is.
        return _read_rotated(path)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        return Tape(previous.rows, previous.skipped, f"transitions.jsonl cannot be read: {reason}")


def _read_changed(path: str) -> Tape:
    lines, signature = _read_lines(path)
    rows = [row for line in lines if (row := _clean(line)) is not None]
    skipped = len(lines) - len(rows)
    if len(rows) < MOST:
        # A rotation leaves an almost empty log; what went before is in the part just rotated.
        older = _read_rotated(path)
        rows, skipped = [*older.rows[::-1], *rows], skipped + older.skipped
    return Tape(_newest_first(rows), skipped, None, signature)


def _read_rotated(path: str) -> Tape:
    try:
        lines, _ = _read_lines(f"{path}.1")
    except (OSError, ValueError):
        return Tape()
    rows = [row for line in lines if (row := _clean(line)) is not None]
    return Tape(_newest_first(rows), len(lines) - len(rows))


def _newest_first(rows: list[Row]) -> tuple[Row, ...]:
    """Of rows with the same time the one written last comes first."""
    return tuple(sorted(rows, key=lambda row: float(row["at"]))[::-1])


def _read_lines(path: str) -> tuple[list[bytes], tuple[int, int, int]]:
    """The whole lines of the tail; a last one that is not ended yet is left for the next time."""
    _check_regular(os.stat(path))  # noqa: PTH116 - what is not there is not opened
    # Non-blocking, so that a FIFO put there since cannot hang the page.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = _check_regular(os.fstat(descriptor))
        # One byte more: it tells whether the tail begins with a whole line.
        start = max(0, found.st_size - TAIL_BYTES - 1)
        content = os.pread(descriptor, found.st_size - start, start)
    finally:
        os.close(descriptor)
    whole = content[: content.rfind(b"\n") + 1]
    lines = whole.split(b"\n")[1 if start else 0 :]
    return [line for line in lines if line.strip()], _signature(found)


def _check_regular(found: os.stat_result) -> os.stat_result:
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("not a regular file")
    return found


def _clean(line: bytes) -> Row | None:
    """A row of the contract; None for a line that is none."""
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    at, kind, subject = number(found.get("at")), found.get("kind"), _trim(found.get("subject"))
    sentence, words = _trim(found.get("text")), [found.get("before"), found.get("after")]
    known = isinstance(kind, str) and kind in KINDS and all(word is None or _trim(word) for word in words)
    if at is None or at < EARLIEST_EPOCH or subject is None or sentence is None or not known:
        return None
    before, after = map(_trim, words)
    return {"at": at, "kind": kind, "subject": subject, "before": before, "after": after, "text": sentence}


def _trim(value: object) -> str | None:
    found = text(value)
    return None if found is None else " ".join(found.split())[:LONGEST_TEXT].strip()


def _signature(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_mtime_ns, found.st_size, found.st_ino
