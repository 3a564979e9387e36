"""The NAV history: one line without fill or grid, with its high, its low and its last value beside it.

A gap is a gap, with its length; what only repeats an old NAV is drawn apart. Words are annotations, since the style
sheet can size those for every wall.
"""

from collections.abc import Sequence
from typing import Any

from dash_app.figures.nav_marks import draw_marks, find_marks
from dash_app.figures.nav_points import (
    DAY,
    WEEK,
    Gap,
    Period,
    Point,
    find_extremes,
    read_gaps,
    series_points,
    spans,
    split_at,
)
from dash_app.render.header import is_frozen
from dash_app.render.readings import StateDict, number_at, value_at
from dash_app.render.text import fmt_span
from dash_app.render.theme import LINE, MUTED, SECONDARY, TEMPLATE, TEXT
from state.formatting import fmt_moment, fmt_usd

LONE_POINT_PX = 5
WORDS_PX = 14  # above and below the line, for the words of a chart that is low
LAST_PX = 4  # from the end of the line to its value
PAST_END = 0.002  # of the line: plotly draws no words that stand at the very edge of an axis
LABELLED_GAPS = 3  # the longest ones
NARROWEST_SHARE = 0.04  # of the line: a narrower gap has no room for its length

Figure = dict[str, Any]


def build_nav_history(state: StateDict) -> Figure:
    """The line of the last 24 h."""
    return _build(state, DAY)


def build_nav_week(state: StateDict) -> Figure:
    """The line of the last 7 d; nothing where the log does not go back further than a day."""
    return _build(state, WEEK)


def _build(state: StateDict, period: Period) -> Figure:
    points = [point for _, point in series_points(state, period)]
    if len(points) < 2:
        return {"data": [], "layout": _layout({})}
    gaps = read_gaps(state, points, period)
    marks = find_marks(state, points) if period is DAY else []
    axes = _axes(points, bool(marks))
    last, *extremes = _labels(state, points)
    # The first to come have room first: the browser leaves out what would lie over them.
    words = [last, *_gap_labels(points, gaps), *extremes, *draw_marks(marks, points, axes["yaxis"]["range"][0])]
    lines = [*_before(points, period), *_gap_edges(points, gaps)]
    return {"data": _traces(state, points, gaps), "layout": _layout({"annotations": words, "shapes": lines, **axes})}


def _traces(state: StateDict, points: list[Point], gaps: list[Gap]) -> list[Figure]:
    confirmed, repeated = _split(points, number_at(state, "nav.exchange.confirmed_at") if is_frozen(state) else None)
    traces = [_line(state, split_at(confirmed, gaps), LINE, "solid")] if confirmed else []
    return traces + ([_line(state, split_at(repeated, gaps), MUTED, "dot")] if repeated else [])


def _split(points: list[Point], since: float | None) -> tuple[list[Point], list[Point]]:
    """Points the exchange gave, and repeats of the last one, which join it."""
    if since is None:
        return points, []
    confirmed = [point for point in points if point[0] <= since]
    repeated = [point for point in points if point[0] > since]
    return confirmed, [*confirmed[-1:], *repeated] if repeated else []


def _line(state: StateDict, stretches: list[list[Point]], color: str, dash: str) -> Figure:
    """One line that ends before each gap; a point alone between two of them is a dot, since it makes no line."""
    points = [(at, nav) for stretch in stretches for at, nav in [*stretch, (stretch[-1][0], None)]][:-1]
    sizes = [LONE_POINT_PX if len(stretch) == 1 else 0 for stretch in stretches for _ in [*stretch, None]][:-1]
    newest = points[-1][0]
    unit = "" if value_at(state, "meta.private") is True else " USD"
    return {
        "type": "scatter",
        "mode": "lines+markers" if any(sizes) else "lines",
        "x": [1000 * at for at, _ in points],
        "y": [nav for _, nav in points],
        "line": {"color": color, "width": 2.5, "dash": dash},
        "marker": {"size": sizes, "color": color},
        # As words, so that the browser can put them into its zone.
        "customdata": [fmt_moment(at, newest) for at, _ in points],
        "hovertemplate": f"%{{customdata}}<br>%{{y:,.2f}}{unit}<extra></extra>",
    }


# --- words and hairlines ---


