"""What was opened, closed and flipped, on the NAV line, with the symbol below it."""

from typing import Any, NamedTuple

from dash_app.figures.nav_points import Point, value_when
from dash_app.render.readings import StateDict, number_at, rows_at, text_at
from dash_app.render.text import NAV_MARKS
from dash_app.render.theme import HAIRLINE, SECONDARY, TEXT
from state.facts.money import read_contract

MOST = 40
LEAST_DISTANCE = 0.07  # of the line, between two symbols below it

Figure = dict[str, Any]


class Mark(NamedTuple):
    """One change of the book: epoch seconds, the sign of what it was, and the symbol."""

    at: float
    sign: str
    symbol: str


class Drawn(NamedTuple):
    """What plotly draws of the marks."""

    annotations: list[Figure]
    shapes: list[Figure]


def find_marks(state: StateDict, points: list[Point]) -> list[Mark]:
    """The newest marks inside the line, the newest first."""
    rows = [row for row in rows_at(state, "nav.marks") if text_at(row, "kind") in NAV_MARKS]
    read = [(number_at(row, "at"), NAV_MARKS[text_at(row, "kind")], text_at(row, "symbol")) for row in rows]
    start, end = points[0][0], points[-1][0]
    found = [Mark(at, sign, symbol) for at, sign, symbol in read if at is not None and start <= at <= end]
    return sorted(found, reverse=True)[:MOST]


def draw_marks(marks: list[Mark], points: list[Point], bottom: float) -> Drawn:
    """A sign on the line for each, and its symbol at the bottom as far as there is room."""
    drawn = Drawn([], [])
    room, taken = LEAST_DISTANCE * (points[-1][0] - points[0][0]), float("inf")
    for at, sign, symbol in marks:
        nav = value_when(points, at)
        drawn.annotations.append(_words(at, sign, TEXT, y=nav, yanchor="middle"))
        if taken - at < room:
            continue
        taken = at
        drawn.annotations.append(_words(at, f"{sign} {_short(symbol)}", SECONDARY, y=0, yref="paper", yanchor="bottom"))
        drawn.shapes.append(_upright(at, bottom, nav))
    return drawn


def list_kinds(state: StateDict) -> list[str]:
    """The kinds of the marks, each once, in the order of the legend."""
    found = {text_at(row, "kind") for row in rows_at(state, "nav.marks")}
    return [kind for kind in NAV_MARKS if kind in found]


def _short(symbol: str) -> str:
    """`ETH` of ETHUSDT; plotly reads words as HTML, and no symbol has any."""
    return "".join(letter for letter in read_contract(symbol).base if letter.isalnum())[:10]


def _words(at: float, words: str, color: str, **place: Any) -> Figure:
    return {"text": words, "x": 1000 * at, "xanchor": "center", "showarrow": False, "font": {"color": color}, **place}


def _upright(at: float, bottom: float, nav: float) -> Figure:
    ends = {"x0": 1000 * at, "x1": 1000 * at, "y0": bottom, "y1": nav}
    return {"type": "line", **ends, "line": {"color": HAIRLINE, "width": 1}, "layer": "below"}
