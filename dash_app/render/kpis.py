"""The four big risk figures, with the worst of the symbols below each: how many of how many, and which."""

from collections.abc import Iterable

import dash_bootstrap_components as dbc

from dash_app.render import html, text
from dash_app.render.components import Child, big_word, card, field, line, sign, span, told, worst_tone
from dash_app.render.executor import render_executor
from dash_app.render.freshness import ages
from dash_app.render.readings import StateDict, mapping_at, number_at, reason_at, stale_at, text_at, value_at
from dash_app.render.theme import tone_of, tone_of_amount, tone_of_symbol
from state.formatting import fmt_number, fmt_pct, fmt_signed, fmt_usd

CALM_STATES = ("normal", "unknown", "")
LOUD_REGIMES = ("panic", "hot")
BAD_QUALITIES = ("broken", "degraded")
NAMED_SYMBOLS = 2

Groups = dict[str, list[str]]


def render_kpis(state: StateDict) -> list[dbc.Card]:
    """Drawdown state, ATR regime, fee / PnL and router quality; the executor's word where there is one."""
    return [_drawdown(state), _atr(state), _fees(state), _router(state), *render_executor(state)]


def _drawdown(state: StateDict) -> dbc.Card:
    drawdown = field(state, "kpis.risk.drawdown_pct", fmt_pct)
    peak = field(state, "nav.peak_usd", fmt_usd)
    path, groups = "kpis.risk.dd_state", _symbols_by(state, "dd_state")
    # The most frequent word of symbols with a drawdown state of their own.
    loud = sorted((word for word in groups if word not in CALM_STATES), key=lambda word: -len(groups[word]))
    return card(
        [text.DRAWDOWN_STATE, *ages(state, "drawdown")],
        big_word(state, path, text.DEFAULT_DD_STATE),
        line(drawdown, " below peak now"),
        line("peak ", peak),
        *_history_above(state),
        *_roll_up(state, groups, loud),
        tone=worst_tone(_tone_at(state, path), _loudest(groups, loud)),
    )


def _tone_at(state: StateDict, path: str) -> str:
    """The tone of a word that is known and of now."""
    return "" if reason_at(state, path) or stale_at(state, path) else tone_of(text_at(state, path))


def _history_above(state: StateDict) -> list[html.Element]:
    """The chart says so in the same words."""
    words = text.history_above_peak(mapping_at(state, "nav"))
    return [line(words)] if words else []


def _atr(state: StateDict) -> dbc.Card:
    path, groups = "kpis.risk.atr_regime", _symbols_by(state, "atr_regime")
    measured = sum(len(symbols) for word, symbols in groups.items() if word not in ("", "unknown"))
    median = [f", median of {measured}"] if measured else []
    return card(
        [text.ATR_REGIME, *ages(state, "atr")],
        big_word(state, path, text.DEFAULT_ATR_REGIME),
        line("ratio ", field(state, "kpis.risk.atr_ratio", fmt_number, class_name="strong"), *median),
        # Symbols in panic and hot ones, since the portfolio's median hides them.
        *_roll_up(state, groups, LOUD_REGIMES),
        tone=worst_tone(_tone_at(state, path), _loudest(groups, LOUD_REGIMES)),
    )


def _fees(state: StateDict) -> dbc.Card:
    fees = field(state, "kpis.risk.fees_usd", fmt_usd, class_name="strong")
    tone = _ratio_tone(state)
    ratio = field(state, "kpis.risk.fee_pnl_ratio", fmt_number, class_name=tone)
    return card(
        [span([text.FEE_PNL, *_window(state)]), *ages(state, "fees")],
        html.Div([*sign(tone), ratio, *_loss_word(state)], className="big"),
        line("fees ", fees, " USD"),
        line(*_against(state)),
        tone=tone,
    )


def _ratio_tone(state: StateDict) -> str:
    """Fees that are more than the PnL they stand against."""
    ratio = number_at(state, "kpis.risk.fee_pnl_ratio")
    return "warn" if ratio is not None and ratio > 1 and not stale_at(state, "kpis.risk.fee_pnl_ratio") else ""


def _loss_word(state: StateDict) -> list[Child]:
    pnl = number_at(state, "kpis.risk.realized_pnl_usd")
    return [" ", span("loss", "loss big-aside")] if tone_of_amount(pnl) == "loss" else []


def _against(state: StateDict) -> list[Child]:
    """The PnL with its sign in a word too: a ratio has none."""
    path = "kpis.risk.realized_pnl_usd"
    tone = tone_of_amount(number_at(state, path))
    words = {"gain": "against a gain of ", "loss": "against a loss of "}.get(tone, "against a PnL of ")
    return [words, field(state, path, fmt_signed, class_name=tone), " USD"]


