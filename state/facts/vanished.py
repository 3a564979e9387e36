"""Open PnL that went without a trace: the position endpoint failed, and the book that is written is not the real one.

A close moves the wallet by the PnL it realises. Where the NAV is a wallet balance, open PnL that is gone beside a NAV
that has not moved by a cent is doubt; where the NAV includes open PnL, doubt is a NAV that fell by just that PnL.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from state.facts.nav_files import nav_of
from state.facts.sources import Sources
from state.files.rows import Row
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S, parse_stamp
from state.files.surfaces import NAV, NAV_LOG, NAV_STATE
from state.files.values import JsonDict, dicts, mapping, number
from state.formatting import fmt_moment

if TYPE_CHECKING:
    from state.files.nav_log import LogPoint

CENT = 0.01
# A move of the NAV that is as large as the PnL, give or take fees, settles the doubt.
MATCH = 0.5
# The other legs' PnL moves while one goes.
SHARE = 0.5
# A NAV that moved by no more than this part of the PnL has not realised it: what moved it are fees and funding.
FEES = 0.1
# That is told apart from a close only where the PnL is many times what prices move it in a usual step, and more than
# such a share of the NAV: a close whose gain its own fees take moves the NAV as little.
USUAL_STEPS, LEAST_STEPS = 6.0, 5
ABOVE_FEES = 2e-3
# A step that is off by no more than this part of the PnL's is one of a NAV that includes it.
INCLUDED = 0.2

LEGS, GONE, DOUBT, LAST_MOMENT, FLAT = "legs", "gone", "doubt", "moment", "flat"


class Moment(NamedTuple):
    """One point of the NAV history: epoch, NAV and open PnL in USD."""

    at: float
    nav_usd: float
    pnl_usd: float


def find_vanished(sources: Sources, rows: Sequence[Row], stamp: float) -> str | None:
    """Why the book that is written cannot be the real one; None when nothing speaks against it."""
    missing = _missing_legs(sources, rows)
    if rows and not missing and sources.history.get(DOUBT) is None:
        return None
    moments = _moments(sources, rows, stamp)
    known = _remembered_doubt(sources, rows, moments)
    if known is not None:
        return known
    lost = _lost_with(moments, missing, _last_known_at(sources)) if rows else _lost_whole(moments, stamp)
    if lost is None:
        return None
    names = [] if not rows else sorted(missing)
    sources.history.keep(DOUBT, {"legs": names, **lost._asdict()}, stamp)
    return _words(sources, names, lost.at)


def find_flat_since(sources: Sources, stamp: float) -> float | None:
    """When a book that was written empty at `stamp` became so; None where no history goes back before that."""
    known_at = sources.history.at(LEGS)
    if known_at is not None and known_at < stamp and sources.history.get(LEGS):
        return stamp
    seen = (sources.history.at(FLAT), _told_flat_since(_moments(sources, (), stamp), stamp))
    return max((at for at in seen if at is not None), default=None)


def _told_flat_since(moments: list[Moment], stamp: float) -> float | None:
    opened = [moment.at for moment in moments if abs(moment.pnl_usd) >= CENT]
    if opened:
        return min((moment.at for moment in moments if moment.at > opened[-1]), default=stamp)
    return moments[0].at if moments and moments[0].at < stamp - SAME_LOOP_S else None


def remember_legs(sources: Sources, rows: Sequence[Row], stamp: float | None) -> None:
    """Keep the open PnL of each leg of a known book; a leg that has gone stays until the log has its loop."""
    if stamp is None:
        return
    gone = _missing_legs(sources, rows)
    if gone and not any(moment.at < stamp - SAME_LOOP_S for moment in _moments(sources, rows, stamp)[-1:]):
        gone = {}  # the log has the loop of the book
    if not rows and sources.history.get(LEGS):
        sources.history.keep(FLAT, True, stamp)
    if gone:
        sources.history.keep(GONE, True, stamp)
    sources.history.keep(LEGS, gone | {row.name: row.pnl for row in rows if row.pnl is not None}, stamp)
    if (now := _moment_of(sources, rows, stamp)) is not None:
        sources.history.keep(LAST_MOMENT, list(now), stamp)
    sources.history.forget(DOUBT)


def read_moments(data: JsonDict) -> list[Moment]:
    """The points of nav_state.json that carry both a NAV and an open PnL, in the order they stand."""
    rows = (
        (parse_stamp(row.get("t")), nav_of(row), number(row.get("unrealized_pnl"))) for row in dicts(data.get("series"))
    )
    return [
        Moment(at, nav_usd, pnl_usd)
        for at, nav_usd, pnl_usd in rows
        if at is not None and nav_usd and pnl_usd is not None
    ]


def _read_log(data: JsonDict) -> list[Moment]:
    """The same of nav_log.json, whose points have been read already."""
    points: list[LogPoint] = data.get("series", [])
    return [Moment(at, nav_usd, pnl_usd) for at, nav_usd, pnl_usd in points if nav_usd and pnl_usd is not None]


def _moments(sources: Sources, rows: Sequence[Row], stamp: float) -> list[Moment]:
    """The points that carry an open PnL, of the log, else of the daemon's series; and where neither goes on, the
    moment of the last known book and that of this one.
    """
    found: list[Moment] = []
    for read, name in ((_read_log, NAV_LOG), (read_moments, NAV_STATE)):
        found = found or [point for point in sources.derive(read, name) if point.at <= sources.now + SAME_LOOP_S]
    if found and found[-1].at >= stamp - COMPARABLE_S:
        return found
    kept: Any = sources.history.get(LAST_MOMENT)
    figures = [value for item in (kept if isinstance(kept, list) else ()) if (value := number(item)) is not None]
    last = [Moment(*figures)] if len(figures) == len(Moment._fields) else []
    now = _moment_of(sources, rows, stamp)
    later = [*last, *([now] if now else [])]
    return found + [moment for moment in later if not found or moment.at > found[-1].at]


def _moment_of(sources: Sources, rows: Sequence[Row], stamp: float) -> Moment | None:
    """NAV and open PnL of the loop that wrote these rows, of the executor's own nav.json."""
    nav_usd, at = nav_of(sources.data(NAV)), sources.stamp(NAV)
    pnls = [row.pnl for row in rows]
    if not nav_usd or at is None or abs(at - stamp) > SAME_LOOP_S or None in pnls:
        return None
    return Moment(stamp, nav_usd, sum(pnl for pnl in pnls if pnl is not None))


