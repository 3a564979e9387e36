"""The day that a figure "of today" belongs to: from one reset of the writer's to the next, in its time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from state.files.values import text

# The clocks of the world are between these two apart from UTC.
EARLIEST, LATEST = timedelta(hours=-12), timedelta(hours=14)
DAY_S = 86400.0


def why_not_today(day: object, zone: object, stamp: float | None, now: float) -> str | None:
    """Why a figure that was written at `stamp` for this `day` is none of today; None where it may well be.

    `day` and `zone` are as the writer has them, `2025-11-26` and `Europe/Berlin`. Where no zone can be read, any day
    that it is somewhere counts; where no day can be read, the stamp tells.
    """
    place, written = _zone_of(zone), day_of(day, zone, stamp)
    if stamp is not None and now - stamp > DAY_S:
        return "is of another day"
    return None if written is None or written in _days(now, place) else f"is of {written}"


def day_of(day: object, zone: object, stamp: float | None) -> str | None:
    """The day that a writer names, else that of the stamp in its zone; None where neither can be told."""
    place = _zone_of(zone)
    return _read_day(day) or (_days(stamp, place)[0] if stamp is not None and place is not None else None)


def _zone_of(zone: object) -> ZoneInfo | None:
    try:
        return ZoneInfo(text(zone) or "")
    except (KeyError, ValueError, OSError):  # not a zone, or no table of zones on this machine
        return None


def _read_day(value: object) -> str | None:
    try:
        return date.fromisoformat(text(value) or "").isoformat()
    except ValueError:
        return None


def _days(epoch: float, place: ZoneInfo | None) -> list[str]:
    """Which day it is there; anywhere, where the place is not known."""
    if place is not None:
        return [datetime.fromtimestamp(epoch, place).date().isoformat()]
    moment = datetime.fromtimestamp(epoch, UTC)
    return [(moment + away).date().isoformat() for away in (EARLIEST, timedelta(0), LATEST)]
