"""Checks of words and ratios: what two places say of one thing, and what cannot be whatever the market did."""

from collections.abc import Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING, Any

from state.facts.environment import engine_environment, find_contradiction
from state.facts.fees import FeePnl, find_fee_pnl, has_sides
from state.facts.kpis_shape import all_payloads, is_nested
from state.facts.kpis_words import claim_atr_ratio, claim_atr_regime, claim_dd_state
from state.facts.sources import Sources
from state.facts.standing import Claim
from state.facts.symbols import router_entries
from state.files.stamps import COMPARABLE_S, parse_stamp
from state.files.surfaces import ENGINE_METADATA, KPIS, ROUTER_HEALTH
from state.files.values import count, first_number, mapping
from state.formatting import fmt_number
from state.trust.comparison import Check, Side, all_agree, compare, rounding, verdict
from state.trust.nav_checks import CENT, Facts
from state.trust.one_loop import Writing, is_of_one_loop
from state.trust.possible_checks import check_possible

if TYPE_CHECKING:
    from state.sentences import Part

ROUTER_KEYS = ("maker_fill_ratio", "fallback_ratio", "slip_q25", "slip_q50", "slip_q75")


def ratio_checks(sources: Sources, facts: Facts) -> Iterator[Check]:
    """In the order of the page."""
    yield _states(sources)
    yield _fees(sources)
    yield check_possible(sources)
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
        for reference, claim in _of_one_moment(sources, claims):
            compared = True
            if reference.value.lower() != claim.value.lower():
                differences.append([f"{what}: {reference.name} {reference.value}, {claim.name} {claim.value}"])
    for left, right in _of_one_moment(sources, [item for item in claim_atr_ratio(sources) if item.flaw is None]):
        compared = True
        if abs(left.value - right.value) > rounding(left.value) + rounding(right.value):
            words = f"ATR ratio: {left.name} {fmt_number(left.value)}, {right.name} {fmt_number(right.value)}"
            differences.append([words])
    return all_agree("states", differences, ["the files have the same words"], compared)


def _of_one_moment(sources: Sources, claims: Iterable[Claim[Any]]) -> Iterator[tuple[Claim[Any], Claim[Any]]]:
    """Each claim beside the first of its own loop; two loops may differ rightly."""
    nested = is_nested(sources.data(KPIS))
    ordered = [(claim, Writing(claim.file, nested and claim.file == KPIS, claim.stamp)) for claim in claims]
    for index, (claim, writing) in enumerate(ordered):
        reference = next((item for item, other in ordered[:index] if is_of_one_loop(other, writing)), None)
        if reference is not None:
            yield reference, claim


def _fees(sources: Sources) -> Check:
    """Each ratio against its two sides, and the same window against itself across files."""
    claims = find_fee_pnl(sources).claims
    differences: list[list[Part]] = [
        [f"{item.name}: {why}"] for item in claims if (why := item.flaw or _misfit(item.value))
    ]
    compared = any(item.value.ratio is not None and item.value.pnl_usd for item in claims)
    nested = is_nested(sources.data(KPIS))
    for left, right in _of_one_moment(sources, claims):
        if nested and (left.file == KPIS) != (right.file == KPIS) and has_sides(left.value) and has_sides(right.value):
            continue  # a daemon that works it out itself has fills and a window of its own
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
    for left, right in _of_one_moment(sources, [item for item in claims if "maker_fill_ratio" in item.value]):
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
    contradiction = find_contradiction(sources) or (said if len(set(witnesses.values())) > 1 else None)
    if contradiction is not None:
        return verdict("environment", "fail", [contradiction], *sides)
    engine = engine_environment(sources)
    told = said or (f"{ENGINE_METADATA} says {engine}" if engine else "nothing says whether this is a testnet")
    return verdict("environment", "ok" if witnesses or engine else "not_comparable", [told], *sides)
