"""Realised PnL as it is written: of today, and of the window that the fees are counted over."""

from typing import Any

from state.facts.drawdown import realized_today, why_no_realized
from state.facts.fees import Fees
from state.facts.sources import Sources
from state.facts.standing import mark_stale


def build_pnl(sources: Sources, fees: Fees) -> dict[str, Any]:
    """`today_usd` since the writer's reset of the day, `window_usd` over `window_days`, and the file of each."""
    today, window, unknown = realized_today(sources), fees.choice, sources.unknown
    mark_stale(sources, today, "kpis.pnl.today_usd")
    mark_stale(sources, window, "kpis.pnl.window_usd")
    no_day = why_no_realized(sources, today)
    figures = fees.figures
    days = figures.window_days if figures.pnl_usd is not None else None
    return {
        "today_usd": unknown.known("kpis.pnl.today_usd", today.value, no_day),
        "today_source": unknown.known("kpis.pnl.today_source", today.claim and today.claim.file, no_day),
        "window_usd": unknown.known("kpis.pnl.window_usd", figures.pnl_usd, fees.reason),
        "window_days": unknown.known("kpis.pnl.window_days", days, fees.reason),
        "window_source": unknown.known("kpis.pnl.window_source", window.claim and window.claim.file, fees.reason),
    }
