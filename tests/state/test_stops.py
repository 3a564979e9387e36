"""The stops of the positions: how much of each leg they cover, and what a ledger or a registry does not know."""

from pathlib import Path
from typing import Any

import pytest
from books import put
from contract import assert_contract
from rules import GONE, HOUR_S, Changes, change, shift, wrong
from worlds import NOW, World, row_of

LEDGER, STATE = "positions_ledger.json", "positions_state.json"
BTC, ETH = f"{LEDGER} entries.0", f"{LEDGER} entries.1"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A desk of v7.6: BTCUSDT LONG at 90,412.50, ETHUSDT SHORT at 3,021.44, and three more, none with a stop."""
    return World(tmp_path / "state", scenario="v7.6/healthy")


def lot(qty: Any, **more: Any) -> dict[str, Any]:
    """An entry of the ledger."""
    return {"symbol": "BTCUSDT", "side": "LONG", "qty": qty, "entry_price": 89120.4, **more}


STOPS: list[tuple[str, Changes, Any, float | None, float | None]] = [
    ("none", {}, False, None, None),
    ("written", {f"{BTC}.sl": 88000.0}, True, 88000.0, 100 * (88000.0 / 90412.5 - 1)),
    ("as text", {f"{BTC}.sl": "88000.0"}, True, 88000.0, 100 * (88000.0 / 90412.5 - 1)),
    ("zero is none", {f"{BTC}.sl": 0.0}, False, None, None),
    ("no price", {f"{BTC}.sl": "near"}, False, None, None),
    ("below zero", {f"{BTC}.sl": -1.0}, False, None, None),
    ("beside the entries", {f"{LEDGER} tp_sl_levels": {"BTCUSDT:LONG": {"sl": 88000.0}}}, True, 88000.0, -2.6683),
    ("of the other side", {f"{BTC}.side": "SHORT", f"{BTC}.sl": 88000.0}, None, None, None),
    ("of no symbol", {f"{BTC}.symbol": None}, None, None, None),
    ("an empty ledger", {f"{LEDGER} entries": []}, None, None, None),
    ("no entries", {f"{LEDGER} entries": GONE}, None, None, None),
    ("entries of another kind", {f"{LEDGER} entries": {"BTCUSDT": 1}}, None, None, None),
    ("no ledger", {LEDGER: GONE}, None, None, None),
    ("a torn ledger", {LEDGER: b'{"entries": ['}, None, None, None),
    ("for a part", {f"{BTC}.sl": 88000.0, f"{BTC}.qty": 0.001}, False, None, None),
    ("for all but the dust", {f"{BTC}.sl": 88000.0, f"{BTC}.qty": "0.0419"}, True, 88000.0, -2.6683),
    ("for more", {f"{BTC}.sl": 88000.0, f"{BTC}.qty": 0.1}, True, 88000.0, -2.6683),
    ("for an unknown part", {f"{BTC}.sl": 88000.0, f"{BTC}.qty": None}, True, 88000.0, -2.6683),
    ("of the smaller lot", {f"{LEDGER} entries": [lot(0.041), lot(0.001, sl=88000.0)]}, False, None, None),
    ("of both lots", {f"{LEDGER} entries": [lot(0.041, sl=88000.0), lot(0.001, sl=87000.0)]}, True, 88000.0, -2.6683),
    ("of one-way mode", {f"{BTC}.side": "BOTH", f"{BTC}.sl": 88000.0}, True, 88000.0, -2.6683),
    ("none, of one-way mode", {f"{BTC}.side": "BOTH"}, False, None, None),
    ("of one-way mode, beside the entries",
     {f"{BTC}.side": "BOTH", f"{LEDGER} tp_sl_levels": {"BTCUSDT:BOTH": {"sl": 88000.0}}}, True, 88000.0, -2.6683),
    ("past the mark", {f"{BTC}.sl": 99000.0}, False, None, None),
    ("that is about to fire", {f"{BTC}.sl": 91000.0}, True, 91000.0, 0.6498),
    ("not only rows", {f"{LEDGER} entries": [None, 5, {"symbol": "BTCUSDT", "side": "long", "sl": 88000.0}]},
     True, 88000.0, -2.6683),
]  # fmt: skip


@pytest.mark.parametrize("case", STOPS, ids=lambda case: str(case[0]))
def test_a_stop_is_there_is_not_there_or_is_unknown(case: Any, world: World) -> None:
    """With its signed way from the mark; what is unknown has a reason."""
    _, changes, exists, price, way = case
    state = change(world, changes).load()
    assert_contract(state)
    row = row_of(state, "BTCUSDT")
    assert (row["has_stop"], row["stop_price"]) == (exists, price)
    assert row["stop_pct"] == (None if way is None else pytest.approx(way, rel=1e-3))


def test_the_stop_of_a_short_lies_above(world: World) -> None:
    """The sign is that of the way from the mark."""
    row = row_of(change(world, {f"{ETH}.sl": 3100.0}).load(), "ETHUSDT")
    assert row["stop_pct"] == pytest.approx(100 * (3100.0 / 3021.44 - 1))


def test_a_silent_ledger_is_said_to_be_old(world: World) -> None:
    """In the row and in the alert."""
    state = shift(change(world, {f"{BTC}.sl": 88000.0}), -3 * HOUR_S, LEDGER).load()
    assert "silent since 19:44:48" in state["meta"]["stale"]["positions.0.has_stop"]
    assert wrong(state, [{"alert": "4 of 5 positions without a stop.*ETHUSDT SHORT.*silent since 19:44:48"}]) == []


def registry(positions: Any, exits: Any) -> Changes:
    """What the executor counts."""
    counts = {"num_positions": positions, "num_registry_entries": exits, "registry_mismatch": False}
    return {"risk_snapshot.json tp_sl_registry": counts}


ALERTS: list[tuple[str, Changes, str, str]] = [
    (
        "two",
        {f"{LEDGER} entries.{index}.sl": stop for index, stop in ((1, 3100.0), (2, 140.0), (3, 0.16))},
        "2 of 5 .*BTCUSDT LONG, LINKUSDT",
        "warn",
    ),
    ("a part", {f"{BTC}.sl": 88000.0, f"{BTC}.qty": 0.021}, "5 of 5 .*; BTCUSDT LONG: .*only 50.00 %", "warn"),
    ("past the mark", {f"{ETH}.sl": 2800.0}, "5 of 5 .*; ETHUSDT SHORT: the mark price is past the stop", "warn"),
    ("a leg it lacks", {f"{BTC}.symbol": "XBTUSDT"}, "4 of 5 .*; BTCUSDT LONG: .*does not have this", "warn"),
    ("a side it lacks", {f"{BTC}.side": "SHORT"}, "4 of 5 .*; BTCUSDT LONG: .*does not have this", "warn"),
    ("an empty ledger", {f"{LEDGER} entries": []}, "5 of 5 .*unknown to the ledger.*0 exits are registered", "warn"),
    (
        "an empty ledger, halted",
        {f"{LEDGER} entries": [], "risk_snapshot.json risk_mode": "HALTED"},
        "5 of 5 .*unknown to the ledger",
        "fail",
    ),
    (
        "no ledger, a registry of nothing",
        {LEDGER: GONE, **registry(0, 0)},
        "misses positions.*0 positions.*5 are",
        "warn",
    ),
    ("no ledger, some registered", {LEDGER: GONE, **registry(3, 3)}, "misses positions.*3 positions.*5 are", "warn"),
    ("halted", {"risk_snapshot.json risk_mode": "HALTED"}, "5 of 5 positions without a stop", "fail"),
    ("defensive", {"kpis_v7.json dd_state": "defensive"}, "5 of 5 positions without a stop", "fail"),
    ("cautious", {"kpis_v7.json dd_state": "cautious"}, "5 of 5 positions without a stop", "warn"),
    ("no ledger", {LEDGER: GONE}, "5 positions without exits.*0 exits are registered", "warn"),
]


@pytest.mark.parametrize("case", ALERTS, ids=lambda case: str(case[0]))
def test_positions_without_a_stop_are_named(case: Any, world: World) -> None:
    """Amber by themselves, red beside a halt or a deep drawdown; without a ledger in the executor's own words."""
    _, changes, words, grade = case
    assert wrong(change(world, changes).load(), [{"alert": words, "severity": grade}]) == []


