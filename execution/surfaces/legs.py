"""Rows of one leg are one position: two lots that one exchange reports apart add up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from execution.utils.numbers import finite_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from execution.surfaces.positions import Position


def merge_legs(positions: Iterable[Position]) -> list[Position]:
    """One position per leg, which is a symbol and a side; long and short of one symbol stay two.

    Quantities and PnL are summed, the entry is their mean by quantity, the mark is that of the later row. Leverage and
    position side are kept where all rows agree. Rows with a figure that is no number are left for the schema to refuse.
    """
    legs: dict[tuple[str, str], list[Position]] = {}
    for row in positions:
        # A row that is like no other stays alone.
        key = (row.symbol, row.side) if _is_whole(row) else ("", str(len(legs)))
        legs.setdefault(key, []).append(row)
    return [rows[0] if len(rows) == 1 else _merge(rows) for rows in legs.values()]


def _is_whole(row: Position) -> bool:
    figures = (row.qty, row.entry_price, row.mark_price, row.unrealized_usd, row.leverage or 0.0)
    known = all(finite_number(figure) is not None for figure in figures)
    return known and row.qty != 0 and isinstance(row.symbol, str)


def _merge(rows: Sequence[Position]) -> Position:
    qty = _sum(row.qty for row in rows)
    cost = sum(_exact(row.entry_price) * _exact(row.qty) for row in rows)
    sides, leverages = {row.position_side for row in rows}, {row.leverage for row in rows}
    return replace(
        rows[-1],
        position_side=sides.pop() if len(sides) == 1 else rows[0].side,
        qty=float(qty),
        entry_price=float(cost / qty),
        unrealized_usd=float(_sum(row.unrealized_usd for row in rows)),
        leverage=leverages.pop() if len(leverages) == 1 else None,
    )


def _sum(values: Iterable[float]) -> Decimal:
    return sum((_exact(value) for value in values), Decimal())


def _exact(value: float) -> Decimal:
    """What is written, digit by digit: 0.1 and 0.2 are 0.3."""
    return Decimal(repr(float(value)))
