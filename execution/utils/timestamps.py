"""Times of events: epoch seconds inside, ISO-8601 or epoch seconds in files."""

from __future__ import annotations

import math
from datetime import UTC, datetime

DAY_S = 86_400.0


def parse_epoch_s(value: object) -> float | None:
    """Epoch seconds of an ISO text or a finite number; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    return _parse_iso(value) if isinstance(value, str) else None


def format_iso(epoch_s: float) -> str:
    """ISO-8601 in UTC with its offset."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat()


def start_of_day_s(epoch_s: float) -> float:
    """Epoch seconds of the UTC midnight before `epoch_s`."""
    return epoch_s - epoch_s % DAY_S


def _parse_iso(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Writers without an offset mean UTC.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
