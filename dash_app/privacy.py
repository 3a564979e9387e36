"""The state as one tab may have it: `?kiosk=1`, and `?privacy=1` without its amounts.

What is masked is built anew from what is known to be harmless, so that a field that is added to the state one day stays
away from the browser until somebody has thought about it.
"""

from typing import Any

from dash_app.address import View
from dash_app.render.readings import MASK, StateDict, is_number, is_overview, mapping_at, number_at, rows_at, value_at
from state.sentences import is_amount, join

NAV_AMOUNTS = (
    "nav_usd", "nav_zar", "fx_usd_zar", "peak_usd", "drawdown_abs_usd", "gross_exposure_usd", "net_exposure_usd",
    "realized_pnl_today_usd", "unrealized_pnl_usd", "history_high_usd", "change_24h_usd", "change_7d_usd",
)  # fmt: skip
NAV_KEPT = (
    "fx_updated_at", "age_s", "updated_at", "source", "source_note", "dd_state", "atr_regime", "drawdown_pct",
    "is_lower_bound", "unpriced", "gaps", "gaps_7d", "history_high_at", "history_leap_at",
    "history_zeros_since", "change_24h_pct", "change_7d_pct",
)  # fmt: skip
EXCHANGE_KEPT = ("source", "fresh", "confirmed_at", "confirmed_age_s", "frozen")
RISK_AMOUNTS = ("fees_usd", "realized_pnl_usd")
RISK_KEPT = (
    "dd_state", "atr_regime", "atr_ratio", "fee_pnl_ratio", "fee_pnl_window_days", "drawdown_pct", "drawdown_usable",
    "mode", "mode_score", "circuit_breaker", "circuit_breaker_limit_pct", "positions_registered",
    "exits_registered", "exits_mismatch",
)  # fmt: skip
SYMBOL_KEPT = ("symbol", "dd_state", "dd_today_pct", "atr_ratio", "atr_regime", "router_quality")
SYMBOL_RATIOS = ("maker_fill_rate", "fallback_ratio", "slip_q50_bps")
PNL_AMOUNTS = ("today_usd", "window_usd")
MARK_KEPT = ("at", "kind", "symbol", "side")
POSITION_AMOUNTS = (
    "qty", "notional", "pnl", "notional_fmt", "pnl_fmt", "entry_price", "mark_price", "liquidation_price", "stop_price",
    "funding_usd",
)  # fmt: skip
POSITION_KEPT = (
    "symbol", "side", "leverage", "price_source", "dd_state", "dd_today_pct", "atr_ratio", "atr_regime", "pnl_pct",
    "stop_pct", "has_stop",
)  # fmt: skip
ROUTER_RATIOS = ("maker_fill_rate", "fallback_ratio", "slip_q25_bps", "slip_q50_bps", "slip_q75_bps")
ROUTER_KEPT = ("quality", *ROUTER_RATIOS, "basis", "orders", "quality_counts", "worst")
META_KEPT = (
    "loaded_at", "data_age_s", "environment", "testnet", "version", "worst_first", "history", "positions_as_of",
    "desk", "desks", "skew_s",
)  # fmt: skip
DESK_AMOUNTS = ("nav_usd", "gross_usd", "net_usd", "pnl_today_usd")
DESK_KEPT = (
    "name", "kind", "environment", "testnet", "severity", "alert_count", "change_24h_pct", "drawdown_pct", "dd_state",
    "nav_is_lower_bound", "frozen", "kept", "stops", "positions", "confirmed_at", "gaps", "beat", "beat_seen_at",
    "skew_s",
)  # fmt: skip
OVERVIEW_KEPT = (
    "loaded_at", "version", "worst_first", "count", "quiet", "expected", "ignored", "asked", "unknown", "stale",
    "checks",
)  # fmt: skip
COUNTED_CHECKS = ("drawdown", "rows", "router", "environment", "nav_live")  # percent, counts and times


