"""Reading single values out of parsed JSON: the right type and finite, or None."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

JsonDict = dict[str, Any]
T = TypeVar("T")

MAX_DEPTH = 12

DECIMAL = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?")

# What means to be a date, whether or not there is such a day.
DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:[\d:.,+Z-]*)?")

NOT_A_NUMBER = "is not a number"

# Products, sums and quotients of numbers of such sizes stay finite; nothing a desk counts comes near them.
LARGEST = 1e18
SMALLEST = 1e-100
# By how much sums and quotients of a few numbers around one miss what they are.
FLOAT_NOISE = 1e-9


def number(value: object) -> float | None:
    """A number as float; booleans, strings, NaN, Infinity and what no desk ever counts are None."""
    if type(value) is not float:
        if type(value) is not int:
            return None
        try:
            value = float(value)
        except OverflowError:
            return None
    # NaN fails the comparison too.
    return value if SMALLEST <= abs(value) <= LARGEST or value == 0 else None


def numeric(value: object) -> float | None:
    """A number, or the decimal text of one: exchanges write quantities and prices as strings."""
    if isinstance(value, str):
        return number(float(value)) if DECIMAL.fullmatch(value.strip()) else None
    return number(value)


def positive(value: object) -> float | None:
    """A number above zero; the writers put 0.0 where they have nothing to say."""
    result = number(value)
    return result if result is not None and result > 0 else None


def within(value: object, low: float, high: float) -> float | None:
    """A number inside a closed range."""
    result = number(value)
    return result if result is not None and low <= result <= high else None


def fraction(value: object) -> float | None:
    """A number in 0..1; what floating point puts beyond either end of it is that end."""
    result = within(value, -FLOAT_NOISE, 1.0 + FLOAT_NOISE)
    return None if result is None else min(max(result, 0.0), 1.0)


def count(value: object) -> int | None:
    """A whole number that is not negative."""
    result = number(value)
    return int(result) if result is not None and result >= 0 and result == int(result) else None


def text(value: object) -> str | None:
    """A non-empty string that every encoder can write."""
    return _encodable(value.strip()) or None if isinstance(value, str) else None


def _encodable(value: str) -> str:
    return value if value.isprintable() else printable(value)


def printable(value: str) -> str:
    """Without what no name or reason needs and what rewrites a terminal or turns words around: control characters,
    marks of direction, lone surrogates. Any white space becomes a space, the others question marks.
    """
    return "".join(char if char.isprintable() else " " if char.isspace() else "?" for char in value)


def as_written(value: object, longest: int = 40) -> str:
    """What stands in place of a time, for a sentence without parts: words and dates as written, cut; else what it is.

    Any other figure might be an amount, which a private view must not tell.
    """
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "a number that is no time"
    written = printable(str(value).lower() if isinstance(value, bool) else str(value))[:longest]
    has_figures = any(map(str.isnumeric, written))
    return "words that are no time" if has_figures and not DATE.fullmatch(written) else written


def word(value: object, *keys: str) -> str | None:
    """A string, or the string under the first of `keys` where a version of the writers puts a dict."""
    if isinstance(value, dict):
        return first(text(value.get(key)) for key in keys)
    return text(value)


def flag(value: object) -> bool | None:
    """A JSON boolean."""
    return value if isinstance(value, bool) else None


def mapping(value: object) -> JsonDict:
    """A dict; anything else counts as an empty one."""
    return value if isinstance(value, dict) else {}


def dicts(value: object) -> list[JsonDict]:
    """The dicts of a list; anything else counts as an empty list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def first(values: Iterable[T | None]) -> T | None:
    """The first value that is known."""
    for value in values:
        if value is not None:
            return value
    return None


def first_number(source: Mapping[str, Any], *keys: str) -> float | None:
    """The first finite number under one of the keys."""
    for key in keys:
        found = number(source.get(key))
        if found is not None:
            return found
    return None


def first_numeric(source: Mapping[str, Any], *keys: str) -> float | None:
    """The first number under one of the keys, text of a number included."""
    for key in keys:
        found = numeric(source.get(key))
        if found is not None:
            return found
    return None


def why_unreadable(source: Mapping[str, Any], *keys: str) -> str | None:
    """Which of the keys carries something of which no number can be read, where none carries one."""
    written = [key for key in keys if source.get(key) is not None]
    return f"its {written[0]} {NOT_A_NUMBER}" if written and first_numeric(source, *keys) is None else None


def sanitize(value: object, depth: int = 0) -> Any:
    """A copy that is safe to send on: finite numbers, clean strings, bounded depth; what is not becomes None."""
    if isinstance(value, str):
        return _encodable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value if number(value) is not None else None
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {str(sanitize(key)): sanitize(item, depth + 1) for key, item in value.items()}
    return [sanitize(item, depth + 1) for item in value] if isinstance(value, list) else None
