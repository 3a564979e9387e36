"""Exposure by symbol: one bar a leg, long to the right and short to the left, the largest first."""

from html import escape
from typing import Any

from dash_app.render.readings import State, number_at, rows_at, text_at, value_at
from dash_app.render.theme import GAIN, LOSS, SECONDARY, TEMPLATE, TEXT
from state.formatting import fmt_number

MOST_SYMBOLS = 10
FEWEST_SLOTS = 5  # few bars do not grow to fill the panel
SIDES = {"LONG": 1, "SHORT": -1}

Legs = dict[str, float]  # side -> USD


def exposures(state: State) -> list[tuple[str, Legs]]:
    """Symbols with the size of their legs, the largest first; what has no price cannot be drawn."""
    found: dict[str, Legs] = {}
    for index in range(len(rows_at(state, "positions"))):
        path = f"positions.{index}"
        symbol, side, notional = text_at(state, f"{path}.symbol"), text_at(state, f"{path}.side"), _size(state, path)
        if symbol and side in SIDES and notional:
            legs = found.setdefault(symbol, {})
            legs[side] = legs.get(side, 0.0) + notional
    return sorted(found.items(), key=lambda item: -sum(item[1].values()))


def build_exposure(state: State) -> dict[str, Any]:
    """At most ten symbols; the caption counts the others."""
    drawn = exposures(state)[:MOST_SYMBOLS]
    unit = " %" if value_at(state, "meta.private") is True else ""
    traces = [_bars(drawn, side) for side in SIDES] + _words(drawn, unit) if drawn else []
    return {"data": traces, "layout": _layout(drawn)}


def _size(state: State, path: str) -> float:
    """What a leg is drawn with: its worth, or its share where that is masked."""
    size = number_at(state, f"{path}.notional") or number_at(state, f"{path}.share_pct") or 0.0
    return max(size, 0.0)


def _bars(drawn: list[tuple[str, Legs]], side: str) -> dict[str, Any]:
    """One trace a side, so that the style sheet can colour it."""
    return {
        "type": "bar",
        "orientation": "h",
        "y": [index + 0.22 for index in range(len(drawn))],
        "x": [SIDES[side] * legs.get(side, 0.0) for _, legs in drawn],
        "width": 0.34,
        "marker": {"color": GAIN if side == "LONG" else LOSS, "line": {"width": 0}},
        "hoverinfo": "skip",
    }


def _words(drawn: list[tuple[str, Legs]], unit: str) -> list[dict[str, Any]]:
    """Above each bar its symbol on the left, its size and side on the right."""
    reach = _reach(drawn)
    names = [escape(symbol, quote=False) for symbol, _ in drawn]
    sizes = [
        " · ".join(f"{fmt_number(usd, 0)}{unit} {side.lower()}" for side, usd in legs.items()) for _, legs in drawn
    ]
    return [
        _texts(names, -reach, "middle right", TEXT),
        _texts(sizes, reach, "middle left", SECONDARY),
    ]


def _texts(words: list[str], at: float, position: str, color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "text",
        "x": [at] * len(words),
        "y": [index - 0.2 for index in range(len(words))],
        "text": words,
        "textposition": position,
        "textfont": {"color": color},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _reach(drawn: list[tuple[str, Legs]]) -> float:
    return max((usd for _, legs in drawn for usd in legs.values()), default=1.0)


def _layout(drawn: list[tuple[str, Legs]]) -> dict[str, Any]:
    reach = _reach(drawn)
    slots = max(len(drawn), FEWEST_SLOTS)
    return {
        "template": TEMPLATE,
        "uirevision": "exposure",
        "autosize": True,
        "barmode": "overlay",
        "xaxis": {"range": [-reach, reach]},
        "yaxis": {"range": [slots - 0.5, -0.5]},
    }
