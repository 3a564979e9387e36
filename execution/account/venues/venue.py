"""What every exchange has to tell, and the form of what may be asked of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from execution.account.answers import USD_COINS, Instrument, NotUnderstoodError, UnknownInstrumentError
from execution.account.fields import Row, positive
from execution.utils.timestamps import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from execution.account.answers import Figures, History, Rights, Transfer
    from execution.surfaces.positions import Position

WEEK_MS = int(7 * DAY_S * 1000)
CANDLES = 500
CANDLE_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Read:
    """One request that may be made: how ccxt names it, and its method and path on the wire.

    `keys` have to be in the answer: fields of an object (dots lead into it) or, where `many`, of each item of a list.
    Where `may_be_null`, these fields have to be there, and null stands for an empty list.
    `types` are what a POST that only reads may ask for.
    """

    api: tuple[str, ...]
    path: str
    wire: str
    weight: int = 1
    keys: tuple[str, ...] = ()
    many: bool = False
    may_be_null: bool = False
    method: str = "GET"
    types: frozenset[str] = field(default=frozenset())


class Ask(Protocol):
    """Makes one of the reads of a venue and gives the raw answer, whose shape was checked."""

    def __call__(self, read: Read, params: Mapping[str, Any] | None = None) -> Any:
        """Raises: failures.Failure."""


class NotToldError(Exception):
    """An exchange does not tell this; the message says what, in words for the operator."""


class Instruments:
    """The exchange's markets by the name that its answers use."""

    def __init__(self, found: Mapping[str, Instrument], reload: Callable[[], Mapping[str, Instrument]] | None = None):
        """`reload` is called for a name that is not there, at most once a minute by its own doing."""
        self._found = dict(found)
        self._reload = reload

    def __getitem__(self, market_id: str) -> Instrument:
        """The instrument.

        Raises:
            UnknownInstrumentError: it is not there, also after the markets were read anew.
        """
        if market_id not in self._found and self._reload is not None:
            self._found = dict(self._reload())
        found = self._found.get(market_id)
        if found is None:
            raise UnknownInstrumentError(f"{market_id!r} is not among the markets of the exchange")
        return found

    def __contains__(self, market_id: object) -> bool:
        """Whether it is known without reading the markets anew."""
        return market_id in self._found

    def linear(self, market_id: str) -> Instrument:
        """The instrument, which has to be one that is margined and quoted in US dollars.

        Raises:
            NotUnderstoodError: it is another kind of contract, whose PnL would be in coins.
        """
        found = self[market_id]
        if not found.is_linear or found.quote not in USD_COINS:
            raise NotUnderstoodError(f"{market_id} is no contract that is quoted and settled in US dollars")
        return found

    def past(self, market_id: str) -> Instrument:
        """As `linear`, for what has happened, where quantities are coins and one market may be gone since.

        A contract that is delisted is in no list any more; what it paid and cost stays, under the exchange's own name.
        """
        try:
            return self.linear(market_id)
        except UnknownInstrumentError:
            return Instrument(market_id, market_id, "", 1.0)

    def named(self, symbol: str) -> Instrument | None:
        """The instrument of a symbol as this project writes it."""
        return next((item for item in self._found.values() if item.symbol == symbol and item.is_linear), None)


class Venue(ABC):
    """One exchange. Methods that ask take `ask`; what they return is in the terms of `answers`."""

    name: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    environments: ClassVar[tuple[str, ...]] = ("live", "testnet")
    # Where the spot wallet is of another system, with keys of its own: nothing of this account lies in it.
    spot_apart: ClassVar[tuple[str, ...]] = ()
    # What ccxt asks for to know the markets.
    market_reads: ClassVar[tuple[Read, ...]]
    reads: ClassVar[tuple[Read, ...]]
    # Which credentials a client needs: key and secret, a passphrase as well, or an address alone.
    needs: ClassVar[tuple[str, ...]] = ("key", "secret")
    # Weight that may be used in a minute, by the exchange's own count; None where it counts otherwise.
    weight_limit: ClassVar[int | None] = None

    # What the positions that are told may lack, in words for the operator.
    unseen: str | None = None

    def market_name(self, market: Mapping[str, Any]) -> str:
        """What answers call a market of ccxt."""
        return str(market["id"])

    @abstractmethod
    def figures(self, ask: Ask) -> Figures:
        """The account block."""

    @abstractmethod
    def positions(self, ask: Ask, markets: Instruments) -> list[Position]:
        """The open legs."""

    @abstractmethod
    def history(self, ask: Ask, markets: Instruments, since_ms: int) -> History:
        """What was executed, realised and paid since then, in any order; what is known already may come again."""

    @abstractmethod
    def transfers(self, ask: Ask, since_ms: int) -> list[Transfer]:
        """Money that came and went since then.

        Raises:
            NotToldError: the exchange does not say.
        """

    @abstractmethod
    def rights(self, ask: Ask) -> Rights:
        """What the key may do."""

    @abstractmethod
    def clock_ms(self, ask: Ask) -> float:
        """The exchange's clock."""

    @abstractmethod
    def candles(self, ask: Ask, instrument: Instrument) -> list[float]:
        """Closes of 5-minute candles, oldest first, USD."""

    def leverages(self, ask: Ask, symbols: Sequence[str]) -> dict[str, float]:  # noqa: ARG002
        """Leverage by symbol, where the positions do not tell it."""
        return {}

    def spot(self, ask: Ask) -> dict[str, float] | None:  # noqa: ARG002
        """Coins in the spot wallet; None where there is none beside the account."""
        return None

    def prices(self, ask: Ask, coins: Collection[str]) -> dict[str, float]:  # noqa: ARG002
        """USD by coin, of those that have a price."""
        return {}


def signed(size: float, *, short: bool) -> float:
    """A quantity that is negative when short, whatever sign it was written with."""
    return -abs(size) if short else abs(size)


def pick_prices(
    pairs: Iterable[Row], name: str, price: str, coins: Collection[str], between: str = ""
) -> dict[str, float]:
    """USD by coin, of those coins that have a market with a price against USDT, or else USDC."""
    found = {str(row.get(name)): row for row in pairs}
    prices = {}
    for coin in coins:
        markets = (found.get(f"{coin}{between}{quote}", {}) for quote in ("USDT", "USDC"))
        prices[coin] = next((usd for market in markets if (usd := positive(market, price))), None)
    return {coin: usd for coin, usd in prices.items() if usd is not None}
