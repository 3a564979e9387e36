"""A small state with every kind of value, and ways to look at what a renderer makes of it."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from plotly.utils import PlotlyJSONEncoder

NOW = 1764197100.0

EMPTY: dict[str, Any] = {"nav": {}, "aum": {"slices": []}, "kpis": {}, "positions": [], "router": {}, "meta": {}}


def surface(name: str, **facts: Any) -> dict[str, Any]:
    """A healthy, required file of 5 s, apart from the facts given."""
    healthy = {
        "required": True,
        "status": "ok",
        "updated_at": NOW - 5,
        "age_s": 5.0,
        "freshness": "fresh",
        "late_after_s": 50.0,
        "stale_after_s": 100.0,
        "error": None,
    }
    return {"name": name, **healthy, **facts}


def check(label: str, status: str = "ok") -> dict[str, Any]:
    """A reconciliation check."""
    return {"name": label.lower(), "label": label, "status": status, "detail": f"{label}: 1.00 against 2.00"}


def sample() -> dict[str, Any]:
    """A fresh copy for each test, so that it can be changed."""
    return deepcopy(SAMPLE)


def frozen_sample() -> dict[str, Any]:
    """The same world while the exchange is down."""
    state = sample()
    state["nav"]["exchange"] |= {"frozen": True, "confirmed_at": NOW - 612, "confirmed_age_s": 612.0}
    state["nav"] |= {"gross_exposure_usd": None, "unrealized_pnl_usd": None}
    state["positions"] = []
    state["meta"]["unknown"] = {"positions": "the exchange feed is down", "nav.gross_exposure_usd": "positions unknown"}
    state["meta"]["last_book"] = {"at": NOW - 612, "count": 5, "gross_usd": 8913.85}
    return state


def rich_sample() -> dict[str, Any]:
    """The same world where the files carry all that they may: executor, stops, PnL, two NAV lines and marks on one."""
    state = sample()
    state["nav"] |= {"change_24h_usd": 105.34, "change_24h_pct": 1.02, "change_7d_usd": None, "change_7d_pct": None}
    state["nav"]["series_7d"] = [[NOW - 500_000, 10300.0], [NOW - 90_000, 10100.0], [NOW, 10461.27]]
    state["nav"] |= {"gaps": [[NOW - 10800, NOW - 900]], "gaps_7d": []}
    state["nav"]["marks"] = [{"at": NOW - 800, "kind": "opened", "symbol": "ETHUSDT", "side": "SHORT"}]
    state["kpis"]["pnl"] = {"today_usd": 42.15, "window_usd": -188.2, "window_days": 7}
    state["kpis"]["risk"] |= {"mode": "ok", "circuit_breaker": False, "circuit_breaker_limit_pct": 4.0}
    state["kpis"]["risk"] |= {"vetoes": [{"reason": "min_notional", "count": 12}], "positions_registered": 1}
    state["kpis"]["risk"] |= {"exits_registered": 1, "last_error": {"symbol": "ETHUSDT", "message": "no margin"}}
    state["positions"][0] |= {"has_stop": False}
    state["transitions"] = [
        {"at": NOW - 60 * age, "kind": "router_quality", "subject": "WIFUSDT", "after": word, "text": f"WIFUSDT {word}"}
        for age, word in ((1, "good"), (5, "ok"), (9, "good"))
    ]
    state["meta"]["unknown"]["nav.change_7d_pct"] = "the NAV log does not go back 7 d"
    return state


SAMPLE: dict[str, Any] = {
    "nav": {
        "nav_usd": 10461.27,
        "nav_zar": 180335.55676799998,
        "fx_usd_zar": 17.2384,
        "fx_updated_at": NOW - 5,
        "age_s": 5.0,
        "updated_at": NOW - 5,
        "source": "nav_state.json",
        "dd_state": "cautious",
        "atr_regime": "normal",
        "peak_usd": 10500.0,
        "drawdown_pct": 0.3688571,
        "drawdown_abs_usd": 38.73,
        "gross_exposure_usd": 3797.325,
        "net_exposure_usd": -3797.325,
        "realized_pnl_today_usd": 8.75,
        "unrealized_pnl_usd": -50.2892,
        "exchange": {"source": "live", "fresh": True, "frozen": False},
        "series": [[NOW - 10800, 10300.0], [NOW - 900, 10450.5], [NOW, 10461.27]],
    },
    "aum": {
        "slices": [
            {"label": "Futures", "usd": 10461.27, "zar": 180335.56, "price_basis": "exchange"},
            {"label": "XAUT", "usd": None, "zar": None, "price_basis": None},
            {"label": "PAXG", "usd": 977.5, "zar": 16850.54, "price_basis": "cost"},
        ],
        "total_usd": 11438.77,
        "total_zar": 197186.1,
        "total_usd_is_lower_bound": True,
        "unpriced": ["XAUT"],
    },
    "kpis": {
        "risk": {
            "dd_state": "cautious",
            "atr_regime": "normal",
            "atr_ratio": 1.0,
            "fee_pnl_ratio": 1.8067058,
            "fee_pnl_window_days": 7,
            "fees_usd": 71.54,
            "realized_pnl_usd": 39.6,
            "drawdown_pct": 0.3688571,
        },
        "symbols": {
            "BTCUSDT": {
                "symbol": "BTCUSDT",
                "dd_state": "normal",
                "dd_today_pct": 0.0,
                "atr_ratio": 2.74,
                "atr_regime": "panic",
                "maker_fill_rate": 0.0,
                "fallback_ratio": None,
                "slip_q50_bps": -0.4585,
            },
            "SUIUSDT": {"symbol": "SUIUSDT", "dd_state": "normal", "dd_today_pct": None, "atr_regime": "unknown"},
        },
    },
    "positions": [
        {
            "symbol": "BTCUSDT",
            "side": "SHORT",
            "qty": -0.042,
            "notional": 3797.325,
            "pnl": -50.2892,
            "notional_fmt": "3,797.33",
            "pnl_fmt": "-50.29",
            "dd_state": "normal",
            "dd_today_pct": 0.0,
            "atr_ratio": None,
            "atr_regime": "unknown",
        }
    ],
    "router": {
        "quality": "poor",
        "maker_fill_rate": 0.157,
        "fallback_ratio": 0.3805,
        "slip_q25_bps": -0.4585,
        "slip_q50_bps": 0.5326,
        "slip_q75_bps": 2.0941,
        "basis": "orders",
        "orders": 129,
        "quality_counts": {"good": 0, "ok": 7, "degraded": 1, "broken": 0},
        "worst": ["WIFUSDT"],
    },
    "meta": {
        "loaded_at": NOW,
        "environment": "paper",
        "testnet": False,
        "surfaces": [
            surface("nav_state.json"),
            surface("nav.json"),
            surface("engine_metadata.json", required=False, status="missing", updated_at=None, age_s=None),
        ],
        "unknown": {
            "aum.slices.1.usd": "nav.json carries no price for XAUT",
            "kpis.symbols.BTCUSDT.fallback_ratio": "no maker order was started",
            "kpis.symbols.SUIUSDT.atr_regime": "too few fills",
            "positions.0.atr_ratio": "too few fills",
            "positions.0.atr_regime": "too few fills",
        },
        "checks": [check("NAV"), check("AUM"), check("Exposure", "not_comparable")],
        "alerts": [{"severity": "info", "title": "ATR panic", "text": "BTCUSDT", "since": None}],
        "last_book": None,
    },
}


def as_json(rendered: Any) -> Any:
    """What the browser receives."""
    return json.loads(json.dumps(rendered, cls=PlotlyJSONEncoder))


def components(rendered: Any) -> Iterator[dict[str, Any]]:
    """Every component of a rendered tree, as JSON."""
    node = as_json(rendered)
    stack = node if isinstance(node, list) else [node]
    while stack:
        item = stack.pop(0)
        if isinstance(item, dict) and "props" in item:
            yield item
            children = item["props"].get("children")
            stack = [*(children if isinstance(children, list) else [children]), *stack]


def text_of(rendered: Any) -> str:
    """The text that stands on the page."""
    node = as_json(rendered)
    if isinstance(node, list):
        return "".join(map(text_of, node))
    if isinstance(node, dict):
        return text_of(node.get("props", {}).get("children"))
    return "" if node is None else str(node)


def fields(rendered: Any) -> dict[str, dict[str, Any]]:
    """The addressed elements of a rendered tree: path to properties, with the text under `text`."""
    marked = [item for item in components(rendered) if "data-field" in item["props"]]
    return {item["props"]["data-field"]: {**item["props"], "text": text_of(item)} for item in marked}


def find(rendered: Any, class_name: str) -> list[str]:
    """The texts of the elements with a class."""
    return [
        text_of(item) for item in components(rendered) if class_name in (item["props"].get("className") or "").split()
    ]
