"""A reading: the text of one value of the state and, where it is unknown, the reason."""

from collections.abc import Callable
from typing import Any, NamedTuple

from state.formatting import UNKNOWN_TEXT

StateDict = dict[str, Any]
Format = Callable[[Any], str]

MASK = "•••••"  # what stands for an amount, whatever its size
NOT_IN_STATE = "not in the state files"
DEEPEST = 10  # parts of a path: a name with thousands of dots in it is no reason to look at each
NUMBERS = (float, int)
LARGEST = 1e300  # beyond this a figure cannot be formatted, let alone meant


class Reading(NamedTuple):
    """What the page prints for one value; `reason` is empty when the value is known."""

    text: str
    reason: str


def value_at(state: StateDict, path: str) -> Any:
    """The value at a dotted path, None where the path ends early."""
    value: Any = state
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else _item(value, key)
        if value is None:
            break
    return value


def number_at(state: StateDict, path: str) -> float | None:
    """The finite number at a path, else None."""
    value = value_at(state, path)
    return value if is_number(value) and not reason_for(state, path, value) else None


def text_at(state: StateDict, path: str) -> str:
    """The text at a path, else an empty one."""
    value = value_at(state, path)
    return value if isinstance(value, str) else ""


def mapping_at(state: StateDict, path: str) -> dict[str, Any]:
    """The object at a path, else an empty one."""
    value = value_at(state, path)
    return value if isinstance(value, dict) else {}


def rows_at(state: StateDict, path: str) -> list[dict[str, Any]]:
    """The objects of a list, in their places, since reasons are addressed by index."""
    value = value_at(state, path)
    return [row if isinstance(row, dict) else {} for row in value] if isinstance(value, list) else []


def is_overview(state: StateDict) -> bool:
    """Whether this is the overview of several desks, and not the state of one."""
    return isinstance(state.get("desks"), list)


def is_number(value: Any) -> bool:
    """True for a finite number; a bool is not one."""
    return type(value) in NUMBERS and abs(value) < LARGEST


def reason_at(state: StateDict, path: str) -> str:
    """Why the value at a path is unknown; empty when it is known."""
    return reason_for(state, path, value_at(state, path))


def reason_for(state: StateDict, path: str, value: Any) -> str:
    """The reason given for this path, else, where there is no value, for what it belongs to."""
    unknown = _reasons(state, "unknown")
    for _ in range(DEEPEST):
        if path in unknown:
            return str(unknown[path] or NOT_IN_STATE)
        path = path.rpartition(".")[0]
        if not path or value is not None:
            break
    return ""


def stale_at(state: StateDict, path: str) -> str:
    """Why the value at a path is an old one; empty when it is of now."""
    return str(_reasons(state, "stale").get(path) or "")


def _reasons(state: StateDict, kind: str) -> dict[str, Any]:
    """Asked for every value on the page, which is why it takes no path apart."""
    meta = state.get("meta")
    reasons = meta.get(kind) if isinstance(meta, dict) else None
    return reasons if isinstance(reasons, dict) else {}


def fmt_word(value: Any) -> str:
    """A word as written."""
    return value if isinstance(value, str) and value else UNKNOWN_TEXT


def fmt_upper(value: Any) -> str:
    """A word in capitals."""
    return value.upper() if isinstance(value, str) and value else UNKNOWN_TEXT


WORD_FORMATS = (fmt_word, fmt_upper)


def read(state: StateDict, path: str, fmt: Format = fmt_word, default: str = UNKNOWN_TEXT) -> Reading:
    """The reading of one path."""
    value = value_at(state, path)
    return reading_of(value, reason_for(state, path, value), fmt, default)


def reading_of(value: Any, reason: str, fmt: Format = fmt_word, default: str = UNKNOWN_TEXT) -> Reading:
    """A number with a reason is never printed; a word with one is a default and is."""
    if value == MASK and not reason:
        return Reading(MASK, "")
    if fmt not in WORD_FORMATS and (reason or not is_number(value)):
        value = None
    text = fmt(value)
    return Reading(default, reason or NOT_IN_STATE) if text == UNKNOWN_TEXT else Reading(text, reason)


def _item(parent: Any, key: str) -> Any:
    is_there = isinstance(parent, list) and key.isdecimal() and int(key) < len(parent)
    return parent[int(key)] if is_there else None
