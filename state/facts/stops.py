"""The stops of the open positions, from the executor's ledger: how much of each leg they cover."""

from collections import Counter
from typing import NamedTuple

from state.facts.book import Book, Member
from state.facts.following import Followed, follow, is_after, is_settled
from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.files.rows import SIDES, Key, Row
from state.files.surfaces import POSITIONS_LEDGER, RISK_SNAPSHOT
from state.files.values import JsonDict, count, dicts, first, mapping, numeric, text
from state.formatting import fmt_number

STOP_KEYS = ("sl", "stop_loss", "stop_price")

NO_STOP = f"{POSITIONS_LEDGER} has no stop for this position"
NOT_THERE = f"{POSITIONS_LEDGER} does not have this position"
NOT_YET = f"{POSITIONS_LEDGER} has yet to follow: this position is new, or of another size than before"
PASSED = f"the mark price is past the stop in {POSITIONS_LEDGER}"
UNREGISTERED = "and tp_sl_registry counts fewer positions than are open"

# Of a quantity: the steps it is traded in, and their rounding.
SAME_SIZE = 0.01
# Of the mark price: what it moves between two loops, in which the exchange fires a stop that it meets.
PASSED_BY = 0.02


class Stop(NamedTuple):
    """Of one leg: its price as written, whether it has one (None: not known), and why there is no price."""

    price: float | None
    exists: bool | None
    reason: str


class Entry(NamedTuple):
    """One entry of the ledger: BOTH, the side of one-way mode, is None; a quantity has no sign."""

    side: str | None
    qty: float | None
    entry_price: float | None
    stop: float | None


class Held(NamedTuple):
    """What the ledger has of an open leg. `settled`: it has had the time to follow the book, and is not ahead of it."""

    member: Member
    entries: tuple[Entry, ...]
    settled: bool


class Ledger(NamedTuple):
    """What the ledger has of each open leg. `missing` says why there is no ledger, `stale` why what it says is old."""

    legs: dict[Key, Held]
    missing: str | None
    stale: str | None

    def stop_of(self, row: Row) -> Stop:
        """What it says of a leg."""
        held = self.legs.get(row.key)
        if self.missing is not None or held is None:
            return Stop(None, None, self.missing or NOT_THERE)
        if not held.entries:
            return Stop(None, None, NOT_THERE if held.settled else NOT_YET)
        prices = [entry.stop for entry in held.entries if entry.stop is not None]
        if not prices:
            return Stop(None, False, NO_STOP)
        if (share := _covered(held)) is not None and share < 1.0 - SAME_SIZE:
            part = f"{POSITIONS_LEDGER} has a stop for only {fmt_number(100.0 * share)} % of this position"
            return Stop(None, False, part) if held.settled else Stop(None, None, NOT_YET)
        if all(_is_passed(held, price) for price in prices):
            return Stop(None, False, PASSED)
        return Stop(prices[0], True, "")


def find_ledger(sources: Sources, book: Book) -> Ledger:
    """The ledger of this load, leg by leg of the book; writers before v7.6 have none."""
    followed = _follow_book(sources, book)
    if not isinstance(sources.data(POSITIONS_LEDGER).get("entries"), list):
        missing = sources.lacks("stop levels", POSITIONS_LEDGER)
        return Ledger({}, f"{missing}; {UNREGISTERED}" if is_unregistered(sources, book) else missing, None)
    stamp, found = sources.stamp(POSITIONS_LEDGER), _entries_of(sources, book)
    # A stop that trails is a new one in each loop, and of the same leg.
    views = {member.row.name: [[*entry[:3], entry.stop is not None] for entry in entries] for member, entries in found}
    told = follow(sources, "ledger", views, stamp)
    legs = {
        member.row.key: Held(member, entries, is_settled(followed, told, member.row.name)) for member, entries in found
    }
    old = why_not_alive(sources, POSITIONS_LEDGER, stamp)
    return Ledger(legs, None, f"{POSITIONS_LEDGER} {old}" if old else None)


