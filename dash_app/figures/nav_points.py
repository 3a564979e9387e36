"""The NAV history as points to draw, the gaps in it, and what it says in figures: high, low, deepest fall."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from dash_app.render.readings import StateDict, is_number, value_at

SHALLOWEST_PCT = 0.005  # what would be printed as 0.00 %

Point = tuple[float, float]  # epoch seconds, NAV
Gap = tuple[float, float]


class Period(NamedTuple):
    """A line: where the state has it, how long it is meant to be, and how much less still counts, in seconds."""

    series: str
    gaps: str
    length_s: float
    tolerance_s: float


DAY = Period("nav.series", "nav.gaps", 86_400.0, 300.0)
WEEK = Period("nav.series_7d", "nav.gaps_7d", 604_800.0, 1_800.0)


class Extremes(NamedTuple):
    """Indices of the highest and the lowest point of those that are drawn."""

    high: int
    low: int


def series_points(state: StateDict, period: Period = DAY) -> list[tuple[int, Point]]:
    """The points that can be drawn, each with its index in the state's series."""
    series = _as_list(value_at(state, period.series))
    return [(index, (point[0], point[1])) for index, point in enumerate(series) if _is_point(point)]


def read_gaps(state: StateDict, points: Sequence[Point], period: Period = DAY) -> list[Gap]:
    """The gaps that lie between two points, in their order."""
    listed = sorted((start, end) for start, end in filter(_is_point, _as_list(value_at(state, period.gaps))))
    times = [at for at, _ in points]
    return [gap for gap in listed if _lies_between(gap, times)]


def _lies_between(gap: Gap, times: list[float]) -> bool:
    """Whether one point ends before it and the next one comes after it."""
    after = bisect_right(times, gap[0])
    return 0 < after < len(times) and gap[0] < gap[1] <= times[after]


def split_at(points: list[Point], gaps: list[Gap]) -> list[list[Point]]:
    """The points between the gaps."""
    stretches = [points[:1]]
    for before, point in pairwise(points):
        following = bisect_left(gaps, (before[0],))
        if following < len(gaps) and gaps[following][1] <= point[0]:
            stretches.append([])
        stretches[-1].append(point)
    return stretches


def find_extremes(points: Sequence[Point]) -> Extremes:
    """The newest of several highs, and of several lows."""
    numbered = range(len(points))
    return Extremes(
        max(numbered, key=lambda index: (points[index][1], index)),
        min(numbered, key=lambda index: (points[index][1], -index)),
    )


def deepest_fall_pct(points: Sequence[Point]) -> float | None:
    """How far the line was below a high before it, in percent; None when it only rose."""
    peaks = accumulate((nav for _, nav in points), max)
    falls = [100 * (1 - nav / peak) for (_, nav), peak in zip(points, peaks, strict=True) if peak > 0]
    deepest = max(falls, default=0.0)
    return deepest if deepest >= SHALLOWEST_PCT else None


def value_when(points: Sequence[Point], at: float) -> float:
    """The NAV of the line at a time inside it; inside a gap that of the point before."""
    after = bisect_right([when for when, _ in points], at)
    return points[max(after - 1, 0)][1]


def spans(points: Sequence[Point], period: Period) -> bool:
    """Whether the line is as long as its period, so that it begins with the value of 24 h, or of 7 d, ago."""
    return bool(points) and points[-1][0] - points[0][0] >= period.length_s - period.tolerance_s


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_point(point: Any) -> bool:
    return isinstance(point, (list, tuple)) and len(point) == 2 and is_number(point[0]) and is_number(point[1])