def _window(state: StateDict) -> list[Child]:
    if number_at(state, "kpis.risk.fee_pnl_window_days") is None:
        return []
    return [" (", field(state, "kpis.risk.fee_pnl_window_days", lambda days: fmt_number(days, 0)), "d)"]


def _router(state: StateDict) -> dbc.Card:
    path = "router.quality"
    words, worst = _quality_counts(state)
    return card(
        [text.ROUTER_QUALITY, *ages(state, "router")],
        big_word(state, path, text.DEFAULT_ROUTER_QUALITY),
        *words,
        tone=worst_tone(_tone_at(state, path), worst),
    )


def _quality_counts(state: StateDict) -> tuple[list[html.Element], str]:
    """`1 of 8 degraded: WIFUSDT`, the other classes in a line of their own, and the tone of the worst."""
    if number_at(state, "router.orders") == 0:
        # Every symbol that never traded has a class too; it is no evidence.
        return [line(text.NO_ORDERS)], ""
    classes = mapping_at(state, "router.quality_counts")
    counts = {word: number_at(state, f"router.quality_counts.{word}") for word in classes}
    known = {word: count for word, count in counts.items() if count}
    if known.keys() == {text.WITHOUT_EVIDENCE} and reason_at(state, "router.quality"):
        return [line(text.NO_ORDERS_KNOWN)], ""
    worst = next((word for word in BAD_QUALITIES if word in known), next(iter(known), "") if len(known) == 1 else "")
    share = f" of {sum(known.values()):.0f} {worst}"
    first = [*_class_count(state, worst, share), *(_worst(state) if worst in BAD_QUALITIES else [])] if worst else []
    parts = [part for word in known if word != worst for part in (" · ", *_class_count(state, word, f" {word}"))]
    lines = [line(*words) for words in (first, parts[1:]) if words]
    return lines or [line(field(state, "router.quality_counts", fmt_number))], tone_of(worst)


def _class_count(state: StateDict, word: str, words: str) -> list[Child]:
    count = field(state, f"router.quality_counts.{word}", lambda value: fmt_number(value, 0))
    tone = tone_of(word)
    return [*sign(tone), span([count, words], tone)]


def _worst(state: StateDict) -> list[Child]:
    value = value_at(state, "router.worst")
    symbols = [symbol for symbol in value if isinstance(symbol, str)] if isinstance(value, list) else []
    named = span(_name_some(symbols), **{"data-field": "router.worst", **_all_of(symbols)})
    return [": ", named] if symbols else []


# --- roll-ups over symbols ---


def _symbols_by(state: StateDict, key: str) -> Groups:
    """The symbols of each word, `{"panic": ["DOGEUSDT"]}`; what has no word has an empty one."""
    groups: Groups = {}
    for symbol, row in mapping_at(state, "kpis.symbols").items():
        word = row.get(key) if isinstance(row, dict) else None
        groups.setdefault(word.lower() if isinstance(word, str) else "", []).append(symbol)
    return groups


def _loudest(groups: Groups, loud: Iterable[str]) -> str:
    """The tone of the first of the loud words that is there."""
    return tone_of_symbol(next((word for word in loud if groups.get(word)), ""))


def _roll_up(state: StateDict, groups: Groups, loud: Iterable[str]) -> list[html.Element]:
    """`1 of 8 panic: DOGEUSDT · 2 hot`: the loud words that are there, the first with its share and its names."""
    found = [word for word in loud if groups.get(word)]
    if not found:
        return []
    worst, *others = found
    share = f"{len(groups[worst])} of {len(mapping_at(state, 'kpis.symbols'))} {worst}"
    names = span(_name_some(groups[worst]), **_all_of(groups[worst]))
    counts = [part for word in others for part in (" · ", span(f"{len(groups[word])} {word}", tone_of_symbol(word)))]
    return [line(*sign(tone_of_symbol(worst)), span(share, tone_of_symbol(worst)), ": ", names, *counts)]


def _name_some(symbols: list[str]) -> str:
    """The first two names and how many more there are."""
    rest = len(symbols) - NAMED_SYMBOLS
    return ", ".join(symbols[:NAMED_SYMBOLS]) + (f" +{rest}" if rest > 0 else "")


def _all_of(symbols: list[str]) -> dict[str, str]:
    """Every name within reach, where not all are printed."""
    return told(", ".join(symbols)) if len(symbols) > NAMED_SYMBOLS else {}
