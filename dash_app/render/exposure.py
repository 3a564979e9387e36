"""The words around the exposure bars: gross and net below, and why there is nothing to draw."""

from dash import html

from dash_app.figures.exposure import MOST_SYMBOLS, exposures
from dash_app.render.components import Child, field, line, span
from dash_app.render.readings import State, mapping_at, reason_at, rows_at
from dash_app.render.text import NO_POSITIONS, POSITIONS_UNKNOWN
from state.formatting import fmt_usd


def render_caption(state: State) -> list[html.Div]:
    """Both sums, what the bars leave out, or that there is no book to draw."""
    if not rows_at(state, "positions"):
        return [_nothing(state)]
    symbols = exposures(state)
    hidden = len(symbols) - MOST_SYMBOLS
    more: list[Child] = [span(f"+{hidden} more", "strong"), " · "] if hidden > 0 else []
    gross, net = field(state, "nav.gross_exposure_usd", fmt_usd), field(state, "nav.net_exposure_usd", fmt_usd)
    return [line(*more, "gross ", gross, " · net ", net, " USD")]


def _nothing(state: State) -> html.Div:
    if "positions" not in mapping_at(state, "meta.unknown"):
        return line(NO_POSITIONS)
    reason = reason_at(state, "positions")
    return line(span(POSITIONS_UNKNOWN, "unknown", title=reason))
