"""The four big risk figures."""

import dash_bootstrap_components as dbc
from dash import html

from dash_app.components import Child, card, field, line, span
from dash_app.readings import State, mapping_at, number_at, text_at, value_at
from dash_app.text import (
    ATR_REGIME,
    DEFAULT_ATR_REGIME,
    DEFAULT_DD_STATE,
    DEFAULT_ROUTER_QUALITY,
    DRAWDOWN_STATE,
    FEE_PNL,
    ROUTER_QUALITY,
)
from dash_app.theme import tone_of
from state.formatting import fmt_number, fmt_pct, fmt_signed, fmt_usd

NAMED_SYMBOLS = 2
LOUD_REGIMES = ("panic", "hot")


def render_kpis(state: State) -> list[dbc.Card]:
    """Drawdown state, ATR regime, fee / PnL and router quality."""
    return [_drawdown(state), _atr(state), _fees(state), _router(state)]


def _word(state: State, path: str, default: str) -> html.Div:
    return html.Div(field(state, path, default=default, class_name=tone_of(text_at(state, path))), className="big")


def _drawdown(state: State) -> dbc.Card:
    drawdown = field(state, "kpis.risk.drawdown_pct", fmt_pct)
    peak = field(state, "nav.peak_usd", fmt_usd)
    return card(
        DRAWDOWN_STATE,
        _word(state, "kpis.risk.dd_state", DEFAULT_DD_STATE),
        line(drawdown, " below peak ", peak),
    )


def _atr(state: State) -> dbc.Card:
    return card(
        ATR_REGIME,
        _word(state, "kpis.risk.atr_regime", DEFAULT_ATR_REGIME),
        line("ratio ", field(state, "kpis.risk.atr_ratio", fmt_number), *_loud_symbols(state)),
    )


def _loud_symbols(state: State) -> list[Child]:
    """How many symbols are in panic and how many are hot, since the portfolio's median hides them."""
    symbols = mapping_at(state, "kpis.symbols").values()
    regimes = [row.get("atr_regime") for row in symbols if isinstance(row, dict)]
    counts = [(regime, regimes.count(regime)) for regime in LOUD_REGIMES]
    return [part for regime, count in counts if count for part in (" · ", span(f"{count} {regime}", tone_of(regime)))]


def _fees(state: State) -> dbc.Card:
    fees = field(state, "kpis.risk.fees_usd", fmt_usd)
    pnl = field(state, "kpis.risk.realized_pnl_usd", fmt_signed)
    return card(
        [FEE_PNL, *_window(state)],
        html.Div(field(state, "kpis.risk.fee_pnl_ratio", fmt_number), className="big"),
        line("fees ", fees, " · PnL ", pnl, " USD"),
    )


def _window(state: State) -> list[Child]:
    if number_at(state, "kpis.risk.fee_pnl_window_days") is None:
        return []
    return [" (", field(state, "kpis.risk.fee_pnl_window_days", lambda days: fmt_number(days, 0)), "d)"]


def _router(state: State) -> dbc.Card:
    return card(
        ROUTER_QUALITY,
        _word(state, "router.quality", DEFAULT_ROUTER_QUALITY),
        line(*_quality_counts(state), *_worst(state)),
    )


def _quality_counts(state: State) -> list[Child]:
    counts = mapping_at(state, "router.quality_counts")
    shown = [word for word in counts if value_at(state, f"router.quality_counts.{word}")]
    parts: list[Child] = []
    for word in shown:
        count = field(state, f"router.quality_counts.{word}", lambda value: fmt_number(value, 0))
        parts += [" · ", span([count, f" {word}"], tone_of(word))]
    return parts[1:] or [field(state, "router.quality_counts", fmt_number)]


def _worst(state: State) -> list[Child]:
    value = value_at(state, "router.worst")
    symbols = [symbol for symbol in value if isinstance(symbol, str)] if isinstance(value, list) else []
    if not symbols:
        return []
    rest = len(symbols) - NAMED_SYMBOLS
    words = ", ".join(symbols[:NAMED_SYMBOLS]) + (f" +{rest}" if rest > 0 else "")
    return [": ", span(words, **{"data-field": "router.worst", "title": ", ".join(symbols)})]
