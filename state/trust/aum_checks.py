"""Checks of the AUM: the Futures slice, the sum, each holding and the parts of the wallet."""

from collections.abc import Iterator

from state.facts.aum import find_block, published_aum
from state.facts.nav_files import nav_of, nav_payloads
from state.facts.sources import Sources
from state.files.values import mapping, number
from state.sentences import Part
from state.trust.comparison import Check, Side, compare, extend, usd, verdict
from state.trust.nav_checks import CENT, NAV_TOLERANCE, Facts, nav_side, nav_tolerance
from state.trust.nav_lag import forgive_move
from state.trust.wallet_checks import wrong_wallets

# What two figures of one payload may be apart.
NAV_ROUNDING = 1e-6


def check_aum(sources: Sources, facts: Facts) -> Check:
    """Against the NAV on show, else within the payload: its own NAV is of the same writing, whatever moved since."""
    check = _against_nav_on_show(sources, facts)
    if check["status"] == "fail":
        return check
    wrong = next(_unlike_itself(sources), None)
    return check if wrong is None else verdict("aum", "fail", wrong)


def _against_nav_on_show(sources: Sources, facts: Facts) -> Check:
    """The Futures slice against the published one first, since a wrong one may hide in a right total."""
    published, nav = published_aum(sources), nav_side(facts)
    stamp = sources.stamp(published.origin or "")
    origin = published.origin or "the nav payload"
    futures = Side(f"aum.futures of {origin}", published.futures_usd, stamp)
    check = compare("aum", Side("Futures slice", nav.value, nav.stamp), futures, nav_tolerance(nav.value))
    wrong = [*_wrong_holdings(sources), *_wrong_parts(sources), *wrong_wallets(sources)]
    if wrong:
        return verdict("aum", "fail", wrong[0])
    if check["status"] == "fail" and _adds_up(sources) is False:
        return extend(check, "fail", "; the published total is not the sum of its parts")
    if check["status"] == "fail" or published.total_usd is None:
        written = Side(published.origin or "no file", published.futures_usd, stamp)
        return forgive_move(sources, check, nav, written, nav_tolerance(nav.value))
    left = Side("sum of slices", facts.aum["total_usd"], nav.stamp)
    return compare("aum", left, Side(f"aum.total of {origin}", published.total_usd, stamp), nav_tolerance(nav.value))


def _unlike_itself(sources: Sources) -> Iterator[list[Part]]:
    """Published figures that their own payload refutes: Futures is its NAV, and the total the sum of its parts."""
    published, block = published_aum(sources), find_block(sources).value or {}
    whole = next((nav_of(data) for name, data in nav_payloads(sources) if name == published.origin), None)
    futures = published.futures_usd
    if futures and whole and abs(futures - whole) > CENT + NAV_ROUNDING * abs(whole):
        yield [f"aum.futures of {published.origin} ", usd(futures), ", its own NAV ", usd(whole)]
    if published.total_usd is not None and not block.get("assets") and _adds_up(sources) is False:
        yield [f"aum.total of {published.origin} ", usd(published.total_usd), " is not the sum of its parts"]


def _adds_up(sources: Sources) -> bool | None:
    """Whether the published parts make the published total; None where one of them is not written."""
    block = find_block(sources).value or {}
    values = [number(mapping(holding).get("usd_value")) for holding in mapping(block.get("offexchange")).values()]
    parts, total = [number(block.get("futures")), *values], number(block.get("total"))
    known = [value for value in parts if value is not None]
    if total is None or len(known) < len(parts):
        return None
    return abs(sum(known) - total) <= CENT + NAV_ROUNDING * abs(total)


def _wrong_holdings(sources: Sources) -> Iterator[list[Part]]:
    """Holdings whose value is not their quantity times their mark."""
    block = find_block(sources).value or {}
    for label, holding in mapping(block.get("offexchange")).items():
        qty, mark, value = (number(mapping(holding).get(key)) for key in ("qty", "mark", "usd_value"))
        if qty is not None and mark is not None and value is not None:
            allowed = CENT + 1e-4 * abs(value)
            if abs(qty * mark - value) > allowed:
                yield [f"{label} ", usd(value), " is not its quantity times its mark ", usd(qty * mark)]


def _wrong_parts(sources: Sources) -> Iterator[list[Part]]:
    """Payloads of the executor whose wallet does not add up to their own NAV."""
    for name, data in nav_payloads(sources):
        detail, whole = mapping(data.get("nav_detail")), nav_of(data)
        parts = [
            value for item in mapping(detail.get("asset_breakdown")).values() if (value := number(item)) is not None
        ]
        if parts and whole is not None and abs(sum(parts) - whole) > CENT + NAV_TOLERANCE * abs(whole):
            yield [f"the wallet in {name} adds up to ", usd(sum(parts)), ", its NAV is ", usd(whole)]
