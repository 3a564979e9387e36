"""Rule 5: a default is no evidence."""

from pathlib import Path
from typing import Any

import pytest
from rules import change, told, wrong
from worlds import World

OVERRIDES = "risk_snapshot.json risk_config_meta.testnet_overrides_active"
UNKNOWN = {"path": "meta.testnet", "unknown": True}
YES, NO = {"path": "meta.testnet", "is": True}, {"path": "meta.testnet", "is": False}
FAILS = {"check": "environment", "status": "fail"}
AGREE = {"not": {"check": "environment", "status": ["warn", "fail"]}}

# Environment of the reader, the flag of the overrides, what is known.
WITNESSES: list[tuple[dict[str, str], Any, list[Any]]] = [
    ({}, False, [UNKNOWN, AGREE]),
    ({}, None, [UNKNOWN, AGREE]),
    ({}, "true", [YES, AGREE]),
    ({}, "maybe", [UNKNOWN, AGREE]),
    ({}, True, [YES, AGREE]),
    ({"ENV": "prod"}, False, [UNKNOWN, AGREE]),
    ({"ENV": "latest-prod"}, False, [UNKNOWN, AGREE]),
    ({"ENV": "testnet"}, False, [YES, AGREE]),
    ({"ENV": "testnet", "BINANCE_TESTNET": "0"}, False, [UNKNOWN, FAILS]),
    ({"ENV": "prod", "BINANCE_TESTNET": "1"}, False, [YES, AGREE]),
    ({"ENV": "prod", "BINANCE_TESTNET": "on"}, False, [YES, AGREE]),
    ({"ENV": "prod", "BINANCE_TESTNET": "maybe"}, False, [UNKNOWN, AGREE]),
    ({"ENV": "prod", "BINANCE_TESTNET": "0"}, False, [NO, AGREE]),
    ({"ENV": "prod", "BINANCE_TESTNET": "0"}, True, [UNKNOWN, FAILS]),
    ({"ENV": "prod", "BINANCE_TESTNET": "0"}, 1, [UNKNOWN, FAILS]),
    ({"ENV": "prod", "BINANCE_TESTNET": "0"}, "false", [NO, AGREE]),
]


@pytest.mark.parametrize("scenario", ["v7.1/healthy", "v7.6/healthy"])
@pytest.mark.parametrize("case", WITNESSES, ids=lambda case: f"{case[0]} {case[1]}")
def test_overrides_that_are_off_say_nothing(case: Any, scenario: str, tmp_path: Path) -> None:
    """Only those that are on are a witness; contradictions are told and not guessed away."""
    environ, overrides, claims = case
    world = World(tmp_path / "state", scenario=scenario)
    world.environ = environ
    assert wrong(change(world, {OVERRIDES: overrides}).load(), claims) == []


NAMELESS = {"path": "meta.environment", "unknown": True}
# Environment of the reader, the executor's own word, what is known.
NAMES: list[tuple[dict[str, str], str, list[Any]]] = [
    ({"ENV": "testnet"}, "prod", [UNKNOWN, NAMELESS, FAILS]),
    ({"ENV": "testnet", "BINANCE_TESTNET": "1"}, "live", [UNKNOWN, NAMELESS, FAILS]),
    ({"ENV": "dev"}, "prod", [UNKNOWN, NAMELESS, FAILS]),
    ({"ENV": "testnet"}, "prod-eu1", [UNKNOWN, NAMELESS, FAILS]),
    ({"ENV": "dev"}, "Live_2", [UNKNOWN, NAMELESS, FAILS]),
    ({"ENV": "testnet"}, "paper-live", [YES, AGREE]),
    ({"ENV": "Paper"}, "mainnet", [UNKNOWN, NAMELESS, FAILS]),
    ({"ENV": "testnet", "HEDGE_ENV": "prod"}, "prod", [UNKNOWN, {"path": "meta.environment", "is": "prod"}, FAILS]),
    ({"ENV": "prod"}, "testnet", [YES, FAILS]),
    ({"ENV": "prod"}, "dev", [UNKNOWN, AGREE]),
    ({"ENV": "production"}, "prod", [UNKNOWN, AGREE]),
    ({"ENV": "desk-7"}, "prod", [UNKNOWN, {"path": "meta.environment", "is": "desk-7"}, AGREE]),
    ({"ENV": "prod", "BINANCE_TESTNET": "1"}, "prod", [YES, AGREE]),
    ({"ENV": "testnet"}, "testnet", [YES, AGREE]),
    ({}, "prod", [UNKNOWN, {"check": "environment", "status": "ok", "about": "says prod"}]),
]


@pytest.mark.parametrize("case", NAMES, ids=lambda case: f"{case[0]} over {case[1]}")
def test_money_is_never_badged_as_play(case: Any, tmp_path: Path) -> None:
    """Where the reader's ENV makes light of an executor that says it trades with money, nobody is believed."""
    environ, engine, claims = case
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    world.environ = environ
    assert wrong(change(world, {"engine_metadata.json env": engine}).load(), claims) == []


@pytest.mark.parametrize("scenario", ["v7.1/healthy", "v7.6/healthy", "v7.1/drawdown"])
def test_the_words_per_symbol_that_are_always_written_are_shown_as_such(scenario: str, tmp_path: Path) -> None:
    """`normal` and 0.00 stand there whatever the symbol does."""
    state = World(tmp_path / "state", scenario=scenario).load()
    for symbol in state["kpis"]["symbols"]:
        assert "whatever" in state["meta"]["unknown"][f"kpis.symbols.{symbol}.dd_state"]


def test_a_router_without_an_order_is_not_ok(tmp_path: Path) -> None:
    """The writers put `ok` where nothing was routed."""
    world = World(tmp_path / "state", scenario="v7.1/no_trades")
    assert wrong(world.load(), [{"path": "router.quality", "unknown": True}]) == []


def test_zeros_beside_no_price_are_no_figures(tmp_path: Path) -> None:
    """positions_state.json of v7.1 alone: its zeros were not written, and no exposure is made of them."""
    world = World(tmp_path / "state", scenario="v7.1/healthy").remove("positions.json", "synced_state.json")
    state = world.load()
    missing = [{"position": "BTCUSDT LONG", "field": field, "unknown": True} for field in ("notional", "pnl")]
    assert wrong(state, [*missing, {"path": "nav.gross_exposure_usd", "unknown": True}, told("missing")]) == []
