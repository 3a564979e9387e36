"""The AUM breakdown: the total inside the donut and the legend beside it."""

from typing import Any

from dash_app.figures.donut import fmt_together
from dash_app.render import html
from dash_app.render.components import field, line, span, told
from dash_app.render.overview import lower_bound_mark
from dash_app.render.readings import MASK, StateDict, number_at, reason_at, rows_at, text_at, value_at
from dash_app.render.slices import name_slices, sort_slices, worth
from dash_app.render.text import AT_COST, NO_PRICE, NO_SLICES
from state.formatting import fmt_number, fmt_usd

USD, ZAR, SHARE = "usd", "zar", "share"
DEBT = "debt"  # in place of a share
CELL = {"role": "cell"}
MOST_UNDRAWN = 2  # rows of their own; more of them are counted in one


def render_total(state: StateDict) -> list[html.Element]:
    """The centre of the donut."""
    total = field(state, "aum.total_usd", fmt_usd)
    return [html.Div([*lower_bound_mark(state), total], className="donut-total"), line("USD")]


def render_legend(state: StateDict) -> list[html.Element]:
    """A table with one row per slice, in the order of the donut; what has no price says so.

    ZAR is there where any slice has it, the share where there is more than one. Where there is no width for them the
    browser takes out ZAR first and then the share, and says so.
    """
    slices, columns = sort_slices(state), _columns(state)
    rows = [_row(state, index, columns, colour) for colour, index in enumerate(slices.own)]
    rows += [_together(state, slices.together, columns, len(rows))] if slices.together else []
    rows += [_row(state, index, columns, None) for index in slices.debts]
    if len(slices.undrawn) > MOST_UNDRAWN:
        rows.append(_undrawn(state, slices.undrawn))
    else:
        rows += [_row(state, index, columns, None) for index in slices.undrawn]
    if not rows:
        return [_nothing(state)]
    class_name = " ".join(["legend-table", *(f"with-{name}" for name in columns)])
    return [html.Div([_head(columns), *rows], className=class_name, role="table")]


def _columns(state: StateDict) -> tuple[str, ...]:
    rows = rows_at(state, "aum.slices")
    has_zar = any(row.get(ZAR) is not None for row in rows)
    return (USD, *([ZAR] if has_zar else []), *([SHARE] if len(rows) > 1 else []))


def _nothing(state: StateDict) -> html.Element:
    reason = reason_at(state, "aum.slices") or reason_at(state, "aum.total_usd")
    return line(span(NO_SLICES, "unknown"), f": {reason}" if reason else "", class_name="caption legend-none")


def _head(columns: tuple[str, ...]) -> html.Element:
    names = ["slice", *(name if name == SHARE else name.upper() for name in columns)]
    classes = ["legend-label", *map(_class_of, columns)]
    return _line("legend-head", [span(*cell, role="columnheader") for cell in zip(names, classes, strict=True)])


def _row(state: StateDict, index: int, columns: tuple[str, ...], colour: int | None) -> html.Element:
    path = f"aum.slices.{index}"
    label = span([field(state, f"{path}.label"), *_basis(state, path)], "legend-label", **CELL)
    if number_at(state, f"{path}.{USD}") is None and value_at(state, f"{path}.{USD}") != MASK:
        unpriced = field(state, f"{path}.{USD}", fmt_usd, default=NO_PRICE, class_name="legend-rest", **CELL)
        return _slice(None, [label, unpriced])
    return _slice(colour, [label, *(_cell(state, index, name) for name in columns)])


def _cell(state: StateDict, index: int, name: str) -> html.Element:
    if name == SHARE:
        return span(_share(state, index), _class_of(name), **CELL)
    return field(state, f"aum.slices.{index}.{name}", fmt_usd, class_name=_class_of(name), **CELL)


def _together(state: StateDict, indices: tuple[int, ...], columns: tuple[str, ...], colour: int) -> html.Element:
    """The smallest slices as one, with each of them within reach."""
    label = span(f"{len(indices)} others", "legend-label", **told(name_slices(state, indices)), **CELL)
    sums = {name: fmt_together(state, indices, name) for name in (USD, ZAR)}
    return _slice(colour, [label, *(span(sums.get(name, ""), _class_of(name), **CELL) for name in columns)])


def _undrawn(state: StateDict, indices: tuple[int, ...]) -> html.Element:
    unpriced = all(number_at(state, f"aum.slices.{index}.{USD}") is None for index in indices)
    words = f"{len(indices)} without a {'price' if unpriced else 'price or of no worth'}"
    return _slice(None, [span(words, "legend-label legend-alone unknown", **told(name_slices(state, indices)), **CELL)])


def _slice(colour: int | None, cells: list[html.Element]) -> html.Element:
    return _line(f"legend-row swatch-{'none' if colour is None else colour}", cells)


def _line(class_name: str, cells: list[html.Element]) -> html.Element:
    """A row of the table; the blanks are for whoever has the chart read out in words."""
    return html.Div([part for cell in cells for part in (cell, " ")], className=class_name, role="row")


def _class_of(name: str) -> str:
    return f"legend-figure legend-{name}"


def _share(state: StateDict, index: int) -> str:
    """Of all that is owned, in amounts or, where these are masked, in percent of the total; what is owed has none."""
    if worth(state, index) < 0:
        return DEBT
    usd, total = number_at(state, f"aum.slices.{index}.{USD}"), number_at(state, "aum.total_usd")
    of_total = number_at(state, f"aum.slices.{index}.share_pct")
    part, whole = (of_total, 100.0) if usd is None or not total else (usd, total)
    owned = whole - sum(worth(state, debt) for debt in sort_slices(state).debts)
    # With a price missing the whole is larger, so the share is at most this.
    bound = "≤ " if lower_bound_mark(state) else ""
    return "" if part is None or not owned else f"{bound}{fmt_number(100 * part / owned, 0)} %"


def _basis(state: StateDict, path: str) -> list[Any]:
    return [" · ", span(AT_COST, "at-cost")] if text_at(state, f"{path}.price_basis") == "cost" else []
