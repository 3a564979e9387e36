"""The NAV history as one line with its drawdown shaded; what only repeats an old NAV is drawn apart.

Plotly fills what lies under a line across its gaps as well. Where there are any, the filled shapes are drawn apart from
the line, and have no height inside a gap.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from dash_app.render.header import is_frozen
from dash_app.render.readings import StateDict, is_number, mapping_at, number_at, value_at
from dash_app.render.text import history_above_peak
from dash_app.render.theme import GAIN, LOSS, MUTED, TEMPLATE
from state.formatting import fmt_pct

HOVER = "%{x|%H:%M:%S} UTC<br>%{y:,.2f}<extra></extra>"
FILL = "rgba(74, 168, 255, 0.14)"
SHADE = "rgba(255, 157, 110, 0.22)"
UNSEEN = "rgba(0,0,0,0)"
LONE_POINT_PX = 5
SHALLOWEST_PCT = 0.005  # what would be printed as 0.00 %

Point = tuple[float, float]
Gaps = list[list[float]]


def series_points(state: StateDict) -> list[tuple[int, Point]]:
    """The points that can be drawn, each with its index in the state's series."""
    series = value_at(state, "nav.series")
    return [(index, (point[0], point[1])) for index, point in enumerate(_as_list(series)) if _is_point(point)]


def build_nav_history(state: StateDict) -> dict[str, Any]:
    """An area from the lowest to the highest NAV of the series, open where the series has a gap."""
    points, gaps = [point for _, point in series_points(state)], _gaps(state)
    if len(points) < 2:
        return {"data": [], "layout": _layout([])}
    confirmed, repeated = _split(points, _frozen_since(state))
    traces = _line(_stretches(confirmed, gaps), GAIN, "solid", FILL) if confirmed else []
    traces += _line(_stretches(repeated, gaps), MUTED, "dot", UNSEEN) if repeated else []
    # Below a high that the writer's peak does not know, a fall is not the drawdown that the cards show.
    deepest = None if history_above_peak(mapping_at(state, "nav")) else deepest_drawdown(points)
    shading, label = (_shading(points, gaps), [_label(points, deepest)]) if deepest else ([], [])
    layout = _layout([nav for _, nav in points]) | {"annotations": label}
    return {"data": [*shading, *traces], "layout": layout}


def _gaps(state: StateDict) -> Gaps:
    return sorted([start, end] for start, end in filter(_is_point, _as_list(value_at(state, "nav.gaps"))))


def _stretches(points: list[Point], gaps: Gaps) -> list[list[Point]]:
    """The points between the gaps."""
    stretches = [points[:1]]
    for before, point in pairwise(points):
        following = bisect_left(gaps, [before[0]])
        if following < len(gaps) and gaps[following][1] <= point[0]:
            stretches.append([])
        stretches[-1].append(point)
    return stretches


def deepest_drawdown(points: list[Point]) -> tuple[Point, float] | None:
    """The point farthest below the peak before it, and how far in percent; None when the series only rose."""
    falls = [
        (100 * (1 - nav / peak), (at, nav)) for (at, nav), peak in zip(points, _peaks(points), strict=True) if peak > 0
    ]
    percent, point = max(falls, default=(0.0, (0.0, 0.0)))
    return (point, percent) if percent >= SHALLOWEST_PCT else None


def _peaks(points: list[Point]) -> list[float]:
    """The highest NAV so far, at each point."""
    return list(accumulate((nav for _, nav in points), max))


def _shading(points: list[Point], gaps: Gaps) -> list[dict[str, Any]]:
    """Two lines that are not seen, and the space between them."""
    peaks = [(at, peak) for (at, _), peak in zip(points, _peaks(points), strict=True)]
    upper = _closed(_stretches(peaks, gaps), _stretches(points, gaps))
    return [_shape(points, "none", ""), _shape(upper, "tonexty", SHADE)]


