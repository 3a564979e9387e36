"""USD by coin, as the exchange tells them: asked for when something needs one, and not again at every cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.account.answers import USD_COINS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from execution.account.link import Link

# A price, or that there is none, holds for so long.
USABLE_S = 600.0


class Prices:
    """The last prices of spot; a coin that the exchange has no market for has none."""

    def __init__(self, link: Link) -> None:
        """Nothing is asked yet."""
        self.usd: dict[str, float] = {}
        self._link = link
        self._due_s: dict[str, float] = {}

    def learn(self, coins: Iterable[str], now_s: float) -> None:
        """Those of these that are not known of late; dollars need none.

        Raises:
            Failure, NotUnderstoodError: they are not told; whether there are any is not known then.
        """
        wanted = {coin for coin in coins if coin not in USD_COINS and now_s >= self._due_s.get(coin, 0.0)}
        if wanted:
            self.refresh(wanted, now_s)

    def refresh(self, coins: Iterable[str], now_s: float) -> None:
        """All of these, however new.

        Raises:
            Failure, NotUnderstoodError: they are not told.
        """
        asked = set(coins)
        found = self._link.venue.prices(self._link.ask, asked) if asked else {}
        kept = {coin: price for coin, price in self.usd.items() if coin not in asked}
        self.usd = kept | found
        self._due_s |= dict.fromkeys(asked, now_s + USABLE_S)

    def usd_per(self, coin: str) -> float | None:
        """USD for one; None where the exchange has no price of it."""
        return 1.0 if coin in USD_COINS else self.usd.get(coin)
