"""Checks of words and ratios: what two places say of one thing, and what cannot be whatever the market did."""

from collections.abc import Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING, Any

from state.facts.environment import engine_environment
from state.facts.fees import FeePnl, find_fee_pnl
from state.facts.kpis import claim_atr_ratio, claim_atr_regime, claim_dd_state
from state.facts.kpis_shape import all_payloads
from state.facts.router import claim_order_weighted
from state.facts.sources import Sources
from state.facts.standing import Claim
from state.facts.symbols import router_entries
from state.files.rows import ENTRY_KEYS, MARK_KEYS, ROW_LISTS
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S, parse_stamp
from state.files.surfaces import (
    ENGINE_METADATA,
    EXECUTION_HEALTH,
    KPIS,
    POSITIONS,
    POSITIONS_STATE,
    RISK_SNAPSHOT,
    ROUTER_HEALTH,
    SYNCED_STATE,
)
from state.files.values import JsonDict, count, dicts, first_number, mapping, number, numeric, text
from state.formatting import fmt_number
from state.trust.comparison import Check, Side, all_agree, compare, rounding, verdict
from state.trust.nav_checks import CENT, Facts

if TYPE_CHECKING:
    from state.sentences import Part

RATE_KEYS = (
    "maker_fill_rate",
    "maker_fill_ratio",
    "fallback_rate",
    "fallback_ratio",
    "maker_fill_share",
    "reject_rate",
)
ROUTER_KEYS = ("maker_fill_ratio", "fallback_ratio", "slip_q25", "slip_q50", "slip_q75")


def ratio_checks(sources: Sources, facts: Facts) -> Iterator[Check]:
    """In the order of the page."""
    yield _states(sources)
    yield _fees(sources)
    yield _possible(sources)
    yield _router_counts(sources)
    yield _router_rates(sources)
    yield _fx(sources, facts)
    yield _environment(sources, facts)


def _states(sources: Sources) -> Check:
    """Portfolio words and the ATR ratio, in the files of one moment."""
    differences: list[list[Part]] = []
    compared = False
    worded: tuple[tuple[str, list[Claim[str]]], ...] = (
        ("drawdown state", claim_dd_state(sources)),
        ("ATR regime", claim_atr_regime(sources)),
    )
    for what, claims in worded:
        for reference, claim in _of_one_moment(claims):
            compared = True
            if reference.value.lower() != claim.value.lower():
                differences.append([f"{what}: {reference.name} {reference.value}, {claim.name} {claim.value}"])
    for left, right in _of_one_moment([item for item in claim_atr_ratio(sources) if item.flaw is None]):
        compared = True
        if abs(left.value - right.value) > rounding(left.value) + rounding(right.value):
            words = f"ATR ratio: {left.name} {fmt_number(left.value)}, {right.name} {fmt_number(right.value)}"
            differences.append([words])
    return all_agree("states", differences, ["the files have the same words"], compared)


def _of_one_moment(claims: Iterable[Claim[Any]]) -> Iterator[tuple[Claim[Any], Claim[Any]]]:
    """Each claim beside the first of its own loop; two loops may differ rightly."""
    ordered = list(claims)
    for index, claim in enumerate(ordered):
        for reference in ordered[:index]:
            if (
                reference.stamp is not None
                and claim.stamp is not None
                and abs(reference.stamp - claim.stamp) <= SAME_LOOP_S
            ):
                yield reference, claim
                break


