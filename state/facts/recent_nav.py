"""What the NAV was in the last minutes, by both of its histories."""

from itertools import pairwise

from state.facts.series_rows import MOMENT, Pair, read_log, read_series, unite
from state.facts.sources import Sources
from state.files.stamps import FUTURE_TOLERANCE_S
from state.files.surfaces import NAV_LOG, NAV_STATE
from state.files.values import JsonDict

# More points than any writer makes in the minutes that files are compared over.
RECENT_POINTS = 60


def recent_navs(sources: Sources) -> list[Pair]:
    """(epoch, USD) of the last points, oldest first, without those in the future."""
    points = sources.derive(_read_recent, NAV_LOG, NAV_STATE)
    horizon = sources.now + FUTURE_TOLERANCE_S
    return points if not points or points[-1][0] <= horizon else [point for point in points if point[0] <= horizon]


def nav_moves(sources: Sources, since: float) -> float:
    """By how much the NAV has moved since this moment, up and down added up, USD."""
    points = recent_navs(sources)
    first = max((index for index, point in enumerate(points) if point[0] <= since), default=0)
    return sum(abs(later[1] - earlier[1]) for earlier, later in pairwise(points[first:]))


def _read_recent(log: JsonDict, nav_state: JsonDict) -> list[Pair]:
    series = nav_state.get("series")
    rows = series[-RECENT_POINTS:] if isinstance(series, list) else []
    logged = read_log({"series": log.get("series", ())[-RECENT_POINTS:]})
    return sorted(unite(logged, read_series({"series": rows})).known, key=MOMENT)
