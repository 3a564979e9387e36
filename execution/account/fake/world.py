"""The account that the fake exchange has: prices that walk, orders that fill, funding, transfers; it adds up."""

from __future__ import annotations

import itertools
import random
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

STEP_S = 10.0
CANDLE_S = 300.0
FUNDING_EVERY_S = 3600.0
KEPT_S = 7 * 86_400.0
MOST_RECORDS = 20_000
LARGEST_MOVE = 4e-4
ORDER_CHANCE = 0.04
MAKER_FEE, TAKER_FEE = 2e-4, 5e-4
LEVERAGE = 5.0
START_USD = 25_000.0

START_PRICES = {"BTCUSDT": 88_000.0, "ETHUSDT": 2_950.0, "SOLUSDT": 138.0}
LOTS = {"BTCUSDT": 0.02, "ETHUSDT": 0.6, "SOLUSDT": 12.0}
SPOT = {"BTC": 0.0125, "USDC": 1500.0}


class Trade(NamedTuple):
    """One fill: coins bought (negative: sold), fee and what it realised in USD."""

    number: int
    order: int
    symbol: str
    qty: float
    price: float
    fee_usd: float
    realized_usd: float
    is_maker: bool
    at_s: float


class Payment(NamedTuple):
    """Funding, or a transfer; negative is paid, or taken out."""

    number: int
    kind: str
    symbol: str
    amount_usd: float
    at_s: float


class ClosedPart(NamedTuple):
    """What one order closed, as Bybit lists it."""

    order: int
    symbol: str
    qty: float
    entry: float
    exit: float
    at_s: float


@dataclass(slots=True)
class Leg:
    """Coins, negative when short, and their average price."""

    qty: float = 0.0
    entry: float = 0.0


@dataclass(slots=True)
class World:
    """Everything as of `now_s`; `advance` moves it on."""

    now_s: float
    dice: random.Random
    wallet_usd: float = START_USD
    marks: dict[str, float] = field(default_factory=lambda: dict(START_PRICES))
    legs: dict[str, Leg] = field(default_factory=dict)
    trades: deque[Trade] = field(default_factory=lambda: deque(maxlen=MOST_RECORDS))
    payments: deque[Payment] = field(default_factory=lambda: deque(maxlen=MOST_RECORDS))
    closed: deque[ClosedPart] = field(default_factory=lambda: deque(maxlen=MOST_RECORDS))
    candles: dict[str, deque[tuple[float, float]]] = field(
        default_factory=lambda: {symbol: deque(maxlen=500) for symbol in START_PRICES}
    )
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def unrealized_usd(self) -> float:
        """Open PnL of all legs."""
        return sum(self.pnl_usd(symbol) for symbol in self.legs)

    @property
    def equity_usd(self) -> float:
        """The wallet and open PnL."""
        return self.wallet_usd + self.unrealized_usd

    @property
    def margin_usd(self) -> float:
        """What the open positions tie up."""
        return sum(abs(leg.qty) * self.marks[symbol] / LEVERAGE for symbol, leg in self.legs.items())

    def pnl_usd(self, symbol: str) -> float:
        """Open PnL of one leg."""
        leg = self.legs[symbol]
        return (self.marks[symbol] - leg.entry) * leg.qty

    def advance(self, until_s: float) -> None:
        """Step on, ten seconds at a time."""
        while self.now_s + STEP_S <= until_s:
            self._step()

    def transfer(self, amount_usd: float, at_s: float) -> None:
        """Money comes in, or goes out (negative)."""
        self.wallet_usd += amount_usd
        self.payments.append(Payment(next(self.numbers), "TRANSFER", "", amount_usd, at_s))

    def trade(self, symbol: str, qty: float, *, is_maker: bool) -> None:
        """One order of so many coins (negative: sell), filled in one to three parts."""
        order, parts = next(self.numbers), self.dice.choice((1, 1, 2, 3))
        self.legs.setdefault(symbol, Leg())
        for part in range(parts):
            at_s = self.now_s + part / 1000.0
            self._fill(order, symbol, round(qty / parts, 6), is_maker=is_maker, at_s=at_s)
        if abs(self.legs[symbol].qty) < 1e-9:
            del self.legs[symbol]

    def _step(self) -> None:
        self.now_s += STEP_S
        for symbol, mark in self.marks.items():
            digits = 1 if mark > 1000.0 else 3
            self.marks[symbol] = round(mark * (1.0 + self.dice.uniform(-LARGEST_MOVE, LARGEST_MOVE)), digits)
            if self.now_s % CANDLE_S < STEP_S:
                self.candles[symbol].append((self.now_s, self.marks[symbol]))
        if self.dice.random() < ORDER_CHANCE:
            self._order()
        if self.now_s % FUNDING_EVERY_S < STEP_S:
            self._pay_funding()

    def _order(self) -> None:
        symbol = self.dice.choice(list(START_PRICES))
        leg, is_maker = self.legs.get(symbol, Leg()), self.dice.random() < 0.7
        if abs(leg.qty) >= 2 * LOTS[symbol]:
            self.trade(symbol, -leg.qty, is_maker=is_maker)
        else:
            bias = -1.0 if symbol == "ETHUSDT" else 1.0
            self.trade(symbol, bias * LOTS[symbol], is_maker=is_maker)

    def _fill(self, order: int, symbol: str, qty: float, *, is_maker: bool, at_s: float) -> None:
        leg, price = self.legs[symbol], self.marks[symbol]
        realized_usd = 0.0
        if leg.qty * qty < 0:
            closed = min(abs(qty), abs(leg.qty))
            realized_usd = (price - leg.entry) * (closed if leg.qty > 0 else -closed)
            self.closed.append(ClosedPart(order, symbol, closed if leg.qty > 0 else -closed, leg.entry, price, at_s))
        else:
            leg.entry = (leg.entry * leg.qty + price * qty) / (leg.qty + qty)
        leg.qty = round(leg.qty + qty, 9)
        fee_usd = abs(qty) * price * (MAKER_FEE if is_maker else TAKER_FEE)
        self.wallet_usd += realized_usd - fee_usd
        number = next(self.numbers)
        self.trades.append(Trade(number, order, symbol, qty, price, fee_usd, realized_usd, is_maker, at_s))

    def _pay_funding(self) -> None:
        for symbol, leg in self.legs.items():
            amount_usd = -leg.qty * self.marks[symbol] * 1e-5
            self.wallet_usd += amount_usd
            self.payments.append(Payment(next(self.numbers), "FUNDING_FEE", symbol, amount_usd, self.now_s))


def begin_world(now_s: float, seed: int = 7, lived_s: float = 6 * 3600.0) -> World:
    """An account that has been traded for a while."""
    world = World(now_s - lived_s, random.Random(seed))  # noqa: S311 - pretended prices
    world.advance(now_s)
    if not world.legs:
        world.trade("BTCUSDT", LOTS["BTCUSDT"], is_maker=True)
    return world
