"""The four big risk figures."""

import dash_bootstrap_components as dbc
from dash import html

from dash_app.render.components import Child, card, field, line, span
from dash_app.render.freshness import ages
from dash_app.render.readings import State, mapping_at, number_at, text_at, value_at
from dash_app.render.rollups import name_some, others, roll_up, symbols_by
from dash_app.render.text import (
    ATR_REGIME,
    DEFAULT_ATR_REGIME,
    DEFAULT_DD_STATE,
    DEFAULT_ROUTER_QUALITY,
    DRAWDOWN_STATE,
    FEE_PNL,
    ROUTER_QUALITY,
    history_above_peak,
)
from dash_app.render.theme import tone_of
from state.formatting import fmt_number, fmt_pct, fmt_signed, fmt_usd

CALM_STATES = ("normal", "unknown", "")
LOUD_REGIMES = ("panic", "hot")
BAD_QUALITIES = ("broken", "degraded")


def render_kpis(state: State) -> list[dbc.Card]:
    """Drawdown state, ATR regime, fee / PnL and router quality."""
    return [_drawdown(state), _atr(state), _fees(state), _router(state)]


def _word(state: State, path: str, default: str) -> html.Div:
    return html.Div(field(state, path, default=default, class_name=tone_of(text_at(state, path))), className="big")


def _drawdown(state: State) -> dbc.Card:
    drawdown = field(state, "kpis.risk.drawdown_pct", fmt_pct)
    peak = field(state, "nav.peak_usd", fmt_usd)
    return card(
        [DRAWDOWN_STATE, *ages(state, "drawdown")],
        _word(state, "kpis.risk.dd_state", DEFAULT_DD_STATE),
        line(drawdown, " below peak ", peak),
        *_history_above(state),
        *_symbols_in_drawdown(state),
    )


def _history_above(state: State) -> list[html.Div]:
    """The chart says so in the same words."""
    words = history_above_peak(mapping_at(state, "nav"))
    return [line(words, class_name="caption warn")] if words else []


def _atr(state: State) -> dbc.Card:
    groups = symbols_by(state, "atr_regime")
    return card(
        [ATR_REGIME, *ages(state, "atr")],
        _word(state, "kpis.risk.atr_regime", DEFAULT_ATR_REGIME),
        # Symbols in panic and hot ones, since the portfolio's median hides them.
        line("ratio ", field(state, "kpis.risk.atr_ratio", fmt_number), *others(groups, LOUD_REGIMES)),
        *roll_up(state, groups, LOUD_REGIMES),
    )


def _symbols_in_drawdown(state: State) -> list[html.Div]:
    """Symbols with a drawdown state of their own, the most frequent word first."""
    groups = symbols_by(state, "dd_state")
    loud = sorted((word for word in groups if word not in CALM_STATES), key=lambda word: -len(groups[word]))
    return roll_up(state, groups, loud)


def _fees(state: State) -> dbc.Card:
    fees = field(state, "kpis.risk.fees_usd", fmt_usd)
    pnl = field(state, "kpis.risk.realized_pnl_usd", fmt_signed)
    return card(
        [span([FEE_PNL, *_window(state)]), *ages(state, "fees")],
        html.Div(field(state, "kpis.risk.fee_pnl_ratio", fmt_number), className="big"),
        line("fees ", fees, " · PnL ", pnl, " USD"),
    )


def _window(state: State) -> list[Child]:
    if number_at(state, "kpis.risk.fee_pnl_window_days") is None:
        return []
    return [" (", field(state, "kpis.risk.fee_pnl_window_days", lambda days: fmt_number(days, 0)), "d)"]


def _router(state: State) -> dbc.Card:
    return card(
        [ROUTER_QUALITY, *ages(state, "router")],
        _word(state, "router.quality", DEFAULT_ROUTER_QUALITY),
        *_quality_counts(state),
    )


def _quality_counts(state: State) -> list[html.Div]:
    """`1 of 8 degraded: WIFUSDT`, and the other classes in a line of their own."""
    classes = mapping_at(state, "router.quality_counts")
    counts = {word: number_at(state, f"router.quality_counts.{word}") for word in classes}
    known = {word: count for word, count in counts.items() if count}
    worst = next((word for word in BAD_QUALITIES if word in known), next(iter(known), "") if len(known) == 1 else "")
    share = f" of {sum(known.values()):.0f} {worst}"
    first = [_class_count(state, worst, share), *(_worst(state) if worst in BAD_QUALITIES else [])] if worst else []
    parts = [part for word in known if word != worst for part in (" · ", _class_count(state, word, f" {word}"))]
    lines = [line(*words, class_name="caption roll-up") for words in (first, parts[1:]) if words]
    return lines or [line(field(state, "router.quality_counts", fmt_number))]


def _class_count(state: State, word: str, words: str) -> html.Span:
    count = field(state, f"router.quality_counts.{word}", lambda value: fmt_number(value, 0))
    return span([count, words], tone_of(word))


def _worst(state: State) -> list[Child]:
    value = value_at(state, "router.worst")
    symbols = [symbol for symbol in value if isinstance(symbol, str)] if isinstance(value, list) else []
    return (
        [": ", span(name_some(symbols), **{"data-field": "router.worst", "title": ", ".join(symbols)})]
        if symbols
        else []
    )
