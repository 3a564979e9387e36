"""Open positions, rows of one leg added up, and the surfaces that show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from execution.utils.numbers import describe, finite_number, read_amount
from execution.utils.timestamps import format_iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

T = TypeVar("T")

MARGIN_MODES = ("cross", "isolated")


@dataclass(frozen=True, slots=True)
class Position:
    """One leg. `qty` in coins is signed, negative when short; `position_side` is LONG, SHORT or BOTH (one-way).

    `margin_mode` is cross or isolated. What an exchange does not tell is None.
    """

    symbol: str
    position_side: str
    qty: float
    entry_price: float
    mark_price: float
    unrealized_usd: float
    leverage: float | None = None
    liquidation_price: float | None = None
    margin_usd: float | None = None
    margin_mode: str | None = None

    @property
    def side(self) -> str:
        """LONG or SHORT, told by the sign of the quantity."""
        return "LONG" if self.qty > 0 else "SHORT"

    @property
    def notional_usd(self) -> float:
        """Absolute value at the mark price, USD."""
        return abs(self.qty) * self.mark_price


@dataclass(frozen=True, slots=True)
class Exposure:
    """Sums over the legs, USD; None where the book does not tell."""

    gross_usd: float | None = None
    net_usd: float | None = None
    largest_usd: float | None = None
    unrealized_usd: float | None = None


def measure_exposure(positions: Iterable[Position]) -> Exposure:
    """Gross, net and largest notional, and the PnL that is open; a leg without a price has no notional."""
    legs = merge_legs(positions)
    if any(leg.mark_price <= 0 for leg in legs):
        return Exposure(unrealized_usd=sum(leg.unrealized_usd for leg in legs))
    return Exposure(
        gross_usd=sum(leg.notional_usd for leg in legs),
        net_usd=sum(leg.qty * leg.mark_price for leg in legs),
        largest_usd=max((leg.notional_usd for leg in legs), default=0.0),
        unrealized_usd=sum(leg.unrealized_usd for leg in legs),
    )


def merge_legs(positions: Iterable[Position]) -> list[Position]:
    """One position per leg, which is a symbol and a side; long and short of one symbol stay two.

    Quantities, PnL and margin are summed, the entry is their mean by quantity, the mark is that of the later row. What
    else there is stays where all rows agree. Rows with a figure that is no number are left for the schema to refuse.
    """
    legs: dict[tuple[str, str], list[Position]] = {}
    for row in positions:
        # A row that is like no other stays alone.
        key = (row.symbol, row.side) if _is_whole(row) else ("", str(len(legs)))
        legs.setdefault(key, []).append(row)
    return [rows[0] if len(rows) == 1 else _merge_rows(rows) for rows in legs.values()]


def _is_whole(row: Position) -> bool:
    figures = (row.qty, row.entry_price, row.mark_price, row.unrealized_usd, row.leverage or 0.0)
    known = all(finite_number(figure) is not None for figure in figures)
    return known and row.qty != 0 and isinstance(row.symbol, str)


def _merge_rows(rows: Sequence[Position]) -> Position:
    qty = _sum_exactly(row.qty for row in rows)
    cost = sum(_exact(row.entry_price) * _exact(row.qty) for row in rows)
    sides, margins = {row.position_side for row in rows}, [row.margin_usd for row in rows]
    known = [margin for margin in margins if margin is not None]
    return replace(
        rows[-1],
        position_side=sides.pop() if len(sides) == 1 else rows[0].side,
        qty=float(qty),
        entry_price=float(cost / qty),
        unrealized_usd=float(_sum_exactly(row.unrealized_usd for row in rows)),
        leverage=_agreed([row.leverage for row in rows]),
        liquidation_price=_agreed([row.liquidation_price for row in rows]),
        margin_usd=float(_sum_exactly(known)) if len(known) == len(rows) else None,
        margin_mode=_agreed([row.margin_mode for row in rows]),
    )


def _agreed(values: Sequence[T]) -> T | None:
    return values[0] if len(set(values)) == 1 else None


def _sum_exactly(values: Iterable[float]) -> Decimal:
    return sum((_exact(value) for value in values), Decimal())


def _exact(value: float) -> Decimal:
    """What is written, digit by digit: 0.1 and 0.2 are 0.3."""
    return Decimal(repr(float(value)))


def build_positions(
    positions: Sequence[Position], now_s: float, exec_stats: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The payload of positions.json; rows of one leg are added up."""
    stats = {"exec_stats": dict(exec_stats)} if exec_stats is not None else {}
    return {"rows": [_build_row(leg) for leg in merge_legs(positions)], "updated": now_s, **stats}


