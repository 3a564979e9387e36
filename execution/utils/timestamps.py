"""Times of events: epoch seconds inside, ISO-8601 or epoch seconds in files."""

from __future__ import annotations

from datetime import UTC, datetime

from execution.utils.numbers import describe, finite_number

DAY_S = 86_400.0

# A stamp up to this far ahead is the difference between two clocks, and counts as now.
FUTURE_TOLERANCE_S = 2.0

# An epoch in milliseconds, or one of another century, is a mistake of the writer.
EPOCH_RANGE_S = (1e9, 1e10)


def parse_epoch_s(value: object) -> float | None:
    """Epoch seconds of an ISO text or a finite number; None for anything else."""
    return _parse_iso(value) if isinstance(value, str) else finite_number(value)


def plausible_epoch_s(value: object) -> float | None:
    """As `parse_epoch_s`, and None for what no writer of this century can mean."""
    epoch_s = parse_epoch_s(value)
    earliest_s, latest_s = EPOCH_RANGE_S
    return epoch_s if epoch_s is not None and earliest_s <= epoch_s <= latest_s else None


def restore_time(saved: object) -> float:
    """Epoch seconds that were saved.

    Raises:
        ValueError: they are no number.
    """
    epoch_s = finite_number(saved)
    if epoch_s is None:
        raise ValueError(f"{describe(saved)} is no time in epoch seconds")
    return epoch_s


def format_iso(epoch_s: float) -> str:
    """ISO-8601 in UTC with its offset."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat()


def start_of_day_s(epoch_s: float) -> float:
    """Epoch seconds of the UTC midnight before `epoch_s`."""
    return epoch_s - epoch_s % DAY_S


def _parse_iso(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        # Writers without an offset mean UTC.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
