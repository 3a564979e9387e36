"""What an exchange tells of an account, in the terms of this project: coins, USD, epoch seconds."""

from __future__ import annotations

from typing import NamedTuple

# Quotes and currencies that count as US dollars.
USD = "USD"
USD_COINS = frozenset({"USDT", "USDC", "FDUSD", USD, "DAI", "USDE", "USDH", "BUSD"})


class NotUnderstoodError(ValueError):
    """An answer is not of the shape that this exchange gives; nothing of it may be published."""


class UnknownInstrumentError(NotUnderstoodError):
    """An answer names an instrument that is not among the exchange's markets."""


class Instrument(NamedTuple):
    """One market; `contract_size` is coins per contract."""

    market_id: str
    asset: str
    quote: str
    contract_size: float
    is_linear: bool = True
    ends: str = ""

    @property
    def symbol(self) -> str:
        """BTCUSDT: base and quote, never cut out of a name; BTCUSDT-261225 for a contract that ends on that day."""
        return f"{self.asset}{self.quote}" + (f"-{self.ends}" if self.ends else "")


class Figures(NamedTuple):
    """The account block. NAV = cash + unrealized; `position_margin_usd` is what its open positions tie up, if told."""

    nav_usd: float
    unrealized_usd: float
    position_margin_usd: float | None = None


class Fill(NamedTuple):
    """One execution: coins, price, and the fee (negative is a rebate) in its own currency. `realized` before fees.

    `more_fees` are (amount, currency) of what was paid in others besides.
    """

    fill_id: str
    order_id: str
    symbol: str
    side: str
    price: float
    qty: float
    fee: float
    fee_asset: str
    at_s: float
    is_maker: bool | None = None
    realized_usd: float | None = None
    position_side: str = "BOTH"
    more_fees: tuple[tuple[float, str], ...] = ()

    @property
    def fees(self) -> tuple[tuple[float, str], ...]:
        """(amount, currency) of each that was paid."""
        return tuple(fee for fee in ((self.fee, self.fee_asset), *self.more_fees) if fee[0])

    @property
    def fee_assets(self) -> set[str]:
        """The currencies in which something was paid."""
        return {asset for _, asset in self.fees}


class Close(NamedTuple):
    """Realised PnL before fees, where the exchange tells it apart from the fills."""

    close_id: str
    order_id: str
    symbol: str
    qty: float | None
    pnl_usd: float
    at_s: float


class Funding(NamedTuple):
    """One funding payment, USD; negative is paid."""

    funding_id: str
    symbol: str
    amount_usd: float
    at_s: float


class History(NamedTuple):
    """What happened since a moment; `closes` is for exchanges whose fills do not tell what they realised."""

    fills: list[Fill]
    funding: list[Funding]
    closes: list[Close] = []  # noqa: RUF012 - never changed


class Transfer(NamedTuple):
    """Money that came into the futures account, or left it (negative), in its own currency.

    `amount` is None where the exchange tells that something moved, and not how much; `note` then says what it was.
    """

    transfer_id: str
    asset: str
    amount: float | None
    at_s: float
    note: str = ""


class Rights(NamedTuple):
    """What the key may do; None where the exchange does not say."""

    can_withdraw: bool | None
    can_trade: bool | None
    note: str = ""
