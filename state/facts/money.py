"""Which money a contract counts in: what of a row may be called US dollars, and what not.

Nothing here is priced. USD figures are made of quotes that count as USD; anything else is the writer's own USD figure,
or unknown with the reason.
"""

import re
from decimal import Decimal
from math import log10
from typing import NamedTuple

from state.files.rows import BEYOND_DOUBT, FIT_ROUNDING, Row

USD_COINS = (
    "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USDP", "PYUSD", "RLUSD", "USDE", "USDS", "USD1", "GUSD", "DAI", "USD",
)  # fmt: skip
# `DOTUSD` and `XBTUSD` are of plain US dollars: of a name without a separator TUSD is never taken for the quote.
JOINED_COINS = tuple(coin for coin in USD_COINS if coin != "TUSD")
# `BNBUSD_PERP`, `PF_ARBUSD`: beside a word for the contract none of the coins that end in USD is the quote.
CONTRACT_COINS = tuple(coin for coin in USD_COINS if coin == "USD" or not coin.endswith("USD"))
OTHER_MONEY = (
    "EURC", "EURI", "EURS", "AEUR", "BIDR", "IDRT", "BTC", "XBT", "ETH", "BNB", "SOL", "TRX", "XRP", "DOGE", "DOT",
    "EUR", "GBP", "TRY", "BRL", "AUD", "JPY", "ZAR", "ARS", "MXN", "PLN", "UAH", "KRW", "CHF", "CAD", "RUB", "INR",
    "IDR", "NGN", "CZK", "HUF", "RON", "COP", "CLP", "THB", "SGD", "HKD", "NZD", "PHP", "VND", "AED", "ILS", "SEK",
    "NOK", "DKK", "CNY", "CNH", "TWD", "KZT", "UYU",
)  # fmt: skip
# `WUSDT` and `SUSDC` are pairs; `XDAI` and `AUSD` are coins.
BESIDE_ONE_LETTER = ("USDT", "USDC")

# Coins that are a dollar by name: their price beside one rests, though nothing is counted in them.
RESTING_COINS = frozenset({*USD_COINS, "USDD", "XUSD", "BFUSD"})

# `PERP_BTC_USDT`: what some venues write in front of a pair.
_PREFIX = re.compile(r"^PERP[-_]", re.IGNORECASE)
# `BTCUSDT_260327`, `ETHUSDT-PERP.BINANCE`: the contract behind the pair, and the venue behind that.
_CONTRACT = re.compile(r"[-_ ]?(PERP|SWAP|FUTURES?|\d{6,8})(?=$|\.)|\.[A-Z]+$", re.IGNORECASE)
# `USDTMYR`: what is bought with dollars is quoted in the rest of the name.
_DOLLARS_IN = re.compile(r"^(?P<base>USDT|USDC)(?P<quote>[A-Z]{3,4})$")
_SEPARATED = re.compile(r"^(?P<base>[^/:_-]+)[/_-](?P<quote>[^/:_-]+)(?::(?P<settle>[^/:_-]+))?")

# PnL beyond this many times of (mark - entry) x quantity, or below its inverse, is of another size or another money.
FIT_FACTOR = 5.0
# Prices are rounded and move between the figures of one row.
FIT_TOLERANCE = 0.02
# A PnL is written with eight digits, or in cents.
CENT = 0.01

# Of the power of ten that a contract of 1, 10 or 100 dollars is; a figure in coins comes as near by chance only.
SIZE_TOLERANCE = 1e-6


class Contract(NamedTuple):
    """What a name says: the money it is quoted in (None: not told); `sized`: one contract may not be one coin."""

    base: str
    quote: str | None
    sized: bool


def read_contract(symbol: str) -> Contract:
    """`BTCUSDT` -> BTC in USDT; `BTCUSD_PERP` and `BTC/USD:BTC` -> contracts whose size is not told."""
    symbol = _PREFIX.sub("", symbol)
    pair, suffix = _CONTRACT.sub("", symbol), _CONTRACT.search(symbol)
    parts = _SEPARATED.match(pair)
    if not parts:
        coins = CONTRACT_COINS if suffix and suffix[1] else JOINED_COINS
        return _read_joined(pair, coins) or Contract(pair, None, False)
    base, quote, settle = parts["base"], parts["quote"].upper(), parts["settle"]
    if quote not in USD_COINS and quote not in OTHER_MONEY:
        return _read_words(base, quote)
    sized = (settle is not None and settle.upper() != quote) or bool(suffix and "SWAP" in suffix.group().upper())
    return Contract(base, quote, sized or quote == "USD")


def _read_words(base: str, other: str) -> Contract:
    """Of two words of which the second is no money that is known: `PF_XBTUSD`, `BTCUSDT_UMCBL`, `BTC-31JAN26`."""
    found = _read_joined(other, CONTRACT_COINS) or _read_joined(base, CONTRACT_COINS)
    return found or Contract(base, other if other.isalpha() else None, False)


