"""kpis_v7.json in its one shape: nested blocks, and the order-weighted router figures beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from execution.utils.execution_health import classify_portfolio_routing
from execution.utils.metrics import median, name_atr_regime, name_drawdown, name_sharpe
from execution.utils.timestamps import format_iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from execution.surfaces.nav import Fx
    from execution.utils.execution_health import RouterStats
    from execution.utils.metrics import FeePnl


@dataclass(frozen=True, slots=True)
class KpiInputs:
    """What the KPIs rest on: USD, percent, fractions and epoch seconds as the names say; None is unknown.

    `symbols` has the entry of each symbol as `build_symbol_health` makes it.
    """

    nav_usd: float
    nav_at_s: float
    drawdown_pct: float | None
    aum_total_usd: float
    sources_ok: bool | None
    router: RouterStats
    reject_rate: float | None
    fee_pnl: FeePnl
    sharpe: float | None
    expectancy_usd: float | None
    symbols: Mapping[str, Mapping[str, Any]]
    fx: Fx


def build_kpis_v7(inputs: KpiInputs, now_s: float) -> dict[str, Any]:
    """The payload of kpis_v7.json; pure, zeros counted, None where there is no evidence."""
    risk, quality = _build_risk(inputs), classify_portfolio_routing(inputs.router)
    symbols = {symbol: _build_symbol(symbol, entry) for symbol, entry in sorted(inputs.symbols.items())}
    return {
        "ts": format_iso(now_s),
        "updated_at": now_s,
        "nav": _build_nav(inputs, now_s),
        "risk": risk,
        "router": _build_router(inputs, quality),
        "performance": {
            "expectancy": inputs.expectancy_usd,
            "sharpe_state": name_sharpe(inputs.sharpe),
            "sharpe_7d": inputs.sharpe,
        },
        "dd_state": risk["dd_state"],
        "atr_regime": risk["atr_regime"],
        "fee_pnl_ratio": inputs.fee_pnl["fee_pnl_ratio"],
        "fee_pnl": dict(inputs.fee_pnl),
        "router_quality": quality,
        "router_stats": dict(inputs.router),
        "aum_total": inputs.aum_total_usd,
        "fx": inputs.fx.as_block(),
        "drawdown": {"dd_pct": inputs.drawdown_pct},
        "atr": {"atr_ratio": risk["atr_ratio"], "atr_regime": risk["atr_regime"], "symbols": list(symbols.values())},
        "symbols": symbols,
    }


def _build_nav(inputs: KpiInputs, now_s: float) -> dict[str, Any]:
    age_s = max(0.0, now_s - inputs.nav_at_s)
    return {
        "nav_total": inputs.nav_usd,
        "nav_age_s": age_s,
        "age_s": age_s,
        "updated_at": inputs.nav_at_s,
        "sources_ok": inputs.sources_ok,
        "aum_total": inputs.aum_total_usd,
    }


def _build_risk(inputs: KpiInputs) -> dict[str, Any]:
    atr_ratio = median([entry["vol"]["atr_ratio"] for entry in inputs.symbols.values()])
    return {
        "dd_state": name_drawdown(inputs.drawdown_pct),
        "drawdown_pct": inputs.drawdown_pct,
        "atr_regime": name_atr_regime(atr_ratio),
        "atr_ratio": atr_ratio,
        "fee_pnl_ratio": inputs.fee_pnl["fee_pnl_ratio"],
        "fee_pnl_window_days": inputs.fee_pnl["window_days"],
    }


def _build_router(inputs: KpiInputs, quality: str) -> dict[str, Any]:
    stats = inputs.router
    return {
        "policy_quality": quality,
        "maker_first": True,
        "maker_fill_share": stats["maker_fill_ratio"],
        "maker_fill_rate": stats["maker_fill_ratio"],
        "fallback_ratio": stats["fallback_ratio"],
        "avg_slippage_bps": stats["slip_mean"],
        "slip_q25_bps": stats["slip_q25"],
        "slip_q50_bps": stats["slip_q50"],
        "slip_q75_bps": stats["slip_q75"],
        "reject_rate": inputs.reject_rate,
        "orders": stats["sample_count"],
    }


def _build_symbol(symbol: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    router, risk, vol = entry["router"], entry["risk"], entry["vol"]
    return {
        "symbol": symbol,
        "dd_state": risk["dd_state"],
        "dd_today_pct": risk["dd_today_pct"],
        "atr_ratio": vol["atr_ratio"],
        "atr_regime": vol["atr_regime"],
        "maker_fill_rate": router["maker_fill_ratio"],
        "fallback_ratio": router["fallback_ratio"],
        "slip_q50_bps": router["slip_q50"],
        "router_quality": router["policy_quality"],
        "orders": router["orders"],
    }
