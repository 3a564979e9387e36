"""NAV history: the points of nav_log.json and nav_state.json together, so that it is the same whichever wrote last."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import inf
from operator import itemgetter, sub
from statistics import median
from typing import NamedTuple

from state.facts.sources import Sources
from state.files.nav_log import nav_of_row
from state.files.stamps import FUTURE_TOLERANCE_S, parse_stamp
from state.files.surfaces import NAV_LOG, NAV_STATE
from state.files.values import JsonDict, dicts

MAX_POINTS = 300

# The history goes back this far before its last point, and with a slow writer at least so many points.
SPAN_S = 24 * 3600.0
LEAST_POINTS = 500

# Some writers cut the moments of the points they copy to whole seconds.
SAME_MOMENT_S = 1.0

# Without a point for this long, and for so many steps, the history has a gap.
LEAST_GAP_S = 300.0
GAP_STEPS = 5.0

# By less, a peak and the points it was taken from differ by rounding.
ABOVE_PEAK = 0.001

Point = list[float]
Pair = tuple[float, float]
_MOMENT = itemgetter(0)
_NAV = itemgetter(1)


class NavHistory(NamedTuple):
    """`points` [[epoch, nav_usd], ...] and `gaps` [[from, to], ...] (epochs of points), both oldest first.

    `zeros` counts the points of zero behind the last one, from `zeros_since` on: rows that a writer had nothing for.
    """

    points: list[Point]
    gaps: list[list[float]]
    zeros: int = 0
    zeros_since: float | None = None


class _Rows(NamedTuple):
    """Points in order, those of zero apart."""

    known: list[Pair]
    zeros: list[Pair]


def build_history(sources: Sources, remembered: Sequence[Sequence[float]] = ()) -> NavHistory:
    """The history; `remembered` are points of an earlier nav_state.json, which count where the files have none."""
    history = _history_at(sources.now, sources.derive(_read_files, NAV_LOG, NAV_STATE), remembered)
    if not history.points:
        sources.unknown.note("nav.series", sources.lacks("NAV history", NAV_LOG, NAV_STATE))
    return history


def find_history(
    log: JsonDict, nav_state: JsonDict, now: float, remembered: Sequence[Sequence[float]] = ()
) -> NavHistory:
    """The same, of the contents of nav_log.json and nav_state.json at epoch `now`."""
    return _history_at(now, _read_files(log, nav_state), remembered)


def build_series(sources: Sources) -> list[Point]:
    """The points of the history alone."""
    return build_history(sources).points


def find_history_high(points: Sequence[Sequence[float]], peak_usd: float | None) -> tuple[float, float] | None:
    """(USD, epoch) of the highest point, the last such, where it is above the writer's peak."""
    at, high_usd = max(points, key=lambda point: (point[1], point[0]), default=(0.0, -inf))
    return None if peak_usd is None or high_usd <= peak_usd + ABOVE_PEAK * abs(peak_usd) else (high_usd, at)


def _read_files(log: JsonDict, nav_state: JsonDict) -> tuple[_Rows, NavHistory]:
    """All rows, and the history where none of them is in the future and nothing is remembered."""
    rows = _unite(_read_log(log), _read_series(nav_state))
    return rows, _shape(rows)


def _history_at(now: float, read: tuple[_Rows, NavHistory], remembered: Sequence[Sequence[float]]) -> NavHistory:
    rows, history = read
    horizon = now + FUTURE_TOLERANCE_S
    if remembered or any(points[-1][0] > horizon for points in rows if points):
        earlier = _apart(sorted((at, nav_usd) for at, nav_usd in remembered))
        history = _shape(_until(_unite(rows, earlier), horizon))
    # Copies, since what was derived is kept for the next load.
    return history._replace(points=list(map(list, history.points)), gaps=list(map(list, history.gaps)))


def _read_log(data: JsonDict) -> _Rows:
    return _apart((point[0], point[1]) for point in data.get("series", ()))


