"""What was opened, closed and flipped, on the NAV line, with the symbol below it as far as the browser has room."""

from collections import Counter
from typing import Any, NamedTuple

from dash_app.figures.nav_points import Point, value_when
from dash_app.render.readings import StateDict, number_at, rows_at, text_at
from dash_app.render.text import NAV_MARKS
from dash_app.render.theme import HAIRLINE, SECONDARY, TEXT
from state.facts.money import read_contract

MOST = 40
LEAST_DISTANCE = 0.07  # of the line, between two symbols below it
NBSP = "\u00a0"
SIGN_PX = 7  # from the middle of a sign to its upright

Figure = dict[str, Any]


class Mark(NamedTuple):
    """One change of the book: epoch seconds, the sign of what it was, and the symbol."""

    at: float
    sign: str
    symbol: str


def find_marks(state: StateDict, points: list[Point]) -> list[Mark]:
    """The marks inside the line, the newest first."""
    rows = [row for row in rows_at(state, "nav.marks") if text_at(row, "kind") in NAV_MARKS]
    read = [(number_at(row, "at"), NAV_MARKS[text_at(row, "kind")], text_at(row, "symbol")) for row in rows]
    start, end = points[0][0], points[-1][0]
    found = [Mark(at, sign, symbol) for at, sign, symbol in read if at is not None and start <= at <= end]
    return sorted(found, reverse=True)


def draw_marks(marks: list[Mark], points: list[Point], bottom: float) -> list[Figure]:
    """A sign on the line for each of the newest, then their symbols at the bottom as far as a wide wall has room.

    An upright joins a symbol to its sign; it is the symbol's own, so that both leave together.
    """
    drawn = marks[:MOST]
    signs = [_words(mark.at, mark.sign, TEXT, y=value_when(points, mark.at), yanchor="middle") for mark in drawn]
    return signs + [_symbol(mark, points, bottom) for mark in _thin_out(drawn, points)]


def _thin_out(marks: list[Mark], points: list[Point]) -> list[Mark]:
    room, kept = LEAST_DISTANCE * (points[-1][0] - points[0][0]), list[Mark]()
    for mark in marks:
        if not kept or kept[-1].at - mark.at >= room:
            kept.append(mark)
    return kept


def _symbol(mark: Mark, points: list[Point], bottom: float) -> Figure:
    upright = {"showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": HAIRLINE, "standoff": SIGN_PX}
    tail = {"axref": "x", "ax": 1000 * mark.at, "ayref": "y", "ay": bottom, "yanchor": "bottom"}
    words = f"{mark.sign} {_short(mark.symbol)}"
    return _words(mark.at, words, SECONDARY, y=value_when(points, mark.at), **upright, **tail)


def count_kinds(marks: list[Mark]) -> str:
    """How many of each kind there are, drawn or not: ` · + 2 opened · × 1 closed`."""
    counts = Counter(mark.sign for mark in marks)
    return "".join(f" · {sign}{NBSP}{counts[sign]}{NBSP}{kind}" for kind, sign in NAV_MARKS.items() if sign in counts)


def _short(symbol: str) -> str:
    """`ETH` of ETHUSDT; plotly reads words as HTML, and no symbol has any."""
    return "".join(letter for letter in read_contract(symbol).base if letter.isalnum())[:10]


def _words(at: float, words: str, color: str, **place: Any) -> Figure:
    return {"text": words, "x": 1000 * at, "xanchor": "center", "showarrow": False, "font": {"color": color}} | place
