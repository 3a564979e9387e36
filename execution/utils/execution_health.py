"""How well orders are executed: classes of routing, counts of the last day, and the health of each symbol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from execution.utils.metrics import Atr, name_sharpe, name_symbol_drawdown, rolling_sharpe
from execution.utils.timestamps import format_iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from execution.utils.event_window import EventWindow

QUALITY_CLASSES = ("good", "ok", "degraded", "broken")
SERVICES = ("executor_live", "sync_daemon")

BROKEN_SLIP_BPS = 10.0
DEGRADED_SLIP_BPS = 4.0
DEGRADED_FALLBACK = 0.6
GOOD_SLIP_BPS = 1.0
GOOD_FALLBACK = 0.3
GOOD_MAKER_FILL = 0.6
POOR_MAKER_FILL = 0.2


class RouterStats(TypedDict):
    """Ratios as fractions, slippage in bps, and the counts behind them; None without evidence."""

    maker_fill_ratio: float | None
    fallback_ratio: float | None
    slip_q25: float | None
    slip_q50: float | None
    slip_q75: float | None
    slip_q95: float | None
    slip_mean: float | None
    sample_count: int
    maker_attempts: int
    slip_count: int


def classify_routing(stats: RouterStats) -> str:
    """good, ok, degraded or broken; unknown without orders, or without their slippage: no evidence is not "ok"."""
    slip_bps, fallback = stats["slip_q50"], stats["fallback_ratio"] or 0.0
    if not stats["sample_count"] or (slip_bps is None and fallback < DEGRADED_FALLBACK):
        return "unknown"
    slip_bps = slip_bps or 0.0
    if slip_bps >= BROKEN_SLIP_BPS:
        return "broken"
    if slip_bps >= DEGRADED_SLIP_BPS or fallback >= DEGRADED_FALLBACK:
        return "degraded"
    maker_fill = stats["maker_fill_ratio"] or 0.0
    good = slip_bps <= GOOD_SLIP_BPS and fallback <= GOOD_FALLBACK and maker_fill >= GOOD_MAKER_FILL
    return "good" if good else "ok"


def classify_portfolio_routing(stats: RouterStats) -> str:
    """The portfolio's label: good, ok, degraded, poor or unknown."""
    quality = classify_routing(stats)
    maker_fill = stats["maker_fill_ratio"]
    few_makers = quality != "unknown" and maker_fill is not None and maker_fill < POOR_MAKER_FILL
    return "poor" if quality == "broken" or few_makers else quality


def build_exec_stats(window: EventWindow) -> dict[str, Any]:
    """Counts of the last 24 h: orders attempted (vetoed ones included) and executed, intents vetoed, heartbeats."""
    attempted, executed = len(window.attempted), len(window.executed)
    beats = {service: window.heartbeats_s.get(service) for service in SERVICES}
    return {
        "attempted_24h": attempted,
        "executed_24h": executed,
        "vetoes_24h": len(window.vetoes),
        "fill_rate": executed / attempted if attempted else None,
        "top_vetoes": window.vetoes.count_by_reason()[:5],
        "last_heartbeats": {name: None if at_s is None else format_iso(at_s) for name, at_s in beats.items()},
    }


def measure_reject_rate(window: EventWindow) -> float | None:
    """Orders the exchange refused as a fraction of all it answered in 7 days; None when it answered none."""
    answered = len(window.acknowledged) + len(window.rejected)
    return len(window.rejected) / answered if answered else None


def measure_sharpe_by_symbol(window: EventWindow) -> dict[str, float | None]:
    """Rolling Sharpe of the closes of 7 days per symbol."""
    pnls_usd: dict[str, list[float]] = {}
    for close in window.closes:
        pnls_usd.setdefault(close.symbol, []).append(close.pnl_usd)
    return {symbol: rolling_sharpe(values) for symbol, values in pnls_usd.items()}


@dataclass(frozen=True, slots=True)
class SymbolFigures:
    """What is measured about one symbol; `dd_today_pct`: the fall from today's best, in percent of NAV, <= 0, None."""

    symbol: str
    router: RouterStats
    atr: Atr
    dd_today_pct: float | None
    sharpe_7d: float | None


def build_symbol_health(figures: SymbolFigures, now_s: float) -> dict[str, Any]:
    """One entry of execution_health.json and of risk_snapshot.json `symbols`."""
    dd_state = name_symbol_drawdown(figures.dd_today_pct)
    return {
        "schema": "execution_health_v1",
        "symbol": figures.symbol,
        "router": build_router_part(figures.router),
        "risk": {
            "dd_today_pct": figures.dd_today_pct,
            "dd_state": dd_state,
            "risk_flags": [] if dd_state in ("normal", "unknown") else ["dd_warning"],
            "sharpe_state": name_sharpe(figures.sharpe_7d),
        },
        "vol": dict(figures.atr),
        "sizing": {"sharpe_7d": figures.sharpe_7d},
        "updated_ts": now_s,
    }


def build_execution_health(entries: list[dict[str, Any]], window: EventWindow, now_s: float) -> dict[str, Any]:
    """The payload of execution_health.json."""
    return {
        "updated_ts": now_s,
        "symbols": entries,
        "exec_stats": build_exec_stats(window),
        "reject_rate": measure_reject_rate(window),
        "type": "execution_health",
        "context": "executor",
    }


def build_router_part(stats: RouterStats) -> Mapping[str, Any]:
    """The `router` block of a symbol's entry."""
    quality = classify_routing(stats)
    names = ("maker_fill_ratio", "fallback_ratio", "slip_q25", "slip_q50", "slip_q75")
    figures: dict[str, Any] = {name: stats[name] for name in names}  # type: ignore[literal-required]
    warnings = {
        "high_fallback_ratio": (stats["fallback_ratio"] or 0.0) >= DEGRADED_FALLBACK,
        "elevated_median_slippage": (stats["slip_q50"] or 0.0) >= DEGRADED_SLIP_BPS,
    }
    raised = [name for name, on in warnings.items() if on]
    return figures | {"orders": stats["sample_count"], "policy_quality": quality, "router_warnings": raised}
