"""Open positions as the page shows them, and the exposure of the book."""

from typing import Any, NamedTuple

from state.facts.book import Book, Member
from state.facts.money import misfit, notional_usd, pnl_usd, read_contract, why_not_usd
from state.facts.position_extras import PositionRow, add_extras
from state.facts.sources import Sources
from state.facts.stops import Ledger, find_ledger
from state.facts.symbols import Table
from state.files.rows import Row
from state.files.values import first, number, text
from state.formatting import fmt_usd

RISK_FIELDS = ("dd_state", "dd_today_pct", "atr_ratio", "atr_regime")

# What a position is worth is as old as the book.
OF_THE_BOOK = ("qty", "notional", "pnl", "pnl_pct", "stop_pct")

NOT_PRICED = "no file carries a price of this position (zero means not written)"
NO_QTY = "the quantity is not a number in the file, or larger than any that is traded"
NO_PNL = "no file carries the PnL of this position (zero beside no price means not written)"


class Exposure(NamedTuple):
    """Sums over the rows, USD; None with a reason when a row is not known. `source` is the file that says what is open.

    `in_doubt`: the book cannot be the real one, so that no file's open PnL is. `foreign` says why quantity times price
    of a row is no sum of US dollars: what a file adds up over such rows is none either.
    """

    gross_usd: float | None
    net_usd: float | None
    pnl_usd: float | None
    reason: str
    net_reason: str = ""
    source: str | None = None
    in_doubt: bool = False
    foreign: str = ""


def build_positions(sources: Sources, book: Book, symbols: Table) -> list[PositionRow]:
    """One row per open leg, in the order of the file that says what is open."""
    if book.unknown is not None:
        sources.unknown.note("positions", book.unknown)
    ledger = find_ledger(sources, book)
    rows = [_row(f"positions.{index}", member, symbols, ledger, sources) for index, member in enumerate(book.members)]
    if book.stale is not None:
        paths = [f"positions.{index}.{key}" for index in range(len(rows)) for key in OF_THE_BOOK]
        sources.stale.note_all([*paths, "nav.gross_exposure_usd", "nav.net_exposure_usd"], book.stale)
    return rows


def sum_exposure(rows: list[PositionRow], book: Book) -> Exposure:
    """Gross, net and unrealized PnL over the rows; a flat book sums to zero, an unknown one to nothing."""
    if book.unknown is not None:
        reason = f"positions unknown: {book.unknown}"
        return Exposure(None, None, None, reason, reason, book.source, book.doubt)
    if book.damage is not None:
        reason = f"a sum without them would be too small: {book.damage}"
        return Exposure(None, None, None, reason, reason, book.source, book.doubt)
    unpriced = [row["symbol"] for row in rows if row["notional"] is None]
    sideless = [row["symbol"] for row in rows if row["side"] is None]
    gross = None if unpriced else sum(row["notional"] for row in rows)
    net = None if unpriced or sideless else sum(_signed(row) for row in rows)
    pnls = [row["pnl"] for row in rows]
    reason = f"no value in USD of {', '.join(unpriced)}" if unpriced else "a position without PnL"
    net_reason = reason if unpriced else f"no side of {', '.join(sideless)}"
    pnl = None if None in pnls else sum(pnls)
    foreign = next((why for member in book.members if (why := _why_foreign(member.priced or member.row))), "")
    return Exposure(gross, net, pnl, reason, net_reason, book.source, foreign=foreign)


def _why_foreign(row: Row) -> str | None:
    """Why its PnL adds nothing up in US dollars; what equals the product, be it nothing, is no other money's."""
    return None if read_contract(row.symbol).quote is None and misfit(row) == 0.0 else why_not_usd(row)


def _signed(row: PositionRow) -> float:
    return float(row["notional"]) * (-1 if row["side"] == "SHORT" else 1)