def test_a_registry_of_before_a_close_accuses_nobody(world: World) -> None:
    """It is counted anew every two minutes, and names positions that the page knows are gone; then it is told again."""
    rows = change(world, {LEDGER: GONE}).read("positions.json")["rows"]
    accused = {"alert": "5 positions without exits"}
    assert wrong(world.load(), [accused]) == []
    shift(put(shift(world, 60.0), rows[1:]), -60.0, "risk_snapshot.json")
    assert wrong(world.load(now=NOW + 60.0), [{"no_alert": "exits"}]) == []
    shift(world, 120.0, "risk_snapshot.json")
    assert wrong(world.load(now=NOW + 61.0), [accused]) == []


UNSAID = {"no_alert": "without a stop|ledger of stops|exits"}
SAID = {"alert": "without a stop|ledger of stops|misses positions", "severity": "warn"}
ROWS = ("positions.json rows", "positions.json items", "positions.json positions", "synced_state.json items")
STATED = f"{STATE} positions"


def protect(world: World) -> World:
    """Every leg has its stop, and every exit is registered."""
    ledger = world.read(LEDGER)
    for entry in ledger["entries"]:
        entry["sl"] = entry["entry_price"] * (0.97 if entry["side"] == "LONG" else 1.03)
    return change(world, {LEDGER: ledger, **registry(5, 5)})


