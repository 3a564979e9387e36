"""Checks of the book: rows, prices and PnL of the files against each other, and the sums over them."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

from state.facts.book import PRICE_ORDER
from state.facts.money import misfit
from state.facts.sources import Sources
from state.files.rows import ROW_LISTS, Key, Row, find_twins, has_row_list, read_rows
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S
from state.files.surfaces import BY_NAME, NAV_STATE, POSITIONS, POSITIONS_STATE, SYNCED_STATE
from state.files.values import JsonDict, first, number
from state.formatting import fmt_qty
from state.sentences import Part, amount, price
from state.trust.comparison import Check, Side, all_agree, compare, counted, extend, rounding, usd
from state.trust.nav_checks import CENT, Facts

EXPOSURE_TOLERANCE = 1e-2
# Files that carry the same stamp but for this are of one writing.
ONE_WRITING_S = 0.5
# Of the gross exposure: the rounding of prices, and what they move in the two minutes files may be apart.
PNL_ROUNDING = 1e-4
PNL_DRIFT = 5e-3
# What a price moves between two loops.
PRICE_DRIFT = 2e-2
PRICE_ROUNDING = 1e-6


class _File(NamedTuple):
    """The legs of one list of a file; newer writers put the same rows under three names."""

    file: str
    name: str
    legs: dict[Key, Row]
    stamp: float


def book_checks(sources: Sources, facts: Facts) -> Iterator[Check]:
    """In the order of the page."""
    yield from _exposures(sources, facts)
    yield _unrealized(sources, facts)
    yield _rows(sources, facts)
    yield _prices(sources)
    yield _pnl_fit(sources, facts)


def _exposures(sources: Sources, facts: Facts) -> Iterator[Check]:
    """Published exposure against the rows; 0.0 beside open rows was not written."""
    pairs = (("gross", facts.exposure.gross_usd), ("net", facts.exposure.net_usd))
    gross_usd = facts.exposure.gross_usd or 0.0
    share = PNL_ROUNDING if _is_copied(_book_stamp(sources, facts), sources.stamp(NAV_STATE)) else EXPOSURE_TOLERANCE
    tolerance = max(CENT, share * gross_usd)
    for key, over_rows in pairs:
        written = number(sources.data(NAV_STATE).get(f"{key}_exposure"))
        right = Side(NAV_STATE, written, sources.stamp(NAV_STATE))
        unwritten = written == 0.0 and bool(facts.book.members)
        excuse = f"{NAV_STATE} writes 0.00 for it whatever is open" if unwritten else ""
        left = Side("rows", over_rows, _book_stamp(sources, facts))
        check = compare(f"exposure_{key}", left, right, tolerance, excuse)
        yield _forgive_lag(sources, check, left.stamp, NAV_STATE)


def _is_copied(leader_stamp: float | None, follower_stamp: float | None) -> bool:
    """Whether the follower was written from the very content of the leader: together, or a cycle after it."""
    if leader_stamp is None or follower_stamp is None:
        return False
    after_s = follower_stamp - leader_stamp
    return abs(after_s) <= ONE_WRITING_S or SAME_LOOP_S < after_s <= COMPARABLE_S


def _forgive_lag(sources: Sources, check: Check, leader_stamp: float | None, follower: str) -> Check:
    """A mirror that was written before the book may differ from it until its own next write is due."""
    stamp, age_s = sources.stamp(follower), sources.age(follower)
    if check["status"] != "fail" or stamp is None or age_s is None or leader_stamp is None:
        return check
    if stamp >= leader_stamp or age_s > BY_NAME[follower].cadence_s:
        return check
    lag = f"; {follower} was written {leader_stamp - stamp:,.0f} s before and has yet to follow"
    return extend(check, "not_comparable", lag)


def _book_stamp(sources: Sources, facts: Facts) -> float | None:
    return sources.stamp(facts.book.source) if facts.book.source else None


def _unrealized(sources: Sources, facts: Facts) -> Check:
    left = Side("rows", facts.exposure.pnl_usd, _book_stamp(sources, facts))
    right = Side(NAV_STATE, number(sources.data(NAV_STATE).get("unrealized_pnl")), sources.stamp(NAV_STATE))
    excuse = "the NAV is frozen" if facts.exchange.frozen else ""
    apart_s = abs((left.stamp or 0.0) - (right.stamp or 0.0))
    drift = 0.0 if _is_copied(left.stamp, right.stamp) else PNL_DRIFT * min(apart_s / COMPARABLE_S, 1.0)
    share = PNL_ROUNDING + drift
    tolerance = max(CENT, share * (facts.exposure.gross_usd or 0.0))
    return _forgive_lag(sources, compare("unrealized_pnl", left, right, tolerance, excuse), left.stamp, NAV_STATE)


def _files(sources: Sources) -> list[_File]:
    """The position lists of files that have a stamp, in the order in which prices are looked for."""
    return [
        _File(name, label, {row.key: row for row in rows}, stamp)
        for name in PRICE_ORDER
        if (stamp := sources.stamp(name)) is not None
        for label, rows in sources.derive(_LISTS[name], name)
    ]


def _reader(name: str) -> Callable[[JsonDict], list[tuple[str, list[Row]]]]:
    """The reader of one file: the same function each time, since what it finds is kept by it."""

    def read(data: JsonDict) -> list[tuple[str, list[Row]]]:
        lists = {key: data[key] for key in ROW_LISTS if isinstance(data.get(key), list)}
        written = {key: rows for key, rows in lists.items() if rows} or lists
        return [
            (name if index == 0 else f"{name} {key}", read_rows({key: rows}))
            for index, (key, rows) in enumerate(written.items())
        ]

    return read


_LISTS = {name: _reader(name) for name in PRICE_ORDER}


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
    twins = sources.derive(find_twins, facts.book.source) if facts.book.source else []
    if twins and check["status"] != "fail":
        return extend(check, "warn", f"; rows that are the same to the letter were added up: {', '.join(twins[:5])}")
    return check


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


def _prices(sources: Sources) -> Check:
    """Mark, entry, leverage, PnL and side of a leg, wherever it stands: exact in one loop, else what prices move."""
    differences: list[list[Part]] = []
    compared = False
    for left, right in combinations(_files(sources), 2):
        apart_s = abs(left.stamp - right.stamp)
        if apart_s > COMPARABLE_S:
            continue
        if left.file == right.file:
            differences += [[words] for words in _unlike_lists(left, right)]
        for key in left.legs.keys() & right.legs.keys():
            compared = True
            differences += _leg_differences((left, right), key, apart_s <= SAME_LOOP_S)
    ordered = sorted(differences, key=lambda parts: str(parts[0]))
    return all_agree(
        "prices", ordered, ["mark, entry, leverage and PnL of each leg are the same in all files"], compared
    )


def _unlike_lists(left: _File, right: _File) -> Iterator[str]:
    """Legs and quantities of two lists of one file."""
    for key in sorted({*left.legs, *right.legs}, key=str):
        rows = left.legs.get(key), right.legs.get(key)
        if rows[0] is None or rows[1] is None or rows[0].qty != rows[1].qty:
            yield f"{key[0]} {key[1] or '(side unknown)'} is not the same in {left.name} and {right.name}"


def _leg_differences(files: tuple[_File, _File], key: Key, one_loop: bool) -> Iterator[list[Part]]:
    left, right = files[0].legs[key], files[1].legs[key]
    share = PRICE_ROUNDING if one_loop else PRICE_DRIFT
    figures = [("mark", left.mark_price, right.mark_price, share)]
    if left.qty == right.qty:
        figures.append(("entry", left.entry_price, right.entry_price, PRICE_ROUNDING if one_loop else 1e-3))
        figures.append(("leverage", left.leverage, right.leverage, 0.0))
    for what, one, other, part in figures:
        if (
            one is not None
            and other is not None
            and abs(one - other) > part * max(one, other) + rounding(max(one, other))
        ):
            show = price if what != "leverage" else counted
            yield [f"{what} of {left.name}: {files[0].name} ", show(one), f", {files[1].name} ", show(other)]
    if left.qty == right.qty and _pnl_differs(left, right, one_loop):
        yield [f"PnL of {left.name}: {files[0].name} ", usd(left.pnl), f", {files[1].name} ", usd(right.pnl)]


def _pnl_differs(left: Row, right: Row, one_loop: bool) -> bool:
    """In one loop by more than it is rounded, else by more than prices move the leg; nowhere without a price."""
    if left.pnl is None or right.pnl is None:
        return False
    mark = first([left.mark_price, right.mark_price])
    allowed = max(rounding(left.pnl), rounding(right.pnl))
    if one_loop:
        return left.mark_price is not None and right.mark_price is not None and abs(left.pnl - right.pnl) > allowed
    return mark is not None and abs(left.pnl - right.pnl) > allowed + PRICE_DRIFT * abs(left.qty or 0.0) * mark


def _pnl_fit(sources: Sources, facts: Facts) -> Check:
    """Open PnL of a leg against (mark - entry) x quantity, and its written notional against quantity x mark."""
    differences: list[list[Part]] = []
    compared = False
    for member in facts.book.members:
        row = member.priced or member.row
        residual = misfit(row)
        compared = compared or residual is not None
        if residual or (residual == 0.0 and _is_not_quite(row)):
            made = amount(row.computed_pnl)
            differences.append(
                [
                    f"{row.name} in {member.price_source or facts.book.source}: PnL ",
                    usd(row.pnl),
                    ", (mark - entry) x quantity ",
                    made,
                ]
            )
    for item in _files(sources):
        differences += [parts for row in item.legs.values() if (parts := _wrong_notional(item.name, row))]
    return all_agree("pnl_fit", differences, ["each PnL is (mark - entry) x quantity"], compared)


def _is_not_quite(row: Row) -> bool:
    """Finer than what tells the size of a contract: no more than prices are rounded."""
    made, size = row.computed_pnl, abs(row.qty or 0.0) * (row.mark_price or 0.0)
    return made is not None and row.pnl is not None and abs(row.pnl - made) > CENT + PNL_ROUNDING * size


def _wrong_notional(name: str, row: Row) -> list[Part]:
    if row.notional is None or row.mark_price is None or row.qty is None:
        return []
    product = abs(row.qty) * row.mark_price
    # A contract of another size or money has a notional of its own; only near misses are mistakes.
    if abs(row.notional - product) <= 1e-3 * product or not 0.05 < row.notional / product < 20:
        return []
    return [
        f"{row.name} in {name}: notional ",
        usd(row.notional),
        f", {fmt_qty(abs(row.qty))} x mark is ",
        usd(product),
    ]