def _follow_book(sources: Sources, book: Book) -> Followed:
    """Quantity and entry price of each leg of a known book, and under "" how many legs there are."""
    stamp = sources.stamp(book.source) if book.source else None
    if book.unknown is not None:
        return Followed(None, {})
    rows = [member.row for member in book.members]
    return follow(sources, "book", {"": [len(rows)]} | {row.name: [row.qty, row.entry_price] for row in rows}, stamp)


def _entries_of(sources: Sources, book: Book) -> list[tuple[Member, tuple[Entry, ...]]]:
    """The entries of each leg; of a symbol with one leg those without a side too, and all where the leg has none."""
    entries = sources.derive(read_entries, POSITIONS_LEDGER)
    legs = Counter(member.row.symbol for member in book.members)
    found = []
    for member in book.members:
        side, is_only = member.row.side, legs[member.row.symbol] == 1
        of_symbol = entries.get(member.row.symbol, ())
        of_leg = [entry for entry in of_symbol if entry.side == side or (is_only and None in (entry.side, side))]
        found.append((member, tuple(of_leg)))
    return found


def is_registry_behind(sources: Sources, book: Book) -> bool:
    """Whether the executor's registry of exits still counts the positions of a book that has changed since."""
    counted = count(mapping(sources.data(RISK_SNAPSHOT).get("tp_sl_registry")).get("num_positions"))
    if counted is None or book.unknown is not None:
        return False
    symbols = {member.row.symbol for member in book.members}
    if len(symbols) <= counted <= len(book.members):
        return False
    since, stamp = _follow_book(sources, book).since.get(""), sources.stamp(RISK_SNAPSHOT)
    return since is not None and stamp is not None and not is_after(stamp, since)


def is_unregistered(sources: Sources, book: Book) -> bool:
    """Whether the executor's registry of exits counts fewer positions than are open, though it has followed them."""
    stamp = sources.stamp(RISK_SNAPSHOT)
    counted = count(mapping(sources.data(RISK_SNAPSHOT).get("tp_sl_registry")).get("num_positions"))
    if counted is None or why_not_alive(sources, RISK_SNAPSHOT, stamp) is not None:
        return False
    followed, told = _follow_book(sources, book), follow(sources, "registry", {"": [counted]}, stamp)
    # Some count the legs of a hedge, some their symbol.
    return counted < len({member.row.symbol for member in book.members}) and is_settled(followed, told, "")


def read_entries(data: JsonDict) -> dict[str, list[Entry]]:
    """The entries of each symbol, their stop else of the table of levels beside them; zero is none."""
    levels = mapping(data.get("tp_sl_levels"))
    found: dict[str, list[Entry]] = {}
    for entry in dicts(data.get("entries")):
        symbol, side = text(entry.get("symbol")), (text(entry.get("side")) or "").upper()
        if symbol is not None:
            keys = (text(entry.get("position_key")) or "", f"{symbol}:{SIDES.get(side, side)}")
            stop = _price(entry) or first(_price(mapping(levels.get(key))) for key in keys)
            qty, entry_price = numeric(entry.get("qty")), numeric(entry.get("entry_price"))
            size = None if qty is None else abs(qty)
            found.setdefault(symbol, []).append(Entry(SIDES.get(side), size, entry_price or None, stop))
    return found


def _covered(held: Held) -> float | None:
    """The share of the leg that has a stop; None where a quantity is not written."""
    qty, sizes = held.member.row.qty, [entry.qty for entry in held.entries if entry.stop is not None]
    known = [size for size in sizes if size is not None]
    return None if not qty or len(known) < len(sizes) else sum(known) / abs(qty)


def _is_passed(held: Held, price: float) -> bool:
    """Whether the mark is beyond a stop by more than it moves before that fires."""
    side, mark = held.member.row.side, held.member.priced.mark_price if held.member.priced else None
    if mark is None or side is None:
        return False
    return price > mark * (1.0 + PASSED_BY) if side == "LONG" else price < mark * (1.0 - PASSED_BY)


def _price(entry: JsonDict) -> float | None:
    prices = (numeric(entry.get(key)) for key in STOP_KEYS)
    return next((price for price in prices if price is not None and price > 0), None)
