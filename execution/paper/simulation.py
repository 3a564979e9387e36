"""One step of the simulated world: prices move, orders are matched, the strategy decides, every event is told."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from execution.paper import events
from execution.paper.account import START_CASH_USD, Account
from execution.paper.instruments import SYMBOLS
from execution.paper.market import Market
from execution.paper.matching import match_order, open_order, record_fill
from execution.paper.money import multiply, to_float
from execution.paper.orders import Order
from execution.paper.routing import choose_intent, find_veto
from execution.utils.timestamps import start_of_day_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from execution.paper.orders import Intent

FUNDING_EVERY_S = 8 * 3600.0
FUNDING_PARTS_PER_MILLION = 60
HEARTBEAT_EVERY_STEPS = 12


class Simulation:
    """Market, account and orders; `emit(log name, record)` gets every event of the step in order.

    Each step draws from dice of its own, seeded by (seed, step): a step that is repeated after a crash is the same.
    """

    def __init__(self, seed: int, emit: Callable[[str, events.Record], None]) -> None:
        """A fresh account at the start prices."""
        self.seed = seed
        self.emit = emit
        self.step = 0
        self.now_s = 0.0
        # Why no position may be opened, for the steps to come.
        self.entry_veto: str | None = None
        self.market = Market()
        self.account = Account(cash=START_CASH_USD * 10**8, deposited=START_CASH_USD * 10**8)
        self.orders: list[Order] = []
        self.day_pnl: dict[str, dict[str, int]] = {}

    def advance(self, now_s: float) -> None:
        """One step of 5 s market time, stamped `now_s` (epoch seconds, never going back)."""
        before_s, self.now_s = self.now_s, max(now_s, self.now_s)
        self.step += 1
        rng = random.Random(f"{self.seed}:{self.step}")  # noqa: S311 - dice, not a secret
        self.market.advance(rng, self.step)
        if before_s and before_s // FUNDING_EVERY_S != self.now_s // FUNDING_EVERY_S:
            self._pay_funding(rng)
        for order in self.orders:
            self._work(rng, order)
        self.orders = [order for order in self.orders if not order.is_done]
        self._decide(rng)
        self._track_day(before_s)
        if self.step % HEARTBEAT_EVERY_STEPS == 0:
            self.emit("sync_heartbeats", events.build_heartbeat(self.now_s))

    @property
    def nav_usd(self) -> float:
        """Cash and open PnL, USD."""
        return to_float(self.account.nav(self.market.marks))

    def save(self) -> dict[str, Any]:
        """The world as JSON."""
        return {
            "seed": self.seed,
            "step": self.step,
            "now_s": self.now_s,
            "market": self.market.save(),
            "account": self.account.save(),
            "orders": [order.save() for order in self.orders],
            "day_pnl": {symbol: dict(pnl) for symbol, pnl in self.day_pnl.items()},
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over the world of `save()`."""
        self.seed, self.step, self.now_s = saved["seed"], saved["step"], saved["now_s"]
        self.market.restore(saved["market"])
        self.account = Account.restore(saved["account"])
        self.orders = [Order.restore(order) for order in saved["orders"]]
        self.day_pnl = saved["day_pnl"]

    def _work(self, rng: random.Random, order: Order) -> None:
        if self.entry_veto and not order.intent.reduce_only:
            order.cancelled = True
        fill = None if order.cancelled else match_order(rng, order, self.market, self.step)
        if fill:
            record_fill(order, fill, self.now_s)
            close = self.account.apply(fill)
            self.emit("orders_executed", events.build_fill(order, self.now_s))
            if close:
                self.emit("orders_executed", events.build_close(order, close, self.now_s))
        if order.is_done:
            self.emit("order_metrics", events.build_metrics(order, self.now_s))

    def _decide(self, rng: random.Random) -> None:
        busy = {order.intent.symbol for order in self.orders}
        intent = choose_intent(rng, self.step, self.market, self.account, busy)
        if intent is None:
            return
        self.emit("orders_attempted", events.build_attempt(intent, self.now_s, self.nav_usd))
        reason = find_veto(intent, self.market, self.account, self.entry_veto)
        if reason:
            self.emit("risk_vetoes", events.build_veto(intent, self.now_s, reason))
        else:
            self._send(rng, intent)

    def _send(self, rng: random.Random, intent: Intent) -> None:
        order = open_order(rng, intent, self.step, self.now_s)
        if order is None:
            self.emit("orders_executed", events.build_error(intent, self.now_s))
            return
        self.orders.append(order)
        self.emit("orders_executed", events.build_ack(order, self.now_s))

    def _pay_funding(self, rng: random.Random) -> None:
        for (symbol, _), leg in list(self.account.legs.items()):
            rate = round(rng.gauss(FUNDING_PARTS_PER_MILLION, FUNDING_PARTS_PER_MILLION))
            amount = -multiply(self.market.marks[symbol], leg.qty) * rate // 1_000_000
            self.account.pay_funding(symbol, amount)
            self.emit("funding", events.build_funding(symbol, amount, self.now_s))

    def _track_day(self, before_s: float) -> None:
        """Keep what each symbol had earned at midnight, and its best since."""
        new_day = start_of_day_s(before_s) != start_of_day_s(self.now_s)
        for symbol in SYMBOLS:
            pnl = self.account.symbol_pnl(symbol, self.market.marks[symbol])
            day = self.day_pnl.get(symbol)
            if day is None or new_day:
                self.day_pnl[symbol] = {"now": pnl, "peak": pnl}
            else:
                day["now"], day["peak"] = pnl, max(pnl, day["peak"])
