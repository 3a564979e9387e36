"""How fresh each surface is: a file is fresh only once parsed, and a stamp in the future is an error."""

from typing import Any

from state.facts.sources import Sources
from state.facts.standing import frozen_since
from state.files.reading import Reading
from state.files.stamps import unreadable_stamp
from state.files.values import JsonDict, as_written
from state.formatting import fmt_age
from state.trust.shapes import find_shape


def describe_surfaces(sources: Sources) -> list[dict[str, Any]]:
    """The reading of every surface in the shape of the contract; optional ones only where they are there."""
    return [
        _describe(sources, reading)
        for reading in sources.readings.values()
        if reading.surface.required or reading.status != "missing"
    ]


def largest_age(surfaces: list[dict[str, Any]]) -> float | None:
    """The age of the oldest content on show."""
    return max((item["age_s"] for item in surfaces if item["age_s"] is not None and item["required"]), default=None)


def _describe(sources: Sources, reading: Reading) -> dict[str, Any]:
    surface, now = reading.surface, sources.now
    age_s = reading.age_s(now)
    return {
        "name": surface.name,
        "required": surface.required,
        "listed": surface.listed,
        "status": reading.status,
        "shape": find_shape(sources, reading.name) if reading.data is not None else None,
        "updated_at": reading.updated_at,
        "mtime": reading.mtime,
        "changed_at": reading.changed_at,
        "age_s": age_s,
        "ahead_s": reading.ahead_s(now),
        "freshness": _classify(reading, age_s),
        "frozen_since": frozen_since(sources, reading),
        "cadence_s": surface.cadence_s,
        "late_after_s": surface.late_after_s,
        "stale_after_s": surface.stale_after_s,
        "error": reading.error or _clock_error(reading, now),
    }


def _classify(reading: Reading, age_s: float | None) -> str:
    if age_s is None:
        return "unknown"
    if age_s > reading.surface.stale_after_s:
        return "stale"
    # Last good content behind a torn file is at best late.
    return "late" if age_s > reading.surface.late_after_s or reading.status != "ok" else "fresh"


def _clock_error(reading: Reading, now: float) -> str | None:
    if reading.data is not None and reading.updated_at is None and reading.surface.required:
        return _why_no_stamp(reading.data)
    ahead_s = reading.ahead_s(now)
    if ahead_s is None:
        return None
    return f"its time stamp is {fmt_age(ahead_s)} {reading.ahead_words(reading.updated_at)}"


def _why_no_stamp(data: JsonDict) -> str:
    written = unreadable_stamp(data)
    if written is None:
        return "no time stamp in the file"
    return f"its time stamp cannot be read: {as_written(written)}"
