"""Whether the figures on show fit each other: what is computed from a value has to move with it."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from worlds import State

ROUNDING = 2e-3  # of a figure
PNL_SLACK = 1e-4  # of a notional: prices are rounded before a PnL is made of them


class Pair(NamedTuple):
    """Two ways to one figure, and how far they may be apart (absolute)."""

    name: str
    shown: float | None
    computed: float | None
    slack: float = 0.01


def misfits(state: State) -> set[str]:
    """Names of figures on show that are not what the other figures on show make them."""
    pairs = (*_rows(state), *_book(state), *_drawdown(state), *_money(state))
    return {pair.name for pair in pairs if not _fits(pair)}


def _fits(pair: Pair) -> bool:
    if pair.shown is None or pair.computed is None:
        return True
    return math.isclose(pair.shown, pair.computed, rel_tol=ROUNDING, abs_tol=pair.slack)


def _product(*factors: float | None) -> float | None:
    known = [factor for factor in factors if factor is not None]
    return math.prod(known) if len(known) == len(factors) else None


def _difference(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left - right


def _sum(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def _rows(state: State) -> Iterator[Pair]:
    for row in state["positions"]:
        qty, mark = row["qty"], row["mark_price"]
        notional = _product(None if qty is None else abs(qty), mark)
        yield Pair("notional of a row", row["notional"], notional)
        gain = _product(_difference(mark, row["entry_price"]), qty)
        yield Pair("PnL of a row", row["pnl"], gain, 0.01 + PNL_SLACK * (notional or 0.0))


def _book(state: State) -> Iterator[Pair]:
    nav, rows = state["nav"], state["positions"]
    signed = [_product(row["notional"], math.copysign(1.0, row["qty"] or 0.0)) for row in rows]
    gross = _sum([row["notional"] for row in rows])
    slack = 0.01 + PNL_SLACK * (gross or 0.0)
    yield Pair("gross exposure", nav.get("gross_exposure_usd"), gross)
    yield Pair("net exposure", nav.get("net_exposure_usd"), _sum(signed))
    yield Pair("open PnL", nav.get("unrealized_pnl_usd"), _sum([row["pnl"] for row in rows]), slack)


def _drawdown(state: State) -> Iterator[Pair]:
    nav, peak = state["nav"], state["nav"].get("peak_usd")
    fall = _difference(peak, nav.get("nav_usd"))
    below = None if fall is None else max(fall, 0.0)
    yield Pair("drawdown in USD", nav.get("drawdown_abs_usd"), below, 0.02)
    percent = None if below is None or not peak else 100.0 * below / peak
    yield Pair("drawdown in percent", nav.get("drawdown_pct"), percent)
    yield Pair("drawdown of the KPIs", state["kpis"]["risk"]["drawdown_pct"], nav.get("drawdown_pct"))


def _money(state: State) -> Iterator[Pair]:
    nav, risk, slices = state["nav"], state["kpis"]["risk"], state["aum"]["slices"]
    fees, pnl = risk["fees_usd"], risk["realized_pnl_usd"]
    yield Pair("fee / PnL", risk["fee_pnl_ratio"], _product(fees, 1 / abs(pnl)) if pnl else None, 1e-3)
    yield Pair("Futures slice", slices[0]["usd"] if slices else None, nav.get("nav_usd"))
    yield Pair("AUM", state["aum"].get("total_usd"), _sum([item["usd"] for item in slices]))
    yield Pair("NAV in ZAR", nav.get("nav_zar"), _product(nav.get("nav_usd"), nav.get("fx_usd_zar")))
    yield Pair("last point of the history", _last_point(state), nav.get("nav_usd"))


def _last_point(state: State) -> Any:
    """None while the NAV is an old one repeated."""
    nav = state["nav"]
    return None if not nav.get("series") or nav["exchange"]["frozen"] else nav["series"][-1][1]
