"""The shape of the state: one rule per field."""

import math
from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], bool]


def is_number(value: Any) -> bool:
    """A finite number, and not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_text(value: Any) -> bool:
    """A word that is not empty."""
    return isinstance(value, str) and bool(value.strip())


def is_line(value: Any) -> bool:
    """One line of at most 200 characters."""
    return is_text(value) and len(value) <= 200 and value == " ".join(value.split())


def is_flag(value: Any) -> bool:
    """True or False."""
    return isinstance(value, bool)


def is_words(value: Any) -> bool:
    """A list of words."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_counts(value: Any) -> bool:
    """Whole, non-negative numbers by class."""
    return isinstance(value, dict) and all(is_number(count) and count >= 0 for count in value.values())


def at_least_zero(value: Any) -> bool:
    """A number that is not negative."""
    return is_number(value) and value >= 0


def maybe(rule: Rule) -> Rule:
    """None, or what the rule asks for."""
    return lambda value: value is None or rule(value)


def one_of(*words: str | None) -> Rule:
    """One of an enumeration."""
    return lambda value: value in words


def is_dict(value: Any) -> bool:
    """A mapping."""
    return isinstance(value, dict)


NUMBER = maybe(is_number)
TEXT = maybe(is_text)
FLAG = maybe(is_flag)

