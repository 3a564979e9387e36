"""The donut of the AUM slices that have a price."""

from html import escape
from typing import Any

from dash_app.render.readings import StateDict, number_at, read, rows_at, text_at
from dash_app.render.theme import PANEL, SLICES, TEMPLATE
from state.formatting import fmt_usd

HOVER = "%{label}<br>%{customdata[0]} USD<br>%{customdata[1]} ZAR<extra></extra>"


def build_donut(state: StateDict) -> dict[str, Any]:
    """Slices in the order of the legend; what has no price, or nothing to draw, is left to the legend."""
    drawn = [index for index in range(len(rows_at(state, "aum.slices"))) if _usd(state, index) > 0]
    return {"data": [_pie(state, drawn)] if drawn else [], "layout": _layout()}


def _pie(state: StateDict, drawn: list[int]) -> dict[str, Any]:
    return {
        "type": "pie",
        "hole": 0.66,
        "sort": False,
        "direction": "clockwise",
        # Plotly reads labels as HTML.
        "labels": [escape(text_at(state, f"aum.slices.{index}.label"), quote=False) for index in drawn],
        "values": [_usd(state, index) for index in drawn],
        "customdata": [_amounts(state, index) for index in drawn],
        "hovertemplate": HOVER,
        "textinfo": "none",
        "marker": {"colors": [SLICES[index % len(SLICES)] for index in drawn], "line": {"color": PANEL, "width": 2}},
    }


def _usd(state: StateDict, index: int) -> float:
    """What a slice is drawn with: its worth, or its share where that is masked."""
    path = f"aum.slices.{index}"
    return number_at(state, f"{path}.usd") or number_at(state, f"{path}.share_pct") or 0.0


def _amounts(state: StateDict, index: int) -> list[str]:
    path = f"aum.slices.{index}"
    return [read(state, f"{path}.usd", fmt_usd).text, read(state, f"{path}.zar", fmt_usd).text]


def _layout() -> dict[str, Any]:
    return {"template": TEMPLATE, "uirevision": "aum", "autosize": True}
