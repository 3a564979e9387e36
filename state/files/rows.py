"""Rows of a position file: every writer's shape read into one, the rows of one leg added up."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from state.files.values import JsonDict, dicts, first_numeric, numeric, text

ROW_LISTS = ("rows", "positions", "items")
QTY_KEYS = ("qty", "size", "positionAmt")
ENTRY_KEYS = ("entry_price", "entryPrice", "entry")
MARK_KEYS = ("mark_price", "markPrice", "mark", "latest_price")
PNL_KEYS = ("pnl", "unrealized_pnl", "unrealized", "uPnl", "unRealizedProfit", "pnl_usd")
# What the writer itself calls US dollars, whatever the contract is quoted in.
NOTIONAL_USD_KEYS = ("notional_usd", "usd_value", "value_usd")
PNL_USD_KEYS = ("pnl_usd", "unrealized_pnl_usd")
LIQUIDATION_KEYS = ("liquidation_price", "liquidationPrice", "liq_price")
FUNDING_USD_KEYS = ("funding_usd", "funding_fee_usd")
SIDE_KEYS = ("positionSide", "position_side", "side")
# Beside the quantities: what some writers sign for a short. Above zero it says nothing.
SIGNED_KEYS = ("notional", *NOTIONAL_USD_KEYS)

# Of quantity x mark. Fees and funding inside a PnL, the rounding of prices, and what these move while a row is made,
# may each turn the sign of a PnL near the entry price: beyond this on both sides of zero, none of them does.
BEYOND_DOUBT = 2e-3
# A quantity without a sign is weak evidence of a long: beside it a PnL is that of the other side where it is just its
# figure, to this share of it, and more than the rounding of the prices, in ten thousandths of quantity x mark, makes.
MIRRORED = 2e-2
FIT_ROUNDING = 2e-4
CENT = 0.01

SIDES = {"LONG": "LONG", "BUY": "LONG", "SHORT": "SHORT", "SELL": "SHORT"}

Key = tuple[str, str | None]


class Row(NamedTuple):
    """One leg of one symbol. `qty` is signed; a price or PnL that is not written is None.

    `pnl` is in the currency of the contract, `notional` as the writer has it (positive, of unsaid currency);
    `notional_usd`, `pnl_usd` and `funding_usd` are what it calls US dollars. `lots` counts the rows that were added up.
    """

    symbol: str
    side: str | None
    qty: float | None
    entry_price: float | None
    mark_price: float | None
    pnl: float | None
    leverage: float | None
    raw: JsonDict
    notional: float | None = None
    notional_usd: float | None = None
    pnl_usd: float | None = None
    lots: int = 1
    liquidation_price: float | None = None
    funding_usd: float | None = None

    @property
    def key(self) -> Key:
        """In hedge mode a symbol has two legs."""
        return self.symbol, self.side

    @property
    def name(self) -> str:
        """The leg in words: `BTCUSDT LONG`."""
        return f"{self.symbol} {self.side or '(side unknown)'}"

    @property
    def computed_pnl(self) -> float | None:
        """(mark - entry) x signed quantity, in the currency of the contract if it is a linear one."""
        if self.mark_price is None or self.entry_price is None or self.qty is None or self.side is None:
            return None
        return (self.mark_price - self.entry_price) * self.qty


def read_rows(data: JsonDict) -> list[Row]:
    """The open legs of a file; rows without a symbol or with quantity zero are no position."""
    legs: dict[Key, Row] = {}
    for raw in dicts(_entries(data)):
        row = _read_row(raw)
        if row is not None:
            legs[row.key] = _add(legs[row.key], row) if row.key in legs else row
    return list(legs.values())


def count_unreadable(data: JsonDict) -> int:
    """How many entries of the list are not a row of a symbol."""
    return sum(1 for entry in _entries(data) if not isinstance(entry, dict) or text(entry.get("symbol")) is None)


def find_twins(data: JsonDict) -> list[str]:
    """Symbols with two rows that are the same to the letter: two lots of one size, or one written twice."""
    raws = dicts(_entries(data))
    again = [raw for index, raw in enumerate(raws) if raw in raws[:index]]
    return sorted({row.symbol for raw in again if (row := _read_row(raw)) is not None})


def find_opposites(data: JsonDict) -> list[str]:
    """Symbols with a long and a short of which one is called BOTH: in one-way mode there is one leg."""
    raws = dicts(_entries(data))
    one_way = {text(raw.get("symbol")) for raw in raws if "BOTH" in _side_words(raw)}
    rows = [row for raw in raws if text(raw.get("symbol")) in one_way and (row := _read_row(raw)) is not None]
    sides = {row.key for row in rows}
    return sorted({row.symbol for row in rows if {(row.symbol, "LONG"), (row.symbol, "SHORT")} <= sides})


def has_row_list(data: JsonDict) -> bool:
    """Whether a file speaks of positions at all."""
    return any(isinstance(data.get(key), list) for key in ROW_LISTS)


def _entries(data: JsonDict) -> list[Any]:
    """The first list that has entries: newer writers put the same rows under three names."""
    lists = [data[key] for key in ROW_LISTS if isinstance(data.get(key), list)]
    return next((entries for entries in lists if entries), [])


def _read_row(raw: JsonDict) -> Row | None:
    symbol, qty = text(raw.get("symbol")), first_numeric(raw, *QTY_KEYS)
    if symbol is None or qty == 0:
        return None
    entry_price, mark_price = _first_positive(raw, ENTRY_KEYS), _first_positive(raw, MARK_KEYS)
    pnl = first_numeric(raw, *PNL_KEYS)
    side = _side(raw, qty, pnl, (entry_price, mark_price))
    # An entry price of zero was not written, and then a PnL of zero was not either.
    unwritten = pnl == 0 and entry_price is None
    return Row(
        symbol=symbol,
        side=side,
        qty=-abs(qty) if qty is not None and side == "SHORT" else qty,
        entry_price=entry_price,
        mark_price=mark_price,
        pnl=None if unwritten else pnl,
        leverage=_first_positive(raw, ("leverage",)),
        raw=raw,
        notional=_magnitude(raw, ("notional",)),
        notional_usd=_magnitude(raw, NOTIONAL_USD_KEYS),
        pnl_usd=None if unwritten else first_numeric(raw, *PNL_USD_KEYS),
        liquidation_price=_first_positive(raw, LIQUIDATION_KEYS),
        funding_usd=first_numeric(raw, *FUNDING_USD_KEYS),
    )


def _side_words(raw: JsonDict) -> set[str]:
    return {(text(raw.get(key)) or "").upper() for key in SIDE_KEYS}


def _side(raw: JsonDict, qty: float | None, pnl: float | None, prices: tuple[float | None, float | None]) -> str | None:
    """LONG or SHORT, by its words, else by the signs of its quantity; BOTH (one-way mode) is no word.

    None where what is written contradicts itself: two words, a word or a quantity of a long beside a figure below zero,
    or a PnL that only the other side can have.
    """
    words = {SIDES.get(word) for word in _side_words(raw)} - {None}
    sizes = [size for key in QTY_KEYS if (size := numeric(raw.get(key)))]
    signed = [*sizes, *(size for key in SIGNED_KEYS if (size := numeric(raw.get(key))))]
    named = words or {"SHORT" if size < 0 else "LONG" for size in sizes}
    if len(named) > 1 or (named == {"LONG"} and any(size < 0 for size in signed)):
        return None
    side, unsigned = next(iter(named), None), not words and named == {"LONG"}
    if side is None or qty is None or pnl is None:
        return side
    return None if _is_pnl_of_the_other(side, abs(qty), pnl, prices, unsigned) else side


def _is_pnl_of_the_other(
    side: str, size: float, pnl: float, prices: tuple[float | None, float | None], unsigned: bool
) -> bool:
    """Whether price and PnL went opposite ways, each by more than costs and rounding make of a PnL."""
    entry_price, mark_price = prices
    if entry_price is None or mark_price is None:
        return False
    made = (mark_price - entry_price) * size * (-1.0 if side == "SHORT" else 1.0)
    is_mirrored = unsigned and abs(made + pnl) <= MIRRORED * abs(made)
    least = FIT_ROUNDING if is_mirrored else BEYOND_DOUBT
    return made * pnl < 0 and min(abs(made), abs(pnl)) > max(least * size * mark_price, CENT)


def _add(first_row: Row, row: Row) -> Row:
    """Two rows of one leg: quantities and PnL add up, prices are weighted by quantity."""
    return first_row._replace(
        qty=_sum(first_row.qty, row.qty),
        entry_price=_weighted(first_row, row, first_row.entry_price, row.entry_price),
        mark_price=_weighted(first_row, row, first_row.mark_price, row.mark_price),
        pnl=_sum(first_row.pnl, row.pnl),
        leverage=_agreed(first_row.leverage, row.leverage),
        notional=_sum(first_row.notional, row.notional),
        notional_usd=_sum(first_row.notional_usd, row.notional_usd),
        pnl_usd=_sum(first_row.pnl_usd, row.pnl_usd),
        lots=first_row.lots + row.lots,
        liquidation_price=_agreed(first_row.liquidation_price, row.liquidation_price),
        funding_usd=_sum(first_row.funding_usd, row.funding_usd),
    )


def _sum(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left + right


def _agreed(left: float | None, right: float | None) -> float | None:
    return left if left == right else None


def _weighted(left: Row, right: Row, left_price: float | None, right_price: float | None) -> float | None:
    if left_price is None or right_price is None or left.qty is None or right.qty is None:
        return None
    whole = abs(left.qty) + abs(right.qty)
    return (
        left_price if left_price == right_price else (left_price * abs(left.qty) + right_price * abs(right.qty)) / whole
    )


def _first_positive(raw: JsonDict, keys: Iterable[str]) -> float | None:
    return next(_above_zero(raw, keys), None)


def _above_zero(raw: JsonDict, keys: Iterable[str]) -> Iterator[float]:
    for key in keys:
        value = numeric(raw.get(key))
        if value is not None and value > 0:
            yield value


def _magnitude(raw: JsonDict, keys: Iterable[str]) -> float | None:
    """A figure that some writers sign and some do not; zero was not written."""
    value = first_numeric(raw, *keys)
    return abs(value) if value else None