def build_synced_state(
    positions: Sequence[Position], nav_payload: Mapping[str, Any], engine_version: str
) -> dict[str, Any]:
    """The payload of synced_state.json: the rows, and the NAV of `nav_payload` (nav.json) with its detail and time."""
    return {
        "items": [_build_row(leg) for leg in merge_legs(positions)],
        "nav": nav_payload["nav_usd"],
        "engine_version": engine_version,
        "v6_flags": {},
        "updated_at": nav_payload["updated_ts"],
        "nav_snapshot": nav_payload["nav_detail"],
        "fx": nav_payload["fx"],
        "aum": nav_payload["aum"],
    }


def read_positions(synced_state: Mapping[str, Any]) -> list[Position]:
    """The legs of a synced_state.json: rows of one leg added up, rows of quantity 0 left out.

    Raises:
        ValueError: a row cannot be read, and with it the whole book: without one leg it would be another one.
    """
    rows = synced_state.get("items")
    if not isinstance(rows, list):
        raise ValueError(f"items is {describe(rows)}; expected a list of rows")
    return merge_legs(_read_row(row, f"items[{index}]") for index, row in enumerate(rows) if not _is_empty(row))


def build_positions_state(
    positions: Sequence[Position], now_s: float, symbols: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """The payload of positions_state.json; `symbols` has the risk figures that go beside each leg."""
    exposure = measure_exposure(positions)
    return {
        "items": [_build_item(leg, now_s, (symbols or {}).get(leg.symbol)) for leg in merge_legs(positions)],
        "updated_at": format_iso(now_s),
        "gross_exposure": exposure.gross_usd,
        "net_exposure": exposure.net_usd,
        "largest_position_value": exposure.largest_usd,
    }


def build_leaderboard_state(positions: Iterable[Position], now_s: float) -> dict[str, Any]:
    """The payload of leaderboard_state.json: one row per leg, best PnL first."""
    rows = [
        {"symbol": leg.symbol, "side": leg.side, "notional": leg.notional_usd, "pnl": leg.unrealized_usd}
        for leg in sorted(merge_legs(positions), key=lambda leg: -leg.unrealized_usd)
    ]
    return {"items": rows, "updated_at": format_iso(now_s)}


def _is_empty(row: object) -> bool:
    return isinstance(row, dict) and finite_number(row.get("qty")) == 0


def _read_row(row: object, where: str) -> Position:
    if not isinstance(row, dict):
        raise ValueError(f"{where} is {describe(row)}; expected an object")
    for name in ("symbol", "positionSide"):
        if not isinstance(row.get(name), str):
            raise ValueError(f"{where}.{name} is {describe(row.get(name))}; expected a text")
    for name in ("qty", "entryPrice", "markPrice", "unrealized"):
        if read_amount(row.get(name)) is None:
            raise ValueError(f"{where}.{name} is {describe(row.get(name))}; expected a number up to 10^18")
    return Position(
        symbol=row["symbol"],
        position_side=row["positionSide"],
        qty=row["qty"],
        entry_price=row["entryPrice"],
        mark_price=row["markPrice"],
        unrealized_usd=row["unrealized"],
        leverage=finite_number(row.get("leverage")),
        liquidation_price=read_amount(row.get("liquidation_price")),
        margin_usd=read_amount(row.get("margin")),
        margin_mode=row["margin_mode"] if row.get("margin_mode") in MARGIN_MODES else None,
    )


def _build_row(leg: Position) -> dict[str, Any]:
    return {
        "symbol": leg.symbol,
        "positionSide": leg.position_side,
        "qty": leg.qty,
        "entryPrice": leg.entry_price,
        "markPrice": leg.mark_price,
        "unrealized": leg.unrealized_usd,
        "notional": leg.notional_usd,
        "leverage": leg.leverage,
        **_build_margin(leg),
    }


def _build_margin(leg: Position) -> dict[str, Any]:
    """What exchanges tell beside a position; null where they do not."""
    return {"liquidation_price": leg.liquidation_price, "margin": leg.margin_usd, "margin_mode": leg.margin_mode}


def _build_item(leg: Position, now_s: float, risk: Mapping[str, Any] | None) -> dict[str, Any]:
    item: dict[str, Any] = {
        "symbol": leg.symbol,
        "side": leg.side,
        "qty": leg.qty,
        "entry_price": leg.entry_price,
        "mark_price": leg.mark_price,
        "pnl": leg.unrealized_usd,
        "leverage": leg.leverage,
        "notional": leg.notional_usd,
        **_build_margin(leg),
        "ts": format_iso(now_s),
        "notional_fmt": _format_usd(leg.notional_usd),
        "pnl_fmt": _format_usd(leg.unrealized_usd),
    }
    names = ("dd_state", "dd_today_pct", "atr_ratio", "atr_regime")
    return item | {name: risk[name] for name in names if risk and name in risk}


def _format_usd(value_usd: float) -> str:
    # Adding 0.0 turns -0.0 into 0.0, so that nothing reads "-0.00".
    return f"{round(value_usd, 2) + 0.0:,.2f}"
