"""The rows of a NAV history: read from both of its files, and put together."""

from bisect import bisect_left
from operator import itemgetter
from typing import NamedTuple

from state.files.nav_log import nav_of_row
from state.files.stamps import parse_stamp
from state.files.values import JsonDict

# Some writers cut the moments of the points they copy to whole seconds.
SAME_MOMENT_S = 1.0

# Both files have the same figure in at least two digits.
ROUNDING_USD = 0.01

Pair = tuple[float, float]
MOMENT = itemgetter(0)


class Disagreement(NamedTuple):
    """Of so many `moments` the two files have another NAV, USD; the last of them is `at`."""

    at: float
    log_usd: float
    series_usd: float
    moments: int


class Rows(NamedTuple):
    """Points (epoch, USD) in order, those of zero apart; `unread` counts the rows without a moment or a NAV."""

    known: list[Pair]
    zeros: list[Pair]
    unread: int = 0


def read_log(data: JsonDict) -> Rows:
    """The rows of nav_log.json."""
    rows = sort_out([(at, nav_usd) for at, nav_usd, _ in data.get("series", ())])
    return rows._replace(unread=rows.unread + data.get("faults", 0))


def read_series(data: JsonDict) -> Rows:
    """The rows of nav_state.json; of one moment the one that was written last."""
    series = data.get("series")
    rows = series if isinstance(series, list) else []
    moments = [parse_stamp(row.get("t")) if isinstance(row, dict) else None for row in rows]
    found = {at: nav_of_row(row) for at, row in zip(moments, rows, strict=True) if at is not None}
    return sort_out(sorted(found.items()), moments.count(None))


def sort_out(points: list[tuple[float, float | None]], unread: int = 0) -> Rows:
    """Points in order, by whether they have a NAV."""
    known = [(at, nav_usd) for at, nav_usd in points if nav_usd]
    zeros = [(at, 0.0) for at, nav_usd in points if nav_usd == 0]
    return Rows(known, zeros, unread + len(points) - len(known) - len(zeros))


def unite(preferred: Rows, others: Rows) -> Rows:
    """All rows; of one moment the preferred one."""
    known, zeros = _merge(preferred.known, others.known), _merge(preferred.zeros, others.zeros)
    return Rows(known, zeros, preferred.unread + others.unread)


def find_disagreement(log: Rows, series: Rows) -> Disagreement | None:
    """Where both files have a NAV of one moment and it is not the same."""
    moments, navs = list(map(MOMENT, log.known)), dict(log.known)
    found = [
        (at, navs[near], nav_usd)
        for at, nav_usd in series.known
        if (near := at if at in navs else _nearest(moments, at)) is not None
        and abs(navs[near] - nav_usd) > ROUNDING_USD
    ]
    return Disagreement(*found[-1], len(found)) if found else None


def _merge(preferred: list[Pair], others: list[Pair]) -> list[Pair]:
    moments = list(map(MOMENT, preferred))
    same = set(moments)
    added = [point for point in others if point[0] not in same and _nearest(moments, point[0]) is None]
    return sorted([*preferred, *added]) if added else preferred


def _nearest(moments: list[float], moment: float) -> float | None:
    """The moment that is meant; None where none is near."""
    index = bisect_left(moments, moment)
    near = [other for other in moments[max(0, index - 1) : index + 1] if abs(other - moment) <= SAME_MOMENT_S]
    return min(near, key=lambda other: abs(other - moment), default=None)