NAV: dict[str, Rule] = {
    "nav_usd": NUMBER,
    "nav_zar": is_number,
    "fx_usd_zar": NUMBER,
    "fx_updated_at": NUMBER,
    "age_s": NUMBER,
    "updated_at": NUMBER,
    "source": is_text,
    "dd_state": is_text,
    "atr_regime": is_text,
    "peak_usd": NUMBER,
    "drawdown_pct": NUMBER,
    "drawdown_abs_usd": NUMBER,
    "gross_exposure_usd": maybe(at_least_zero),
    "net_exposure_usd": NUMBER,
    "realized_pnl_today_usd": NUMBER,
    "unrealized_pnl_usd": NUMBER,
    "exchange": is_dict,
    "source_note": lambda value: isinstance(value, str),
    "is_lower_bound": is_flag,
    "unpriced": is_words,
    "gaps": lambda value: isinstance(value, list),
    "series": lambda value: isinstance(value, list),
    "series_7d": lambda value: isinstance(value, list),
    "gaps_7d": lambda value: isinstance(value, list),
    "marks": lambda value: isinstance(value, list),
    "change_24h_usd": NUMBER,
    "change_24h_pct": NUMBER,
    "change_7d_usd": NUMBER,
    "change_7d_pct": NUMBER,
    "deepest_drawdown_pct": maybe(at_least_zero),
    "deepest_drawdown_at": NUMBER,
}
PNL: dict[str, Rule] = {
    "today_usd": NUMBER,
    "today_source": TEXT,
    "window_usd": NUMBER,
    "window_days": NUMBER,
    "window_source": TEXT,
}
EXCHANGE: dict[str, Rule] = {
    "source": TEXT,
    "fresh": FLAG,
    "confirmed_at": NUMBER,
    "confirmed_age_s": NUMBER,
    "frozen": FLAG,
}
AUM: dict[str, Rule] = {
    "slices": lambda value: isinstance(value, list),
    "total_usd": NUMBER,
    "total_zar": NUMBER,
    "total_usd_is_lower_bound": is_flag,
    "unpriced": is_words,
}
SLICE: dict[str, Rule] = {
    "label": is_text,
    "usd": NUMBER,
    "zar": NUMBER,
    "price_basis": one_of("exchange", "market", "par", "cost", "published", None),
}
RISK: dict[str, Rule] = {
    "dd_state": is_text,
    "atr_regime": is_text,
    "atr_ratio": NUMBER,
    "fee_pnl_ratio": NUMBER,
    "fee_pnl_window_days": NUMBER,
    "fees_usd": NUMBER,
    "realized_pnl_usd": NUMBER,
    "drawdown_pct": NUMBER,
    "drawdown_usable": FLAG,
    "mode": TEXT,
    "mode_reason": TEXT,
    "mode_score": NUMBER,
    "circuit_breaker": FLAG,
    "circuit_breaker_limit_pct": NUMBER,
    "positions_registered": NUMBER,
    "exits_registered": NUMBER,
    "exits_mismatch": FLAG,
    "anomalies": is_words,
    "last_error": is_dict,
}
SYMBOL: dict[str, Rule] = {
    "symbol": is_text,
    "dd_state": TEXT,
    "dd_today_pct": NUMBER,
    "atr_ratio": NUMBER,
    "atr_regime": TEXT,
    "maker_fill_rate": NUMBER,
    "fallback_ratio": NUMBER,
    "slip_q50_bps": NUMBER,
    "router_quality": TEXT,
}
POSITION: dict[str, Rule] = {
    "symbol": is_text,
    "side": maybe(one_of("LONG", "SHORT")),
    "qty": NUMBER,
    "notional": maybe(at_least_zero),
    "pnl": NUMBER,
    "notional_fmt": is_text,
    "pnl_fmt": is_text,
    "entry_price": NUMBER,
    "mark_price": NUMBER,
    "leverage": NUMBER,
    "price_source": TEXT,
    "pnl_pct": NUMBER,
    "stop_price": maybe(at_least_zero),
    "stop_pct": NUMBER,
    "has_stop": FLAG,
    "dd_state": TEXT,
    "dd_today_pct": NUMBER,
    "atr_ratio": NUMBER,
    "atr_regime": TEXT,
}
ROUTER: dict[str, Rule] = {
    "quality": is_text,
    "maker_fill_rate": NUMBER,
    "fallback_ratio": NUMBER,
    "slip_q25_bps": NUMBER,
    "slip_q50_bps": NUMBER,
    "slip_q75_bps": NUMBER,
    "basis": one_of("orders", "symbols", None),
    "orders": maybe(at_least_zero),
    "quality_counts": maybe(is_counts),
    "worst": is_words,
}
META: dict[str, Rule] = {
    "loaded_at": is_number,
    "data_age_s": NUMBER,
    "state_dir": is_text,
    "environment": TEXT,
    "testnet": FLAG,
    "version": is_text,
    "sections": is_dict,
    "surfaces": lambda value: isinstance(value, list),
    "unknown": is_dict,
    "stale": is_dict,
    "history": is_dict,
    "checks": lambda value: isinstance(value, list),
    "alerts": lambda value: isinstance(value, list),
    "book_in_doubt": TEXT,
    "last_book": maybe(is_dict),
    "positions_as_of": NUMBER,
    "drift": lambda value: isinstance(value, list),
    "transitions_skipped": at_least_zero,
}
SURFACE: dict[str, Rule] = {
    "name": is_text,
    "required": is_flag,
    "listed": is_flag,
    "status": one_of("ok", "missing", "unreadable", "malformed", "empty"),
    "shape": TEXT,
    "updated_at": NUMBER,
    "mtime": NUMBER,
    "changed_at": NUMBER,
    "age_s": NUMBER,
    "ahead_s": NUMBER,
    "freshness": one_of("fresh", "late", "stale", "unknown"),
    "frozen_since": NUMBER,
    "cadence_s": NUMBER,
    "late_after_s": NUMBER,
    "stale_after_s": NUMBER,
    "error": TEXT,
    "severity": one_of("fail", "warn", "info", ""),
}
CHECK: dict[str, Rule] = {
    "name": is_text,
    "label": is_text,
    "status": one_of("ok", "warn", "fail", "not_comparable"),
    "left": is_dict,
    "right": is_dict,
    "residual": NUMBER,
    "tolerance": NUMBER,
    "skew_s": NUMBER,
    "detail": lambda value: value is None or isinstance(value, str),
}
TRANSITION: dict[str, Rule] = {
    "at": is_number,
    "kind": one_of("dd_state", "atr_regime", "router_quality", "position", "surface", "environment"),
    "subject": is_line,
    "before": maybe(is_line),
    "after": maybe(is_line),
    "text": is_line,
}
ALERT: dict[str, Rule] = {
    "severity": one_of("fail", "warn", "info"),
    "kind": is_text,
    "title": is_text,
    "text": is_text,
    "detail": lambda value: isinstance(value, str),
    "since": NUMBER,
    "files": lambda value: isinstance(value, list) and all(map(is_text, value)),
}
