"""The donut of the AUM slices that have a price."""

from html import escape
from typing import Any

from dash_app.render.readings import MASK, StateDict, number_at, read, text_at, value_at
from dash_app.render.slices import sort_slices, worth
from dash_app.render.theme import PANEL, SLICES, TEMPLATE
from state.formatting import fmt_usd

# Of a pie's point plotly hands on a list of lists.
HOVER = "%{customdata[0][0]}<br>%{customdata[0][1]} USD<br>%{customdata[0][2]} ZAR<extra></extra>"

Part = tuple[str, float, str, str]  # label, worth, and the two amounts as they are printed


def build_donut(state: StateDict) -> dict[str, Any]:
    """Slices in the order of the legend; what has no price, or nothing to draw, is left to the legend."""
    slices = sort_slices(state)
    parts = [_part(state, index) for index in slices.own]
    parts += [_together(state, slices.together)] if slices.together else []
    return {"data": [_pie(parts)] if parts else [], "layout": _layout()}


def _pie(parts: list[Part]) -> dict[str, Any]:
    return {
        "type": "pie",
        "hole": 0.66,
        "sort": False,
        "direction": "clockwise",
        # Plotly adds up what has the same label, so the names go beside the labels.
        "labels": [str(number) for number in range(len(parts))],
        "values": [value for _, value, _, _ in parts],
        # Plotly reads words as HTML.
        "customdata": [[escape(label, quote=False), usd, zar] for label, _, usd, zar in parts],
        "hovertemplate": HOVER,
        "textinfo": "none",
        "marker": {"colors": list(SLICES[: len(parts)]), "line": {"color": PANEL, "width": 2}},
    }


def _part(state: StateDict, index: int) -> Part:
    path = f"aum.slices.{index}"
    usd, zar = (read(state, f"{path}.{name}", fmt_usd).text for name in ("usd", "zar"))
    return text_at(state, f"{path}.label"), worth(state, index), usd, zar


def _together(state: StateDict, indices: tuple[int, ...]) -> Part:
    usd, zar = (fmt_together(state, indices, name) for name in ("usd", "zar"))
    return f"{len(indices)} others", sum(worth(state, index) for index in indices), usd, zar


def fmt_together(state: StateDict, indices: tuple[int, ...], name: str) -> str:
    """The sum of an amount over some slices; unknown where one of them is."""
    paths = [f"aum.slices.{index}.{name}" for index in indices]
    if any(value_at(state, path) == MASK for path in paths):
        return MASK
    amounts = [number_at(state, path) for path in paths]
    known = [amount for amount in amounts if amount is not None]
    return fmt_usd(sum(known) if len(known) == len(amounts) else None)


def _layout() -> dict[str, Any]:
    return {"template": TEMPLATE, "uirevision": "aum", "autosize": True}
