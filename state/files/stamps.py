"""Time stamps of state files: epoch seconds, milliseconds or ISO-8601 under the same keys, made epoch seconds."""

from datetime import UTC, datetime
from functools import lru_cache

from state.files.values import JsonDict, number

STAMP_KEYS = ("updated_at", "updated_ts", "updated", "ts", "generated_ts")

# A stamp up to this far ahead is the difference between two clocks, not an error.
FUTURE_TOLERANCE_S = 2.0
# The time of a file is of a third clock, that of its file system or of the server of that: so much more is no error.
FILE_CLOCK_S = 0.3
# Further behind what it says, the time of a file is not that of its writing: unpacked, or set, long before.
UNRELATED_S = 24 * 3600.0
# Within one loop a writer stamps its files a moment apart.
SAME_LOOP_S = 5.0
# Two files further apart than this are not of the same moment.
COMPARABLE_S = 120.0
EARLIEST_EPOCH = 946_684_800.0  # 2000-01-01: anything before is a counter or a zero, not a time
MILLISECONDS_FROM = 1e11
LONGEST = 64  # characters; what is kept of many texts has to be short
LATEST_EPOCH = 1e11  # far beyond any time: a number from here on is of milliseconds, a date is none


def parse_stamp(value: object) -> float | None:
    """Epoch seconds of an epoch number (seconds or milliseconds) or an ISO-8601 string; None when it is neither."""
    epoch = (_parse_iso(value) if len(value) <= LONGEST else None) if isinstance(value, str) else _parse_number(value)
    return epoch if epoch is not None and EARLIEST_EPOCH <= epoch <= LATEST_EPOCH else None


def _parse_number(value: object) -> float | None:
    epoch = number(value)
    return epoch / 1000.0 if epoch is not None and epoch >= MILLISECONDS_FROM else epoch


@lru_cache(maxsize=4096)  # a series is read by several, and most of it stood there at the last load
def _parse_iso(value: str) -> float | None:
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def content_stamp(payload: JsonDict) -> float | None:
    """When the writer says it wrote this payload."""
    for key in STAMP_KEYS:
        epoch = parse_stamp(payload.get(key))
        if epoch is not None:
            return epoch
    return None


def unreadable_stamp(payload: JsonDict) -> object:
    """What stands in place of a stamp and is none; None where nothing does, or where there is a stamp."""
    written = (payload.get(key) for key in STAMP_KEYS)
    return None if content_stamp(payload) is not None else next((value for value in written if value is not None), None)


def ahead_of_writing(stamp: float, written_at: float | None) -> float | None:
    """Seconds that a stamp is later than the time of its own file (`written_at`), beyond the difference of two clocks.

    So it was when it was written: the answer is the same whenever one asks. None as well of a file copied since.
    """
    ahead_s = 0.0 if written_at is None else stamp - written_at
    return ahead_s if FUTURE_TOLERANCE_S + FILE_CLOCK_S < ahead_s <= UNRELATED_S else None


def age_of(stamp: float | None, now: float) -> float | None:
    """Seconds since a stamp; None without one, and None for one in the future (that is an error, not age 0)."""
    if stamp is None or stamp > now + FUTURE_TOLERANCE_S:
        return None
    return max(now - stamp, 0.0)
