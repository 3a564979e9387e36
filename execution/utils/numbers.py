"""Numbers as files carry them: the finite ones, and a few words for anything else."""

from __future__ import annotations

import math

SHOWN_CHARS = 40
LONGEST_SHOWN_BITS = 128
# Coins or USD: no desk has more, and beyond a figure is damage that would swallow all others.
LARGEST_AMOUNT = 1e18

JSON_NAMES = {math.inf: "Infinity", -math.inf: "-Infinity"}


def finite_number(value: object) -> float | None:
    """The value as a float; None for what is no finite number: NaN, Infinity, 10**400, a text, true."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def read_amount(value: object) -> float | None:
    """As `finite_number`, and None for what no desk can have."""
    number = finite_number(value)
    return number if number is not None and abs(number) <= LARGEST_AMOUNT else None


def describe(value: object) -> str:
    """The value for an error message, short whatever its size and depth."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return repr(value) if len(value) <= SHOWN_CHARS else f"{value[:SHOWN_CHARS]!r}..."
    if isinstance(value, int) and value.bit_length() > LONGEST_SHOWN_BITS:
        return f"an integer of {int(value.bit_length() * math.log10(2)) + 1} digits"
    if isinstance(value, float) and not math.isfinite(value):
        return JSON_NAMES.get(value, "NaN")
    return repr(value)