def _fees(sources: Sources) -> Check:
    """Each ratio against its two sides, and the same window against itself across files."""
    claims = find_fee_pnl(sources).claims
    differences: list[list[Part]] = [
        [f"{item.name}: {why}"] for item in claims if (why := item.flaw or _misfit(item.value))
    ]
    compared = any(item.value.ratio is not None and item.value.pnl_usd for item in claims)
    for left, right in _of_one_moment(claims):
        same = left.value.window_days == right.value.window_days
        short, long = sorted((left.value, right.value), key=lambda item: item.window_days or 0)
        if not same and (short.fees_usd or 0.0) > (inf if long.fees_usd is None else long.fees_usd + CENT):
            differences.append([f"fewer fees in {long.window_days} days than in {short.window_days}"])
        if same and left.value.ratio is not None and right.value.ratio is not None:
            compared = True
            if abs(left.value.ratio - right.value.ratio) > rounding(left.value.ratio) + rounding(right.value.ratio):
                words = f"{left.name} {fmt_number(left.value.ratio)}, {right.name} {fmt_number(right.value.ratio)}"
                differences.append([f"fee / PnL over {left.value.window_days} days: {words}"])
    return all_agree("fee_pnl", differences, ["each ratio is that of its fees and its PnL"], compared)


def _misfit(figures: FeePnl) -> str:
    """Finer than what rules a ratio out: it has as many digits as its writer gave it and its two sides."""
    ratio, fees, pnl = figures.ratio, figures.fees_usd, figures.pnl_usd
    if ratio is None or fees is None or not pnl:
        return ""
    made = fees / abs(pnl)
    allowed = rounding(ratio) + (rounding(fees) + abs(made) * rounding(pnl)) / abs(pnl)
    return f"{fmt_number(ratio, 4)} is not quite its fees over its PnL" if abs(ratio - made) > allowed else ""


def _possible(sources: Sources) -> Check:
    """Rates outside 0 to 1 and ATR ratios below zero, wherever they stand."""
    found = [item.flaw for item in claim_atr_ratio(sources) if item.flaw]
    found += [f"{item.name}: {item.flaw}" for item in claim_order_weighted(sources) if item.flaw]
    rated = (KPIS, ROUTER_HEALTH, RISK_SNAPSHOT, EXECUTION_HEALTH, POSITIONS_STATE)
    priced = (POSITIONS_STATE, POSITIONS, SYNCED_STATE)
    for name in rated:
        found += sources.derive(find_impossible, name)
    for name in priced:
        found += sources.derive(find_negative_prices, name)
    differences: list[list[Part]] = [[words] for words in dict.fromkeys(found)]
    return all_agree(
        "possible", differences, ["no figure is outside what can be"], any(map(sources.has, (*rated, *priced)))
    )


def find_impossible(data: JsonDict) -> list[str]:
    """What cannot be in the figures per symbol of one file, and in its router block."""
    rows = [
        *_symbol_rows(data.get("symbols")),
        *_symbol_rows(data.get("items")),
        *_symbol_rows(mapping(data.get("atr")).get("symbols")),
    ]
    found = [words for name, row in rows for words in _impossible_in(name, row)]
    return [*found, *_impossible_in("router", mapping(data.get("router"))), *_impossible_windows(data)]


def _impossible_windows(data: JsonDict) -> Iterator[str]:
    for block in (data, mapping(data.get("kpis_v7")), mapping(data.get("risk"))):
        window = mapping(block.get("fee_pnl")).get("window_days")
        if window is not None and not count(window):
            yield "a fee / PnL window is no number of days"


def find_negative_prices(data: JsonDict) -> list[str]:
    """Prices and leverages below zero in the position lists of one file: a price that is not read."""
    rows = [row for key in ROW_LISTS for row in dicts(data.get(key))]
    return [
        f"{key} of {text(row.get('symbol')) or '?'} is below zero"
        for row in rows
        for key in (*ENTRY_KEYS, *MARK_KEYS, "leverage")
        if (numeric(row.get(key)) or 0.0) < 0
    ]


def _symbol_rows(rows: object) -> Iterator[tuple[str, JsonDict]]:
    named = [{"symbol": name, **mapping(row)} for name, row in rows.items()] if isinstance(rows, dict) else dicts(rows)
    for row in named:
        name = text(row.get("symbol")) or "?"
        yield name, row
        yield from ((name, mapping(row.get(block))) for block in ("router", "vol"))


