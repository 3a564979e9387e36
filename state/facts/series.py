"""NAV history: the points of nav_log.json and nav_state.json together, so that it is the same whichever wrote last."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from heapq import nlargest
from itertools import accumulate, pairwise
from math import inf
from operator import itemgetter, sub
from statistics import median
from typing import Any, NamedTuple

from state.facts.nav_leaps import Leap, find_leaps
from state.facts.series_rows import (
    MOMENT,
    SAME_MOMENT_S,
    Disagreement,
    Pair,
    Rows,
    find_disagreement,
    read_log,
    read_series,
    sort_out,
    unite,
)
from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.files.stamps import FUTURE_TOLERANCE_S
from state.files.surfaces import NAV, NAV_LOG, NAV_STATE
from state.files.values import JsonDict, number
from state.formatting import fmt_moment

MAX_POINTS = 300

# The history goes back this far before its last point, and with a slow writer at least so many points.
SPAN_S = 24 * 3600.0
LEAST_POINTS = 500

# Without a point for this long, and for so many steps, the history has a gap.
LEAST_GAP_S = 300.0
GAP_STEPS = 5.0

SERIES = "series"

# By less, a peak and the points it was taken from differ by rounding.
ABOVE_PEAK = 0.001

Point = list[float]
_NAV = itemgetter(1)


class NavHistory(NamedTuple):
    """`points` [[epoch, nav_usd], ...] and `gaps` [[from, to], ...] (epochs of points), both oldest first.

    `zeros` counts the points of zero behind the last one, from `zeros_since` on: rows that a writer had nothing for.
    `pause_s` is how long it may be without a point: a gap, or longer where it has been without one so long twice.
    `unread` counts the rows without a moment or a NAV, `ahead` those in the future, which are left out as well.
    `leaps` are those between neighbours of all points, not only of those on show.
    """

    points: list[Point]
    gaps: list[list[float]]
    zeros: int = 0
    zeros_since: float | None = None
    unread: int = 0
    ahead: int = 0
    disagreement: Disagreement | None = None
    pause_s: float = LEAST_GAP_S
    leaps: tuple[Leap, ...] = ()


def build_history(sources: Sources, remembered: Sequence[Sequence[float]] = ()) -> NavHistory:
    """The history; `remembered` are points of an earlier nav_state.json, which count where the files have none."""
    # How far the clock of a writer is ahead is said of its files, and not of their points once more.
    skew_s = max((reading.ahead_s(sources.now) or 0.0 for reading in sources.readings.values()), default=0.0)
    history = _history_at(sources.now, sources.derive(_read_files, NAV_LOG, NAV_STATE), remembered, skew_s)
    if not history.points:
        sources.unknown.note("nav.series", sources.lacks("NAV history", NAV_LOG, NAV_STATE))
    elif not history.zeros and _ends_early(sources, history):
        ended = fmt_moment(history.points[-1][0], sources.now)
        sources.stale.note("nav.series", f"the NAV history has no point since {ended}, while the NAV is still written")
    return history


def _ends_early(sources: Sources, history: NavHistory) -> bool:
    """Whether the executor, which writes both, still writes a NAV and has long written no point."""
    file = NAV if sources.has(NAV) else NAV_STATE
    stamp = sources.stamp(file)
    if stamp is None or why_not_alive(sources, file, stamp) is not None:
        return False
    return stamp - history.points[-1][0] > history.pause_s


def remembered_series(sources: Sources) -> list[list[float]]:
    """Points of the daemon's last series where the executor has written over them, from before the log begins."""
    rows, stamp = sources.derive(read_series, NAV_STATE).known, sources.stamp(NAV_STATE)
    logged = sources.data(NAV_LOG).get("series")
    begins = logged[0][0] if logged else inf
    if rows:
        if rows[0][0] < begins and stamp is not None:
            sources.history.keep(SERIES, rows, stamp)
        return []
    kept = sources.history.get(SERIES)
    pairs = kept if isinstance(kept, list) else []
    sound = (pair for pair in pairs if isinstance(pair, list) and len(pair) == 2 and all(map(number, pair)))
    return [pair for pair in sound if pair[0] < begins - SAME_MOMENT_S]


def find_history(
    log: JsonDict, nav_state: JsonDict, now: float, remembered: Sequence[Sequence[float]] = ()
) -> NavHistory:
    """The same, of the contents of nav_log.json and nav_state.json at epoch `now`."""
    return _history_at(now, _read_files(log, nav_state), remembered)


def find_history_high(points: Sequence[Sequence[float]], peak_usd: float | None) -> tuple[float, float] | None:
    """(USD, epoch) of the highest point, the last such, where it is above the writer's peak."""
    at, high_usd = max(points, key=lambda point: (point[1], point[0]), default=(0.0, -inf))
    return None if peak_usd is None or high_usd <= peak_usd + ABOVE_PEAK * abs(peak_usd) else (high_usd, at)


