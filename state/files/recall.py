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


def recall(surface: Surface, history: History) -> Reading | None:
    """What was last read of a surface, by whichever process; its signature is left out, so that the file is read."""
    content = history.get(f"content/{surface.name}")
    if not isinstance(content, bytes):
        return None
    try:
        data = decode_object(content)
    except UnusableFileError:
        return None
    changed_at = number(mapping(history.get(f"file/{surface.name}")).get("changed_at"))
    return Reading(surface, "ok", data, content_stamp(data), changed_at, None)


def remember(reading: Reading, previous: Reading | None, history: History) -> Reading:
    """The reading with what other processes know of the same version of the file; kept for them if it is new."""
    if reading is previous or reading.status != "ok" or reading.signature is None or reading.surface.name == NAV_LOG:
        return reading
    name, signature = reading.surface.name, list(reading.signature)
    seen: dict[str, Any] = mapping(history.get(f"file/{name}"))
    if seen.get("signature") == signature:
        return replace(reading, changed_at=number(seen.get("changed_at")) or reading.changed_at, content=None)
    at = reading.updated_at or reading.mtime or 0.0
    history.keep(f"file/{name}", {"signature": signature, "changed_at": reading.changed_at}, at, replace=True)
    if reading.content is not None and len(reading.content) <= MAX_KEPT_BYTES:
        history.keep(f"content/{name}", reading.content, at, replace=True)
    return replace(reading, content=None)