def _impossible_in(name: str, row: JsonDict) -> Iterator[str]:
    ratio = number(row.get("atr_ratio"))
    if ratio is not None and ratio < 0:
        yield f"ATR ratio of {name} {fmt_number(ratio)} is below zero"
    for key in RATE_KEYS:
        rate = number(row.get(key))
        if rate is not None and not 0.0 <= rate <= 1.0:
            yield f"{key} of {name} {fmt_number(rate)} is outside 0 to 1"


def _router_counts(sources: Sources) -> Check:
    """Published counts per quality class against the entries behind them."""
    data = sources.data(ROUTER_HEALTH)
    counts = mapping(mapping(data.get("summary")).get("quality_counts"))
    summed = sum(found for value in counts.values() if (found := count(value)) is not None) if counts else None
    entries = len(sources.derive(router_entries, ROUTER_HEALTH)) if data else None
    written = count(mapping(data.get("summary")).get("count"))
    if entries is not None and mapping(data.get("summary")).get("count") not in (None, entries):
        return verdict("router", "fail", [f"{ROUTER_HEALTH} counts {written} symbols and has {entries}"])
    left = Side("symbols with a quality class", None if summed is None else float(summed))
    right = Side("entries", None if entries is None else float(entries))
    return compare("router", left, right, 0.0)


def _router_rates(sources: Sources) -> Check:
    """kpis_v7.json against its copy in risk_snapshot.json, when both are of one moment."""
    differences: list[list[Part]] = []
    compared = False
    claims = [
        Claim(mapping(item.data.get("router_stats")), item.file, item.stamp, None, item.origin)
        for item in all_payloads(sources)
    ]
    for left, right in _of_one_moment(item for item in claims if "maker_fill_ratio" in item.value):
        for key in ROUTER_KEYS:
            values = first_number(left.value, key), first_number(right.value, key)
            if values[0] is None or values[1] is None:
                continue
            compared = True
            if abs(values[0] - values[1]) > rounding(values[0]) + rounding(values[1]):
                words = f"{key}: {left.name} {fmt_number(values[0], 4)}, {right.name} {fmt_number(values[1], 4)}"
                differences.append([words])
    return all_agree("router_rates", differences, ["the copies of the router figures are the same"], compared)


def _fx(sources: Sources, facts: Facts) -> Check:
    """Rates that were written and are not used."""
    rate = facts.rate
    if rate.refused:
        return verdict("fx", "warn", ["; ".join(rate.refused)])
    at, stamp = parse_stamp(mapping(sources.data(KPIS).get("fx")).get("ts")), sources.stamp(KPIS)
    if rate.usd_zar is None and at is not None and stamp is not None and abs(at - stamp) > COMPARABLE_S:
        return verdict("fx", "warn", [f"{KPIS} has no rate, and one's time that is not its own"])
    words = "no rate is written" if rate.usd_zar is None else "the rate is possible and of today"
    return verdict("fx", "not_comparable" if rate.usd_zar is None else "ok", [words])


def _environment(sources: Sources, facts: Facts) -> Check:
    witnesses = facts.environment.witnesses
    said = ", ".join(f"{name} says {'testnet' if value else 'not testnet'}" for name, value in witnesses.items())
    sides = Side("witnesses of a testnet", float(sum(witnesses.values()))), Side("witnesses", float(len(witnesses)))
    if len(set(witnesses.values())) > 1:
        return verdict("environment", "fail", [said], *sides)
    engine = engine_environment(sources)
    # Of ENV only the exact word speaks of the exchange's testnet.
    variable = "HEDGE_ENV" if text(sources.environ.get("HEDGE_ENV")) or (engine or "").lower() != "testnet" else "ENV"
    named = text(sources.environ.get(variable))
    if named and engine and named.lower() != engine.lower():
        detail = f"{variable} says {named}, {ENGINE_METADATA} says {engine}"
        return verdict("environment", "fail", [detail], *sides)
    status = "ok" if witnesses or engine else "not_comparable"
    return verdict("environment", status, [said or "nothing says which environment this is"], *sides)
