"""NAV history: points of nav_state.json, cleaned, in order, and at most 300 of them."""

from state.facts.sources import Sources
from state.files.stamps import FUTURE_TOLERANCE_S, parse_stamp
from state.files.surfaces import NAV_LOG, NAV_STATE
from state.files.values import JsonDict, dicts, positive

MAX_POINTS = 300

Point = list[float]


def build_series(sources: Sources) -> list[Point]:
    """[[epoch, nav_usd], ...], oldest first; from nav_log.json when nav_state.json carries no series."""
    for name in (NAV_STATE, NAV_LOG):
        points = _drop_future(sources.derive(read_points, name), sources.now)
        if points:
            return downsample(points, MAX_POINTS)
    sources.unknown.note("nav.series", sources.lacks("NAV history", NAV_STATE, NAV_LOG))
    return []


def read_points(data: JsonDict) -> list[Point]:
    """The usable points of a file, oldest first; a zero NAV is a row the writer had nothing for."""
    points = {}
    for row in dicts(data.get("series")):
        moment = parse_stamp(row.get("t"))
        nav_usd = positive(row.get("total_equity")) or positive(row.get("nav")) or positive(row.get("equity"))
        if moment is not None and nav_usd is not None:
            points[moment] = nav_usd
    return list(map(list, sorted(points.items())))


def _drop_future(points: list[Point], now: float) -> list[Point]:
    """The points without those in the future, which belong to no history."""
    end = len(points)
    while end and points[end - 1][0] > now + FUTURE_TOLERANCE_S:
        end -= 1
    return points[:end]


def downsample(points: list[Point], limit: int) -> list[Point]:
    """At most `limit` points that keep the shape: both ends, and the low and the high of each stretch between."""
    if len(points) <= limit:
        return points
    inner = points[1:-1]
    buckets = (limit - 2) // 2
    kept = [points[0]]
    for index in range(buckets):
        stretch = inner[index * len(inner) // buckets : (index + 1) * len(inner) // buckets]
        low, high = min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1])
        kept += sorted([low, high]) if low is not high else [low]
    return [*kept, points[-1]]
