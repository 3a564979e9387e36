"""The simulated exchange: resting orders are reached or give up, taking orders cross the spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.paper.account import Fill
from execution.paper.instruments import INSTRUMENTS
from execution.paper.money import multiply, round_down
from execution.paper.orders import Intent, Order

if TYPE_CHECKING:
    import random

    from execution.paper.market import Market

MAKER_SHARE = 0.86
MAKER_OFFSET_BPS = (0.6, 2.4)
MAKER_PATIENCE_STEPS = 8
GIVE_UP_SHARE = 0.15
PARTIAL_SHARE = 0.25
REJECT_SHARE = 0.01
HALF_SPREAD_BPS = 0.4
IMPACT_BPS = 1.1

# Parts of 100,000 of the notional.
MAKER_FEE = 20
TAKER_FEE = 50


def open_order(rng: random.Random, intent: Intent, step: int, now_s: float) -> Order | None:
    """The acknowledged order, None when the exchange rejects it: a resting order that would match at once."""
    maker = rng.random() < MAKER_SHARE
    if maker and rng.random() < REJECT_SHARE:
        return None
    limit = _limit_price(rng, intent) if maker else None
    return Order(intent, 8_000_000_000 + step, maker, limit, step, now_s)


def match_order(rng: random.Random, order: Order, market: Market, step: int) -> Fill | None:
    """What is filled in this step; may turn a resting order into a taking one, or cancel it."""
    mark = market.marks[order.intent.symbol]
    if order.limit_price is None:
        return _fill(rng, order, _taker_price(rng, order.intent, mark), TAKER_FEE)
    if (mark - order.limit_price) * order.intent.sign <= 0:
        return _fill(rng, order, order.limit_price, MAKER_FEE)
    if step - order.sent_step >= MAKER_PATIENCE_STEPS:
        _lose_patience(rng, order)
    return None


def record_fill(order: Order, fill: Fill, now_s: float) -> None:
    """Add a fill to the order's sums."""
    order.filled_qty += abs(fill.qty)
    order.filled_notional += multiply(fill.price, abs(fill.qty))
    order.fee += fill.fee
    order.trades += 1
    order.first_fill_at_s = order.first_fill_at_s or now_s


def _lose_patience(rng: random.Random, order: Order) -> None:
    if rng.random() < GIVE_UP_SHARE and not order.intent.reduce_only:
        order.cancelled = True
    else:
        order.limit_price, order.used_fallback = None, True


def _limit_price(rng: random.Random, intent: Intent) -> int:
    """Some bps away from the mark, on the passive side."""
    tick = INSTRUMENTS[intent.symbol].tick_units
    offset = round(intent.mark * rng.uniform(*MAKER_OFFSET_BPS) / 10_000)
    return round_down(intent.mark - intent.sign * offset, tick)


def _taker_price(rng: random.Random, intent: Intent, mark: int) -> int:
    """Across the spread, and further by chance; rounded against the taker."""
    tick = INSTRUMENTS[intent.symbol].tick_units
    bps = HALF_SPREAD_BPS + abs(rng.gauss(0.0, IMPACT_BPS))
    price = mark + intent.sign * round(mark * bps / 10_000)
    return round_down(price + tick - 1, tick) if intent.sign > 0 else max(tick, round_down(price, tick))


def _fill(rng: random.Random, order: Order, price: int, fee_rate: int) -> Fill:
    qty = order.remaining_qty
    half = round_down(qty // 2, INSTRUMENTS[order.intent.symbol].step_units)
    if half and rng.random() < PARTIAL_SHARE:
        qty = half
    fee = multiply(price, qty) * fee_rate // 100_000
    return Fill(order.intent.symbol, order.intent.position_side, qty * order.intent.sign, price, fee)
