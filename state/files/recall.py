"""The last good reading of each surface, in the history: for a process that has just started, and for the others."""

from dataclasses import replace
from typing import Any

from state.files.decoding import UnusableFileError, decode_object
from state.files.history import History
from state.files.reading import Reading
from state.files.stamps import content_stamp
from state.files.surfaces import NAV_LOG, Surface
from state.files.values import mapping, number

# Larger files are read again, and not kept.
MAX_KEPT_BYTES = 1024 * 1024


def latest(surface: Surface, own: Reading | None, history: History) -> Reading | None:
    """What to compare the file with: the last look of this process, unless another one has seen a later version."""
    at = history.at(_look_of(surface.name))
    if at is None:
        return own
    if own is not None:
        own_at, seen = _epoch(own), mapping(history.get(_look_of(surface.name)))
        is_other = own.status == "ok" and seen.get("signature") != list(own.signature or ())
        if at < own_at or (at == own_at and not is_other):
            return own
    return recall(surface, history) or own


def recall(surface: Surface, history: History) -> Reading | None:
    """What was last read of a surface, by whichever process; its signature is left out, so that the file is read."""
    content = history.get(f"content/{surface.name}")
    if not isinstance(content, bytes):
        return None
    try:
        data = decode_object(content)
    except UnusableFileError:
        return None
    changed_at = number(mapping(history.get(_look_of(surface.name))).get("changed_at"))
    return Reading(surface, "ok", data, content_stamp(data), changed_at, None)


def remember(reading: Reading, previous: Reading | None, history: History) -> Reading:
    """The reading with what other processes know of the same version of the file; kept for them if it is new."""
    if reading is previous or reading.status != "ok" or reading.signature is None or reading.surface.name == NAV_LOG:
        return reading
    name, signature = reading.surface.name, list(reading.signature)
    seen: dict[str, Any] = mapping(history.get(_look_of(name)))
    if seen.get("signature") == signature:
        return replace(reading, changed_at=number(seen.get("changed_at")) or reading.changed_at, content=None)
    at = _epoch(reading)
    history.keep(_look_of(name), {"signature": signature, "changed_at": reading.changed_at}, at, replace=True)
    if reading.content is not None and len(reading.content) <= MAX_KEPT_BYTES:
        history.keep(f"content/{name}", reading.content, at, replace=True)
    return replace(reading, content=None)


def _look_of(name: str) -> str:
    return f"file/{name}"


def _epoch(reading: Reading) -> float:
    return reading.updated_at or reading.mtime or 0.0
