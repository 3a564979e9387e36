"""Rows of a position file: every writer's shape read into one."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from state.files.values import JsonDict, dicts, first_number, positive, text

ROW_LISTS = ("rows", "positions", "items")
QTY_KEYS = ("qty", "size", "positionAmt")
ENTRY_KEYS = ("entry_price", "entryPrice", "entry")
MARK_KEYS = ("mark_price", "markPrice", "mark", "latest_price")
PNL_KEYS = ("pnl", "unrealized_pnl", "unrealized", "uPnl", "pnl_usd")

Key = tuple[str, str | None]


class Row(NamedTuple):
    """One leg of one symbol. `qty` is signed; a price or PnL that is not written is None."""

    symbol: str
    side: str | None
    qty: float | None
    entry_price: float | None
    mark_price: float | None
    pnl: float | None
    leverage: float | None
    raw: JsonDict

    @property
    def key(self) -> Key:
        """In hedge mode a symbol has two legs."""
        return self.symbol, self.side


def read_rows(data: JsonDict) -> list[Row]:
    """The open legs of a file; rows without a symbol or with quantity zero are no position."""
    return [row for raw in _raw_rows(data) if (row := _read_row(raw)) is not None]


def count_unreadable(data: JsonDict) -> int:
    """How many entries of the list are not a row of a symbol."""
    entries: Any = next((data[key] for key in ROW_LISTS if isinstance(data.get(key), list)), [])
    return sum(1 for entry in entries if not isinstance(entry, dict) or text(entry.get("symbol")) is None)


def has_row_list(data: JsonDict) -> bool:
    """Whether a file speaks of positions at all."""
    return any(isinstance(data.get(key), list) for key in ROW_LISTS)


def _raw_rows(data: JsonDict) -> Iterator[JsonDict]:
    for key in ROW_LISTS:
        if isinstance(data.get(key), list):
            yield from dicts(data[key])
            return


def _read_row(raw: JsonDict) -> Row | None:
    symbol, qty = text(raw.get("symbol")), first_number(raw, *QTY_KEYS)
    if symbol is None or qty == 0:
        return None
    side = _side(raw, qty)
    entry_price = _first_positive(raw, ENTRY_KEYS)
    pnl = first_number(raw, *PNL_KEYS)
    # An entry price of zero was not written, and then a PnL of zero was not either.
    unwritten = pnl == 0 and entry_price is None
    return Row(
        symbol=symbol,
        side=side,
        qty=-abs(qty) if qty is not None and side == "SHORT" else qty,
        entry_price=entry_price,
        mark_price=_first_positive(raw, MARK_KEYS),
        pnl=None if unwritten else pnl,
        leverage=positive(raw.get("leverage")),
        raw=raw,
    )


def _side(raw: JsonDict, qty: float | None) -> str | None:
    """LONG or SHORT; BOTH (one-way mode) is told by the sign of the quantity."""
    named = (text(raw.get("positionSide")) or text(raw.get("side")) or "").upper()
    if named in ("SHORT", "SELL") or (qty is not None and qty < 0):
        return "SHORT"
    return "LONG" if named in ("LONG", "BUY") or qty is not None else None


def _first_positive(raw: JsonDict, keys: tuple[str, ...]) -> float | None:
    for key in keys:
        price = positive(raw.get(key))
        if price is not None:
            return price
    return None
