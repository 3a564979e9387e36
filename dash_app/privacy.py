"""`?privacy=1`: the state without its amounts.

Built anew from what is known to be harmless, so that a field that is added to the state one day stays away from the
browser until somebody has thought about it.
"""

import re
from typing import Any

from dash_app.render.readings import MASK, State, is_number, mapping_at, number_at, rows_at, value_at

Json = dict[str, Any]

NAV_AMOUNTS = (
    "nav_usd",
    "nav_zar",
    "fx_usd_zar",
    "peak_usd",
    "drawdown_abs_usd",
    "gross_exposure_usd",
    "net_exposure_usd",
    "realized_pnl_today_usd",
    "unrealized_pnl_usd",
)
NAV_KEPT = ("fx_updated_at", "age_s", "updated_at", "source", "dd_state", "atr_regime", "drawdown_pct")
EXCHANGE_KEPT = ("source", "fresh", "confirmed_at", "confirmed_age_s", "frozen")
RISK_AMOUNTS = ("fees_usd", "realized_pnl_usd")
RISK_KEPT = ("dd_state", "atr_regime", "atr_ratio", "fee_pnl_ratio", "fee_pnl_window_days", "drawdown_pct")
SYMBOL_KEPT = ("symbol", "dd_state", "dd_today_pct", "atr_ratio", "atr_regime", "router_quality")
SYMBOL_RATIOS = ("maker_fill_rate", "fallback_ratio", "slip_q50_bps")
POSITION_AMOUNTS = ("qty", "notional", "pnl", "notional_fmt", "pnl_fmt", "entry_price", "mark_price")
POSITION_KEPT = ("symbol", "side", "leverage", "price_source", "dd_state", "dd_today_pct", "atr_ratio", "atr_regime")
ROUTER_RATIOS = ("maker_fill_rate", "fallback_ratio", "slip_q25_bps", "slip_q50_bps", "slip_q75_bps")
ROUTER_KEPT = ("quality", *ROUTER_RATIOS, "basis", "orders", "quality_counts", "worst")
META_KEPT = ("loaded_at", "data_age_s", "environment", "testnet", "version", "worst_first")
COUNTED_CHECKS = ("drawdown", "rows", "router", "environment", "nav_live")  # percent, counts and times

# A number with decimals, separators or many digits; what belongs to a time, a name, a percentage or an age stays.
AMOUNT = re.compile(
    r"(?<![\w:.,/-])[+-]?(?:\d[\d,]*\.\d+|\d{1,3}(?:,\d{3})+|\d{4,})(?:[eE][+-]?\d+)?(?![\w:/-]|[.,]\d|\s?%|\s[smhd]\b)"
)
ANY_NUMBER = re.compile(r"(?<![\w:.,/-])[+-]?\d[\d,.]*(?:[eE][+-]?\d+)?(?![\w:/-])")


def mask_state(state: State) -> State:
    """The state with every amount replaced by the same few dots; words, times, percentages and ratios stay."""
    return {
        "nav": _nav(state),
        "aum": _aum(state),
        "kpis": {"risk": _risk(mapping_at(state, "kpis.risk")), "symbols": _symbols(state)},
        "positions": _positions(state),
        "router": _kept(mapping_at(state, "router"), ROUTER_KEPT),
        "transitions": [_transition(row) for row in rows_at(state, "transitions")],
        "meta": _meta(state),
    }


def mask_text(text: Any) -> Any:
    """A sentence without its amounts."""
    return AMOUNT.sub(MASK, text) if isinstance(text, str) else None


def _kept(block: Json, names: tuple[str, ...]) -> Json:
    return {name: block[name] for name in names if name in block}


def _masked(block: Json, names: tuple[str, ...]) -> Json:
    """What is unknown stays unknown; the mask says no more than that there is a value."""
    known = {name: block[name] for name in names if name in block}
    return {name: None if value is None or value == "n/a" else MASK for name, value in known.items()}


