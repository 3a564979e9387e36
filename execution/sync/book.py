"""The book as synced_state.json tells it, and whether it may be believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from execution.utils.numbers import finite_number

# Coins by side (LONG, SHORT) by symbol.
Legs: TypeAlias = Mapping[str, Mapping[str, float]]

# Where a NAV comes from while the exchange does not answer, and where one comes from that no exchange is asked for.
REPEATING_SOURCES = ("cache", "unavailable")
CONFIGURED_SOURCES = ("manual", "capital_base")


def read_legs(synced: Mapping[str, Any], nav: Mapping[str, Any]) -> Legs | None:
    """The open legs; None while they are unknown: no rows, broken rows, or a book that no exchange has confirmed.

    `nav` (nav.json) is asked only where the book does not say itself whether the exchange answered.
    """
    answers = _exchange_answers(synced.get("nav_snapshot"))
    if answers is None:
        answers = _exchange_answers(nav.get("nav_detail"))
    legs = None if answers is False else _sum_legs(synced)
    # Without a word on the exchange an empty book may just be one it was not asked for.
    return legs if legs or answers else None


def _sum_legs(synced: Mapping[str, Any]) -> Legs | None:
    rows = synced.get("items")
    if not isinstance(rows, list):
        return None
    legs: dict[str, dict[str, float]] = {}
    for row in rows:
        symbol, qty = (row.get("symbol"), finite_number(row.get("qty"))) if isinstance(row, dict) else (None, None)
        if not isinstance(symbol, str) or qty is None:
            return None
        if qty:
            sides, side = legs.setdefault(symbol, {}), "LONG" if qty > 0 else "SHORT"
            sides[side] = sides.get(side, 0.0) + abs(qty)
    return legs


def _exchange_answers(detail: object) -> bool | None:
    """Whether the exchange answered when this NAV detail was written; None when it does not say."""
    if not isinstance(detail, Mapping) or not ("source" in detail or "fresh" in detail):
        return None
    source, health = detail.get("source"), detail.get("nav_health")
    if source in REPEATING_SOURCES:
        return False
    fresh = [detail.get("fresh"), health.get("fresh") if isinstance(health, Mapping) else None]
    return source in CONFIGURED_SOURCES or False not in fresh
