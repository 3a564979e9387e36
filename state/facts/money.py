"""Which money a contract counts in: what of a row may be called US dollars, and what not.

Nothing here is priced. USD figures are made of quotes that count as USD; anything else is the writer's own USD figure,
or unknown with the reason.
"""

import re
from typing import NamedTuple

from state.files.rows import Row

USD_COINS = (
    "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USDP", "PYUSD", "RLUSD", "USDE", "USDS", "USD1", "GUSD", "DAI", "USD",
)  # fmt: skip
# `DOTUSD` and `XBTUSD` are of plain US dollars: of a name without a separator TUSD is never taken for the quote.
JOINED_COINS = tuple(coin for coin in USD_COINS if coin != "TUSD")
OTHER_MONEY = ("BTC", "ETH", "BNB", "EUR", "GBP", "TRY", "BRL", "AUD", "JPY", "ZAR", "ARS", "MXN", "PLN", "UAH", "KRW")

# `BTCUSDT_260327`, `ETHUSDT-PERP.BINANCE`: the contract behind the pair, and the venue behind that.
_CONTRACT = re.compile(r"[-_ ]?(PERP|SWAP|FUTURES?|\d{6,8})(?=$|\.)|\.[A-Z]+$", re.IGNORECASE)
_SEPARATED = re.compile(r"^(?P<base>[^/:_-]+)[/_-](?P<quote>[^/:_-]+)(?::(?P<settle>[^/:_-]+))?")

# PnL beyond this many times of (mark - entry) x quantity, or below its inverse, is of another size or another money.
FIT_FACTOR = 5.0
# Prices are rounded and move between the figures of one row.
FIT_TOLERANCE = 0.02
# The rounding of the two prices and of the PnL, in ten thousandths of the notional.
FIT_ROUNDING = 2e-4


class Contract(NamedTuple):
    """What a name says: the money it is quoted in (None: not told); `sized`: one contract may not be one coin."""

    base: str
    quote: str | None
    sized: bool


def read_contract(symbol: str) -> Contract:
    """`BTCUSDT` -> BTC in USDT; `BTCUSD_PERP` and `BTC/USD:BTC` -> contracts whose size is not told."""
    pair, suffix = _CONTRACT.sub("", symbol), _CONTRACT.search(symbol)
    parts = _SEPARATED.match(pair)
    if parts:
        base, quote, settle = parts["base"], parts["quote"].upper(), parts["settle"]
        sized = (settle is not None and settle.upper() != quote) or bool(suffix and "SWAP" in suffix.group().upper())
        return Contract(base, quote, sized or quote == "USD")
    found = next((quote for quote in (*JOINED_COINS, *OTHER_MONEY) if _ends_with(pair, quote)), None)
    base = pair[: -len(found)] if found else pair
    # What is quoted in plain US dollars is settled in the coin, at most exchanges.
    return Contract(base, found, found == "USD")


def _ends_with(pair: str, quote: str) -> bool:
    """Names are compared as written: the quote of `kPEPEusdt` is none that an exchange uses."""
    return pair.endswith(quote) and len(pair) >= len(quote) + 2


def is_dollar_pair(symbol: str) -> bool:
    """Whether both sides are US dollar coins: the price of such a pair may rest for days."""
    contract = read_contract(symbol)
    return contract.quote in USD_COINS and contract.base.upper() in USD_COINS


def misfit(row: Row) -> float | None:
    """PnL less (mark - entry) x quantity where it is more than rounding, 0.0 where it fits, None where none is told."""
    computed = row.computed_pnl
    if computed is None or row.pnl is None:
        return None
    difference = row.pnl - computed
    allowed = _price_rounding(row) + FIT_TOLERANCE * max(abs(row.pnl), abs(computed))
    return difference if abs(difference) > allowed else 0.0


def _price_rounding(row: Row) -> float:
    """What the rounding of its prices makes of the PnL of a row."""
    return FIT_ROUNDING * abs(row.qty or 0.0) * (row.mark_price or 0.0)


def _is_proven_linear(row: Row) -> bool:
    """Whether the PnL shows that one contract is one coin; near the entry price the PnL of any contract is nothing."""
    computed = row.computed_pnl
    return misfit(row) == 0.0 and computed is not None and abs(computed) > _price_rounding(row)


def _is_of_another_size(row: Row) -> bool:
    computed, pnl = row.computed_pnl, row.pnl
    if not misfit(row) or computed is None or not pnl or not computed:
        return False
    return not 1 / FIT_FACTOR < abs(pnl / computed) < FIT_FACTOR


def why_not_usd(row: Row) -> str | None:
    """Why quantity times price of this row is no sum of US dollars; None where it is one."""
    contract = read_contract(row.symbol)
    if contract.sized and not _is_proven_linear(row):
        return f"{row.symbol} counts in contracts whose size is not written"
    if contract.quote is None and misfit(row) != 0.0:
        return f"nothing says which money {row.symbol} is quoted in"
    if contract.quote is not None and contract.quote not in USD_COINS:
        return f"{row.symbol} is quoted in {contract.quote}, and no file has it in US dollars"
    if _is_of_another_size(row):
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
    """The writer's own figure. A plain `notional` that is just quantity times mark is in the money of the contract."""
    if row.notional_usd is not None:
        return row.notional_usd
    is_product = product is not None and row.notional is not None and abs(row.notional - product) <= 0.01 * product
    return None if is_product else row.notional


def pnl_usd(row: Row) -> float | None:
    """The PnL of a row in USD: its own, or what its writer calls US dollars."""
    if row.pnl_usd is not None:
        return row.pnl_usd
    return row.pnl if why_not_usd(row) is None else None