def book_of(world: World, keep: slice, **more: Any) -> World:
    """The book of these legs, the first of them with other figures."""
    for place in (*ROWS, STATED):
        name, key = place.split(" ")
        rows = world.read(name)[key][keep]
        change(world, {place: [{**rows[0], **more}, *rows[1:]]})
    return world


def test_a_registry_of_fewer_positions_than_are_open_is_told(world: World) -> None:
    """Beside a ledger too, with all stops in it or without."""
    claim = {"alert": "2 exits are registered for 2 positions.*5 are open", "severity": "warn"}
    assert wrong(change(world, registry(2, 2)).load(), [claim]) == []
    state = change(protect(world), registry(2, 2)).load()
    assert wrong(state, [claim, {"no_alert": "without a stop"}]) == []


QUIET_DESKS: list[Changes] = [{}, {LEDGER: GONE}, registry(0, 0), registry(None, None), {f"{BTC}.side": "BOTH"}]


@pytest.mark.parametrize("changes", QUIET_DESKS, ids=lambda changes: " ".join(changes) or "as it is")
def test_a_desk_with_its_stops_in_place_is_quiet(changes: Changes, world: World) -> None:
    """The ledger knows more than the counts, and the counts do where there is no ledger."""
    assert wrong(change(protect(world), changes).load(), [UNSAID]) == []


def test_both_is_of_no_leg_of_a_hedge(world: World) -> None:
    """Of which of the two would it be?"""
    for place in (*ROWS, STATED):
        name, key = place.split(" ")
        first, *others = world.read(name)[key]
        short = {**first, "qty": -0.01} | {key: "SHORT" for key in ("side", "positionSide") if key in first}
        pnls = {key: -0.01 * 1292.1 for key in ("unrealized", "unrealized_pnl", "pnl") if key in first}
        change(world, {place: [first, {**short, **pnls}, *others]})
    state = change(protect(world), {f"{BTC}.side": "BOTH"}).load()
    assert [row["has_stop"] for row in state["positions"] if row["symbol"] == "BTCUSDT"] == [None, None]


@pytest.mark.parametrize("ledger", [True, False], ids=["by the ledger", "by the registry"])
@pytest.mark.parametrize("apart", [0.0, -7.0, -50.0])
def test_a_new_leg_is_unprotected_once_the_others_have_had_their_loop(world: World, apart: float, ledger: bool) -> None:
    """Which may still have what the loop before left; that it says nothing lasts one loop."""
    protect(world)
    change(world, {f"{LEDGER} entries": world.read(LEDGER)["entries"][1:], **registry(4, 4)})
    change(world, {} if ledger else {LEDGER: GONE})
    whole = {place: world.read(place.split(" ")[0])[place.split(" ")[1]] for place in (*ROWS, STATED)}
    others = (LEDGER, "risk_snapshot.json") if ledger else ("risk_snapshot.json",)
    shift(world, apart, *others)
    assert wrong(book_of(world, slice(1, None)).load(), [UNSAID]) == []
    for loop, claim in ((1, UNSAID), (2, SAID), (3, SAID)):
        change(shift(world, 60.0), whole)
        for age_s in (0.0, 5.0, 40.0):
            assert wrong(world.load(now=world.now + 60.0 * loop + age_s), [claim]) == [], (loop, age_s)


def test_a_ledger_may_be_ahead_of_the_book(world: World) -> None:
    """A leg that has just been closed is in the book until that is written; then it is told, if it is still there."""
    assert wrong(protect(world).load(), [UNSAID]) == []
    change(shift(world, 60.0), {f"{LEDGER} entries": world.read(LEDGER)["entries"][1:]})
    shift(world, 10.0, LEDGER)
    assert wrong(world.load(now=world.now + 71.0), [UNSAID]) == []
    assert wrong(shift(world, 60.0).load(now=world.now + 131.0), [SAID]) == []


def test_a_leg_that_grew_is_covered_in_part_once_the_ledger_has_followed(world: World) -> None:
    """Until then nobody knows whether it has its stop; a stop that trails keeps nobody waiting."""
    assert wrong(protect(world).load(), [UNSAID]) == []
    for loop, claim, exists in ((1, UNSAID, None), (2, SAID, False), (3, SAID, False)):
        book_of(shift(world, 60.0), slice(None), qty=0.084)
        state = change(world, {f"{BTC}.sl": 88000.0 + loop}).load(now=world.now + 60.0 * loop)
        assert wrong(state, [claim]) == []
        assert row_of(state, "BTCUSDT")["has_stop"] is exists


@pytest.mark.parametrize(("share", "claim"), [(1.0001, "no_alert"), (1.2, "alert"), (0.8, "alert")])
def test_its_entry_price_is_that_of_the_book(share: float, claim: str, world: World) -> None:
    """A figure that stands in two places is compared."""
    protect(world)
    state = change(world, {f"{BTC}.entry_price": 89120.4 * share}).load()
    assert wrong(state, [{claim: "prices.*BTCUSDT LONG.*positions_ledger"}]) == []
