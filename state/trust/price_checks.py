"""Checks of prices and open PnL: each leg wherever it stands, and against (mark - entry) x quantity."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

from state.facts.book import PRICE_ORDER
from state.facts.money import is_checkable, is_of_another_size, misfit
from state.facts.sources import Sources
from state.files.rows import ROW_LISTS, Key, Row, read_rows
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S
from state.files.surfaces import POSITIONS_LEDGER
from state.files.values import JsonDict, first
from state.formatting import fmt_qty
from state.sentences import Part, amount, price
from state.trust.comparison import Check, all_agree, counted, rounding, usd
from state.trust.nav_checks import CENT, Facts

# Of a notional: the rounding of the prices that a PnL is made of.
PNL_ROUNDING = 1e-4
# What a price moves between two loops.
PRICE_DRIFT = 2e-2
PRICE_ROUNDING = 1e-6
# What a fill of the same loop adds to an entry price.
ENTRY_DRIFT = 1e-3


class _File(NamedTuple):
    """The legs of one list of a file; newer writers put the same rows under three names."""

    file: str
    name: str
    legs: dict[Key, Row]
    stamp: float


def check_prices(sources: Sources) -> Check:
    """Mark, entry, leverage, PnL and side of a leg, wherever it stands: exact in one loop, else what prices move."""
    differences: list[list[Part]] = []
    compared = False
    for left, right in combinations(_files(sources), 2):
        apart_s = abs(left.stamp - right.stamp)
        if apart_s > COMPARABLE_S:
            continue
        if left.file == right.file:
            differences += [[words] for words in _unlike_lists(left, right)]
        for key in (leg for leg in left.legs if leg in right.legs):
            compared = True
            differences += _leg_differences((left, right), key, apart_s <= SAME_LOOP_S)
    ordered = sorted(differences, key=lambda parts: str(parts[0]))
    return all_agree(
        "prices", ordered, ["mark, entry, leverage and PnL of each leg are the same in all files"], compared
    )


def _files(sources: Sources) -> list[_File]:
    """The position lists of files that have a stamp, in the order in which prices are looked for."""
    return [
        _File(name, label, {row.key: row for row in rows}, stamp)
        for name in _LISTS
        if (stamp := sources.stamp(name)) is not None
        for label, rows in sources.derive(_LISTS[name], name)
    ]


def _reader(name: str) -> Callable[[JsonDict], list[tuple[str, list[Row]]]]:
    """The reader of one file: the same function each time, since what it finds is kept by it."""

    def read(data: JsonDict) -> list[tuple[str, list[Row]]]:
        lists = [(key, data[key]) for key in ROW_LISTS if isinstance(data.get(key), list)]
        if not lists:
            return []
        first_key, listed = lists[0]
        rows = read_rows({first_key: listed})
        # Newer writers put the same rows under three names, and to compare them is quicker than to read them.
        others = [(key, rows if other == listed else read_rows({key: other})) for key, other in lists[1:]]
        return [(name, rows), *((f"{name} {key}", read) for key, read in others)]

    return read


def _read_ledger(data: JsonDict) -> list[tuple[str, list[Row]]]:
    """It has the entry price of each leg, and no other."""
    return [(POSITIONS_LEDGER, read_rows({ROW_LISTS[0]: data.get("entries")}))]


_LISTS = {name: _reader(name) for name in PRICE_ORDER} | {POSITIONS_LEDGER: _read_ledger}


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
        is_copied = one_loop and files[1].file != POSITIONS_LEDGER
        figures.append(("entry", left.entry_price, right.entry_price, PRICE_ROUNDING if is_copied else ENTRY_DRIFT))
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


def check_pnl_fit(sources: Sources, facts: Facts) -> Check:
    """Open PnL of a leg against (mark - entry) x quantity, and its written notional against quantity x mark."""
    differences: list[list[Part]] = []
    compared = False
    for member in facts.book.members:
        row = member.priced or member.row
        residual = misfit(row) if is_checkable(row) else None
        compared = compared or residual is not None
        # Two sums that read the same differ in nothing that anybody can look for.
        if residual is not None and (abs(residual) > CENT or _is_not_quite(row)):
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
    # A contract of another size or money has a notional of its own.
    if not is_checkable(row) or is_of_another_size(row):
        return []
    if abs(row.notional - product) <= 1e-3 * product + rounding(row.notional):
        return []
    return [
        f"{row.name} in {name}: notional ",
        usd(row.notional),
        f", {fmt_qty(abs(row.qty))} x mark is ",
        usd(product),
    ]
