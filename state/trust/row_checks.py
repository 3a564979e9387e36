"""Which legs are open, wherever the files say so."""

from state.facts.book import Book
from state.facts.sources import Sources
from state.files.rows import find_twins, has_row_list, read_rows
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S
from state.files.surfaces import BY_NAME, POSITIONS, POSITIONS_STATE, SYNCED_STATE
from state.trust.comparison import Check, Side, compare, extend

# The files of which each has all legs.
WHOLE = (POSITIONS, SYNCED_STATE)


def check_rows(sources: Sources, book: Book) -> Check:
    """How many legs, and which: of positions.json against the daemon's mirror, and of the files of one loop."""
    leader = POSITIONS if sources.has(POSITIONS) else SYNCED_STATE
    sides = [_counted(sources, name) for name in (leader, POSITIONS_STATE)]
    check = compare("rows", sides[0], sides[1], 0.0)
    if book.damage:
        return extend(check, "fail", f"; {book.damage}")
    differing = _differing(sources, leader, POSITIONS_STATE)
    if check["status"] in ("ok", "fail") and differing:
        wrong = extend(check, "fail", f"; they differ in {', '.join(differing[:5])}")
        check = forgive_lag(sources, wrong, sides[0].stamp, POSITIONS_STATE)
    stamps = sources.stamp(POSITIONS), sources.stamp(SYNCED_STATE)
    one_loop = stamps[0] is not None and stamps[1] is not None and abs(stamps[0] - stamps[1]) <= SAME_LOOP_S
    synced = _differing(sources, POSITIONS, SYNCED_STATE) if one_loop and _speak(sources) else []
    if synced and check["status"] != "fail":
        words = f"; {POSITIONS} and {SYNCED_STATE} of one loop differ in {', '.join(synced[:5])}"
        return extend(check, "fail", words)
    if check["status"] != "fail" and (unlike := _unlike_the_shown(sources, book)):
        return extend(check, "warn", unlike)
    twins = sources.derive(find_twins, book.source) if book.source else []
    if twins and check["status"] != "fail":
        return extend(check, "warn", f"; rows that are the same to the letter were added up: {', '.join(twins[:5])}")
    return check


def _unlike_the_shown(sources: Sources, book: Book) -> str:
    """Of two files that each know the whole book the older may lack a loop, until its writer comes to it."""
    if book.source not in WHOLE or not _speak(sources):
        return ""
    shown, other = book.source, next(name for name in WHOLE if name != book.source)
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


def forgive_lag(sources: Sources, check: Check, leader_stamp: float | None, follower: str) -> Check:
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
