"""Which positions are open: the members of the book, and the row each one's price comes from."""

from dataclasses import dataclass

from state.facts.exchange import Exchange
from state.facts.money import misfit
from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.facts.vanished import find_flat_since, find_vanished, remember_legs
from state.facts.witnesses import find_dispute
from state.files.rows import Key, Row, count_unreadable, has_row_list, read_rows
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S
from state.files.surfaces import BY_NAME, POSITIONS, POSITIONS_STATE, SYNCED_STATE
from state.formatting import fmt_moment

# The order in which a row with a positive price is looked for.
PRICE_ORDER = (POSITIONS_STATE, POSITIONS, SYNCED_STATE)
# The order in which files of the same loop say which positions are open.
MEMBER_ORDER = (POSITIONS, SYNCED_STATE, POSITIONS_STATE)


@dataclass(frozen=True, slots=True)
class Member:
    """An open leg: the row that says so, and the row (and file) that prices it, if any does."""

    row: Row
    priced: Row | None
    price_source: str | None


@dataclass(frozen=True, slots=True)
class Book:
    """The open legs. `unknown` says why the book is not known; empty and known means flat.

    `damage` says that legs are missing: rows that could not be read, or that went without a trace. `stale` says that
    the file is an old one. `doubt`: it is not the files' state but what they leave out that makes the book unknown.
    """

    members: tuple[Member, ...]
    source: str | None
    unknown: str | None
    damage: str | None = None
    stale: str | None = None
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    rows: list[Row]
    stamp: float
    complete: bool
    alive: bool

    def is_newer(self, other: float, by: float) -> bool:
        """Whether the file was written more than `by` seconds after another stamp."""
        return self.stamp - other > by


def build_book(sources: Sources, exchange: Exchange) -> Book:
    """Open legs by the executor's newest word; an empty book counts as flat only with evidence."""
    files = [_read_file(sources, name) for name in MEMBER_ORDER if has_row_list(sources.data(name))]
    if not files:
        return Book((), None, sources.lacks("position rows", POSITIONS_STATE, POSITIONS, SYNCED_STATE))
    leader = _leader(files)
    rows = _members(leader, files)
    unreadable = sources.derive(count_unreadable, leader.name)
    damage = f"{unreadable} of the rows in {leader.name} cannot be read" if unreadable else None
    vanished = None if exchange.frozen else find_vanished(sources, rows, leader.stamp)
    if not rows:
        disputed = find_dispute(sources, leader.stamp, find_flat_since(sources, leader.stamp))
        doubt = vanished or disputed
        unknown = damage or _why_not_flat(sources, exchange, files) or doubt
        return Book(
            (),
            leader.name,
            unknown,
            damage,
            _why_stale(sources, exchange, leader),
            doubt=doubt is not None and unknown == doubt,
        )
    priced = _priced_rows(files)
    members = tuple(_price(row, leader, priced.get(row.key, [])) for row in rows)
    stale = _why_stale(sources, exchange, leader)
    return Book(members, leader.name, None, damage or vanished, stale, doubt=vanished is not None)


def remember_book(sources: Sources, book: Book) -> None:
    """Keep the legs of a book that is known, for the load that finds one of them gone."""
    if book.unknown is None and book.damage is None and book.stale is None and book.source is not None:
        remember_legs(sources, [member.row for member in book.members], sources.stamp(book.source))


def _read_file(sources: Sources, name: str) -> _File:
    data, stamp = sources.data(name), sources.stamp(name)
    alive = _why_dead(sources, name) is None
    return _File(name, sources.derive(read_rows, name), stamp or 0.0, _is_complete(name, "exec_stats" in data), alive)


def _is_complete(name: str, of_the_publisher: bool) -> bool:
    """Whether a symbol that is absent from the file is really closed.

    The daemon's mirror is older than its stamp, the executor's own positions_state.json drops rows without a price,
    and the one-shot publisher (it adds `exec_stats`) leaves out what its config does not name.
    """
    return name != POSITIONS_STATE and not of_the_publisher


