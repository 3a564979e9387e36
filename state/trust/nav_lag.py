"""Whether two figures of the NAV differ because it moved between their writings: then neither of them is wrong."""

from state.facts.daemon_word import is_daemons
from state.facts.kpis_shape import is_nested
from state.facts.recent_nav import recent_navs
from state.facts.series_rows import Pair
from state.facts.sources import Sources
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S
from state.files.surfaces import BY_NAME, KPIS, NAV_STATE
from state.trust.comparison import Check, Side, extend

# Figures that carry the same stamp but for this are of one writing.
ONE_WRITING_S = 0.5


def forgive_move(sources: Sources, check: Check, left: Side, right: Side, tolerance: float) -> Check:
    """The same check, not comparable where the older figure was true when it was written and the newer one is now."""
    if check["status"] != "fail" or left.stamp is None or right.stamp is None:
        return check
    older, newer = (left, right) if left.stamp < right.stamp else (right, left)
    if not _is_move(sources, older, newer, tolerance):
        return check
    apart_s = abs(left.stamp - right.stamp)
    return extend(check, "not_comparable", f"; {older.label} was written {apart_s:,.0f} s before and has yet to follow")


def _is_move(sources: Sources, older: Side, newer: Side, tolerance: float) -> bool:
    """By the history, where it reaches so far; else by who follows whom, and within which cadence."""
    from_s, to_s = older.stamp or 0.0, newer.stamp or 0.0
    points = recent_navs(sources)
    if not points or points[-1][0] < to_s - COMPARABLE_S:
        return _has_yet_to_follow(sources, older, newer)
    before = [point for point in points if from_s - COMPARABLE_S <= point[0] <= from_s + ONE_WRITING_S]
    after = [point for point in points if from_s - ONE_WRITING_S <= point[0] <= to_s + SAME_LOOP_S]
    moved = _is_among(newer.value, after, tolerance) or _is_of_unfinished_loop(sources, newer, points)
    return moved and _is_among(older.value, before, tolerance)


def _is_among(value: float | None, points: list[Pair], tolerance: float) -> bool:
    """Whether the NAV was this, or passed it, between these points."""
    if value is None or not points:
        return False
    navs = [nav_usd for _, nav_usd in points]
    return min(navs) - tolerance <= value <= max(navs) + tolerance


def _is_of_unfinished_loop(sources: Sources, side: Side, points: list[Pair]) -> bool:
    """The executor writes the point of a loop after its other files; until then its history ends a loop earlier.

    The one-shot publisher, told by its `exec_stats`, has no loop.
    """
    written_at, data = side.stamp or 0.0, sources.data(side.label.split()[0])
    looping = not _is_copy(sources, side) and "exec_stats" not in data
    return looping and written_at > points[-1][0] + SAME_LOOP_S and sources.now - written_at <= COMPARABLE_S


def _has_yet_to_follow(sources: Sources, older: Side, newer: Side) -> bool:
    if _is_copy(sources, newer):
        return False
    apart_s = (newer.stamp or 0.0) - (older.stamp or 0.0)
    surface = BY_NAME.get(older.label.split()[0])
    follows = _is_copy(sources, older) or apart_s > SAME_LOOP_S
    return follows and surface is not None and sources.now - (older.stamp or 0.0) <= surface.cadence_s + SAME_LOOP_S


def _is_copy(sources: Sources, side: Side) -> bool:
    """Whether the sync daemon wrote it, which repeats the executor's figures."""
    name = side.label.split()[0]
    if name == NAV_STATE:
        return is_daemons(sources.data(NAV_STATE))
    return name == KPIS and is_nested(sources.data(KPIS))
