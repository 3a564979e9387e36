"""The NAV history as one line with its drawdown shaded; what only repeats an old NAV is drawn apart."""

from itertools import accumulate
from typing import Any

from dash_app.render.header import is_frozen
from dash_app.render.readings import State, is_number, number_at, value_at
from dash_app.render.theme import GAIN, LOSS, MUTED, TEMPLATE
from state.formatting import fmt_pct

HOVER = "%{x|%H:%M:%S} UTC<br>%{y:,.2f}<extra></extra>"
FILL = "rgba(74, 168, 255, 0.14)"
SHADE = "rgba(255, 157, 110, 0.22)"
SHALLOWEST_PCT = 0.005  # what would be printed as 0.00 %

Point = tuple[float, float]


def series_points(state: State) -> list[tuple[int, Point]]:
    """The points that can be drawn, each with its index in the state's series."""
    series = value_at(state, "nav.series")
    return [(index, (point[0], point[1])) for index, point in enumerate(_as_list(series)) if _is_point(point)]


def build_nav_history(state: State) -> dict[str, Any]:
    """An area from the lowest to the highest NAV of the series."""
    points = [point for _, point in series_points(state)]
    if len(points) < 2:
        return {"data": [], "layout": _layout([])}
    confirmed, repeated = _split(points, _frozen_since(state))
    traces = [_trace(confirmed, GAIN, "solid", FILL)] if confirmed else []
    traces += [_trace(repeated, MUTED, "dot", "rgba(0,0,0,0)")] if repeated else []
    deepest = deepest_drawdown(points)
    shading, label = (_shading(points), [_label(points, deepest)]) if deepest else ([], [])
    layout = _layout([nav for _, nav in points]) | {"annotations": label}
    return {"data": [*shading, *traces], "layout": layout}


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


def _shading(points: list[Point]) -> list[dict[str, Any]]:
    """Two lines that are not seen, and the space between them."""
    lower = {
        **_trace(points, LOSS, "solid", ""),
        "fill": "none",
        "line": {"width": 0, "color": "rgba(0,0,0,0)"},
        "hoverinfo": "skip",
    }
    upper = {**lower, "y": _peaks(points), "fill": "tonexty", "fillcolor": SHADE}
    return [{key: value for key, value in trace.items() if key != "hovertemplate"} for trace in (lower, upper)]


def _label(points: list[Point], deepest: tuple[Point, float]) -> dict[str, Any]:
    """The deepest fall in percent below its point, kept inside the chart at either end."""
    (at, nav), percent = deepest
    share = (at - points[0][0]) / ((points[-1][0] - points[0][0]) or 1.0)
    anchor = "left" if share < 0.15 else "right" if share > 0.85 else "center"
    place = {"x": 1000 * at, "y": nav, "xanchor": anchor, "yanchor": "top", "showarrow": False}
    return {**place, "text": f"▼ {fmt_pct(percent)} below peak", "font": {"color": LOSS}}


def _frozen_since(state: State) -> float | None:
    return number_at(state, "nav.exchange.confirmed_at") if is_frozen(state) else None


def _split(points: list[Point], since: float | None) -> tuple[list[Point], list[Point]]:
    """Points the exchange gave, and repeats of the last one, which join it."""
    if since is None:
        return points, []
    confirmed = [point for point in points if point[0] <= since]
    repeated = [point for point in points if point[0] > since]
    return confirmed, [*confirmed[-1:], *repeated] if repeated else []


def _trace(points: list[Point], color: str, dash: str, fill: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [1000 * at for at, _ in points],
        "y": [nav for _, nav in points],
        "line": {"color": color, "width": 2.5, "dash": dash},
        "fill": "tozeroy",
        "fillcolor": fill,
        "hovertemplate": HOVER,
    }


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
