"""The wallet of a nav payload against itself: balances, conversions, and what of them is in the NAV."""

from collections.abc import Iterator

from state.facts.aum import STABLE_COINS
from state.facts.nav_files import nav_payloads
from state.facts.sources import Sources
from state.files.values import JsonDict, mapping, numeric, text
from state.formatting import fmt_qty
from state.sentences import Part, amount
from state.trust.comparison import usd

# One writer makes all of it of one answer of the exchange: sums to the cent, amounts to the eighth digit.
CENT, EIGHTH_DIGIT = 0.01, 1e-8
SHARE, OF_A_PRODUCT = 1e-6, 1e-4


def wrong_wallets(sources: Sources) -> Iterator[list[Part]]:
    """What contradicts itself in the wallet of any nav file: one sentence each, the worst first within a file."""
    for name, data in nav_payloads(sources):
        detail = mapping(data.get("nav_detail"))
        values, held = mapping(detail.get("asset_breakdown")), mapping(detail.get("futures_balances"))
        for coin, written in mapping(detail.get("conversions")).items():
            yield from _wrong_conversion(name, coin, mapping(written), values, held)
        for coin in held:
            if coin not in mapping(detail.get("conversions")):
                yield from _wrong_balance(name, coin, values, held)


def _wrong_conversion(name: str, coin: str, block: JsonDict, values: JsonDict, held: JsonDict) -> Iterator[list[Part]]:
    """A coin that is converted: its value is its amount times its price, and the amount is what is held of it.

    Without a price it is not in the NAV at all, which is said elsewhere.
    """
    qty, price, value = (numeric(block.get(key)) for key in ("amount", "price", "value_usd"))
    label, counted, balance = text(coin) or "?", numeric(values.get(coin)), numeric(held.get(coin))
    if qty is not None and price and value is not None and _apart(qty * price, value, CENT, OF_A_PRODUCT):
        yield [f"{label} in {name} ", usd(value), " is not its amount times its price ", usd(qty * price)]
    if qty is not None and balance is not None and _apart(qty, balance, EIGHTH_DIGIT):
        yield [f"of {label} {name} converts ", amount(qty, fmt_qty), " and holds ", amount(balance, fmt_qty)]
    if value is not None and counted is not None and _apart(value, counted, CENT):
        yield [f"{label} in {name} is worth ", usd(value), ", in the wallet's parts ", usd(counted)]


def _wrong_balance(name: str, coin: str, values: JsonDict, held: JsonDict) -> Iterator[list[Part]]:
    """A coin that is not converted: a dollar counts as one, and one that has a part in the NAV has not none of it.

    Coins that have no part there are left out by the writer on purpose, such as those that only pay fees.
    """
    balance, counted, label = numeric(held.get(coin)), numeric(values.get(coin)), text(coin) or "?"
    if not balance or counted is None:
        return
    if label.upper() in STABLE_COINS:
        if _apart(balance, counted, CENT):
            yield [f"of {label} {name} holds ", amount(balance, fmt_qty), " and counts ", usd(counted)]
    elif counted == 0:
        yield [f"{name} holds ", amount(balance, fmt_qty), f" {label}, which its NAV counts as nothing"]


def _apart(left: float, right: float, least: float, share: float = SHARE) -> bool:
    return abs(left - right) > least + share * max(abs(left), abs(right))