def _missing_legs(sources: Sources, rows: Sequence[Row]) -> dict[str, float]:
    """Legs of the last known book that are not in this one, with the PnL they had."""
    there = {row.name for row in rows}
    legs = mapping(sources.history.get(LEGS))
    return {str(name): pnl for name, value in legs.items() if name not in there and (pnl := number(value)) is not None}


def _lost_whole(moments: list[Moment], stamp: float) -> Moment | None:
    """The last moment with open PnL, when all of it went without a trace, or when it stands beside the empty book."""
    index = next((i for i in range(len(moments) - 1, -1, -1) if moments[i].pnl_usd), None)
    if index is None:
        return None
    before = moments[index]
    if index == len(moments) - 1:
        # The log has open PnL while the book is empty: a contradiction in one loop, else the log has yet to follow.
        return before if abs(before.at - stamp) <= SAME_LOOP_S else None
    return before if _is_traceless(moments, index, before.pnl_usd) else None


def _last_known_at(sources: Sources) -> float:
    """Of the last point of the log that all legs were there with; the loop in which some went may have none yet."""
    at = sources.history.at(LEGS) or 0.0
    return at - SAME_LOOP_S if sources.history.at(GONE) == at else at + SAME_LOOP_S


def _lost_with(moments: list[Moment], missing: dict[str, float], since: float) -> Moment | None:
    """The moment before legs went with their share of the open PnL; None where a step that may be it left a trace."""
    share = sum(missing.values())
    if not missing or abs(share) < CENT:
        return None
    pairs = enumerate(pairwise(moments))
    steps = {index: before.pnl_usd - after.pnl_usd for index, (before, after) in pairs if after.at > since}
    if len(steps) > 1 and _may_be_realised(moments, steps, share):
        return None
    fitting = [index for index, step in steps.items() if abs(step - share) <= SHARE * abs(share)]
    if not fitting or not all(_is_traceless(moments, index, share) for index in fitting):
        return None
    return moments[fitting[-1]]._replace(pnl_usd=share)


