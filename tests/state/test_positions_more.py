"""What a position has beyond its value: the move from entry, and what is written beside it."""

from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from rules import GONE, HOUR_S, Changes, change
from worlds import World, assert_unknown, row_of

STATE = "positions_state.json"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A desk of v7.6: BTCUSDT LONG at 90,412.50, ETHUSDT SHORT at 3,021.44, and three more."""
    return World(tmp_path / "state", scenario="v7.6/healthy")


MOVES: list[tuple[str, str, Changes, float | None]] = [
    ("a long that gains", "BTCUSDT", {}, 100 * (90412.5 / 89120.4 - 1)),
    ("a short that gains", "ETHUSDT", {}, 100 * (1 - 3021.44 / 3055.1)),
]


@pytest.mark.parametrize("case", MOVES, ids=lambda case: str(case[0]))
def test_the_move_is_from_entry_in_the_direction_of_the_leg(case: Any, world: World) -> None:
    """Percent; a gain is above zero on either side."""
    _, symbol, changes, percent = case
    assert row_of(change(world, changes).load(), symbol)["pnl_pct"] == pytest.approx(percent)


def test_without_a_price_there_is_no_move(tmp_path: Path) -> None:
    """Nor a way to the stop."""
    world = World(tmp_path / "state", scenario="v7.1/healthy").keep("positions_state.json", "nav.json")
    state = world.load()
    assert_unknown(state, "positions.0.pnl_pct")
    assert_unknown(state, "positions.0.stop_pct")


WRITTEN: list[tuple[str, Any, str, float | None]] = [
    ("liquidation_price", 71234.5, "liquidation_price", 71234.5),
    ("liquidationPrice", "71234.5", "liquidation_price", 71234.5),
    ("liquidation_price", 0.0, "liquidation_price", None),
    ("liquidation_price", None, "liquidation_price", None),
    ("funding_usd", -1.25, "funding_usd", -1.25),
    ("funding_usd", 0.0, "funding_usd", 0.0),
    ("funding_usd", "n/a", "funding_usd", None),
]


@pytest.mark.parametrize(("written", "value", "key", "shown"), WRITTEN)
def test_what_a_writer_puts_beside_a_position_is_shown(
    written: str, value: Any, key: str, shown: float | None, world: World
) -> None:
    """As written, and absent without."""
    state = change(world, {f"{STATE} positions.0.{written}": value}).load()
    assert_contract(state)
    assert row_of(state, "BTCUSDT").get(key) == shown
    assert key not in row_of(state, "ETHUSDT")


def test_an_old_book_says_of_when_it_is(tmp_path: Path) -> None:
    """A living one does not; of an unknown one it is the last that was known."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    assert world.load()["meta"]["positions_as_of"] is None
    assert world.load(now=world.now + HOUR_S)["meta"]["positions_as_of"] == pytest.approx(1764197088.225, abs=1.0)
    world.copy("v7.1/exchange_down")
    state = world.load(now=world.now + 600.0)
    assert state["meta"]["positions_as_of"] == state["meta"]["last_book"]["at"]


COUNTERS: list[tuple[Any, Any]] = [
    ({"kill_switch": 3, "min_notional": 7}, [("min_notional", 7), ("kill_switch", 3)]),
    ({"b": 2, "a": 2, "none": 0}, [("a", 2), ("b", 2)]),
    ({"a": -1, "b": "many", "c": 1.5, "": 1}, [("no reason given", 1)]),
    ({}, []),
]


@pytest.mark.parametrize(("counted", "shown"), COUNTERS)
def test_vetoes_are_listed_most_frequent_first(counted: Any, shown: Any, world: World) -> None:
    """As the executor counts them; what is no count is left out."""
    state = change(world, {"diagnostics.json runtime_diagnostics.veto_counters.by_reason": counted}).load()
    assert [(row["reason"], row["count"]) for row in state["kpis"]["risk"]["vetoes"]] == shown


@pytest.mark.parametrize("content", [GONE, {}, {"runtime_diagnostics": []}, {"runtime_diagnostics": {}}, b"{"])
def test_without_counters_there_are_no_vetoes(content: Any, world: World) -> None:
    """Neither a list nor a reason: older writers have no such file."""
    state = change(world, {"diagnostics.json": content}).load()
    assert "vetoes" not in state["kpis"]["risk"]


def test_pnl_is_as_written_with_its_sources(world: World) -> None:
    """Of today, and of the window of the fees."""
    pnl = world.load()["kpis"]["pnl"]
    assert (pnl["today_usd"], pnl["today_source"]) == (8.75, "nav_state.json")
    assert (pnl["window_usd"], pnl["window_days"]) == (pytest.approx(1.73636, rel=1e-5), 7)
    assert pnl["window_source"] == "risk_snapshot.json"
    state = change(world, {"nav_state.json": GONE, "risk_snapshot.json": GONE, "kpis_v7.json": GONE}).load()
    for key in ("today_usd", "window_usd", "window_days"):
        assert_unknown(state, f"kpis.pnl.{key}")


@pytest.mark.parametrize(
    ("ratio", "reason"), [(-0.4, "one below 0"), (None, "no file carries"), ("?", "no file carries")]
)
def test_a_ratio_of_its_own_row_that_cannot_be_is_said_to_be_one(ratio: Any, reason: str, world: World) -> None:
    """Where no table has the symbol."""
    own = {"symbol": "XRPUSDT", "atr_ratio": ratio, "atr_regime": "hot"}
    for place in ("positions.json rows", "positions.json items", "positions.json positions", "synced_state.json items"):
        name, key = place.split(" ")
        change(world, {f"{name} {key}.0": world.read(name)[key][0] | own})
    state = world.load()
    assert row_of(state, "XRPUSDT")["atr_ratio"] is None
    assert reason in state["meta"]["unknown"]["positions.0.atr_ratio"]
