"""Whether two versions of a file say the same: stamps of the writing, and what moves beside the content, left out."""

from typing import Any

from state.files.rows import ROW_LISTS, SIDE_KEYS
from state.files.stamps import STAMP_KEYS
from state.files.surfaces import Surface
from state.files.values import JsonDict

# What changes with each write even while the world stands still.
VOLATILE = frozenset({*STAMP_KEYS, "age_s", "nav_age_s", "drawdown_snapshot_at", "exec_stats"})

_ABSENT = object()


def same_content(surface: Surface, before: JsonDict, after: JsonDict) -> bool:
    """Whether nothing has changed from one reading to the next; of a `moving` surface, nothing in its rows."""
    try:
        return _same(_content(surface, before), _content(surface, after))
    except RecursionError:
        return False


def _content(surface: Surface, data: JsonDict) -> JsonDict:
    rows = {key: _in_order(data[key]) for key in ROW_LISTS if key in data} if surface.moving else {}
    return rows or data


def _in_order(rows: Any) -> Any:
    """The rows of a book by leg: in which order an exchange lists them says nothing."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return rows
    return sorted(rows, key=lambda row: [str(row.get(key)) for key in ("symbol", *SIDE_KEYS)])


def _same(before: Any, after: Any) -> bool:
    if before == after:
        return True
    if isinstance(before, dict) and isinstance(after, dict):
        keys = (before.keys() | after.keys()) - VOLATILE
        return all(_same(before.get(key, _ABSENT), after.get(key, _ABSENT)) for key in keys)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_same, before, after))
    # A NaN differs from itself.
    return bool(before != before and after != after)  # noqa: PLR0124
