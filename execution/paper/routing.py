"""What the simulated strategy wants to do next, and whether the simulated risk gate lets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.paper.instruments import INSTRUMENTS, SYMBOLS
from execution.paper.market import TYPICAL_DRIFT
from execution.paper.money import UNITS, multiply, round_down, to_units
from execution.paper.orders import Intent

if TYPE_CHECKING:
    import random
    from collections.abc import Collection

    from execution.paper.account import Account
    from execution.paper.market import Market

INTENTS_PER_STEP = 1 / 36
MIN_NOTIONAL_USD = 10.0
MAX_GROSS_OF_NAV = 1.6
MAX_LEG_LOTS = 2.5
TINY_LOT = 0.03
TINY_LOT_USD = 2.0


def choose_intent(
    rng: random.Random, step: int, market: Market, account: Account, busy: Collection[str]
) -> Intent | None:
    """The next intent, None in most steps; `busy` symbols have an order on its way."""
    if rng.random() >= INTENTS_PER_STEP:
        return None
    symbol = rng.choice(SYMBOLS)
    if symbol in busy:
        return None
    position_side, reduce = _choose_leg(rng, symbol, market, account)
    held = abs(account.leg(symbol, position_side).qty)
    qty = _qty_to_close(rng, symbol, market, held) if reduce else _qty_to_open(rng, symbol, market)
    return Intent(
        attempt_id=f"sig_{step:08d}",
        intent_id=f"ord_{step:08d}",
        symbol=symbol,
        side="BUY" if (position_side == "LONG") != reduce else "SELL",
        position_side=position_side,
        qty=qty,
        mark=market.marks[symbol],
        reduce_only=reduce,
    )


def find_veto(intent: Intent, market: Market, account: Account, entry_veto: str | None) -> str | None:
    """The reason why the risk gate stops an intent, None when it passes; what reduces the book always passes.

    `entry_veto` is why nothing may be opened at the moment.
    """
    if intent.reduce_only:
        return None
    if entry_veto is not None:
        return entry_veto
    notional = multiply(intent.mark, intent.qty)
    if notional < to_units(MIN_NOTIONAL_USD):
        return "min_notional"
    if account.gross(market.marks) + notional > MAX_GROSS_OF_NAV * account.nav(market.marks):
        return "max_gross_exposure"
    held = abs(multiply(intent.mark, account.leg(intent.symbol, intent.position_side).qty))
    limit = to_units(MAX_LEG_LOTS * INSTRUMENTS[intent.symbol].lot_usd)
    return "max_position" if held + notional > limit else None


def _choose_leg(rng: random.Random, symbol: str, market: Market, account: Account) -> tuple[str, bool]:
    """(position side, whether to reduce it): along the drift mostly, out of the way of it first."""
    signal = market.drifts[symbol] / TYPICAL_DRIFT + rng.gauss(0.0, 1.0)
    wanted, opposite = ("LONG", "SHORT") if signal > 0 else ("SHORT", "LONG")
    if account.leg(symbol, opposite).qty and rng.random() < 0.75:
        return opposite, True
    held = abs(multiply(market.marks[symbol], account.leg(symbol, wanted).qty))
    full = held > 1.5 * to_units(INSTRUMENTS[symbol].lot_usd)
    return wanted, full and rng.random() < 0.7


def _qty_to_open(rng: random.Random, symbol: str, market: Market) -> int:
    lot_usd = TINY_LOT_USD if rng.random() < TINY_LOT else INSTRUMENTS[symbol].lot_usd * rng.uniform(0.6, 1.4)
    step = INSTRUMENTS[symbol].step_units
    return max(step, round_down(to_units(lot_usd) * UNITS // market.marks[symbol], step))


def _qty_to_close(rng: random.Random, symbol: str, market: Market, held: int) -> int:
    """All of it, or half when the rest is still worth holding."""
    half = round_down(held // 2, INSTRUMENTS[symbol].step_units)
    worth_holding = multiply(market.marks[symbol], half) > to_units(INSTRUMENTS[symbol].lot_usd / 3)
    return half if worth_holding and rng.random() < 0.4 else held