def _read_joined(pair: str, coins: tuple[str, ...]) -> Contract | None:
    """Of one word: the quote is at its end. What is quoted in plain US dollars is settled in the coin, mostly.

    Dollars are compared as written: the quote of `kPEPEusdt` is none that an exchange uses. Another money is none of
    ours in small letters either.
    """
    others = pair.upper() if pair.islower() else pair
    found = next((quote for quote in coins if _ends_with(pair, quote)), None) or next(
        (quote for quote in OTHER_MONEY if _ends_with(others, quote)), None
    )
    if found:
        return Contract(pair[: -len(found)], found, found == "USD")
    dollars = _DOLLARS_IN.match(others)
    return Contract(dollars["base"], dollars["quote"], False) if dollars else None


def _ends_with(pair: str, quote: str) -> bool:
    return pair.endswith(quote) and len(pair) >= len(quote) + (1 if quote in BESIDE_ONE_LETTER else 2)


def is_dollar_pair(symbol: str) -> bool:
    """Whether both sides are US dollar coins: the price of such a pair may rest for days."""
    contract = read_contract(symbol.upper())
    return contract.quote in (None, *USD_COINS) and contract.base in RESTING_COINS


def misfit(row: Row) -> float | None:
    """PnL less (mark - entry) x quantity where it is more than rounding, 0.0 where it fits, None where none is told."""
    computed = row.computed_pnl
    if computed is None or row.pnl is None:
        return None
    difference = row.pnl - computed
    allowed = _rounding(row) + FIT_TOLERANCE * max(abs(row.pnl), abs(computed))
    return difference if abs(difference) > allowed else 0.0


def _rounding(row: Row) -> float:
    """What the rounding of its prices and of its last digit makes of the PnL of a row."""
    last_digit = 10.0 ** int(Decimal(repr(row.pnl or 0.0)).as_tuple().exponent)
    return FIT_ROUNDING * abs(row.qty or 0.0) * (row.mark_price or 0.0) + min(last_digit, CENT)


def _is_proven_linear(row: Row) -> bool:
    """Whether the PnL shows that one contract is one coin; near the entry price the PnL of any contract is nothing."""
    computed, pnl = row.computed_pnl, row.pnl
    if misfit(row) != 0.0 or computed is None or pnl is None:
        return False
    return min(abs(computed), abs(pnl)) > _rounding(row)


def is_checkable(row: Row) -> bool:
    """Whether (mark - entry) x quantity has to be the PnL of this row: not where size or money are its own affair."""
    contract = read_contract(row.symbol)
    return (contract.quote in USD_COINS and not contract.sized) or _is_proven_linear(row)


def is_of_another_size(row: Row) -> bool:
    """Whether its PnL is a multiple or a part of (mark - entry) x quantity."""
    computed, pnl = row.computed_pnl, row.pnl
    if not misfit(row) or computed is None or not pnl or not computed:
        return False
    if abs(pnl - computed) <= BEYOND_DOUBT * abs(row.qty or 0.0) * (row.mark_price or 0.0):
        return False
    return not 1 / FIT_FACTOR < abs(pnl / computed) < FIT_FACTOR


def why_not_usd(row: Row) -> str | None:
    """Why quantity times price of this row is no sum of US dollars; None where it is one."""
    contract = read_contract(row.symbol)
    if contract.sized and not _is_proven_linear(row):
        return f"{row.symbol} counts in contracts whose size is not written"
    if contract.quote is None and not _is_proven_linear(row):
        return f"nothing says which money {row.symbol} is quoted in"
    if contract.quote is not None and contract.quote not in USD_COINS:
        return f"{row.symbol} is quoted in {contract.quote}, and no file has it in US dollars"
    if is_of_another_size(row):
        return f"the PnL of {row.symbol} does not fit (mark - entry) x quantity: a contract of another size or money"
    return None


def notional_usd(row: Row, priced: Row | None) -> float | None:
    """Value of a leg in USD: quantity times mark, or what its writer calls US dollars; None without."""
    mark = priced.mark_price if priced else None
    product = None if mark is None or row.qty is None else abs(row.qty) * mark
    if why_not_usd(priced or row) is None:
        return product
    return _own_usd(row, product) or (_own_usd(priced, product) if priced else None)


def _own_usd(row: Row, product: float | None) -> float | None:
    """The writer's own figure. A plain `notional` is in the money of the contract where it is just quantity times mark,
    in coins where it is the quantity, and may be in coins where nobody knows what one contract is.
    """
    if row.notional_usd is not None or row.notional is None:
        return row.notional_usd
    if _is_about(row.notional, product):
        return None
    contract = read_contract(row.symbol)
    if contract.quote is None or contract.sized or is_of_another_size(row):
        return row.notional if _is_of_whole_dollars(row.notional, row.qty) else None
    return None if _is_about(row.notional, abs(row.qty or 0.0)) else row.notional


def _is_about(value: float, other: float | None) -> bool:
    return other is not None and abs(value - other) <= 0.01 * other


def _is_of_whole_dollars(notional: float, qty: float | None) -> bool:
    """Whether each contract is of 1, 10, 100, ... dollars, as those are that are settled in the coin."""
    power = log10(notional / abs(qty)) if qty else -1.0
    return round(power) >= 0 and abs(power - round(power)) <= SIZE_TOLERANCE


def pnl_usd(row: Row) -> float | None:
    """The PnL of a row in USD: its own, or what its writer calls US dollars."""
    if row.pnl_usd is not None:
        return row.pnl_usd
    return row.pnl if why_not_usd(row) is None else None