def _leader(files: list[_File]) -> _File:
    """The newest complete file, else the newest; files of one loop count as equally new, and come in member order.

    A file whose rows stand still though it is written is not asked while another lives.
    """
    files = [item for item in files if item.alive] or files
    complete = [item for item in files if item.complete]
    newest = max((item.stamp for item in complete), default=0.0)
    outdated = [item for item in files if not item.complete and item.is_newer(newest, COMPARABLE_S)]
    candidates = outdated if not complete or newest == 0.0 else complete
    candidates = candidates or complete or files
    newest = max(item.stamp for item in candidates)
    return next(item for item in candidates if newest - item.stamp <= SAME_LOOP_S)


def _members(leader: _File, files: list[_File]) -> list[Row]:
    """Rows of the leader; of the symbols that an incomplete but newer file of the executor names, the rows of that."""
    members = leader.rows
    for item in files:
        if not item.complete and item.name != POSITIONS_STATE and item.stamp >= leader.stamp:
            named = {row.symbol for row in item.rows}
            newer = {row.key: row for row in item.rows}
            kept = [newer.pop(row.key, row) for row in members if row.symbol not in named or row.key in newer]
            members = [*kept, *newer.values()]
    return members


def _priced_rows(files: list[_File]) -> dict[Key, list[tuple[_File, Row]]]:
    """The rows with a price by leg, each leg's in price order."""
    by_name = {item.name: item for item in files}
    found: dict[Key, list[tuple[_File, Row]]] = {}
    for item in (by_name[name] for name in PRICE_ORDER if name in by_name):
        for row in item.rows:
            if row.mark_price is not None:
                found.setdefault(row.key, []).append((item, row))
    return found


def _price(row: Row, leader: _File, found: list[tuple[_File, Row]]) -> Member:
    """The first file in price order that prices this leg.

    One that lives, is of the same moment and quantity, and whose price fits its own PnL comes before any other.
    """
    ranked = sorted(
        found,
        key=lambda item: (
            not item[0].alive,
            leader.is_newer(item[0].stamp, COMPARABLE_S),
            item[1].qty != row.qty,
            bool(misfit(item[1])),
        ),
    )
    return Member(row, ranked[0][1], ranked[0][0].name) if ranked else Member(row, None, None)


def _why_stale(sources: Sources, exchange: Exchange, leader: _File) -> str | None:
    """Why the leader's rows are old: its file is, or the exchange has not answered since they were written."""
    reason = _why_dead(sources, leader.name)
    if reason:
        return f"{leader.name} {reason}"
    answered_at = exchange.confirmed_at
    if not exchange.frozen or answered_at is None or leader.is_newer(answered_at, SAME_LOOP_S):
        return None
    return f"{leader.name} is no younger than the exchange's last answer, {fmt_moment(answered_at, sources.now)}"


def _why_dead(sources: Sources, name: str) -> str | None:
    """Why the rows of a file do not speak of now; the daemon's are those of synced_state.json, and as old."""
    reason = why_not_alive(sources, name, sources.stamp(name))
    of_the_daemon = name == POSITIONS_STATE and "positions" not in sources.data(name)
    if reason or not of_the_daemon or not sources.has(SYNCED_STATE):
        return reason
    origin = why_not_alive(sources, SYNCED_STATE, sources.stamp(SYNCED_STATE))
    return f"repeats {SYNCED_STATE}, which {origin}" if origin else None


def _why_not_flat(sources: Sources, exchange: Exchange, files: list[_File]) -> str | None:
    holders = [item for item in files if item.rows and item.complete]
    if exchange.frozen:
        return "the exchange feed is down and the files carry an empty book, which is not a flat one" + _since(
            exchange, sources.now
        )
    if holders:
        return f"the files disagree: {holders[0].name} still has {len(holders[0].rows)} open"
    if exchange.frozen is None:
        return "the files carry an empty book, and nothing says whether the exchange could be reached"
    oldest_allowed = BY_NAME[POSITIONS].stale_after_s
    ages = [age for item in files if item.complete and (age := sources.age(item.name)) is not None]
    if not ages or min(ages) > oldest_allowed:
        return "the files carry an empty book, but nobody has written one lately"
    return None


def _since(exchange: Exchange, now: float) -> str:
    return f" (last confirmed {fmt_moment(exchange.confirmed_at, now)})" if exchange.confirmed_at else ""
