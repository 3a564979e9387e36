"""The AUM breakdown: the total inside the donut and the legend beside it."""

from typing import Any

from dash import html

from dash_app.render.components import Child, field, line, span
from dash_app.render.overview import lower_bound_mark
from dash_app.render.readings import MASK, StateDict, number_at, reason_at, rows_at, text_at, value_at
from dash_app.render.text import AT_COST, NO_PRICE, NO_SLICES
from dash_app.render.theme import SLICES
from state.formatting import fmt_number, fmt_usd


def render_total(state: StateDict) -> list[html.Div]:
    """The centre of the donut."""
    total = field(state, "aum.total_usd", fmt_usd)
    return [html.Div([*lower_bound_mark(state), total], className="donut-total"), line("USD")]


def render_legend(state: StateDict) -> list[html.Div]:
    """One row per slice, in the order of the donut; what has no price says so."""
    rows = [_row(state, index) for index in range(len(rows_at(state, "aum.slices")))]
    return rows or [_nothing(state)]


def _nothing(state: StateDict) -> html.Div:
    reason = reason_at(state, "aum.slices") or reason_at(state, "aum.total_usd")
    return line(span(NO_SLICES, "unknown"), f": {reason}" if reason else "")


def _row(state: StateDict, index: int) -> html.Div:
    path = f"aum.slices.{index}"
    label = field(state, f"{path}.label", class_name="legend-label")
    if number_at(state, f"{path}.usd") is None and value_at(state, f"{path}.usd") != MASK:
        unpriced: list[Child] = [label, " — ", field(state, f"{path}.usd", fmt_usd, default=NO_PRICE)]
        return html.Div([span("", "swatch swatch-none"), span(unpriced)], className="legend-row")
    usd = field(state, f"{path}.usd", fmt_usd)
    words = html.Div([label, *_basis(state, path)])
    facts = html.Div([usd, *_share(state, path)], className="legend-facts")
    swatch = span("", f"swatch swatch-{index % len(SLICES)}")
    return html.Div([swatch, html.Div([words, facts])], className="legend-row")


def _share(state: StateDict, path: str) -> list[Child]:
    usd, total = number_at(state, f"{path}.usd"), number_at(state, "aum.total_usd")
    share = 100 * usd / total if usd is not None and total else number_at(state, f"{path}.share_pct")
    if share is None:
        return []
    # With a price missing the whole is larger, so the share is at most this.
    bound = "≤ " if lower_bound_mark(state) else ""
    return [f" · {bound}{fmt_number(share, 0)} %"]


def _basis(state: StateDict, path: str) -> list[Any]:
    return [" · ", span(AT_COST, "warn")] if text_at(state, f"{path}.price_basis") == "cost" else []
