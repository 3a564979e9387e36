"""What a position has beyond its value: the move from entry, its stop, and what the exchange writes beside it."""

from typing import Any

from state.facts.book import Member
from state.facts.sources import Sources
from state.facts.stops import Ledger
from state.files.values import first

PositionRow = dict[str, Any]

NO_MARK = "without a mark price there is no way to the stop"


def add_extras(path: str, shown: PositionRow, member: Member, ledger: Ledger, sources: Sources) -> PositionRow:
    """The fields of a row that go beyond its value; `shown` has its prices."""
    move = _move(shown)
    sources.unknown.known(f"{path}.pnl_pct", move, "without side, entry and mark price there is no move from entry")
    return {"pnl_pct": move, **_stop(path, shown, member, ledger, sources), **_written(member)}


def _move(shown: PositionRow) -> float | None:
    """From entry to mark, in the direction of the leg, percent of entry."""
    entry, mark, side = shown["entry_price"], shown["mark_price"], shown["side"]
    if entry is None or mark is None or side is None:
        return None
    return float(100.0 * (mark - entry) / entry * (-1 if side == "SHORT" else 1))


def _stop(path: str, shown: PositionRow, member: Member, ledger: Ledger, sources: Sources) -> PositionRow:
    """The stop as it is registered, and the signed way from mark to it in percent of mark."""
    stop, mark = ledger.stop_of(member.row), shown["mark_price"]
    way = None if stop.price is None or mark is None else 100.0 * (stop.price - mark) / mark
    found = {"stop_price": stop.price, "stop_pct": way, "has_stop": stop.exists}
    reasons = {"stop_pct": NO_MARK if stop.price is not None else stop.reason}
    for key, value in found.items():
        sources.unknown.known(f"{path}.{key}", value, reasons.get(key, stop.reason))
        if ledger.stale is not None:
            sources.stale.note(f"{path}.{key}", ledger.stale)
    return found


def _written(member: Member) -> PositionRow:
    """What stands beside the position as written, and only there: no writer so far has it always."""
    rows = [row for row in (member.row, member.priced) if row is not None]
    found = {
        "liquidation_price": first(row.liquidation_price for row in rows),
        "funding_usd": first(row.funding_usd for row in rows),
    }
    return {key: value for key, value in found.items() if value is not None}