def _closed(tops: list[list[Point]], bottoms: list[list[Point]]) -> list[Point]:
    """The upper edge of a shape, down on the lower one at both sides of each gap."""
    edge = [point for top, bottom in zip(tops, bottoms, strict=True) for point in (bottom[0], *top, bottom[-1])]
    return edge[1:-1]


def _shape(points: list[Point], fill: str, color: str) -> dict[str, Any]:
    """What lies below a line that is not seen."""
    unseen = {"line": {"width": 0, "color": UNSEEN}, "fill": fill, "fillcolor": color, "hoverinfo": "skip"}
    return {"type": "scatter", "mode": "lines", **_xy(points), **unseen}


def _label(points: list[Point], deepest: tuple[Point, float]) -> dict[str, Any]:
    """The deepest fall in percent below its point, kept inside the chart at either end."""
    (at, nav), percent = deepest
    share = (at - points[0][0]) / ((points[-1][0] - points[0][0]) or 1.0)
    anchor = "left" if share < 0.15 else "right" if share > 0.85 else "center"
    place = {"x": 1000 * at, "y": nav, "xanchor": anchor, "yanchor": "top", "showarrow": False}
    return {**place, "text": f"▼ {fmt_pct(percent)} below peak", "font": {"color": LOSS}}


def _frozen_since(state: StateDict) -> float | None:
    return number_at(state, "nav.exchange.confirmed_at") if is_frozen(state) else None


def _split(points: list[Point], since: float | None) -> tuple[list[Point], list[Point]]:
    """Points the exchange gave, and repeats of the last one, which join it."""
    if since is None:
        return points, []
    confirmed = [point for point in points if point[0] <= since]
    repeated = [point for point in points if point[0] > since]
    return confirmed, [*confirmed[-1:], *repeated] if repeated else []


def _line(stretches: list[list[Point]], color: str, dash: str, fill: str) -> list[dict[str, Any]]:
    """One line and what it fills; in two parts where it is broken."""
    points = [point for stretch in stretches for point in stretch]
    line = {
        "type": "scatter",
        "mode": "lines",
        **_xy(points),
        "line": {"color": color, "width": 2.5, "dash": dash},
        "fill": "tozeroy",
        "fillcolor": fill,
        "hovertemplate": HOVER,
    }
    if len(stretches) == 1:
        return [line]
    ground = [[(at, 0.0) for at, _ in stretch] for stretch in stretches]
    return [_shape(_closed(stretches, ground), "tozeroy", fill), {**line, **_broken(stretches, color), "fill": "none"}]


def _broken(stretches: list[list[Point]], color: str) -> dict[str, Any]:
    """A line that ends before each gap; a point alone between two of them is a dot, since it makes no line."""
    points = [(at, nav) for stretch in stretches for at, nav in [*stretch, (stretch[-1][0], None)]][:-1]
    sizes = [LONE_POINT_PX if len(stretch) == 1 else 0 for stretch in stretches for _ in [*stretch, None]][:-1]
    return {"mode": "lines+markers", **_xy(points), "marker": {"size": sizes, "color": color}}


def _xy(points: Sequence[tuple[float, float | None]]) -> dict[str, Any]:
    return {"x": [1000 * at for at, _ in points], "y": [nav for _, nav in points]}


def _layout(values: list[float]) -> dict[str, Any]:
    axes = {"xaxis": {"type": "date"}, "yaxis": {"range": _value_range(values)} if values else {}}
    return {"template": TEMPLATE, "uirevision": "nav-history", "autosize": True, "hovermode": "x", **axes}


def _value_range(values: list[float]) -> list[float]:
    """Room around the line; a flat one gets a band of one percent instead of noise."""
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.005 * abs(high) or 1.0
    return [low - 2 * margin, high + margin]  # the label of the deepest fall stands below the line


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_point(point: Any) -> bool:
    return isinstance(point, list | tuple) and len(point) == 2 and all(is_number(value) for value in point)
