"""Checks of the book: rows, prices and PnL of the files against each other, and the sums over them."""

from collections.abc import Iterator
from math import sqrt

from state.facts.sources import Sources
from state.files.rows import find_twins, has_row_list, read_rows
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S
from state.files.surfaces import BY_NAME, NAV_STATE, POSITIONS, POSITIONS_STATE, SYNCED_STATE
from state.files.values import number
from state.trust.comparison import Check, Side, compare, extend
from state.trust.nav_checks import CENT, Facts
from state.trust.price_checks import PNL_ROUNDING, check_pnl_fit, check_prices

EXPOSURE_DRIFT = 1e-2
# Files that carry the same stamp but for this are of one writing.
ONE_WRITING_S = 0.5
# The files of which each has all legs.
WHOLE = (POSITIONS, SYNCED_STATE)
# Of the gross exposure: the rounding of prices, and what they move in the two minutes files may be apart.
PNL_DRIFT = 5e-3


def book_checks(sources: Sources, facts: Facts) -> Iterator[Check]:
    """In the order of the page."""
    yield from _exposures(sources, facts)
    yield _unrealized(sources, facts)
    yield _rows(sources, facts)
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
        yield _forgive_lag(sources, check, left.stamp, NAV_STATE)


def _share_of_comparable(left_stamp: float | None, right_stamp: float | None) -> float:
    """How much of the longest time between two comparable files lies between these."""
    return min(abs((left_stamp or 0.0) - (right_stamp or 0.0)) / COMPARABLE_S, 1.0)


def _is_copied(leader_stamp: float | None, follower_stamp: float | None) -> bool:
    """Whether the follower was written from the very content of the leader: together, or a cycle after it."""
    if leader_stamp is None or follower_stamp is None:
        return False
    after_s = follower_stamp - leader_stamp
    return abs(after_s) <= ONE_WRITING_S or SAME_LOOP_S < after_s <= COMPARABLE_S


def _forgive_lag(sources: Sources, check: Check, leader_stamp: float | None, follower: str) -> Check:
    """A mirror that was written before the book may differ from it until its own next write is due.

    Its writer pauses for a cadence, and then takes a moment to read and to write.
    """
    stamp, age_s = sources.stamp(follower), sources.age(follower)
    if check["status"] != "fail" or stamp is None or age_s is None or leader_stamp is None:
        return check
    if stamp >= leader_stamp or age_s > BY_NAME[follower].cadence_s + SAME_LOOP_S:
        return check
    lag = f"; {follower} was written {leader_stamp - stamp:,.0f} s before and has yet to follow"
    return extend(check, "not_comparable", lag)


def _book_stamp(sources: Sources, facts: Facts) -> float | None:
    return sources.stamp(facts.book.source) if facts.book.source else None


def _unrealized(sources: Sources, facts: Facts) -> Check:
    left = Side("rows", facts.exposure.pnl_usd, _book_stamp(sources, facts))
    right = Side(NAV_STATE, number(sources.data(NAV_STATE).get("unrealized_pnl")), sources.stamp(NAV_STATE))
    excuse = "the NAV is frozen" if facts.exchange.frozen else ""
    stamps = left.stamp, right.stamp
    drift = 0.0 if _is_copied(*stamps) else PNL_DRIFT * _share_of_comparable(*stamps)
    share = PNL_ROUNDING + drift
    tolerance = max(CENT, share * (facts.exposure.gross_usd or 0.0))
    return _forgive_lag(sources, compare("unrealized_pnl", left, right, tolerance, excuse), left.stamp, NAV_STATE)


def _rows(sources: Sources, facts: Facts) -> Check:
    """How many legs, and which: of positions.json against the daemon's mirror, and of the files of one loop."""
    leader = POSITIONS if sources.has(POSITIONS) else SYNCED_STATE
    sides = [_counted(sources, name) for name in (leader, POSITIONS_STATE)]
    check = compare("rows", sides[0], sides[1], 0.0)
    if facts.book.damage:
        return extend(check, "fail", f"; {facts.book.damage}")
    differing = _differing(sources, leader, POSITIONS_STATE)
    if check["status"] in ("ok", "fail") and differing:
        wrong = extend(check, "fail", f"; they differ in {', '.join(differing[:5])}")
        check = _forgive_lag(sources, wrong, sides[0].stamp, POSITIONS_STATE)
    stamps = sources.stamp(POSITIONS), sources.stamp(SYNCED_STATE)
    one_loop = stamps[0] is not None and stamps[1] is not None and abs(stamps[0] - stamps[1]) <= SAME_LOOP_S
    synced = _differing(sources, POSITIONS, SYNCED_STATE) if one_loop and _speak(sources) else []
    if synced and check["status"] != "fail":
        words = f"; {POSITIONS} and {SYNCED_STATE} of one loop differ in {', '.join(synced[:5])}"
        return extend(check, "fail", words)
    if check["status"] != "fail" and (unlike := _unlike_the_shown(sources, facts)):
        return extend(check, "warn", unlike)
    twins = sources.derive(find_twins, facts.book.source) if facts.book.source else []
    if twins and check["status"] != "fail":
        return extend(check, "warn", f"; rows that are the same to the letter were added up: {', '.join(twins[:5])}")
    return check


def _unlike_the_shown(sources: Sources, facts: Facts) -> str:
    """Of two files that each know the whole book the older may lack a loop, until its writer comes to it."""
    if facts.book.source not in WHOLE or not _speak(sources):
        return ""
    shown, other = facts.book.source, next(name for name in WHOLE if name != facts.book.source)
    stamps = sources.stamp(shown), sources.stamp(other)
    if stamps[0] is None or stamps[1] is None or not has_row_list(sources.data(other)):
        return ""
    apart_s, written_s = abs(stamps[0] - stamps[1]), sources.now - max(stamps[0], stamps[1])
    if not SAME_LOOP_S < apart_s <= COMPARABLE_S or written_s <= SAME_LOOP_S:
        return ""
    unlike = _differing(sources, shown, other)
    words = f"; {shown}, which is shown, and {other} {apart_s:,.0f} s apart differ in {', '.join(unlike[:5])}"
    return words if unlike else ""


def _speak(sources: Sources) -> bool:
    """The one-shot publisher leaves symbols out, so its positions.json is held against nothing."""
    return has_row_list(sources.data(SYNCED_STATE)) and "exec_stats" not in sources.data(POSITIONS)


def _counted(sources: Sources, name: str) -> Side:
    rows = sources.derive(read_rows, name)
    return Side(f"rows in {name}", float(len(rows)) if has_row_list(sources.data(name)) else None, sources.stamp(name))


def _differing(sources: Sources, left: str, right: str) -> list[str]:
    """Symbols of which two files have other legs or quantities."""
    legs = [{row.key: row.qty for row in sources.derive(read_rows, name)} for name in (left, right)]
    return sorted({key[0] for key in {*legs[0], *legs[1]} if legs[0].get(key) != legs[1].get(key)})
