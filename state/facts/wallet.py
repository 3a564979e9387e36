"""Coins of the wallet that its NAV lacks, because the writer had no price for them: the NAV is a lower bound then."""

from collections.abc import Iterator

from state.facts.sources import Sources
from state.facts.standing import Claim
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S, parse_stamp
from state.files.surfaces import NAV, NAV_STATE, SYNCED_STATE
from state.files.values import JsonDict, dicts, first, first_numeric, mapping, numeric, text

# What each coin is worth, USD, under the names it has in a nav_detail.
WORTHS = ("breakdown", "assets", "asset_breakdown")
UNPRICED = "unpriced"


def find_unpriced(sources: Sources, claim: Claim[float]) -> tuple[str, ...]:
    """The coins that a NAV lacks, by any payload of its moment; or by what was seen of the loop it is a copy of."""
    told = list(_details(sources, claim))
    coins = sorted({coin for _, detail in told for coin in unpriced_of(detail)})
    if coins:
        sources.history.keep(UNPRICED, coins, max(at for at, _ in told))
        return tuple(coins)
    seen_at, moment = sources.history.at(UNPRICED), _moment(sources, claim)
    if seen_at is None or moment is None or moment > seen_at + SAME_LOOP_S:
        return ()
    kept = sources.history.get(UNPRICED)
    return tuple(coin for coin in kept if isinstance(coin, str)) if isinstance(kept, list) else ()


def unpriced_of(detail: JsonDict) -> tuple[str, ...]:
    """Coins of a nav_detail that are there and add nothing to its NAV.

    One that stands in no part of it but the balances is not left out for want of a price: the writer never counts it.
    """
    parts = [mapping(detail.get(key)) for key in WORTHS]
    conversions, balances = mapping(detail.get("conversions")), mapping(detail.get("futures_balances"))
    found = []
    for coin in {**conversions, **balances}:
        block, worths = mapping(conversions.get(coin)), [part[coin] for part in parts if coin in part]
        amount = first([first_numeric(block, "amount", "qty"), numeric(balances.get(coin))])
        worth = any(map(numeric, worths or [block.get("price"), block.get("value_usd")]))
        if amount and not worth and (worths or coin in conversions):
            found.append(text(coin) or "?")
    return tuple(sorted(found))


def _details(sources: Sources, claim: Claim[float]) -> Iterator[tuple[float, JsonDict]]:
    """What the payloads of the moment of a NAV say of the wallet, with their stamps."""
    for name, key in ((NAV, "nav_detail"), (SYNCED_STATE, "nav_snapshot"), (NAV_STATE, "nav_detail")):
        at = sources.stamp(name)
        is_near = at is not None and claim.stamp is not None and abs(at - claim.stamp) <= COMPARABLE_S
        if is_near or name == claim.file:
            yield at or 0.0, mapping(sources.data(name).get(key))
    if claim.file not in (NAV, NAV_STATE):
        yield claim.stamp or 0.0, mapping(sources.data(claim.file).get("nav_detail"))


def _moment(sources: Sources, claim: Claim[float]) -> float | None:
    """Of when a NAV is; the daemon's is that of the last point of its series."""
    points = dicts(sources.data(claim.file).get("series"))
    return first([parse_stamp(points[-1].get("t")) if points else None, claim.stamp])