def _labels(state: StateDict, points: list[Point]) -> list[Figure]:
    """High, low and last, none of which lies on the line."""
    last = {"x": 1000 * points[-1][0], "y": points[-1][1], "xanchor": "left", "xshift": LAST_PX, "yanchor": "middle"}
    labels = [_words(fmt_usd(points[-1][1]), TEXT, **last)]
    high, low = (points[index] for index in find_extremes(points))
    if fmt_usd(high[1]) == fmt_usd(low[1]):
        return labels
    peak = number_at(state, "nav.peak_usd")
    is_peak = " = peak" if peak is not None and fmt_usd(peak) == fmt_usd(high[1]) else ""
    above = _beside(f"high {fmt_usd(high[1])}{is_peak}", high, points, "bottom")
    return [*labels, above, _beside(f"low {fmt_usd(low[1])}", low, points, "top")]


def _beside(words: str, point: Point, points: list[Point], yanchor: str) -> Figure:
    """Above or below a point, kept inside the chart at either end."""
    share = (point[0] - points[0][0]) / ((points[-1][0] - points[0][0]) or 1.0)
    xanchor = "left" if share < 0.2 else "right" if share > 0.8 else "center"
    return _words(words, SECONDARY, x=1000 * point[0], y=point[1], xanchor=xanchor, yanchor=yanchor)


def _words(words: str, color: str, **place: Any) -> Figure:
    # Its size is the style sheet's, so that the width plotly knows is not the one it has: it stands by its own edge.
    return {"text": words, "showarrow": False, "align": place["xanchor"], "font": {"color": color}, **place}


def _before(points: list[Point], period: Period) -> list[Figure]:
    """A dotted hairline at the value of 24 h, or of 7 d, ago."""
    return [_hairline(points[0], points[-1][0], points[0][1], "dot")] if spans(points, period) else []


def _hairline(start: Point, x1: float, y1: float, dash: str = "solid") -> Figure:
    ends = {"x0": 1000 * start[0], "x1": 1000 * x1, "y0": start[1], "y1": y1}
    return {"type": "line", **ends, "line": {"color": MUTED, "width": 1, "dash": dash}, "layer": "below"}


def _gap_edges(points: list[Point], gaps: list[Gap]) -> list[Figure]:
    """A short upright at both sides of a gap that has room for them."""
    height = 0.08 * _height(points)
    by_time = dict(points)
    edges = [at for gap in _wide(points, gaps) for at in gap if at in by_time]
    return [_hairline((at, by_time[at] - height), at, by_time[at] + height) for at in edges]


def _gap_labels(points: list[Point], gaps: list[Gap]) -> list[Figure]:
    middle = (points[0][1] + points[-1][1]) / 2
    by_time = dict(points)
    return [
        _words(
            f"no data {fmt_span(end - start)}",
            MUTED,
            x=500 * (start + end),
            y=max(by_time.get(start, middle), by_time.get(end, middle)) + 0.1 * _height(points),
            xanchor="center",
            yanchor="bottom",
        )
        for start, end in _wide(points, gaps)
    ]


def _wide(points: Sequence[Point], gaps: list[Gap]) -> list[Gap]:
    """The longest gaps, as far as they have room for their length."""
    least = NARROWEST_SHARE * (points[-1][0] - points[0][0])
    longest = sorted(gaps, key=lambda gap: gap[0] - gap[1])[:LABELLED_GAPS]
    return sorted(gap for gap in longest if gap[1] - gap[0] >= least)


# --- axes ---


def _height(points: Sequence[Point]) -> float:
    """From the lowest to the highest; of a flat line one percent, so that it shows no noise."""
    values = [nav for _, nav in points]
    return (max(values) - min(values)) or 0.01 * abs(values[0]) or 1.0


def _axes(points: list[Point], has_marks: bool) -> Figure:
    """Room above and below for the words; the style sheet has room for the last value beside the chart."""
    values, height = [nav for _, nav in points], _height(points)
    bottom = min(values) - (0.5 if has_marks else 0.3) * height
    end = points[-1][0] + PAST_END * (points[-1][0] - points[0][0])
    return {
        "xaxis": {"type": "date", "range": [1000 * points[0][0], 1000 * end]},
        "yaxis": {"range": [bottom, max(values) + 0.3 * height]},
    }


def _layout(parts: Figure) -> Figure:
    fixed = {
        "template": TEMPLATE,
        "margin": {"t": WORDS_PX, "b": WORDS_PX},
        "uirevision": "nav-history",
        "autosize": True,
        "hovermode": "x",
    }
    return {"xaxis": {"type": "date"}, "annotations": [], "shapes": [], **fixed, **parts}
