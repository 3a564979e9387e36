"""The ends of logs that travel: whole lines of the tape, and of nav_log.json what days and weeks are drawn from."""

from __future__ import annotations

import json
import os
import re
from itertools import groupby
from typing import NamedTuple

from execution.utils.numbers import finite_number

TAPE_BYTES = 64 * 1024

# A log of this size travels as it is, whatever it holds: a day and more of one row a minute.
WHOLE_BYTES = 128 * 1024
ENDS_BYTES = (1024 * 1024, 2 * 1024 * 1024)  # the second where the first does not go back far enough
MOST_STARTS = 64

# Of the last day, and an hour for what reaches into it, every row; of the week before that the first, the last, the
# lowest and the highest row of each slot: what the line of a week shows.
KEPT_S = 25 * 3600.0
WEEK_S = 7 * 24 * 3600.0 + 2 * 3600.0
LEAST_ROWS = 600
SLOT_S = 1800.0

NAV_KEYS = ("total_equity", "nav", "equity")

_BLANK = b" \t\r\n"
_BEHIND_A_ROW = re.compile(r"[ \t\r\n]*(?:,[ \t\r\n]*(?=\{)|\]\Z)")
_decoder = json.JSONDecoder()


class Row(NamedTuple):
    """A row of nav_log.json: its moment (epoch seconds), its NAV (USD, None without) and the text that says so."""

    t: float
    nav: float | None
    text: str


def read_whole(descriptor: int, size: int) -> bytes:
    """A file of `size` bytes."""
    return _read_last(descriptor, size, size)


def read_tape_end(descriptor: int, size: int) -> bytes:
    """The whole lines of the last 64 KiB; one that is not ended yet waits for the next time."""
    # One byte more: it tells whether the end begins with a whole line.
    content = _read_last(descriptor, size, TAPE_BYTES + 1)
    whole = content[: content.rfind(b"\n") + 1]
    return whole if size <= TAPE_BYTES else whole[whole.find(b"\n") + 1 :]


def read_nav_log_end(descriptor: int, size: int) -> bytes:
    """The log where it is short, else its last day and, thinned out, what goes before; torn where the log is torn."""
    if size <= WHOLE_BYTES:
        return read_whole(descriptor, size)
    bracket = b"[" if os.pread(descriptor, WHOLE_BYTES, 0).lstrip(_BLANK).startswith(b"[") else b""
    for most in ENDS_BYTES:
        end = _read_last(descriptor, size, most)
        rows = _split(end) if bracket else []
        if rows and (size <= most or most == ENDS_BYTES[-1] or rows[0].t <= rows[-1].t - WEEK_S):
            return f"[{', '.join(row.text for row in _thin(rows, size <= most))}]".encode("latin-1")
    # Whatever it is, its reader sees the same bytes as on the desk.
    return end if size <= most else bracket + end


def _read_last(descriptor: int, size: int, most: int) -> bytes:
    parts, offset = [], max(0, size - most)
    while offset < size and (part := os.pread(descriptor, size - offset, offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _split(end: bytes) -> list[Row]:
    """The rows of the end of a list, oldest first; none where it is torn, or a row is not as writers write them."""
    # Of Latin-1 each byte is a character, so that every byte of a row stays what it is.
    text = end.rstrip(_BLANK).decode("latin-1")
    start = text.find("{")
    for _ in range(MOST_STARTS):
        rows, is_end = _split_from(text, start) if start >= 0 and text.endswith("]") else ([], True)
        if rows or is_end:
            return rows if is_end else []
        # What begins inside a row is followed by more of that row.
        start = text.find("{", start + 1)
    return []


def _split_from(text: str, start: int) -> tuple[list[Row], bool]:
    """The rows from there on, and whether they reach the end."""
    rows: list[Row] = []
    while True:
        try:
            found, stop = _decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return rows, False
        row, behind = _row_of(found, text[start:stop]), _BEHIND_A_ROW.match(text, stop)
        if row is None or behind is None or (rows and row.t < rows[-1].t):
            return rows, False
        rows.append(row)
        if behind[0].endswith("]"):
            return rows, True
        start = behind.end()


def _row_of(found: object, text: str) -> Row | None:
    t = finite_number(found.get("t")) if isinstance(found, dict) else None
    if t is None or not isinstance(found, dict):
        return None
    return Row(t, next((nav for key in NAV_KEYS if (nav := finite_number(found.get(key)))), None), text)


def _thin(rows: list[Row], is_whole: bool) -> list[Row]:
    """Slots begin at fixed moments, so that what was sent before stays as it is for half an hour."""
    border, first = ((rows[-1].t - span_s) // SLOT_S * SLOT_S for span_s in (KEPT_S, WEEK_S))
    recent = next(index for index, row in enumerate(rows) if row.t >= border)
    recent = max(0, min(recent, len(rows) - LEAST_ROWS))
    older = (row for row in rows[:recent] if row.t >= first)
    slots = [list(slot) for _, slot in groupby(older, lambda row: row.t // SLOT_S)]
    # Of a slot that is cut through, the lowest would be another one each minute.
    return [row for slot in (slots if is_whole else slots[1:]) for row in _sample(slot)] + rows[recent:]


def _sample(slot: list[Row]) -> list[Row]:
    known = [(row.nav, row) for row in slot if row.nav is not None]
    if not known:
        return []
    by_nav = [row for _, row in sorted(known, key=lambda pair: pair[0])]
    few = {id(row) for row in (known[0][1], by_nav[0], by_nav[-1], known[-1][1])}
    return [row for row in slot if id(row) in few]
