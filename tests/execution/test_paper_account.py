"""The simulated account balances to 1e-8 USD, and the event logs tell the same story."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.paper.account import Account, Fill
from execution.paper.faults import shock_market
from execution.paper.instruments import INSTRUMENTS, SYMBOLS
from execution.paper.money import UNITS, multiply, to_units
from execution.paper.simulation import Simulation

START_S = 1_764_150_000.0
Event = tuple[str, dict[str, Any]]


class World:
    """A simulation with its events kept."""

    def __init__(self, seed: int) -> None:
        """A fresh account."""
        self.events: list[Event] = []
        self.simulation = Simulation(seed, lambda name, record: self.events.append((name, record)))

    def run(self, steps: int) -> None:
        """So many steps of 5 s."""
        for _ in range(steps):
            self.simulation.advance(START_S + 5.0 * self.simulation.step)

    def rows(self, event_type: str) -> list[dict[str, Any]]:
        """Events of one type."""
        return [record for _, record in self.events if record.get("event_type") == event_type]


def assert_balanced(account: Account, marks: dict[str, int]) -> None:
    """NAV = cash + unrealized, and every unit of cash has a source."""
    assert account.nav(marks) == account.cash + account.unrealized(marks)
    assert account.cash == account.deposited + account.realized - account.fees + account.funding
    assert sum(account.pnl_by_symbol.values()) == account.cash - account.deposited


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_accounts_balance_over_ten_thousand_steps(seed: int) -> None:
    """At each step, for several seeds; PnL and fees are those of the event log."""
    world = World(seed)
    account = world.simulation.account
    for _ in range(10_000):
        world.run(1)
        assert_balanced(account, world.simulation.market.marks)
    assert account.realized == sum(to_units(row["realizedPnlUsd"]) for row in world.rows("order_close"))
    last_fees = {row["orderId"]: to_units(row["fee_total"]) for row in world.rows("order_fill")}
    assert account.fees == sum(last_fees.values())
    assert account.funding == sum(to_units(row["amount_usd"]) for row in world.rows("funding"))
    assert min(len(account.legs), len(world.rows("funding")), len(last_fees)) > 0


def test_the_book_follows_from_the_fills() -> None:
    """Quantities and NAV, computed anew from the log alone: cash flows of all fills and the value of what is held."""
    world = World(5)
    world.run(10_000)
    held: Counter[tuple[str, str]] = Counter()
    spent_usd, filled = 0.0, dict[int, tuple[float, float]]()
    for row in world.rows("order_fill"):
        sign = 1 if row["side"] == "BUY" else -1
        qty, notional_usd = row["executedQty"], row["executedQty"] * row["avgPrice"]
        before_qty, before_usd = filled.get(row["orderId"], (0.0, 0.0))
        held[row["symbol"], row["positionSide"]] += sign * (to_units(qty) - to_units(before_qty))
        spent_usd += sign * (notional_usd - before_usd)
        filled[row["orderId"]] = (qty, notional_usd)
    account, marks = world.simulation.account, world.simulation.market.marks
    assert {key: qty for key, qty in held.items() if qty} == {key: leg.qty for key, leg in account.legs.items()}
    value_usd = sum(multiply(marks[symbol], qty) for (symbol, _), qty in held.items()) / UNITS
    other_usd = (account.deposited - account.fees + account.funding) / UNITS
    assert world.simulation.nav_usd == pytest.approx(other_usd - spent_usd + value_usd, abs=1e-4)


def test_every_kind_of_event_happens() -> None:
    """Makers, fallbacks, takers, partial fills, vetoes, rejections, cancels, and both legs of one symbol."""
    world = World(1)
    hedged = False
    for _ in range(20_000):
        world.run(1)
        symbols = [symbol for symbol, _ in world.simulation.account.legs]
        hedged = hedged or len(symbols) != len(set(symbols))
    metrics = [record for name, record in world.events if name == "order_metrics"]
    assert hedged
    assert any(row["is_maker_final"] for row in metrics)
    assert any(row["used_fallback"] for row in metrics)
    assert any(not row["maker_start"] for row in metrics)
    assert any(row["result"]["cancelled"] for row in metrics)
    assert any(row["status"] == "PARTIALLY_FILLED" for row in world.rows("order_fill"))
    assert {row["veto_reason"] for row in world.rows("risk_veto")} >= {"min_notional", "max_position"}
    assert world.rows("order_error")
    assert {record["symbol"] for record in metrics} == set(SYMBOLS)


def test_fills_of_an_order_are_cumulative() -> None:
    """Quantity and fee only grow, up to the quantity that was acknowledged."""
    world = World(2)
    world.run(10_000)
    asked = {row["orderId"]: row["request_qty"] for row in world.rows("order_ack")}
    by_order: dict[int, list[dict[str, Any]]] = {}
    for row in world.rows("order_fill"):
        by_order.setdefault(row["orderId"], []).append(row)
    assert max(len(rows) for rows in by_order.values()) >= 2
    for order_id, rows in by_order.items():
        assert [row["executedQty"] for row in rows] == sorted({row["executedQty"] for row in rows})
        assert [row["fee_total"] for row in rows] == sorted(row["fee_total"] for row in rows)
        assert rows[-1]["executedQty"] <= asked[order_id]


def test_a_saved_world_goes_on_the_same() -> None:
    """Through JSON; the same steps give the same events, which is what makes a repeated step harmless."""
    one = World(3)
    one.run(3000)
    other = World(0)
    other.simulation.restore(json.loads(json.dumps(one.simulation.save())))
    one.events.clear()
    one.run(500)
    other.run(500)
    assert one.events == other.events
    assert one.simulation.save() == other.simulation.save()


def test_prices_stay_sane_and_move_together() -> None:
    """On their tick, positive, correlated."""
    world = World(4)
    closes: dict[str, list[float]] = {symbol: [] for symbol in SYMBOLS}
    for _ in range(400):
        world.run(12)
        for symbol in SYMBOLS:
            closes[symbol].append(world.simulation.market.mark_usd(symbol))
            assert world.simulation.market.marks[symbol] % INSTRUMENTS[symbol].tick_units == 0
    moves = {symbol: [math.log(b / a) for a, b in itertools.pairwise(row)] for symbol, row in closes.items()}
    assert correlate(moves["BTCUSDT"], moves["ETHUSDT"]) > 0.4


def correlate(left: list[float], right: list[float]) -> float:
    """Correlation of two series around zero."""
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return product / math.sqrt(sum(a * a for a in left) * sum(b * b for b in right))


def test_the_shock_takes_a_part_of_the_nav() -> None:
    """About 8.5 %, and the account still balances."""
    world = World(1)
    world.run(4000)
    before_usd = world.simulation.nav_usd
    shock_market(world.simulation)
    assert 0.90 < world.simulation.nav_usd / before_usd < 0.94
    assert_balanced(world.simulation.account, world.simulation.market.marks)


TICK, STEP = INSTRUMENTS["BTCUSDT"].tick_units, INSTRUMENTS["BTCUSDT"].step_units


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 2_000_000), st.integers(0, 10**9)), max_size=40),
    st.sampled_from(["LONG", "SHORT"]),
)
def test_any_sequence_of_fills_balances(fills: list[tuple[int, int, int]], side: str) -> None:
    """Whatever is bought and sold in parts: what was paid and received, plus what is held, is the NAV."""
    account, spent = Account(10**12, 10**12), 0
    sign = 1 if side == "LONG" else -1
    for steps, ticks, fee in fills:
        held = account.leg("BTCUSDT", side).qty
        qty = sign * max(steps * STEP, -abs(held))
        if qty:
            account.apply(Fill("BTCUSDT", side, qty, ticks * TICK, fee))
            spent += multiply(ticks * TICK, qty)
    marks = {"BTCUSDT": 904_000 * TICK}
    value = multiply(marks["BTCUSDT"], account.leg("BTCUSDT", side).qty)
    assert account.nav(marks) == account.deposited - spent + value - account.fees
    assert_balanced(account, marks)


def test_a_leg_never_turns() -> None:
    """Closing more than is open is a mistake of the caller."""
    account = Account(0, 0)
    account.apply(Fill("BTCUSDT", "LONG", 2 * STEP, TICK, 0))
    with pytest.raises(ValueError, match="a leg never turns"):
        account.apply(Fill("BTCUSDT", "LONG", -3 * STEP, TICK, 0))
