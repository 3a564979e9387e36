"""The AUM breakdown: the total inside the donut and the legend beside it."""

from typing import Any

from dash_app.figures.donut import fmt_together
from dash_app.render import html
from dash_app.render.components import Child, field, line, span, told
from dash_app.render.overview import lower_bound_mark
from dash_app.render.readings import MASK, StateDict, number_at, reason_at, text_at, value_at
from dash_app.render.slices import name_slices, sort_slices
from dash_app.render.text import AT_COST, NO_PRICE, NO_SLICES
from state.formatting import fmt_number, fmt_usd

MOST_UNDRAWN = 2  # rows of their own; more of them are counted in one


def render_total(state: StateDict) -> list[html.Element]:
    """The centre of the donut."""
    total = field(state, "aum.total_usd", fmt_usd)
    return [html.Div([*lower_bound_mark(state), total], className="donut-total"), line("USD")]


def render_legend(state: StateDict) -> list[html.Element]:
    """One row per slice, in the order of the donut; what has no price says so."""
    slices = sort_slices(state)
    rows = [_row(state, index, f"swatch-{colour}") for colour, index in enumerate(slices.own)]
    rows += [_together(state, slices.together, len(rows))] if slices.together else []
    if len(slices.undrawn) > MOST_UNDRAWN:
        rows.append(_undrawn(state, slices.undrawn))
    else:
        rows += [_row(state, index, "swatch-none") for index in slices.undrawn]
    return rows or [_nothing(state)]


def _nothing(state: StateDict) -> html.Element:
    reason = reason_at(state, "aum.slices") or reason_at(state, "aum.total_usd")
    return line(span(NO_SLICES, "unknown"), f": {reason}" if reason else "")


def _row(state: StateDict, index: int, swatch: str) -> html.Element:
    path = f"aum.slices.{index}"
    label = field(state, f"{path}.label", class_name="legend-label")
    if number_at(state, f"{path}.usd") is None and value_at(state, f"{path}.usd") != MASK:
        unpriced: list[Child] = [label, " — ", field(state, f"{path}.usd", fmt_usd, default=NO_PRICE)]
        return html.Div([span("", "swatch swatch-none"), span(unpriced)], className="legend-row")
    usd = field(state, f"{path}.usd", fmt_usd)
    return _slice([label, *_basis(state, path)], [usd, *_share(state, path)], swatch)


def _slice(words: list[Any], facts: list[Any], swatch: str) -> html.Element:
    parts = html.Div([html.Div(words), " ", html.Div(facts, className="legend-facts")])
    return html.Div([span("", f"swatch {swatch}"), parts, " "], className="legend-row")


def _together(state: StateDict, indices: tuple[int, ...], colour: int) -> html.Element:
    """The smallest slices as one, with each of them within reach."""
    words = span(f"{len(indices)} others", "legend-label", **told(name_slices(state, indices)))
    return _slice([words], [fmt_together(state, indices, "usd")], f"swatch-{colour}")


def _undrawn(state: StateDict, indices: tuple[int, ...]) -> html.Element:
    unpriced = all(number_at(state, f"aum.slices.{index}.usd") is None for index in indices)
    words = f"{len(indices)} without a {'price' if unpriced else 'price or of no worth'}"
    return _slice([span(words, "unknown", **told(name_slices(state, indices)))], [], "swatch-none")


def _share(state: StateDict, path: str) -> list[Child]:
    usd, total = number_at(state, f"{path}.usd"), number_at(state, "aum.total_usd")
    share = 100 * usd / total if usd is not None and total else number_at(state, f"{path}.share_pct")
    if share is None:
        return []
    # With a price missing the whole is larger, so the share is at most this.
    bound = "≤ " if lower_bound_mark(state) else ""
    return [f" · {bound}{fmt_number(share, 0)} %"]


def _basis(state: StateDict, path: str) -> list[Any]:
    return [" · ", span(AT_COST, "at-cost")] if text_at(state, f"{path}.price_basis") == "cost" else []
