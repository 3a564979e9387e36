"""Router figures over orders: maker fill, fallback, slippage quantiles, and the surface router_health.json."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from execution.utils.event_window import RoutedOrder
from execution.utils.execution_health import QUALITY_CLASSES, RouterStats, classify_portfolio_routing, classify_routing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

QUANTILES = {"slip_q25": 0.25, "slip_q50": 0.50, "slip_q75": 0.75, "slip_q95": 0.95}


def measure_router(orders: Iterable[RoutedOrder]) -> RouterStats:
    """Order-weighted figures: each order counts once, zeros included."""
    return _measure(_frame(orders))


def measure_router_by_symbol(orders: Iterable[RoutedOrder], symbols: Sequence[str]) -> dict[str, RouterStats]:
    """The same per symbol; a symbol without orders has None ratios and count 0."""
    groups = dict(iter(_frame(orders).groupby("symbol")))
    empty = _frame([])
    return {symbol: _measure(groups.get(symbol, empty)) for symbol in sorted({*symbols, *map(str, groups)})}


def build_router_health(by_symbol: dict[str, RouterStats], total: RouterStats, now_s: float) -> dict[str, Any]:
    """The payload of router_health.json."""
    entries = [_build_entry(symbol, stats, now_s) for symbol, stats in by_symbol.items()]
    counts = Counter(str(entry["quality"]) for entry in entries)
    summary = {
        "updated_ts": now_s,
        "count": len(entries),
        # `unknown` only where there is one: readers of old know the four classes.
        "quality_counts": dict.fromkeys(QUALITY_CLASSES, 0) | dict(counts),
        "maker_first_enabled": len(entries),
        "orders": total["sample_count"],
    }
    return {
        "updated_ts": now_s,
        "summary": summary,
        "router_quality": classify_portfolio_routing(total),
        "router_stats": dict(total),
        "symbols": entries,
        "per_symbol": entries,
    }


def _build_entry(symbol: str, stats: RouterStats, now_s: float) -> dict[str, Any]:
    quality = classify_routing(stats)
    return {
        "symbol": symbol,
        "maker_fill_rate": stats["maker_fill_ratio"],
        "fallback_rate": stats["fallback_ratio"],
        "slippage_p50": stats["slip_q50"],
        "slippage_p95": stats["slip_q95"],
        "orders": stats["sample_count"],
        "maker_attempts": stats["maker_attempts"],
        "maker_first": True,
        "taker_bias": "balanced",
        "bias": "balanced",
        "policy": {"maker_first": True, "taker_bias": "balanced", "quality": quality, "reason": f"quality={quality}"},
        "quality": quality,
        "updated_ts": now_s,
    }


def _frame(orders: Iterable[RoutedOrder]) -> pd.DataFrame:
    return pd.DataFrame(orders, columns=list(RoutedOrder._fields))


def _measure(frame: pd.DataFrame) -> RouterStats:
    slippage_bps = frame["slippage_bps"].dropna().astype(float)
    maker_attempts = int(frame["maker_start"].sum())
    quantiles = {name: float(slippage_bps.quantile(q)) if len(slippage_bps) else None for name, q in QUANTILES.items()}
    return RouterStats(
        maker_fill_ratio=_ratio(int(frame["is_maker_final"].sum()), len(frame)),
        fallback_ratio=_ratio(int(frame["used_fallback"].sum()), maker_attempts),
        slip_q25=quantiles["slip_q25"],
        slip_q50=quantiles["slip_q50"],
        slip_q75=quantiles["slip_q75"],
        slip_q95=quantiles["slip_q95"],
        slip_mean=float(slippage_bps.mean()) if len(slippage_bps) else None,
        sample_count=len(frame),
        maker_attempts=maker_attempts,
        slip_count=len(slippage_bps),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
