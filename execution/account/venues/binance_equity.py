"""The equity of a Binance account: its totals are of USDT alone, or of everything, by the mode of its margin."""

from __future__ import annotations

from typing import NamedTuple

from execution.account.answers import USD_COINS, Figures, NotUnderstoodError
from execution.account.fields import Row, block, number, rows, text

CENT = 0.01
# Coins that count as dollars are valued at their market price where all assets are margin.
LARGEST_DISCOUNT = 0.05


class Equity(NamedTuple):
    """The account block, and the coins that are in it; None for all."""

    figures: Figures
    coins: frozenset[str] | None


def read_equity(raw: object) -> Equity:
    """Of /fapi/v3/account, USD.

    In single-asset mode each coin is the margin of its own contracts, and the totals are of USDT alone: the equity is
    the sum of the coins that count as dollars. What else lies there (BNB for fees) is no margin, and not in it.

    Raises:
        NotUnderstoodError: the totals are those of neither mode.
    """
    account = block(raw)
    held, nav_usd = rows(account, "assets"), number(account, "totalMarginBalance")
    if _counts_all(account, held, nav_usd):
        unrealized_usd = number(account, "totalUnrealizedProfit")
        return Equity(Figures(nav_usd, unrealized_usd, number(account, "totalPositionInitialMargin")), None)
    dollars = [row for row in held if text(row, "asset") in USD_COINS]
    sums = (sum(number(row, key) for row in dollars) for key in ("unrealizedProfit", "positionInitialMargin"))
    return Equity(Figures(_margin_usd(dollars), *sums), USD_COINS)


def _counts_all(account: Row, held: list[Row], nav_usd: float) -> bool:
    """Whether the totals are of all assets; where the mode is not told, they show it."""
    tether_usd = _margin_usd([row for row in held if text(row, "asset") == "USDT"])
    said, is_tether = account.get("multiAssetsMargin"), abs(nav_usd - tether_usd) <= CENT
    counts_all = said if isinstance(said, bool) else not is_tether
    if not (_may_be_all(held, nav_usd) if counts_all else is_tether):
        raise NotUnderstoodError(f"totalMarginBalance is {nav_usd:.2f}; the assets add up to something else")
    return counts_all


def _may_be_all(held: list[Row], nav_usd: float) -> bool:
    """What is held beside dollars has no price here, and may be worth anything."""
    if any(text(row, "asset") not in USD_COINS and number(row, "marginBalance") for row in held):
        return True
    return abs(nav_usd - _margin_usd(held)) <= max(CENT, LARGEST_DISCOUNT * abs(nav_usd))


def _margin_usd(held: list[Row]) -> float:
    return sum((number(row, "marginBalance") for row in held), 0.0)
