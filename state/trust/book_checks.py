"""Checks of the book: the sums over its rows against what the files have, and what is checked of each row."""

from collections.abc import Iterator
from math import sqrt

from state.facts.sources import Sources
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S
from state.files.surfaces import NAV_STATE
from state.files.values import number
from state.trust.comparison import Check, Side, compare
from state.trust.nav_checks import CENT, Facts
from state.trust.price_checks import PNL_ROUNDING, check_pnl_fit, check_prices
from state.trust.row_checks import check_rows, forgive_lag

EXPOSURE_DRIFT = 1e-2
# Files that carry the same stamp but for this are of one writing.
ONE_WRITING_S = 0.5
# Of the gross exposure: the rounding of prices, and what they move in the two minutes files may be apart.
PNL_DRIFT = 5e-3


def book_checks(sources: Sources, facts: Facts) -> Iterator[Check]:
    """In the order of the page."""
    yield from _exposures(sources, facts)
    yield _unrealized(sources, facts)
    yield check_rows(sources, facts.book)
    yield check_prices(sources)
    yield check_pnl_fit(sources, facts)


def _exposures(sources: Sources, facts: Facts) -> Iterator[Check]:
    """Published exposure against the rows; 0.0 beside open rows was not written."""
    pairs = (("gross", facts.exposure.gross_usd), ("net", facts.exposure.net_usd))
    gross_usd = facts.exposure.gross_usd or 0.0
    stamps = _book_stamp(sources, facts), sources.stamp(NAV_STATE)
    # A price wanders with the root of the time.
    drift = 0.0 if _is_copied(*stamps) else EXPOSURE_DRIFT * sqrt(_share_of_comparable(*stamps))
    share = PNL_ROUNDING + drift
    tolerance = max(CENT, share * gross_usd)
    for key, over_rows in pairs:
        written = number(sources.data(NAV_STATE).get(f"{key}_exposure"))
        right = Side(NAV_STATE, written, sources.stamp(NAV_STATE))
        unwritten = written == 0.0 and bool(facts.book.members)
        excuse = f"{NAV_STATE} writes 0.00 for it whatever is open" if unwritten else ""
        left = Side("rows", over_rows, _book_stamp(sources, facts))
        check = compare(f"exposure_{key}", left, right, tolerance, excuse)
        yield forgive_lag(sources, check, left.stamp, NAV_STATE)


def _share_of_comparable(left_stamp: float | None, right_stamp: float | None) -> float:
    """How much of the longest time between two comparable files lies between these."""
    return min(abs((left_stamp or 0.0) - (right_stamp or 0.0)) / COMPARABLE_S, 1.0)


def _is_copied(leader_stamp: float | None, follower_stamp: float | None) -> bool:
    """Whether the follower was written from the very content of the leader: together, or a cycle after it."""
    if leader_stamp is None or follower_stamp is None:
        return False
    after_s = follower_stamp - leader_stamp
    return abs(after_s) <= ONE_WRITING_S or SAME_LOOP_S < after_s <= COMPARABLE_S


def _book_stamp(sources: Sources, facts: Facts) -> float | None:
    return sources.stamp(facts.book.source) if facts.book.source else None


def _unrealized(sources: Sources, facts: Facts) -> Check:
    left = Side("rows", facts.exposure.pnl_usd, _book_stamp(sources, facts))
    right = Side(NAV_STATE, number(sources.data(NAV_STATE).get("unrealized_pnl")), sources.stamp(NAV_STATE))
    excuse = "the NAV is frozen" if facts.exchange.frozen else facts.exposure.foreign
    stamps = left.stamp, right.stamp
    drift = 0.0 if _is_copied(*stamps) else PNL_DRIFT * _share_of_comparable(*stamps)
    share = PNL_ROUNDING + drift
    tolerance = max(CENT, share * (facts.exposure.gross_usd or 0.0))
    return forgive_lag(sources, compare("unrealized_pnl", left, right, tolerance, excuse), left.stamp, NAV_STATE)
