"""Take fields out of raw answers: what is no number, or is missing, is an answer that is not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from execution.account.answers import NotUnderstoodError
from execution.utils.numbers import describe, read_amount

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]

MILLISECONDS = 1000.0


def number(row: Mapping[str, Any], *keys: str) -> float:
    """The number under the first of the keys that is there; exchanges write numbers as text.

    Raises:
        NotUnderstoodError: there is none.
    """
    found = optional(row, *keys)
    if found is None:
        raise NotUnderstoodError(f"{keys[0]} is {describe(row.get(keys[0]))}; expected a number")
    return found


def optional(row: Mapping[str, Any], *keys: str) -> float | None:
    """As `number`; None where the field is missing, null or empty.

    Raises:
        NotUnderstoodError: something is there that is no number.
    """
    value = next((row[key] for key in keys if row.get(key) not in (None, "")), None)
    if value is None:
        return None
    try:
        found = read_amount(float(value) if isinstance(value, str) else value)
    except ValueError:
        found = None
    if found is None:
        raise NotUnderstoodError(f"{keys[0]} is {describe(value)}; expected a number")
    return found


def positive(row: Mapping[str, Any], *keys: str) -> float | None:
    """As `optional`; None for 0 and less, which exchanges put for nothing."""
    found = optional(row, *keys)
    return found if found is not None and found > 0 else None


def text(row: Mapping[str, Any], *keys: str) -> str:
    """The text, or a number as text, under the first of the keys that is there.

    Raises:
        NotUnderstoodError: there is none.
    """
    value = next((row[key] for key in keys if row.get(key) not in (None, "")), None)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise NotUnderstoodError(f"{keys[0]} is {describe(value)}; expected a text")
    return str(value)


def seconds(row: Mapping[str, Any], *keys: str) -> float:
    """Epoch seconds of a field in milliseconds."""
    return number(row, *keys) / MILLISECONDS


def block(value: object, *path: str) -> Row:
    """The object at the end of a path of keys; without a path `value` itself.

    Raises:
        NotUnderstoodError: there is none.
    """
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise NotUnderstoodError(f"{'.'.join(path) or 'the answer'} is {describe(value)}; expected an object")
    return value


def rows(value: object, *path: str) -> list[Row]:
    """The list of objects at the end of a path of keys; without a path `value` itself.

    Raises:
        NotUnderstoodError: there is none, or something in it is no object.
    """
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise NotUnderstoodError(f"{'.'.join(path) or 'the answer'} is {describe(value)}; expected a list of objects")
    return value


def rows_or_null(value: object) -> list[Row]:
    """As `rows`, for a field that is null where nothing is in it."""
    return [] if value is None else rows(value)
