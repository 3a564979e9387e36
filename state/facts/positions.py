"""Open positions as the page shows them, and the exposure of the book."""

from typing import Any, NamedTuple

from state.facts.book import Book, Member
from state.facts.symbols import Table
from state.facts.unknowns import Unknowns
from state.files.rows import Row
from state.files.values import first, number, text
from state.formatting import fmt_usd

RISK_FIELDS = ("dd_state", "dd_today_pct", "atr_ratio", "atr_regime")

NOT_PRICED = "no file carries a price of this position (zero means not written)"

PositionRow = dict[str, Any]


class Exposure(NamedTuple):
    """Sums over the rows, USD; None with a reason when a row is not known."""

    gross_usd: float | None
    net_usd: float | None
    pnl_usd: float | None
    reason: str


def build_positions(book: Book, symbols: Table, unknown: Unknowns) -> list[PositionRow]:
    """One row per open leg, in the order of the file that says what is open."""
    if book.unknown is not None:
        unknown.note("positions", book.unknown)
    return [_row(index, member, symbols, unknown) for index, member in enumerate(book.members)]


def sum_exposure(rows: list[PositionRow], book: Book) -> Exposure:
    """Gross, net and unrealized PnL over the rows; a flat book sums to zero, an unknown one to nothing."""
    if book.unknown is not None:
        return Exposure(None, None, None, f"positions unknown: {book.unknown}")
    if book.damage is not None:
        return Exposure(None, None, None, f"a sum without them would be too small: {book.damage}")
    unpriced = [row["symbol"] for row in rows if row["notional"] is None]
    gross = None if unpriced else sum(row["notional"] for row in rows)
    net = None if unpriced else sum(row["notional"] * (-1 if row["side"] == "SHORT" else 1) for row in rows)
    pnls = [row["pnl"] for row in rows]
    reason = f"no price of {', '.join(unpriced)}" if unpriced else "a position without PnL"
    return Exposure(gross, net, None if None in pnls else sum(pnls), reason)


def _row(index: int, member: Member, symbols: Table, unknown: Unknowns) -> PositionRow:
    path, row, priced = f"positions.{index}", member.row, member.priced
    mark_price = priced.mark_price if priced else None
    notional = None if mark_price is None or row.qty is None else abs(row.qty) * mark_price
    pnl = _pnl(member)
    entry_price = first([row.entry_price, priced.entry_price if priced else None])
    leverage = first([row.leverage, priced.leverage if priced else None])
    unknown.known(f"{path}.qty", row.qty, "the quantity is not a number in the file")
    unknown.known(f"{path}.side", row.side, "neither a side nor a quantity is written")
    for key, value in (("notional", notional), ("mark_price", mark_price), ("price_source", member.price_source)):
        unknown.known(f"{path}.{key}", value, NOT_PRICED)
    unknown.known(
        f"{path}.pnl", pnl, "no file carries the PnL of this position (zero beside no price means not written)"
    )
    unknown.known(f"{path}.entry_price", entry_price, "no file carries its entry price")
    unknown.known(f"{path}.leverage", leverage, "no file carries its leverage")
    return {
        "symbol": row.symbol,
        "side": row.side,
        "qty": row.qty,
        "notional": notional,
        "pnl": pnl,
        "notional_fmt": fmt_usd(notional),
        "pnl_fmt": fmt_usd(pnl),
        "entry_price": entry_price,
        "mark_price": mark_price,
        "leverage": leverage,
        "price_source": member.price_source,
        **_risk(path, row, symbols, unknown),
    }


def _pnl(member: Member) -> float | None:
    """The exchange's figure of the priced row, else of the row itself, else (mark - entry) x signed quantity."""
    row, priced = member.row, member.priced
    if priced is None or priced.qty != row.qty:
        return first([row.pnl, _mark_to_market(row, priced)])
    return first([priced.pnl, row.pnl, _mark_to_market(row, priced)])


def _mark_to_market(row: Row, priced: Row | None) -> float | None:
    entry = first([row.entry_price, priced.entry_price if priced else None])
    if priced is None or priced.mark_price is None or entry is None or row.qty is None:
        return None
    return (priced.mark_price - entry) * row.qty


def _risk(path: str, row: Row, symbols: Table, unknown: Unknowns) -> dict[str, Any]:
    """The symbol's risk figures, shared by both legs; the row's own where no table has the symbol."""
    found = symbols.get(row.symbol)
    risk = {key: found[key] for key in RISK_FIELDS} if found else _own_risk(row)
    for key, value in risk.items():
        shared = unknown.reasons.get(f"kpis.symbols.{row.symbol}.{key}")
        if value is None or shared:
            unknown.note(f"{path}.{key}", shared or f"no file carries this of {row.symbol}")
    return risk


def _own_risk(row: Row) -> dict[str, Any]:
    raw = row.raw
    regime, ratio = text(raw.get("atr_regime")), number(raw.get("atr_ratio"))
    measured = regime not in (None, "unknown")
    return {
        "dd_state": text(raw.get("dd_state")),
        "dd_today_pct": number(raw.get("dd_today_pct")),
        "atr_ratio": ratio if measured else None,
        "atr_regime": regime,
    }
