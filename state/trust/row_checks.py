"""Which legs are open, wherever the files say so."""

from state.facts.book import Book
from state.facts.sources import Sources
from state.files.rows import Row, find_opposites, find_twins, has_row_list, read_rows
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S
from state.files.surfaces import BY_NAME, POSITIONS, POSITIONS_LEDGER, POSITIONS_STATE, POSITIONS_SYNC, SYNCED_STATE
from state.files.values import JsonDict
from state.trust.comparison import Check, Side, compare, extend

# The files of which each has all legs.
WHOLE = (POSITIONS, SYNCED_STATE)


def check_rows(sources: Sources, book: Book) -> Check:
    """How many legs, and which: of positions.json against the daemon's mirror, and of the files of one loop."""
    leader = POSITIONS if sources.has(POSITIONS) else SYNCED_STATE
    sides = [_counted(sources, name, leader) for name in (leader, POSITIONS_STATE)]
    check = compare("rows", sides[0], sides[1], 0.0)
    if book.damage:
        return extend(check, "fail", f"; {book.damage}")
    differing = _differing(sources, leader, POSITIONS_STATE)
    if check["status"] in ("ok", "fail") and differing:
        wrong = extend(check, "fail", f"; they differ in {_names(differing)}")
        check = forgive_lag(sources, wrong, sides[0].stamp, POSITIONS_STATE)
    if check["status"] == "fail":
        return check
    if unlike := _unlike_in_one_loop(sources):
        return extend(check, "fail", unlike)
    doubts = (find(sources, book) for find in (_unlike_the_shown, _held_elsewhere, _opposites, _twins))
    doubt = next((words for words in doubts if words), "")
    return extend(check, "warn", doubt) if doubt else check


def _names(symbols: list[str]) -> str:
    return ", ".join(symbols[:5])


def _unlike_in_one_loop(sources: Sources) -> str:
    stamps = sources.stamp(POSITIONS), sources.stamp(SYNCED_STATE)
    if stamps[0] is None or stamps[1] is None or abs(stamps[0] - stamps[1]) > SAME_LOOP_S:
        return ""
    unlike = _differing(sources, POSITIONS, SYNCED_STATE)
    return f"; {POSITIONS} and {SYNCED_STATE} of one loop differ in {_names(unlike)}" if unlike else ""


def _unlike_the_shown(sources: Sources, book: Book) -> str:
    """Of two files that each know the whole book the older may lack a loop, until its writer comes to it."""
    if book.source not in WHOLE:
        return ""
    shown, other = book.source, next(name for name in WHOLE if name != book.source)
    stamps = sources.stamp(shown), sources.stamp(other)
    if stamps[0] is None or stamps[1] is None:
        return ""
    apart_s, written_s = abs(stamps[0] - stamps[1]), sources.now - max(stamps[0], stamps[1])
    if not SAME_LOOP_S < apart_s <= COMPARABLE_S or written_s <= SAME_LOOP_S:
        return ""
    unlike = _differing(sources, shown, other)
    words = f"; {shown}, which is shown, and {other} {apart_s:,.0f} s apart differ in {_names(unlike)}"
    return words if unlike else ""


def _held_elsewhere(sources: Sources, book: Book) -> str:
    """Legs that the ledger of the loop still has, and what the daemon wrote after it: a close is in neither by then."""
    stamps = [sources.stamp(name) for name in (book.source or "", POSITIONS_LEDGER, POSITIONS_SYNC)]
    if book.unknown is not None or None in stamps[::2]:
        return ""
    shown_at, ledger_at, daemon_at = (stamp or 0.0 for stamp in stamps)
    if daemon_at <= shown_at + SAME_LOOP_S or abs(ledger_at - shown_at) > COMPARABLE_S:
        return ""
    told = (_symbols(sources, POSITIONS_LEDGER) & _symbols(sources, POSITIONS_SYNC)) - {
        member.row.symbol for member in book.members
    }
    return f"; {POSITIONS_LEDGER} and {POSITIONS_SYNC} still have {_names(sorted(told))}" if told else ""


def _symbols(sources: Sources, name: str) -> set[str]:
    return {row.symbol for row in sources.derive(_READERS.get(name, read_rows), name)}


def _read_ledger(data: JsonDict) -> list[Row]:
    return read_rows({"rows": data.get("entries")})


_READERS = {POSITIONS_LEDGER: _read_ledger}


def _opposites(sources: Sources, book: Book) -> str:
    found = sources.derive(find_opposites, book.source) if book.source else []
    return f"; one-way mode (BOTH) has one leg, and there is a long and a short of {_names(found)}" if found else ""


def _twins(sources: Sources, book: Book) -> str:
    found = sources.derive(find_twins, book.source) if book.source else []
    return f"; rows that are the same to the letter were added up: {_names(found)}" if found else ""


def _counted(sources: Sources, name: str, leader: str) -> Side:
    """Of the symbols that both may be expected to have."""
    if not has_row_list(sources.data(name)):
        return Side(f"rows in {name}", None, sources.stamp(name))
    named = _named(sources, leader)
    rows = [row for row in sources.derive(read_rows, name) if named is None or row.symbol in named]
    return Side(f"rows in {name}", float(len(rows)), sources.stamp(name))


def _named(sources: Sources, *names: str) -> set[str] | None:
    """The symbols that the one-shot publisher names, which leaves others out; None where every file has them all."""
    return _symbols(sources, POSITIONS) if POSITIONS in names and "exec_stats" in sources.data(POSITIONS) else None


def _differing(sources: Sources, left: str, right: str) -> list[str]:
    """Symbols of which two files have other legs or quantities; none where one of them has no list of them."""
    if not all(has_row_list(sources.data(name)) for name in (left, right)):
        return []
    legs = [{row.key: row.qty for row in sources.derive(read_rows, name)} for name in (left, right)]
    unlike = {key[0] for key in {*legs[0], *legs[1]} if legs[0].get(key) != legs[1].get(key)}
    named = _named(sources, left, right)
    return sorted(unlike if named is None else unlike & named)


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
