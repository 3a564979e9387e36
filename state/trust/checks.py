"""Reconciliation: figures that must agree, whichever file they come from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from state.facts.aum import published_aum
from state.facts.book import Book
from state.facts.environment import Environment, engine_environment
from state.facts.exchange import Exchange
from state.facts.kpis_shape import all_payloads, is_nested
from state.facts.nav_files import nav_of
from state.facts.positions import Exposure
from state.facts.sources import Sources
from state.facts.symbols import router_entries
from state.files.rows import has_row_list, read_rows
from state.files.surfaces import (
    BY_NAME,
    ENGINE_METADATA,
    KPIS,
    NAV,
    NAV_STATE,
    POSITIONS,
    POSITIONS_STATE,
    ROUTER_HEALTH,
)
from state.files.values import count, first, mapping, number, text
from state.trust.comparison import COMPARABLE_S, Check, Side, compare, verdict

CENT = 0.01
# Prices and fills move between two files of the same minute.
NAV_TOLERANCE = 1e-3
EXPOSURE_TOLERANCE = 1e-2
# Of the gross exposure: the rounding of prices, and what they move in the two minutes files may be apart.
PNL_ROUNDING = 1e-4
PNL_DRIFT = 5e-3
DRAWDOWN_TOLERANCE_PCT = 0.05


@dataclass(frozen=True, slots=True)
class Facts:
    """What the normalizers found, for the checks to hold against the files."""

    nav: dict[str, Any]
    aum: dict[str, Any]
    router: dict[str, Any]
    book: Book
    exposure: Exposure
    exchange: Exchange
    environment: Environment


def run_checks(sources: Sources, facts: Facts) -> list[Check]:
    """Every check, in the order of the page."""
    return [
        _nav_against_nav_json(sources, facts),
        _nav_against_kpis(sources, facts),
        _aum_total(sources, facts),
        *_exposures(sources, facts),
        _unrealized(sources, facts),
        _drawdown(facts),
        _rows(sources, facts),
        _router_counts(sources),
        _environment(sources, facts),
        _frozen(sources, facts),
    ]


def _nav_side(sources: Sources, facts: Facts) -> Side:
    source = facts.nav.get("source")
    return Side(source or "NAV on show", facts.nav.get("nav_usd"), sources.stamp(source) if source else None)


def _nav_against_nav_json(sources: Sources, facts: Facts) -> Check:
    left, nav_json = _nav_side(sources, facts), nav_of(sources.data(NAV))
    right = Side(NAV, nav_json, sources.stamp(NAV))
    excuse = "the NAV on show is that of nav.json" if left.label == NAV else ""
    check = compare("nav", left, right, _nav_tolerance(left), excuse)
    open_pnl = facts.nav.get("unrealized_pnl_usd")
    if check["status"] == "fail" and open_pnl and abs(check["residual"] + open_pnl) <= _nav_tolerance(left):
        return {**check, "status": "warn", "detail": f"{check['detail']}; the difference is the unrealized PnL"}
    return check


def _nav_tolerance(side: Side) -> float:
    return max(CENT, NAV_TOLERANCE * abs(side.value or 0.0))


def _nav_against_kpis(sources: Sources, facts: Facts) -> Check:
    left = _nav_side(sources, facts)
    found = next(iter(all_payloads(sources)), None)
    if found is None:
        return compare("nav_kpis", left, Side(KPIS, None), _nav_tolerance(left))
    data, stamp = found.data, found.stamp
    block = mapping(data.get("nav")) if is_nested(data) else mapping(data.get("drawdown"))
    nav_usd = first([number(block.get("nav_total")), number(block.get("nav"))])
    return compare("nav_kpis", left, Side(found.origin, nav_usd, stamp), _nav_tolerance(left))


def _aum_total(sources: Sources, facts: Facts) -> Check:
    """The Futures slice against the published one first, since a wrong one may hide in a right total."""
    published, nav = published_aum(sources), _nav_side(sources, facts)
    stamp = sources.stamp(published.origin or "")
    origin = published.origin or "the nav payload"
    futures = Side(f"aum.futures of {origin}", published.futures_usd, stamp)
    check = compare("aum", Side("Futures slice", nav.value, nav.stamp), futures, _nav_tolerance(nav))
    if check["status"] == "fail" or published.total_usd is None:
        return check
    left = Side("sum of slices", facts.aum["total_usd"], nav.stamp)
    return compare("aum", left, Side(f"aum.total of {origin}", published.total_usd, stamp), _nav_tolerance(nav))


def _exposures(sources: Sources, facts: Facts) -> Iterator[Check]:
    """Published exposure against the rows; 0.0 beside open rows was not written."""
    pairs = (("gross", facts.exposure.gross_usd), ("net", facts.exposure.net_usd))
    tolerance = max(CENT, EXPOSURE_TOLERANCE * (facts.exposure.gross_usd or 0.0))
    for key, over_rows in pairs:
        written = number(sources.data(NAV_STATE).get(f"{key}_exposure"))
        right = Side(NAV_STATE, written, sources.stamp(NAV_STATE))
        unwritten = written == 0.0 and bool(facts.book.members)
        excuse = f"{NAV_STATE} writes 0.00 for it whatever is open" if unwritten else ""
        left = Side("rows", over_rows, _book_stamp(sources, facts))
        check = compare(f"exposure_{key}", left, right, tolerance, excuse)
        yield _forgive_lag(sources, check, left.stamp, NAV_STATE)


def _forgive_lag(sources: Sources, check: Check, leader_stamp: float | None, follower: str) -> Check:
    """A mirror that was written before the book may differ from it until its own next write is due."""
    stamp, age_s = sources.stamp(follower), sources.age(follower)
    if check["status"] != "fail" or stamp is None or age_s is None or leader_stamp is None:
        return check
    if stamp >= leader_stamp or age_s > BY_NAME[follower].cadence_s:
        return check
    lag = f"{follower} was written {leader_stamp - stamp:,.0f} s before and has yet to follow"
    return {**check, "status": "not_comparable", "detail": f"{check['detail']}; {lag}"}


def _book_stamp(sources: Sources, facts: Facts) -> float | None:
    return sources.stamp(facts.book.source) if facts.book.source else None


def _unrealized(sources: Sources, facts: Facts) -> Check:
    left = Side("rows", facts.exposure.pnl_usd, _book_stamp(sources, facts))
    right = Side(NAV_STATE, number(sources.data(NAV_STATE).get("unrealized_pnl")), sources.stamp(NAV_STATE))
    excuse = "the NAV is frozen" if facts.exchange.frozen else ""
    apart_s = abs((left.stamp or 0.0) - (right.stamp or 0.0))
    share = PNL_ROUNDING + PNL_DRIFT * min(apart_s / COMPARABLE_S, 1.0)
    tolerance = max(CENT, share * (facts.exposure.gross_usd or 0.0))
    return _forgive_lag(sources, compare("unrealized_pnl", left, right, tolerance, excuse), left.stamp, NAV_STATE)


def _drawdown(facts: Facts) -> Check:
    nav_usd, peak_usd = facts.nav.get("nav_usd"), facts.nav.get("peak_usd")
    computed = None if not nav_usd or not peak_usd else max(100.0 * (peak_usd - nav_usd) / peak_usd, 0.0)
    left = Side("drawdown % on show", facts.nav.get("drawdown_pct"))
    return compare("drawdown", left, Side("% from peak and NAV", computed), DRAWDOWN_TOLERANCE_PCT)


def _rows(sources: Sources, facts: Facts) -> Check:
    sides, legs = [], []
    for name in (POSITIONS, POSITIONS_STATE):
        data = sources.data(name)
        rows = {row.key: row.qty for row in sources.derive(read_rows, name)}
        legs.append(rows)
        sides.append(Side(f"rows in {name}", float(len(rows)) if has_row_list(data) else None, sources.stamp(name)))
    check = compare("rows", sides[0], sides[1], 0.0)
    if facts.book.damage:
        return {**check, "status": "fail", "detail": f"{check['detail']}; {facts.book.damage}"}
    differing = sorted({key[0] for key in {*legs[0], *legs[1]} if legs[0].get(key) != legs[1].get(key)})
    if check["status"] in ("ok", "fail") and differing:
        detail = f"{check['detail']}; they differ in {', '.join(differing[:5])}"
        return _forgive_lag(sources, {**check, "status": "fail", "detail": detail}, sides[0].stamp, POSITIONS_STATE)
    return check


def _router_counts(sources: Sources) -> Check:
    data = sources.data(ROUTER_HEALTH)
    counts = mapping(mapping(data.get("summary")).get("quality_counts")).values()
    counted = sum(number for value in counts if (number := count(value)) is not None) if counts else None
    entries = len(sources.derive(router_entries, ROUTER_HEALTH)) if data else None
    left = Side("symbols with a quality class", None if counted is None else float(counted))
    return compare("router", left, Side("entries", None if entries is None else float(entries)), 0.0)


def _environment(sources: Sources, facts: Facts) -> Check:
    witnesses = facts.environment.witnesses
    said = ", ".join(f"{name} says {'testnet' if value else 'not testnet'}" for name, value in witnesses.items())
    sides = Side("witnesses of a testnet", float(sum(witnesses.values()))), Side("witnesses", float(len(witnesses)))
    if len(set(witnesses.values())) > 1:
        return verdict("environment", "fail", said, *sides)
    named, engine = text(sources.environ.get("HEDGE_ENV")), engine_environment(sources)
    if named and engine and named.lower() != engine.lower():
        detail = f"HEDGE_ENV says {named}, {ENGINE_METADATA} says {engine}"
        return verdict("environment", "fail", detail, *sides)
    status = "ok" if witnesses or engine else "not_comparable"
    return verdict("environment", status, said or "nothing says which environment this is", *sides)


def _frozen(sources: Sources, facts: Facts) -> Check:
    exchange = facts.exchange
    left = Side("confirmed by the exchange", exchange.confirmed_at)
    source = facts.nav.get("source")
    right = Side("NAV written", sources.stamp(source) if source else None)
    if exchange.frozen is None:
        return verdict("nav_live", "not_comparable", "nothing says whether the NAV is live", left, right)
    if exchange.frozen:
        detail = "the files repeat an old NAV that the exchange does not confirm"
        return verdict("nav_live", "fail", detail, left, right)
    return verdict("nav_live", "ok", f"source {exchange.source or 'not named'}", left, right)