def _row(path: str, member: Member, symbols: Table, ledger: Ledger, sources: Sources) -> PositionRow:
    row, priced = member.row, member.priced
    notional, pnl = notional_usd(row, priced), _pnl(member)
    shown = {
        "symbol": row.symbol,
        "side": row.side,
        "qty": row.qty,
        "notional": notional,
        "pnl": pnl,
        "notional_fmt": fmt_usd(notional),
        "pnl_fmt": fmt_usd(pnl),
        "entry_price": first([row.entry_price, priced.entry_price if priced else None]),
        "mark_price": priced.mark_price if priced else None,
        "leverage": first([row.leverage, priced.leverage if priced else None]),
        "price_source": member.price_source,
    }
    _explain(path, shown, member, sources)
    extras = add_extras(path, shown, member, ledger, sources)
    return shown | _risk(path, row, symbols, sources) | extras


def _explain(path: str, shown: PositionRow, member: Member, sources: Sources) -> None:
    foreign = why_not_usd(member.priced or member.row)
    reasons = {
        "qty": NO_QTY,
        "side": "what is written of its side is missing, or contradicts the sign of its quantity or PnL",
        "notional": NOT_PRICED if shown["mark_price"] is None else foreign or NO_QTY,
        "pnl": foreign or NO_PNL,
        "mark_price": NOT_PRICED,
        "price_source": NOT_PRICED,
        "entry_price": "no file carries its entry price",
        "leverage": "no file carries its leverage, or its rows have different ones",
    }
    for key, reason in reasons.items():
        sources.unknown.known(f"{path}.{key}", shown[key], reason)


def _pnl(member: Member) -> float | None:
    """The exchange's figure of the priced row, else of the row itself, else (mark - entry) x signed quantity; USD.

    Where a PnL is written that is of another size or money, the product would be as well.
    """
    row, priced = member.row, member.priced
    if priced is None or priced.qty != row.qty:
        return first([pnl_usd(row), _mark_to_market(row, priced)])
    return first([pnl_usd(priced), pnl_usd(row), _mark_to_market(row, priced)])


def _mark_to_market(row: Row, priced: Row | None) -> float | None:
    entry = first([row.entry_price, priced.entry_price if priced else None])
    if priced is None or priced.mark_price is None or entry is None or row.qty is None or row.side is None:
        return None
    return (priced.mark_price - entry) * row.qty if not (why_not_usd(row) or why_not_usd(priced)) else None


def _risk(path: str, row: Row, symbols: Table, sources: Sources) -> dict[str, Any]:
    """The symbol's risk figures, shared by both legs; the row's own where no table has the symbol."""
    found = symbols.get(row.symbol)
    risk = {key: found[key] for key in RISK_FIELDS} if found else _own_risk(row)
    for key, value in risk.items():
        shared = sources.unknown.reasons.get(f"kpis.symbols.{row.symbol}.{key}")
        if value is None or shared:
            sources.unknown.note(f"{path}.{key}", shared or _why_no_risk(row, key))
        if (old := sources.stale.reasons.get(f"kpis.symbols.{row.symbol}.{key}")) is not None:
            sources.stale.note(f"{path}.{key}", old)
    return risk


def _why_no_risk(row: Row, key: str) -> str:
    """Why the row's own figure is not shown, where it has one."""
    ratio = number(row.raw.get("atr_ratio"))
    if key == "atr_ratio" and ratio is not None and ratio < 0:
        return f"the row of {row.symbol} has one below 0, which no ratio of two ranges is"
    return f"no file carries this of {row.symbol}"


def _own_risk(row: Row) -> dict[str, Any]:
    raw = row.raw
    regime, ratio = text(raw.get("atr_regime")), number(raw.get("atr_ratio"))
    measured = regime not in (None, "unknown") and ratio is not None and ratio >= 0
    return {
        "dd_state": text(raw.get("dd_state")),
        "dd_today_pct": number(raw.get("dd_today_pct")),
        "atr_ratio": ratio if measured else None,
        "atr_regime": regime,
    }
