"""How numbers become text: the one place. Every function takes None for unknown and prints `n/a`."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

UNKNOWN_TEXT = "n/a"

# Digits that a float is sure of.
EXACT_DIGITS = 15


def fmt_number(value: float | None, digits: int = 2) -> str:
    """1234.5 -> `1,234.50`; never prints a negative zero."""
    if value is None:
        return UNKNOWN_TEXT
    text = f"{value:,.{digits}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def fmt_plain(value: float | None) -> str:
    """1234.5 -> `1234.50`: two digits and no thousands separator, as the header has it."""
    return fmt_number(value, 2).replace(",", "")


def fmt_usd(value: float | None) -> str:
    """An amount of money in two digits, without its currency."""
    return fmt_number(value, 2)


def fmt_signed(value: float | None, digits: int = 2) -> str:
    """As `fmt_number`, with a plus sign on gains."""
    text = fmt_number(value, digits)
    return f"+{text}" if value is not None and not text.startswith("-") and text.strip("0.,") else text


def fmt_pct(value: float | None) -> str:
    """A percentage 0..100: `7.79 %`."""
    return UNKNOWN_TEXT if value is None else f"{fmt_number(value)} %"


def fmt_qty(value: float | None) -> str:
    """A quantity or a price with the digits it has: eight decimals beside whole coins, fewer beside millions.

    A float carries some 15 digits, so none beyond those is printed; dust keeps its first
    digits, and what is larger than all of them is written with a power of ten.
    """
    if value is None:
        return UNKNOWN_TEXT
    size = abs(value)
    if size >= 10.0**EXACT_DIGITS:
        return f"{value:.6g}"
    whole = len(f"{size:.0f}") if size >= 1 else 0
    decimals = min(8, EXACT_DIGITS - whole)
    if 0 < size < 1e-6:
        return _fmt_dust(value)
    text = fmt_number(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fmt_dust(value: float) -> str:
    """-0.000000001; what is too small for fifteen decimals reads as smaller than what is printed."""
    if abs(value) < 10.0**-EXACT_DIGITS:
        return f"{'-' if value < 0 else ''}<{10.0**-EXACT_DIGITS:.{EXACT_DIGITS}f}"
    return f"{value:.{EXACT_DIGITS}f}".rstrip("0").rstrip(".")


def fmt_age(seconds: float | None) -> str:
    """`5 s`, `10 m 12 s`, `3 h 05 m`, `2 d 04 h`; rounded to tenths first, so that 4.96 s is 5 s beside 5.0 s."""
    if seconds is None:
        return UNKNOWN_TEXT
    whole = int(round(max(seconds, 0.0), 1))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def fmt_clock(epoch: float | None, zone: tzinfo | None = None) -> str:
    """`22:44:48 UTC`, in the given time zone (UTC by default)."""
    if epoch is None:
        return UNKNOWN_TEXT
    try:
        moment = datetime.fromtimestamp(epoch, zone or ZoneInfo("UTC"))
    except (OverflowError, OSError, ValueError):
        return UNKNOWN_TEXT
    return f"{moment:%H:%M:%S} {moment.tzname()}"


def fmt_moment(epoch: float | None, now: float) -> str:
    """As `fmt_clock`, with the date in front when it is not the day of `now`."""
    time_of_day = fmt_clock(epoch)
    if epoch is None or time_of_day == UNKNOWN_TEXT or int(epoch // 86400) == int(now // 86400):
        return time_of_day
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d} {time_of_day}"