def show_as(state: StateDict, view: View) -> StateDict:
    """The state as this tab may have it; the one given is shared and stays as it is."""
    if view.kiosk:
        state = {**state, "meta": {**state["meta"], "worst_first": True}}
    if not view.private:
        return state
    # The digest of one section could tell which of a few amounts is in it; that of the whole state cannot.
    sections = dict.fromkeys(state["meta"]["sections"], state["meta"]["version"])
    masked = mask_state(state)
    return {**masked, "meta": {**masked["meta"], "sections": sections}}


def mask_state(state: StateDict) -> StateDict:
    """The state with every amount replaced by the same few dots; words, times, percentages and ratios stay."""
    if is_overview(state):
        return _overview(state)
    return {
        "nav": _nav(state),
        "aum": _aum(state),
        "kpis": {"risk": _risk(mapping_at(state, "kpis.risk")), "pnl": _pnl(state), "symbols": _symbols(state)},
        "positions": _positions(state),
        "router": _kept(mapping_at(state, "router"), ROUTER_KEPT),
        "transitions": [_transition(row) for row in rows_at(state, "transitions")],
        "meta": _meta(state),
    }


def mask_parts(parts: Any) -> str:
    """A sentence of the state, joined with its amounts masked; a part of any other form says nothing."""
    listed = parts if isinstance(parts, list) else []
    return join((part for part in listed if isinstance(part, str) or is_amount(part)), MASK)


def _kept(block: StateDict, names: tuple[str, ...]) -> StateDict:
    return {name: block[name] for name in names if name in block}


def _masked(block: StateDict, names: tuple[str, ...]) -> StateDict:
    """What is unknown stays unknown; the mask says no more than that there is a value."""
    known = {name: block[name] for name in names if name in block}
    return {name: None if value is None or value == "n/a" else MASK for name, value in known.items()}


def _nav(state: StateDict) -> StateDict:
    nav = mapping_at(state, "nav")
    if not nav:
        return {}
    return {
        **_kept(nav, NAV_KEPT),
        **_masked(nav, NAV_AMOUNTS),
        "exchange": _kept(mapping_at(nav, "exchange"), EXCHANGE_KEPT),
        "marks": [_kept(row, MARK_KEPT) for row in rows_at(nav, "marks")],
        **{name: _index(nav.get(name)) for name in ("series", "series_7d") if name in nav},
    }


def _index(series: Any) -> list[list[float]]:
    """A series as an index that begins at 100."""
    points = [point for point in series if is_number(point[1])] if isinstance(series, list) else []
    # By its size, so that a debt does not turn the line upside down.
    first = abs(points[0][1]) if points else None
    return [[at, round(100 * value / first, 3)] for at, value in points] if first else []


def _aum(state: StateDict) -> StateDict:
    aum, total = mapping_at(state, "aum"), number_at(state, "aum.total_usd")
    slices = [_slice(row, total) for row in rows_at(state, "aum.slices")]
    kept = _kept(aum, ("total_usd_is_lower_bound", "unpriced"))
    return {**kept, **_masked(aum, ("total_usd", "total_zar")), "slices": slices}


def _slice(row: dict[str, Any], total: float | None) -> dict[str, Any]:
    """Its share is in percent, as coarse as it is printed."""
    usd = number_at(row, "usd")
    share = round(100 * usd / total, 1) if usd is not None and total else None
    return {**_kept(row, ("label", "price_basis")), **_masked(row, ("usd", "zar")), "share_pct": share}


def _risk(risk: StateDict) -> StateDict:
    vetoes = [{**_kept(row, ("count",)), "reason": _words_of(row.get("reason"))} for row in rows_at(risk, "vetoes")]
    said: StateDict = {"vetoes": vetoes} if vetoes else {}
    if "anomalies" in risk:
        said["anomalies"] = [_words_of(words) for words in risk["anomalies"] or []]
    if "mode_reason" in risk:
        said["mode_reason"] = _words_of(risk["mode_reason"])
    return {**_kept(risk, RISK_KEPT), **_masked(risk, RISK_AMOUNTS), **said}


