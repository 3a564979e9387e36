"""The last good reading of each surface, in the history: for a process that has just started, and for the others."""

import json
from array import array
from dataclasses import replace
from itertools import chain
from math import isnan, nan
from typing import Any

from state.files.decoding import UnusableFileError, decode_object
from state.files.history import History
from state.files.nav_log import LogPoint
from state.files.reading import Reading, latest_write
from state.files.stamps import content_stamp
from state.files.surfaces import NAV_LOG, Surface
from state.files.values import JsonDict, mapping, number


def latest(surface: Surface, own: Reading | None, history: History) -> Reading | None:
    """What to compare the file with: the last look of this process, unless another one has seen a later version."""
    at = history.at(_look_of(surface.name))
    if at is None or (own is not None and own.status == "ok" and own.log is not None):
        return own  # what is added to a log is found by what this process has read of it
    if own is not None:
        own_at, seen = _epoch(own), mapping(history.get(_look_of(surface.name)))
        is_other = own.status == "ok" and seen.get("signature") != list(own.signature or ())
        if at < own_at or (at == own_at and not is_other):
            return own
    return recall(surface, history) or own


def newer_than(own: Reading | None, history: History) -> Reading | None:
    """What another process has read of a later version than this one, to fall back on; None where none has."""
    at = history.at(_look_of(own.surface.name)) if own is not None else None
    return recall(own.surface, history) if own is not None and at is not None and at > _epoch(own) else None


def recall(surface: Surface, history: History) -> Reading | None:
    """What was last read of a surface, by whichever process; its signature is left out, so that the file is read."""
    data = _content_of(surface, history)
    if data is None:
        return None
    seen: dict[str, Any] = mapping(history.get(_look_of(surface.name)))
    found = Reading(surface, "ok", data, content_stamp(data), number(seen.get("changed_at")), None)
    signature = seen.get("signature")
    mtime_ns = signature[0] if isinstance(signature, list) and signature else None
    return replace(found, written_at=latest_write(mtime_ns)) if isinstance(mtime_ns, int) else found


def remember(reading: Reading, previous: Reading | None, history: History, now: float) -> Reading:
    """The reading with what other processes know of the same version of the file; kept for them if it is new."""
    if reading is previous or reading.status != "ok" or reading.signature is None:
        return reading
    name, signature = reading.surface.name, list(reading.signature)
    seen: dict[str, Any] = mapping(history.get(_look_of(name)))
    if seen.get("signature") == signature:
        return replace(reading, changed_at=number(seen.get("changed_at")) or reading.changed_at, content=None)
    # A stamp of the future may be wrong; that the file was seen is not.
    at = min(_epoch(reading), now)
    history.keep(_look_of(name), {"signature": signature, "changed_at": reading.changed_at}, at, replace=True)
    content = reading.content
    if name == NAV_LOG and reading.data is not None and (previous is None or reading.data is not previous.data):
        content = _encode_log(reading.data)
    if content is not None:
        history.keep(_key_of(name), content, at, replace=True)
    return replace(reading, content=None)


def _content_of(surface: Surface, history: History) -> JsonDict | None:
    content = history.get(_key_of(surface.name))
    if not isinstance(content, bytes):
        return None
    if surface.name == NAV_LOG:
        return _decode_log(content)
    try:
        return decode_object(content)
    except UnusableFileError:
        return None


def _encode_log(data: JsonDict) -> bytes:
    """What is known of a log: JSON of how much there is, and on the next line all the numbers of its points.

    As digits they would take longer than all else of a load, after each point that is added to a log of days.
    """
    series, week = data["series"], data["week"]
    head = {**data, "series": len(series), "week": len(week)}
    numbers = array("d", [nan if value is None else value for point in chain(series, week) for value in point])
    return json.dumps(head).encode() + b"\n" + numbers.tobytes()


def _decode_log(content: bytes) -> JsonDict | None:
    """What `_encode_log` has made; None where it is something else."""
    head, _, numbers = content.partition(b"\n")
    values = array("d")
    try:
        data = decode_object(head)
        values.frombytes(numbers)
        known = [None if isnan(value) else value for value in values]
        count, end = len(LogPoint._fields) * data["series"], len(known)
        series = [LogPoint(*row) for row in zip(*[iter(known[:count])] * len(LogPoint._fields), strict=True)]
        week = list(zip(*[iter(known[count:end])] * 2, strict=True))
    except (UnusableFileError, TypeError, KeyError, ValueError):
        return None
    return {**data, "series": series, "week": week}


def _look_of(name: str) -> str:
    return f"file/{name}"


def _key_of(name: str) -> str:
    return f"content/{name}"


def _epoch(reading: Reading) -> float:
    return reading.updated_at or reading.mtime or 0.0