def _read_series(data: JsonDict) -> _Rows:
    """Of one moment the row that was written last."""
    rows = {moment: nav_of_row(row) for row in dicts(data.get("series")) if (moment := parse_stamp(row.get("t")))}
    return _apart(sorted(rows.items()))


def _apart(points: Iterable[tuple[float, float | None]]) -> _Rows:
    """Points in order, without those that have no NAV."""
    known, zeros = [], []
    for at, nav_usd in points:
        if nav_usd:
            known.append((at, nav_usd))
        elif nav_usd is not None:
            zeros.append((at, 0.0))
    return _Rows(known, zeros)


def _unite(preferred: _Rows, others: _Rows) -> _Rows:
    return _Rows(_merge(preferred.known, others.known), _merge(preferred.zeros, others.zeros))


def _merge(preferred: list[Pair], others: list[Pair]) -> list[Pair]:
    """Both in order; of one moment the preferred point."""
    moments = list(map(_MOMENT, preferred))
    same = set(moments)
    added = [point for point in others if point[0] not in same and not _is_near(moments, point[0])]
    return sorted([*preferred, *added]) if added else preferred


def _is_near(moments: list[float], moment: float) -> bool:
    index = bisect_left(moments, moment - SAME_MOMENT_S)
    return index < len(moments) and moments[index] <= moment + SAME_MOMENT_S


def _until(rows: _Rows, horizon: float) -> _Rows:
    """Without the points in the future, which belong to no history."""
    return _Rows(*(points[: bisect_right(points, horizon, key=_MOMENT)] for points in rows))


def _shape(rows: _Rows) -> NavHistory:
    """What is shown of all points."""
    points = rows.known[_first_shown(rows.known) :]
    gaps = _find_gaps(points)
    zeros = rows.zeros[bisect_right(rows.zeros, points[-1][0], key=_MOMENT) if points else 0 :]
    shown = list(map(list, _thin(points, gaps)))
    return NavHistory(shown, gaps, len(zeros), zeros[0][0] if zeros else None)


def _first_shown(points: list[Pair]) -> int:
    """The last point that is a whole span old; of a slow writer an older one."""
    if not points:
        return 0
    spanning = bisect_right(points, points[-1][0] - SPAN_S, key=_MOMENT) - 1
    return max(0, min(spanning, len(points) - LEAST_POINTS))


def _find_gaps(points: list[Pair]) -> list[list[float]]:
    """Pairs of neighbours without a point between them for much longer than is usual."""
    moments = list(map(_MOMENT, points))
    steps = list(map(sub, moments[1:], moments))
    if max(steps, default=0.0) <= LEAST_GAP_S:
        return []
    longest_s = max(LEAST_GAP_S, GAP_STEPS * median(steps))
    return [[moments[index], moments[index + 1]] for index, step_s in enumerate(steps) if step_s > longest_s]


def _thin(points: list[Pair], gaps: list[list[float]]) -> list[Pair]:
    """At most 300 points, both sides of each gap among them while there are not too many."""
    ends = [bisect_left(points, after, key=_MOMENT) for _, after in gaps]
    stretches = [points[start:end] for start, end in pairwise([0, *ends, len(points)])]
    spare = MAX_POINTS - 2 * len(stretches)
    if spare < 0:
        return downsample(points, MAX_POINTS)
    return [
        point for stretch in stretches for point in downsample(stretch, 2 + spare * len(stretch) // (len(points) or 1))
    ]


def downsample(points: list[Pair], limit: int) -> list[Pair]:
    """At most `limit` points that keep the shape: both ends, and the low and the high of each stretch between."""
    if len(points) <= limit:
        return points
    inner = points[1:-1]
    buckets = (limit - 2) // 2
    kept = [points[0]]
    for index in range(buckets):
        stretch = inner[index * len(inner) // buckets : (index + 1) * len(inner) // buckets]
        low, high = min(stretch, key=_NAV), max(stretch, key=_NAV)
        kept += sorted([low, high]) if low is not high else [low]
    return [*kept, points[-1]]
