"""The one way to an account: reads of its venue, each checked, each failure in words of our own."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

import ccxt

from execution.account.answers import Instrument, NotUnderstoodError
from execution.account.failures import Failure, FailureKind, translate
from execution.account.venues.venue import Instruments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from execution.account.venues.venue import Read, Venue

RELOAD_EVERY_S = 600.0
MINUTE_S = 60.0
# Of a venue's limit: so much of it at once, and as much again in a minute of waiting. Bots behind the same address have
# the rest, and a cycle that reads what is new is far below the first.
AT_ONCE_SHARE = 0.4
PACED_SHARE = 0.4


class Link:
    """Asks one exchange, and counts what that weighs. There is no way to order anything through it."""

    def __init__(self, venue: Venue, client: Any) -> None:
        """`client` as `guard.build_client` makes it; nothing is asked yet."""
        self.venue = venue
        self.skew_s = 0.0
        self.requests = 0
        self._client = client
        self._spent: deque[tuple[float, int]] = deque()
        self._loaded_s = float("-inf")

    def ask(self, read: Read, params: Mapping[str, Any] | None = None) -> Any:
        """The raw answer to one of the venue's reads.

        Raises:
            Failure: there is none, or it is not understood.
        """
        self._count(read.weight)
        config = {"cost": self._cost(read.weight)}
        try:
            return self._client.fetch2(read.path, list(read.api), read.method, dict(params or {}), config)
        except NotUnderstoodError as error:
            raise Failure(FailureKind.GARBLED, f"answer not understood: {error}") from None
        except ccxt.BaseError as error:
            raise self._translate(error) from None

    def load_instruments(self) -> Instruments:
        """The exchange's markets; read anew where an answer names another one, though not at each answer.

        Raises:
            Failure: they cannot be read.
        """
        return Instruments(self._load(), self._reload)

    def sync_clock(self) -> float:
        """Take the exchange's clock for signing; how far this machine is ahead of it, seconds.

        Raises:
            Failure: it does not tell.
        """
        began_s = time.time()
        theirs_ms = self.venue.clock_ms(self.ask)
        ours_ms = (began_s + time.time()) / 2.0 * 1000.0
        self.skew_s = (ours_ms - theirs_ms) / 1000.0
        self._client.options["timeDifference"] = int(ours_ms - theirs_ms)
        return self.skew_s

    @property
    def weight_per_minute(self) -> int:
        """What the last minute has used of the venue's limit, by our own count."""
        self._forget()
        return sum(weight for _, weight in self._spent)

    def _load(self) -> dict[str, Instrument]:
        self._loaded_s = time.monotonic()
        self._count(sum(read.weight for read in self.venue.market_reads))
        try:
            markets = self._client.load_markets(True)
        except NotUnderstoodError as error:
            raise Failure(FailureKind.GARBLED, f"answer not understood: {error}") from None
        except ccxt.BaseError as error:
            raise self._translate(error) from None
        except (TypeError, AttributeError, LookupError, ValueError):
            raise Failure(FailureKind.GARBLED, "answer not understood: the list of markets") from None
        return {self.venue.market_name(market): read_market(self.venue, market) for market in list_contracts(markets)}

    def _reload(self) -> dict[str, Instrument]:
        """None where that has been done of late: a name that stays unknown must not cost a request each cycle."""
        if time.monotonic() - self._loaded_s < RELOAD_EVERY_S:
            markets = self._client.markets or {}
            return {self.venue.market_name(found): read_market(self.venue, found) for found in list_contracts(markets)}
        return self._load()

    def _translate(self, error: ccxt.BaseError) -> Failure:
        adapter = next(iter(self._client.session.adapters.values()))
        names = {kind.__name__ for kind in type(error).__mro__}
        return translate(error, names, adapter.status, adapter.headers)

    def _cost(self, weight: int) -> float:
        """How long ccxt is to wait since the request before, in the unit of its own pace: `rateLimit` milliseconds."""
        limit = self.venue.weight_limit
        if limit is None or self.weight_per_minute <= AT_ONCE_SHARE * limit:
            return 1.0
        return weight * MINUTE_S * 1000.0 / (PACED_SHARE * limit) / float(self._client.rateLimit)

    def _count(self, weight: int) -> None:
        self.requests += 1
        self._forget()
        self._spent.append((time.monotonic(), weight))

    def _forget(self) -> None:
        while self._spent and self._spent[0][0] < time.monotonic() - MINUTE_S:
            self._spent.popleft()


def list_contracts(markets: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The markets of ccxt that are contracts."""
    return [market for market in markets.values() if market.get("contract")]


def read_market(venue: Venue, market: Mapping[str, Any]) -> Instrument:
    """One market of ccxt; a contract that ends has its day behind the name."""
    size = market.get("contractSize")
    ends = str(market.get("expiryDatetime") or "")[2:10].replace("-", "")
    return Instrument(
        market_id=venue.market_name(market),
        asset=str(market["base"]),
        quote=str(market["quote"]),
        contract_size=1.0 if size is None else float(size),
        is_linear=market.get("linear") is True,
        ends=ends,
    )
