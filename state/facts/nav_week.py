"""The NAV over days: the line of seven days, and how far the NAV has come in one day and in seven."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from state.facts.nav_files import Nav
from state.facts.nav_leaps import WHY, has_leapt
from state.facts.series import find_gaps, find_near, shape_points
from state.facts.sources import Sources
from state.files.nav_week import SLOT_S
from state.files.stamps import FUTURE_TOLERANCE_S
from state.files.surfaces import NAV_LOG
from state.files.values import JsonDict

DAY_S = 24 * 3600.0
# A NAV is written at most so long after its point in the log.
SAME_POINT_S = 300.0
CHANGES = {"24h": (DAY_S, 300.0, "24 h"), "7d": (7 * DAY_S, 1800.0, "7 d")}  # ago, tolerance (seconds), words

Pair = tuple[float, float]


class Week(NamedTuple):
    """At most 300 points [[epoch, nav_usd], ...] and the gaps [[from, to], ...] between them, oldest first."""

    points: list[list[float]]
    gaps: list[list[float]]


def build_week(sources: Sources) -> dict[str, Any]:
    """`series_7d` and `gaps_7d`; empty where the log does not go back more than a day."""
    known = _read_week(sources.data(NAV_LOG))
    if not known:
        return {"series_7d": [], "gaps_7d": []}
    horizon = sources.now + FUTURE_TOLERANCE_S
    ahead = known[-1][0] > horizon
    week = _shape([pair for pair in known if pair[0] <= horizon]) if ahead else sources.derive(_shape_week, NAV_LOG)
    return {"series_7d": list(map(list, week.points)), "gaps_7d": list(map(list, week.gaps))}


def build_changes(sources: Sources, nav: Nav) -> dict[str, float | None]:
    """`change_24h_usd`, `change_24h_pct` and so on: the NAV on show less that of the log at that time; transfers are
    in it.
    """
    return dict(pair for span in CHANGES for pair in _change(sources, nav, span))


def _change(sources: Sources, nav: Nav, span: str) -> Iterator[tuple[str, float | None]]:
    ago_s, tolerance_s, words = CHANGES[span]
    moment = _moment(sources, nav.stamp)
    near = None if moment is None else _nav_at(sources, moment - ago_s, tolerance_s)
    before, usd, reason = near[1] if near else None, None, f"{NAV_LOG} has no NAV of {words} ago"
    if nav.usd is None:
        reason = nav.unknown or "the NAV is unknown"
    elif near is not None and has_leapt(sources, near[0], nav.usd):
        reason = f"within {words} the NAV history leaps {WHY}"
    elif before is not None:
        usd = nav.usd - before
    pct = None if usd is None or before is None or before <= 0 else 100.0 * usd / before
    no_percent = "of a NAV that was not above zero there is no percentage"
    yield f"change_{span}_usd", sources.unknown.known(f"nav.change_{span}_usd", usd, reason)
    yield (
        f"change_{span}_pct",
        sources.unknown.known(f"nav.change_{span}_pct", pct, reason if usd is None else no_percent),
    )


def _moment(sources: Sources, stamp: float | None) -> float | None:
    """Of when the NAV is: the point of the log that it is a copy of, whichever writer has copied it last."""
    points = sources.data(NAV_LOG).get("series") or [[None]]
    logged: float | None = points[-1][0]
    return stamp if stamp is None or logged is None or abs(stamp - logged) > SAME_POINT_S else logged


def _nav_at(sources: Sources, moment: float, tolerance_s: float) -> Pair | None:
    """The point of the log (epoch, USD) nearest to a moment, where one is near enough."""
    data = sources.data(NAV_LOG)
    return find_near(data.get("series", ()), moment, tolerance_s) or find_near(_read_week(data), moment, tolerance_s)


def _read_week(data: JsonDict) -> list[Pair]:
    week = data.get("week")
    return week if isinstance(week, list) else []


def _shape_week(data: JsonDict) -> Week:
    return _shape(_read_week(data))


def _shape(points: list[Pair]) -> Week:
    """What is drawn; more than a slot without a point, and than is usual, is a gap."""
    gaps = find_gaps(points, SLOT_S)
    return Week(shape_points(points, gaps), gaps)
