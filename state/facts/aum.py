"""Assets under management: the slices the nav payload publishes, never priced here."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from state.facts.exchange import Exchange
from state.facts.fx import Rate
from state.facts.nav_files import Nav, nav_payloads
from state.facts.sources import Sources
from state.facts.standing import Choice, Claim, choose, mark_stale
from state.files.surfaces import NAV, SYNCED_STATE
from state.files.values import JsonDict, first, mapping, number, numeric, text, why_unreadable

FUTURES = "Futures"

# The writers price these at exactly 1.0; for anything else a mark equal to the average cost is the cost.
STABLE_COINS = frozenset({"USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI", "USD"})
PAR = 1.0

PRICE_BASES = frozenset({"exchange", "market", "par", "cost", "published"})

HOLDING_KEYS = ("assets", "offexchange")
VALUE_KEYS = ("usd_value", "usd", "value_usd")

NO_PRICE = "no price published"
# The writers add what is held elsewhere while the exchange does not confirm the NAV, and then only.
HOLDINGS = "holdings beside a NAV that no exchange confirms"


class Slice(NamedTuple):
    """One holding: USD (None = unpriced) and what the price rests on. `owed`: it is a debt, by its quantity.

    `flaw` says why no value can be read of what is written.
    """

    label: str
    usd: float | None
    price_basis: str | None
    owed: bool = False
    flaw: str | None = None


class Published(NamedTuple):
    """What the nav payload says of itself, for the checks: USD, and the file it stands in."""

    total_usd: float | None
    futures_usd: float | None
    origin: str | None


def build_aum(sources: Sources, nav: Nav, rate: Rate, exchange: Exchange) -> dict[str, Any]:
    """Slices with the NAV on show as the Futures slice, their sum, and what has no price."""
    block = find_block(sources)
    slices = _slices(sources, nav.usd, block.value or {})
    mark_stale(
        sources, block, *(f"aum.slices.{index}.usd" for index, item in enumerate(slices) if item.label != FUTURES)
    )
    known = [item.usd for item in slices if item.usd is not None]
    unpriced = [item.label for item in slices if item.usd is None]
    owed = [*(item.label for item in slices if item.usd is None and item.owed), *owed_coins(sources, nav)]
    why_none = f"{', '.join(owed)} is owed and has no price: any total would be too high" if owed else None
    if block.claim is None and block.passed:
        why_none = f"{block.passed[0][0].file}: {block.passed[0][1]}"
    elif block.claim is None and exchange.fresh is False:
        why_none = sources.lacks(HOLDINGS, NAV, SYNCED_STATE)
    if why_none:
        sources.unknown.note_all(("aum.total_usd", "aum.total_zar"), why_none)
    total_usd = sum(known) if known and not why_none else None
    _explain(sources, slices, total_usd, rate)
    # A writer that could not read its holdings says so of the total; they have no slice then.
    lacking = mapping(block.value).get("total_is_lower_bound") is True
    return {
        "slices": [
            {"label": item.label, "usd": item.usd, "zar": rate.zar(item.usd), "price_basis": item.price_basis}
            for item in slices
        ],
        "total_usd": total_usd,
        "total_zar": rate.zar(total_usd),
        "total_usd_is_lower_bound": not owed and bool(unpriced or nav.unpriced or lacking),
        "unpriced": [*unpriced, *nav.unpriced],
    }


def owed_coins(sources: Sources, nav: Nav) -> list[str]:
    """Coins that the NAV misses for want of a price, and that are a debt: it is too high then, and no lower bound."""
    blocks = [mapping(mapping(data.get("nav_detail")).get("conversions")) for _, data in nav_payloads(sources)]
    owed = {
        text(coin) or "?"
        for block in blocks
        for coin, written in block.items()
        if (numeric(mapping(written).get("amount")) or 0.0) < 0
    }
    return [coin for coin in nav.unpriced if coin in owed]


def published_aum(sources: Sources) -> Published:
    """The published total and futures figure."""
    choice = find_block(sources)
    block = choice.value or {}
    return Published(
        number(block.get("total")), number(block.get("futures")), choice.claim.file if choice.claim else None
    )


def find_block(sources: Sources) -> Choice[JsonDict]:
    """The AUM block of the first living payload that has one whose holdings can be read."""
    payloads = nav_payloads(sources)
    candidates = [(name, mapping(data.get("aum"))) for name, data in payloads]
    candidates += [(name, mapping(mapping(data.get("nav_detail")).get("aum"))) for name, data in payloads]
    candidates.append((SYNCED_STATE, mapping(mapping(sources.data(SYNCED_STATE).get("nav_snapshot")).get("aum"))))
    found = [(name, block) for name, block in candidates if block]
    return choose(sources, [Claim(block, name, sources.stamp(name), _why_no_holdings(block)) for name, block in found])


def _why_no_holdings(block: JsonDict) -> str | None:
    """Why the holdings of a block cannot be read: none are null or empty, and a number or a word is neither."""
    odd = [key for key in HOLDING_KEYS if not isinstance(block.get(key) or {}, dict | list)]
    return f"its {odd[0]} is no list of holdings" if odd else None


def _slices(sources: Sources, nav_usd: float | None, block: JsonDict) -> list[Slice]:
    # Without a NAV the futures account is still there, and its value unknown.
    futures = [Slice(FUTURES, nav_usd, "exchange" if nav_usd is not None else None)]
    if block.get("assets"):
        return _with_nav_on_show(list(_holdings(block["assets"])), nav_usd)
    if "futures" in block or "offexchange" in block:
        return futures + list(_holdings(block.get("offexchange")))
    return _breakdown(sources) or (futures if nav_usd is not None else [])


def _with_nav_on_show(listed: list[Slice], nav_usd: float | None) -> list[Slice]:
    return [
        Slice(FUTURES, nav_usd, "exchange" if nav_usd is not None else None)
        if item.label.lower() == FUTURES.lower()
        else item
        for item in listed
    ]


def _breakdown(sources: Sources) -> list[Slice]:
    """What the wallet is made of, of the first living payload that says so."""
    told = [
        Claim(found, name, sources.stamp(name))
        for name, data in nav_payloads(sources)
        if (found := list(_holdings(mapping(data.get("nav_detail")).get("asset_breakdown"))))
    ]
    return choose(sources, told).value or []


def _holdings(value: Any) -> Iterator[Slice]:
    """Holdings of a dict by label or of a list with labels; a bare number is a USD value."""
    pairs = (
        value.items()
        if isinstance(value, dict)
        else ((None, item) for item in value or [])
        if isinstance(value, list)
        else ()
    )
    for key, item in pairs:
        holding = item if isinstance(item, dict) else {"usd_value": item}
        label = first(text(name) for name in (key, *(holding.get(name) for name in ("label", "symbol", "asset"))))
        if label is not None and not _is_nothing(holding):
            yield _read_holding(label, holding)


def _is_nothing(holding: JsonDict) -> bool:
    """A quantity of zero without a value: none of it is held, so that no price is missing."""
    return numeric(holding.get("qty")) == 0 and all(not numeric(holding.get(key)) for key in VALUE_KEYS)


def _read_holding(label: str, holding: JsonDict) -> Slice:
    usd = first(numeric(holding.get(key)) for key in VALUE_KEYS)
    mark, cost, qty = (numeric(holding.get(key)) for key in ("mark", "avg_cost", "qty"))
    # Zero beside a quantity that is held is no value; below zero it is a debt, and counts as one.
    if usd is None or (usd == 0 and qty != 0 and not mark and "qty" in holding):
        return Slice(label, None, None, owed=qty is not None and qty < 0, flaw=why_unreadable(holding, *VALUE_KEYS))
    written = text(holding.get("price_basis"))
    return Slice(label, usd, written if written in PRICE_BASES else _basis(label, mark, cost))


def _basis(label: str, mark: float | None, cost: float | None) -> str:
    if label.upper() in STABLE_COINS and mark in (None, PAR):
        return "par"
    if mark is None:
        return "published"
    return "cost" if mark == cost else "market"


def _explain(sources: Sources, slices: list[Slice], total_usd: float | None, rate: Rate) -> None:
    unknown = sources.unknown
    for index, item in enumerate(slices):
        path = f"aum.slices.{index}"
        if item.usd is None:
            reason = item.flaw or f"{NO_PRICE} for {item.label}"
            unknown.note_all((f"{path}.usd", f"{path}.zar", f"{path}.price_basis"), reason)
        elif rate.usd_zar is None:
            unknown.note(f"{path}.zar", rate.reason)
    if total_usd is None:
        unknown.note_all(("aum.total_usd", "aum.total_zar"), "no slice of the AUM has a value: no nav file carries one")
    elif rate.usd_zar is None:
        unknown.note("aum.total_zar", rate.reason)
