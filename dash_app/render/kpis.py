"""The four big risk figures, with the worst of the symbols below each: how many of how many, and which."""

from collections.abc import Iterable

import dash_bootstrap_components as dbc
from dash import html

from dash_app.render import text
from dash_app.render.components import Child, card, field, line, span, word_field
from dash_app.render.freshness import ages
from dash_app.render.readings import StateDict, mapping_at, number_at, value_at
from dash_app.render.theme import tone_of
from state.formatting import fmt_number, fmt_pct, fmt_signed, fmt_usd

CALM_STATES = ("normal", "unknown", "")
LOUD_REGIMES = ("panic", "hot")
BAD_QUALITIES = ("broken", "degraded")
NAMED_SYMBOLS = 2

Groups = dict[str, list[str]]


def render_kpis(state: StateDict) -> list[dbc.Card]:
    """Drawdown state, ATR regime, fee / PnL and router quality."""
    return [_drawdown(state), _atr(state), _fees(state), _router(state)]


def _word(state: StateDict, path: str, default: str) -> html.Div:
    return html.Div(word_field(state, path, default), className="big text-truncate")


def _drawdown(state: StateDict) -> dbc.Card:
    drawdown = field(state, "kpis.risk.drawdown_pct", fmt_pct)
    peak = field(state, "nav.peak_usd", fmt_usd)
    return card(
        [text.DRAWDOWN_STATE, *ages(state, "drawdown")],
        _word(state, "kpis.risk.dd_state", text.DEFAULT_DD_STATE),
        line(drawdown, " below peak ", peak),
        *_history_above(state),
        *_symbols_in_drawdown(state),
    )


def _history_above(state: StateDict) -> list[html.Div]:
    """The chart says so in the same words."""
    words = text.history_above_peak(mapping_at(state, "nav"))
    return [line(words, class_name="caption warn")] if words else []


def _atr(state: StateDict) -> dbc.Card:
    groups = _symbols_by(state, "atr_regime")
    return card(
        [text.ATR_REGIME, *ages(state, "atr")],
        _word(state, "kpis.risk.atr_regime", text.DEFAULT_ATR_REGIME),
        # Symbols in panic and hot ones, since the portfolio's median hides them.
        line("ratio ", field(state, "kpis.risk.atr_ratio", fmt_number), *_others(groups, LOUD_REGIMES)),
        *_roll_up(state, groups, LOUD_REGIMES),
    )


def _symbols_in_drawdown(state: StateDict) -> list[html.Div]:
    """Symbols with a drawdown state of their own, the most frequent word first."""
    groups = _symbols_by(state, "dd_state")
    loud = sorted((word for word in groups if word not in CALM_STATES), key=lambda word: -len(groups[word]))
    return _roll_up(state, groups, loud)


def _fees(state: StateDict) -> dbc.Card:
    fees = field(state, "kpis.risk.fees_usd", fmt_usd)
    pnl = field(state, "kpis.risk.realized_pnl_usd", fmt_signed)
    return card(
        [span([text.FEE_PNL, *_window(state)]), *ages(state, "fees")],
        html.Div(field(state, "kpis.risk.fee_pnl_ratio", fmt_number), className="big text-truncate"),
        line("fees ", fees, " · PnL ", pnl, " USD"),
    )


def _window(state: StateDict) -> list[Child]:
    if number_at(state, "kpis.risk.fee_pnl_window_days") is None:
        return []
    return [" (", field(state, "kpis.risk.fee_pnl_window_days", lambda days: fmt_number(days, 0)), "d)"]


def _router(state: StateDict) -> dbc.Card:
    return card(
        [text.ROUTER_QUALITY, *ages(state, "router")],
        _word(state, "router.quality", text.DEFAULT_ROUTER_QUALITY),
        *_quality_counts(state),
    )


def _quality_counts(state: StateDict) -> list[html.Div]:
    """`1 of 8 degraded: WIFUSDT`, and the other classes in a line of their own."""
    classes = mapping_at(state, "router.quality_counts")
    counts = {word: number_at(state, f"router.quality_counts.{word}") for word in classes}
    known = {word: count for word, count in counts.items() if count}
    worst = next((word for word in BAD_QUALITIES if word in known), next(iter(known), "") if len(known) == 1 else "")
    share = f" of {sum(known.values()):.0f} {worst}"
    first = [_class_count(state, worst, share), *(_worst(state) if worst in BAD_QUALITIES else [])] if worst else []
    parts = [part for word in known if word != worst for part in (" · ", _class_count(state, word, f" {word}"))]
    lines = [line(*words, class_name="caption text-truncate") for words in (first, parts[1:]) if words]
    return lines or [line(field(state, "router.quality_counts", fmt_number))]


def _class_count(state: StateDict, word: str, words: str) -> html.Span:
    count = field(state, f"router.quality_counts.{word}", lambda value: fmt_number(value, 0))
    return span([count, words], tone_of(word))


def _worst(state: StateDict) -> list[Child]:
    value = value_at(state, "router.worst")
    symbols = [symbol for symbol in value if isinstance(symbol, str)] if isinstance(value, list) else []
    named = span(_name_some(symbols), **{"data-field": "router.worst", "title": ", ".join(symbols)})
    return [": ", named] if symbols else []


# --- roll-ups over symbols ---


def _symbols_by(state: StateDict, key: str) -> Groups:
    """The symbols of each word, `{"panic": ["DOGEUSDT"]}`; what has no word has an empty one."""
    groups: Groups = {}
    for symbol, row in mapping_at(state, "kpis.symbols").items():
        word = row.get(key) if isinstance(row, dict) else None
        groups.setdefault(word.lower() if isinstance(word, str) else "", []).append(symbol)
    return groups


def _roll_up(state: StateDict, groups: Groups, loud: Iterable[str]) -> list[html.Div]:
    """`1 of 8 panic: DOGEUSDT`: the first of the loud words that is there, with its share and its names."""
    worst = next((word for word in loud if groups.get(word)), None)
    if worst is None:
        return []
    share = f"{len(groups[worst])} of {len(mapping_at(state, 'kpis.symbols'))} {worst}"
    names = span(_name_some(groups[worst]), title=", ".join(groups[worst]))
    return [line(span(share, tone_of(worst)), ": ", names, class_name="caption text-truncate")]


def _others(groups: Groups, loud: Iterable[str]) -> list[Child]:
    """` · 1 hot`: the loud words after the first that is there."""
    found = [word for word in loud if groups.get(word)][1:]
    return [part for word in found for part in (" · ", span(f"{len(groups[word])} {word}", tone_of(word)))]


def _name_some(symbols: list[str]) -> str:
    """The first two names and how many more there are."""
    rest = len(symbols) - NAMED_SYMBOLS
    return ", ".join(symbols[:NAMED_SYMBOLS]) + (f" +{rest}" if rest > 0 else "")
