"""Positions that were opened, closed or turned round, as marks on the NAV line."""

from collections.abc import Iterable
from typing import Any

from state.files.transitions import Row

SPAN_S = 24 * 3600.0
MOST_MARKS = 60


def find_marks(rows: Iterable[Row], now: float) -> list[dict[str, Any]]:
    """`{"at", "kind", "symbol", "side"}` of the last day before `now`, oldest first; the newest of too many."""
    found = [mark for row in rows if now - SPAN_S <= row["at"] <= now and (mark := _mark(row)) is not None]
    return sorted(found, key=lambda mark: float(mark["at"]))[-MOST_MARKS:]


def _mark(row: Row) -> dict[str, Any] | None:
    """A change of the size alone is none."""
    before, after = row["before"], row["after"]
    if row["kind"] != "position" or before == after:
        return None
    kind = "opened" if before is None else "closed" if after is None else "flipped"
    return {"at": row["at"], "kind": kind, "symbol": row["subject"], "side": after or before}
