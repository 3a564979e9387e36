"""Leaps of the NAV history: from one point to the next by more than a market moves it."""

from collections.abc import Iterable, Sequence
from math import inf, prod
from operator import itemgetter, truediv
from typing import Any, NamedTuple

from state.facts.series_rows import Pair
from state.facts.sources import Sources
from state.files.stamps import FUTURE_TOLERANCE_S
from state.files.surfaces import NAV_LOG
from state.files.values import JsonDict
from state.formatting import fmt_moment
from state.sentences import Part, amount

# By so much in one step the NAV is in another unit, or money came or went: a slow rise over many points is none.
LEAST_FACTOR = 8.0
# What moves by less than this share of the highest NAV is small change, however often it doubles.
LEAST_SHARE = 0.05
# So many points at the end of the log are more than a clock that is ahead stamps.
LAST_POINTS = 60

WHY = "by more than a market moves it: a slip, another unit, or a transfer"

_NAV = itemgetter(1)


class Leap(NamedTuple):
    """The NAV before and after, USD; `at` is the epoch of the point it leapt to."""

    at: float
    before_usd: float
    after_usd: float


class Leaps(NamedTuple):
    """Those of nav_log.json, oldest first, and its last points (epoch, USD)."""

    found: tuple[Leap, ...]
    last: list[Pair]


def find_leaps(points: Sequence[Sequence[Any]]) -> tuple[Leap, ...]:
    """Neighbours (epoch, USD but zero, ...) of which one is many times the other, or on the other side of zero."""
    navs: list[float] = list(map(_NAV, points))
    factors: list[float] = list(map(truediv, navs[1:], navs))
    # The usual answer, of thousands of points, in as little time as may be.
    if not factors or not (is_leap(min(factors)) or is_leap(max(factors))):
        return ()
    odd = [index for index, factor in enumerate(factors, 1) if is_leap(factor)]
    least_usd = LEAST_SHARE * max(map(abs, navs))
    leaps = (Leap(points[index][0], navs[index - 1], navs[index]) for index in odd)
    return tuple(leap for leap in leaps if abs(leap.after_usd - leap.before_usd) >= least_usd)


def is_leap(factor: float) -> bool:
    """Whether the NAV is as many times what it was."""
    return not 1.0 / LEAST_FACTOR < factor < LEAST_FACTOR


def logged_leaps(sources: Sources) -> Leaps:
    """Of the days that the log is known of, without what lies in the future."""
    leaps, horizon = sources.derive(_read_leaps, NAV_LOG), sources.now + FUTURE_TOLERANCE_S
    found = (leap for leap in leaps.found if leap.at <= horizon)
    return Leaps(tuple(found), [point for point in leaps.last if point[0] <= horizon])


def has_leapt(sources: Sources, since: float, nav_usd: float) -> bool:
    """Whether the NAV on show is of another size or unit than that of the log at a moment, for leaps since then.

    A lone odd point is left as it was come to: two leaps undo each other.
    """
    leaps = logged_leaps(sources)
    factors = [leap.after_usd / leap.before_usd for leap in leaps.found if leap.at > since]
    logged_usd = leaps.last[-1][1] if leaps.last else nav_usd
    if is_leap(nav_usd / logged_usd):
        factors.append(nav_usd / logged_usd)
    return is_leap(prod(factors))


def tell_leaps(leaps: Iterable[Leap], now: float) -> list[Part]:
    """The last of them with both its figures, and how many there are; [] where there is none."""
    found = sorted(set(leaps))
    if not found:
        return []
    last = found[-1]
    count = f" (one of {len(found)} such leaps)" if len(found) > 1 else ""
    amounts: list[Part] = ["the NAV leaps from ", amount(last.before_usd), " to ", amount(last.after_usd)]
    return [*amounts, f" at {fmt_moment(last.at, now)}{count}, {WHY}"]


def _read_leaps(log: JsonDict) -> Leaps:
    """Of the points of the last day, and of what is known of the week before it."""
    logged, week = log.get("series") or [], log.get("week") or []
    begins = logged[0][0] if logged else inf
    points = [point for point in week if point[0] < begins]
    points += [point for point in logged if point[1]]
    return Leaps(find_leaps(points), [(point[0], point[1]) for point in points[-LAST_POINTS:]])