def _read_files(log: JsonDict, nav_state: JsonDict) -> tuple[Rows, NavHistory]:
    """All rows, and the history where none of them is in the future and nothing is remembered."""
    logged, series = read_log(log), read_series(nav_state)
    rows = unite(logged, series)
    return rows, _shape(rows)._replace(disagreement=find_disagreement(logged, series))


def _history_at(
    now: float, read: tuple[Rows, NavHistory], remembered: Sequence[Sequence[float]], skew_s: float = 0.0
) -> NavHistory:
    rows, history = read
    horizon = now + FUTURE_TOLERANCE_S
    if remembered or any(points[-1][0] > horizon for points in rows[:2] if points):
        earlier = sort_out(sorted((at, nav_usd) for at, nav_usd in remembered))
        found = _shape(_until(unite(rows, earlier), horizon))
        history = found._replace(disagreement=history.disagreement, ahead=_count_after(rows, horizon + skew_s))
    # Copies, since what was derived is kept for the next load.
    return history._replace(points=list(map(list, history.points)), gaps=list(map(list, history.gaps)))


def _until(rows: Rows, horizon: float) -> Rows:
    """Without the points in the future, which belong to no history."""
    known, zeros = (points[: bisect_right(points, horizon, key=MOMENT)] for points in rows[:2])
    return Rows(known, zeros, rows.unread)


def _count_after(rows: Rows, horizon: float) -> int:
    return sum(len(points) - bisect_right(points, horizon, key=MOMENT) for points in rows[:2])


def _shape(rows: Rows) -> NavHistory:
    """What is shown of all points."""
    points = rows.known[_first_shown(rows.known) :]
    gaps = find_gaps(points)
    zeros = rows.zeros[bisect_right(rows.zeros, points[-1][0], key=MOMENT) if points else 0 :]
    since = zeros[0][0] if zeros else None
    shown, pause_s = shape_points(points, gaps), _usual_pause(points)
    return NavHistory(shown, gaps, len(zeros), since, rows.unread, pause_s=pause_s, leaps=find_leaps(points))


def _usual_pause(points: list[Pair]) -> float:
    """The longest that has been seen twice: once is an outage. A quiet desk may write none for hours."""
    moments = list(map(MOMENT, points))
    steps: list[float] = list(map(sub, moments[1:], moments))
    if len(steps) < 2:
        return LEAST_GAP_S
    return max(LEAST_GAP_S, GAP_STEPS * median(steps), nlargest(2, steps)[-1])


def _first_shown(points: list[Pair]) -> int:
    """The last point that is a whole span old; of a slow writer an older one."""
    if not points:
        return 0
    spanning = bisect_right(points, points[-1][0] - SPAN_S, key=MOMENT) - 1
    return max(0, min(spanning, len(points) - LEAST_POINTS))


def find_gaps(points: list[Pair], least_gap_s: float = LEAST_GAP_S) -> list[list[float]]:
    """Pairs of neighbours without a point between them for so long, and for much longer than is usual."""
    moments = list(map(MOMENT, points))
    steps = list(map(sub, moments[1:], moments))
    if max(steps, default=0.0) <= least_gap_s:
        return []
    longest_s = max(least_gap_s, GAP_STEPS * median(steps))
    return [[moments[index], moments[index + 1]] for index, step_s in enumerate(steps) if step_s > longest_s]


def shape_points(points: list[Pair], gaps: list[list[float]]) -> list[Point]:
    """At most 300 of the points, [[epoch, nav_usd], ...]."""
    return list(map(list, _thin(points, gaps)))


def find_near(points: Sequence[Sequence[Any]], moment: float, tolerance_s: float) -> tuple[float, float] | None:
    """(epoch, USD) of the point nearest to a moment that has a NAV; None where none is within the tolerance."""
    start = bisect_left(points, moment - tolerance_s, key=MOMENT)
    end = bisect_right(points, moment + tolerance_s, key=MOMENT)
    near = [(point[0], point[1]) for point in points[start:end] if point[1]]
    return min(near, key=lambda point: abs(point[0] - moment), default=None)


def find_deepest(points: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """(percent, epoch) of the point farthest below the highest one before it; None where no NAV is above zero."""
    peaks = accumulate((point[1] for point in points), max)
    falls = [(100.0 * (1.0 - nav / peak), at) for (at, nav), peak in zip(points, peaks, strict=True) if peak > 0]
    return max(falls, default=None)


def _thin(points: list[Pair], gaps: list[list[float]]) -> list[Pair]:
    """At most 300 points, both sides of each gap among them while there are not too many."""
    ends = [bisect_left(points, after, key=MOMENT) for _, after in gaps]
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
    navs, inner = list(map(_NAV, points)), len(points) - 2
    buckets = (limit - 2) // 2
    kept = [0]
    for index in range(buckets):
        start, end = 1 + index * inner // buckets, 1 + (index + 1) * inner // buckets
        stretch = navs[start:end]
        kept += sorted({start + stretch.index(min(stretch)), start + stretch.index(max(stretch))})
    return [points[index] for index in (*kept, len(points) - 1)]
