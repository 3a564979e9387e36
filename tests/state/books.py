"""Position rows as an executor of v7.1 writes them, put into every file that carries the book."""

import math
from typing import Any

from rules import GONE
from worlds import World

Rows = list[dict[str, Any]]
BTC = {"entryPrice": 89120.4, "markPrice": 90412.5}


def row(symbol: str, leg: str, qty: Any, **more: Any) -> dict[str, Any]:
    """One row; its PnL is that of its prices where none is given, and a value that is GONE is left out."""
    prices = {**BTC, **more}
    known = isinstance(qty, int | float) and not isinstance(qty, bool) and math.isfinite(qty)
    pnl = (prices["markPrice"] - prices["entryPrice"]) * qty if known and prices["markPrice"] else 0.0
    written = {"symbol": symbol, "positionSide": leg, "qty": qty, "unrealized": pnl, "leverage": 4.0, **prices}
    return {key: value for key, value in written.items() if value is not GONE}


def put(world: World, rows: Rows) -> World:
    """The same book in positions.json, synced_state.json and the daemon's mirror, which has no prices."""
    world.edit("positions.json", "rows", rows).edit("synced_state.json", "items", rows)
    unpriced = {"entry_price": 0.0, "mark_price": 0.0, "pnl": 0.0, "notional": 0.0, "leverage": 4}
    mirrored = [{"symbol": item["symbol"], "side": _side(item), "qty": item.get("qty"), **unpriced} for item in rows]
    return world.edit("positions_state.json", "items", mirrored)


def _side(item: dict[str, Any]) -> str:
    qty = item.get("qty")
    return "SHORT" if isinstance(qty, int | float) and qty < 0 else "LONG"