def _words_of(words: Any) -> str | None:
    """A writer's own words; those with figures in them may be an amount."""
    return MASK if any(map(str.isdigit, str(words))) else words


def _pnl(state: StateDict) -> StateDict:
    pnl = mapping_at(state, "kpis.pnl")
    return {**_kept(pnl, ("window_days",)), **_masked(pnl, PNL_AMOUNTS)}


def _symbols(state: StateDict) -> StateDict:
    symbols = mapping_at(state, "kpis.symbols")
    return {name: _kept(row, SYMBOL_KEPT + SYMBOL_RATIOS) for name, row in symbols.items() if isinstance(row, dict)}


def _positions(state: StateDict) -> list[StateDict]:
    rows = rows_at(state, "positions")
    return [{**_kept(row, POSITION_KEPT), **_masked(row, POSITION_AMOUNTS)} for row in rows]


def _transition(row: StateDict) -> StateDict:
    """The sentence about a position has its size; what it was and what it is says enough."""
    kept = _kept(row, ("at", "kind", "subject", "before", "after", "text"))
    if row.get("kind") == "position":
        words = [str(row.get(name) or "flat") for name in ("before", "after")]
        kept["text"] = f"{row.get('subject')}: {words[0]} → {words[1]}"
    return kept


def _meta(state: StateDict) -> StateDict:
    meta, book = mapping_at(state, "meta"), mapping_at(state, "meta.last_book")
    return {
        **_kept(meta, META_KEPT),
        "private": True,
        "surfaces": rows_at(state, "meta.surfaces"),
        # Reasons are words by construction: what carries amounts is made of parts.
        "unknown": mapping_at(state, "meta.unknown"),
        "stale": mapping_at(state, "meta.stale"),
        "checks": [_check(row) for row in rows_at(state, "meta.checks")],
        "alerts": [_alert(row) for row in rows_at(state, "meta.alerts")],
        "last_book": {**_kept(book, ("at", "count")), **_masked(book, ("gross_usd",))} if book else None,
    }


def _check(row: StateDict) -> StateDict:
    kept = _kept(row, ("name", "label", "status", "skew_s")) | _sentence(row, "detail")
    if row.get("name") in COUNTED_CHECKS:
        return {**kept, **_kept(row, ("left", "right", "residual", "tolerance"))}
    sides = {side: {"label": value_at(row, f"{side}.label"), "value": MASK} for side in ("left", "right")}
    return {**kept, **sides, "residual": MASK, "tolerance": MASK}


def _alert(row: StateDict) -> StateDict:
    return {**_kept(row, ("kind", "severity", "title", "since")), **_sentence(row, "text")}


def _sentence(row: StateDict, name: str) -> StateDict:
    """A sentence and its parts, which are words now."""
    words = mask_parts(row.get("parts"))
    return {name: words, "parts": [words]}


# --- several desks ---


def _overview(state: StateDict) -> StateDict:
    alerts = [{**_alert(row), **_kept(row, ("desk",))} for row in rows_at(state, "alerts")]
    return {
        "desks": [_desk(row) for row in rows_at(state, "desks")],
        "totals": [_total(row) for row in rows_at(state, "totals")],
        "alerts": alerts,
        "meta": {**_kept(mapping_at(state, "meta"), OVERVIEW_KEPT), "private": True},
    }


def _desk(row: StateDict) -> StateDict:
    alerts = [_alert(item) for item in rows_at(row, "alerts")]
    return {
        **_kept(row, DESK_KEPT),
        **_masked(row, DESK_AMOUNTS),
        "alerts": alerts,
        "series": _index(row.get("series")),
    }


def _total(row: StateDict) -> StateDict:
    sums = {name: _sum(part) for name, part in row.items() if isinstance(part, dict)}
    return {**_kept(row, ("kind", "desks")), **sums}


def _sum(part: StateDict) -> StateDict:
    return {**_kept(part, ("counted", "out", "lacking", "is_lower_bound")), **_masked(part, ("usd",))}
