"""A week of nav_log.json in few points: what the line of seven days is drawn from, whoever reads it and when."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import groupby
from math import ceil, isfinite
from operator import itemgetter

from state.files.nav_log import MOST_OLDER, WEEK_S, LogPoint, NavLog, end_of

# Of each such stretch of the clock the first, the last, the lowest and the highest point are taken.
SLOT_S = 1800.0
DAY_S = 24 * 3600.0

Pair = tuple[float, float]
_MOMENT, _NAV = itemgetter(0), itemgetter(1)


def sample_week(log: NavLog, written_at: float, before: list[Pair] | None = None) -> list[Pair]:
    """[(epoch, USD), ...], oldest first; [] where the log goes back no more than a day from its last point.

    Two of them that are further apart than a slot have no point of the log between them. `before` is what was sampled
    of the log before its last rows came: only the slots since then are sampled again.
    """
    if not log.points:
        return []
    end = end_of(log.points, written_at)
    if not log.older and log.points[0].t >= end - DAY_S:
        return []
    first = ceil((end - WEEK_S) / SLOT_S) * SLOT_S
    since = log.changed_from // SLOT_S * SLOT_S if isfinite(log.changed_from) else first
    if not before or since < max(first, log.points[0].t) or len(log.older) >= MOST_OLDER:
        return _sample((*log.older, *log.points), first)
    kept = before[bisect_left(before, first, key=_MOMENT) : bisect_left(before, since, key=_MOMENT)]
    return kept + _sample(log.points[bisect_left(log.points, since, key=_MOMENT) :], since)


def _sample(points: Iterable[LogPoint], since: float) -> list[Pair]:
    """Of each slot from `since` on."""
    known = [(point.t, point.nav) for point in points if point.nav and point.t >= since]
    found: list[Pair] = []
    for _, slot in groupby(known, lambda point: point[0] // SLOT_S):
        stretch = list(slot)
        few = {stretch[0], min(stretch, key=_NAV), max(stretch, key=_NAV), stretch[-1]}
        found += sorted(few)
    return found