def _nav(state: State) -> Json:
    nav = mapping_at(state, "nav")
    if not nav:
        return {}
    exchange = _kept(mapping_at(nav, "exchange"), EXCHANGE_KEPT)
    return {**_kept(nav, NAV_KEPT), **_masked(nav, NAV_AMOUNTS), "exchange": exchange, "series": _index(nav)}


def _index(nav: Json) -> list[list[float]]:
    """The series as an index that begins at 100."""
    series = nav.get("series")
    points = [point for point in series if is_number(point[1])] if isinstance(series, list) else []
    first = points[0][1] if points else None
    return [[at, round(100 * value / first, 3)] for at, value in points] if first else []


def _aum(state: State) -> Json:
    aum, total = mapping_at(state, "aum"), number_at(state, "aum.total_usd")
    slices = [_slice(row, total) for row in rows_at(state, "aum.slices")]
    kept = _kept(aum, ("total_usd_is_lower_bound", "unpriced"))
    return {**kept, **_masked(aum, ("total_usd", "total_zar")), "slices": slices}


def _slice(row: Json, total: float | None) -> Json:
    return {
        **_kept(row, ("label", "price_basis")),
        **_masked(row, ("usd", "zar")),
        "share_pct": _share(row, "usd", total),
    }


def _share(row: Json, name: str, total: float | None) -> float | None:
    """The part of a whole in percent, as coarse as it is printed."""
    value = number_at(row, name)
    return round(100 * value / total, 1) if value is not None and total else None


def _risk(risk: Json) -> Json:
    return {**_kept(risk, RISK_KEPT), **_masked(risk, RISK_AMOUNTS)}


def _symbols(state: State) -> Json:
    symbols = mapping_at(state, "kpis.symbols")
    return {name: _kept(row, SYMBOL_KEPT + SYMBOL_RATIOS) for name, row in symbols.items() if isinstance(row, dict)}


def _positions(state: State) -> list[Json]:
    rows = rows_at(state, "positions")
    gross = sum(row["notional"] for row in rows if is_number(row.get("notional")))
    return [
        {
            **_kept(row, POSITION_KEPT),
            **_masked(row, POSITION_AMOUNTS),
            "share_pct": _share(row, "notional", gross),
        }
        for row in rows
    ]


def _transition(row: Json) -> Json:
    """Sentences about positions have sizes of any length in them."""
    pattern = ANY_NUMBER if row.get("kind") == "position" else AMOUNT
    words = {name: row.get(name) for name in ("before", "after", "text")}
    masked = {name: pattern.sub(MASK, word) if isinstance(word, str) else None for name, word in words.items()}
    return {**_kept(row, ("at", "kind", "subject")), **masked}


def _meta(state: State) -> Json:
    meta, book = mapping_at(state, "meta"), mapping_at(state, "meta.last_book")
    return {
        **_kept(meta, META_KEPT),
        "private": True,
        "surfaces": [{**row, "error": mask_text(row.get("error"))} for row in rows_at(state, "meta.surfaces")],
        "unknown": {path: mask_text(reason) for path, reason in mapping_at(state, "meta.unknown").items()},
        "checks": [_check(row) for row in rows_at(state, "meta.checks")],
        "alerts": [_alert(row) for row in rows_at(state, "meta.alerts")],
        "last_book": {**_kept(book, ("at", "count")), **_masked(book, ("gross_usd",))} if book else None,
    }


def _check(row: Json) -> Json:
    kept = _kept(row, ("name", "label", "status", "skew_s"))
    if row.get("name") in COUNTED_CHECKS:
        return {**kept, **_kept(row, ("left", "right", "residual", "tolerance", "detail"))}
    sides = {side: {"label": value_at(row, f"{side}.label"), "value": MASK} for side in ("left", "right")}
    return {**kept, **sides, "residual": MASK, "tolerance": MASK, "detail": mask_text(row.get("detail"))}


def _alert(row: Json) -> Json:
    words = {name: mask_text(row.get(name)) for name in ("title", "text")}
    return {**_kept(row, ("severity", "since")), **words}
