"""A week of nav_log.json in few points: what the line of seven days is drawn from, whoever reads it and when."""

from itertools import groupby
from operator import itemgetter

from state.files.nav_log import WEEK_S, LogPoint, end_of

# Of each such stretch of the clock the first, the last, the lowest and the highest point are taken.
SLOT_S = 1800.0
DAY_S = 24 * 3600.0

Pair = list[float]
_NAV = itemgetter(1)


def sample_week(older: list[LogPoint], points: list[LogPoint], written_at: float) -> list[Pair]:
    """[[epoch, USD], ...], oldest first; [] where the log goes back no more than a day from its last point.

    Two of them that are further apart than a slot have no point of the log between them.
    """
    if not points:
        return []
    end = end_of(points, written_at)
    if not older and points[0].t >= end - DAY_S:
        return []
    known = [(point.t, point.nav) for point in (*older, *points) if point.nav and point.t >= end - WEEK_S]
    found: list[Pair] = []
    for _, slot in groupby(known, lambda point: point[0] // SLOT_S):
        stretch = list(slot)
        few = {stretch[0], min(stretch, key=_NAV), max(stretch, key=_NAV), stretch[-1]}
        found += map(list, sorted(few))
    return found
