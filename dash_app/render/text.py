"""The page's own words: titles, labels, defaults, and a sentence that stands in two places."""

from collections.abc import Mapping
from typing import Any

from dash_app.render.readings import MASK, is_number
from state.formatting import fmt_moment, fmt_usd

PAGE_TITLE = "Hedge — Portfolio Dashboard (v7)"

KPIS_HEADING = "v7 Risk KPIs"
OVERVIEW_HEADING = "Overview (v7)"
AUM_HEADING = "AUM Breakdown (USD)"
NAV_HEADING = "NAV"
POSITIONS_HEADING = "Open Positions"
CHANGES_HEADING = "What changed"
SYMBOLS_HEADING = "v7 Risk KPIs by symbol"

DRAWDOWN_STATE = "Drawdown State"
ATR_REGIME = "ATR Regime"
FEE_PNL = "Fee / PnL"
ROUTER_QUALITY = "Router Quality"
EXECUTOR = "Executor · risk mode"
PNL_TODAY = "PnL today"
WITH_TRANSFERS = "transfers are in the change of the NAV"
NAV_AND_AUM = "NAV & AUM"
DD_AND_ATR = "DD / ATR"
ROUTER_FILL = "Router Fill / Fallback"

DEFAULT_DD_STATE = "normal"
DEFAULT_ATR_REGIME = "unknown"
DEFAULT_ROUTER_QUALITY = "unknown"
DEFAULT_MODE = "unknown"
DEFAULT_ENVIRONMENT = "ENV ?"
DEFAULT_SOURCE = "none"

ALL_DESKS = "All desks"
GROSS = "Gross exposure"
NET = "Net exposure"
KINDS = {"live": "live", "unknown": "environment unknown", "paper": "paper", "testnet": "testnet"}

ALL_QUIET = "All quiet"
NOTHING_LOADED = "No state loaded"
NO_POSITIONS = "No open positions"
POSITIONS_UNKNOWN = "Positions unknown"
NO_SYMBOLS = "No symbols in the state"
SYMBOLS_UNKNOWN = "Symbols unknown"
NOTHING_CHANGED = "Nothing has changed yet"
CHANGES_UNKNOWN = "Changes unknown"
NO_SLICES = "No AUM known"
NO_ORDERS = "no orders"
NO_ORDERS_KNOWN = "no order tells"
WITHOUT_EVIDENCE = "ok"  # the class that the writers give a symbol without an order
NO_PRICE = "no price"
AT_COST = "at cost"

BASIS = {"orders": "over orders", "symbols": "mean over symbols"}

PLURALS = {"Anomaly": "anomalies"}  # of titles of alerts

NAV_MARKS = {"opened": "+", "closed": "×", "flipped": "⇄"}
CHECK_MARKS = {"ok": "✓", "warn": "!", "fail": "✗", "not_comparable": "–"}
CHECK_WORDS = {"ok": "agrees", "warn": "differs a little", "fail": "disagrees", "not_comparable": "not comparable"}


def history_above_peak(nav: Mapping[str, Any]) -> str | None:
    """That the history was higher than the peak the writer goes by; None where it was not."""
    high_usd, at = nav.get("history_high_usd"), nav.get("history_high_at")
    if at is None or not is_number(at) or not (is_number(high_usd) or high_usd == MASK):
        return None
    peak = _fmt(nav.get("peak_usd"))
    return f"history was higher: {_fmt(high_usd)} at {fmt_when(nav, at)}, above the writer's peak of {peak}"


def fmt_when(nav: Mapping[str, Any], at: float) -> str:
    """A moment of the NAV block, with its day where that is not the day of the load."""
    return fmt_moment(at, _now(nav))


def _now(nav: Mapping[str, Any]) -> float:
    """When the state was loaded; where that is not known, no day is today."""
    updated_at, age_s = nav.get("updated_at"), nav.get("age_s")
    known = is_number(updated_at) and is_number(age_s)
    return float(updated_at or 0.0) + float(age_s or 0.0) if known else 0.0


def _fmt(amount: Any) -> str:
    return MASK if amount == MASK else fmt_usd(amount if is_number(amount) else None)


def fmt_span(seconds: float) -> str:
    """A length of time in one unit: `40 min`, `3 h`, `7 d`."""
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{seconds / 3600:.1f}".removesuffix(".0") + " h" if minutes < 60 * 48 else f"{round(seconds / 86400)} d"


def cut(words: str, longest: int) -> str:
    """The beginning of long words, to the last whole one that there is room for."""
    if len(words) <= longest:
        return words
    return f"{words[:longest].rsplit(' ', 1)[0].rstrip(' .,;:·(')} …"