def _may_be_realised(moments: list[Moment], steps: dict[int, float], pnl_usd: float) -> bool:
    """Whether one of several steps moved the wallet by this PnL, or any may have, as prices move others as far."""
    moves = [moments[index + 1].nav_usd - moments[index].nav_usd for index in steps]
    if not _includes_pnl(moments) and any(_settled(moved, pnl_usd, pnl_usd) for moved in moves):
        return True
    usual_usd = median(abs(step) for step in steps.values())
    return abs(pnl_usd) < USUAL_STEPS * usual_usd and any(round(abs(moved), 2) >= CENT for moved in moves)


def _is_traceless(moments: list[Moment], index: int, pnl_usd: float) -> bool:
    """Whether the step after `index` lost this PnL and nothing since has made up for it."""
    before, after = moments[index], moments[index + 1]
    moved, slack = after.nav_usd - before.nav_usd, _slack(moments[: index + 1], pnl_usd)
    if _includes_pnl(moments[: index + 1]):
        expected = after.pnl_usd - before.pnl_usd
        return abs(moved - expected) <= slack and not _settled(moments[-1].nav_usd - before.nav_usd, 0.0, pnl_usd)
    return round(abs(moved), 2) < slack and not _settled(moments[-1].nav_usd - before.nav_usd, pnl_usd, pnl_usd)


def _slack(moments: list[Moment], pnl_usd: float) -> float:
    """By how much a NAV may move beside PnL that went, and not have realised it, USD."""
    changes = (abs(after.pnl_usd - before.pnl_usd) for before, after in pairwise(moments))
    # A PnL that stands still tells nothing of how far prices move it.
    usual_usd = median([change for change in changes if change >= CENT] or [0.0])
    least_usd = max(USUAL_STEPS * usual_usd, ABOVE_FEES * abs(moments[-1].nav_usd))
    is_told = len(moments) > LEAST_STEPS and abs(pnl_usd) >= least_usd
    return max(CENT, FEES * abs(pnl_usd)) if is_told else CENT


def _settled(moved: float, wanted: float, pnl_usd: float) -> bool:
    return abs(moved - wanted) <= MATCH * abs(pnl_usd)


def _includes_pnl(moments: list[Moment]) -> bool:
    """Whether the NAV moves with the open PnL, by most of the steps in which that changes."""
    votes = 0
    for before, after in pairwise(moments):
        change = after.pnl_usd - before.pnl_usd
        if abs(change) >= CENT:
            votes += 1 if abs(after.nav_usd - before.nav_usd - change) < INCLUDED * abs(change) else -1
    return votes > 0


def _remembered_doubt(sources: Sources, rows: Sequence[Row], moments: list[Moment]) -> str | None:
    """A doubt of earlier loads lasts until its legs are back, or the NAV has moved by what they had."""
    doubt: dict[str, Any] = mapping(sources.history.get(DOUBT))
    at, nav_usd, pnl_usd = (number(doubt.get(key)) for key in ("at", "nav_usd", "pnl_usd"))
    names = [str(name) for name in doubt.get("legs") or []]
    if at is None or nav_usd is None or not pnl_usd:
        return None
    there = {row.name for row in rows}
    back = all(name in there for name in names) if names else bool(rows)
    last = moments[-1].nav_usd if moments else nav_usd
    wanted = 0.0 if _includes_pnl([item for item in moments if item.at <= at]) else pnl_usd
    if back or _settled(last - nav_usd, wanted, pnl_usd):
        sources.history.forget(DOUBT)
        return None
    return _words(sources, names, at)


def _words(sources: Sources, names: list[str], at: float) -> str:
    what = ", ".join(names) if names else "the whole book"
    when = fmt_moment(at, sources.now)
    return f"{what} went after {when} without a trace in the NAV: the position endpoint may have failed"
