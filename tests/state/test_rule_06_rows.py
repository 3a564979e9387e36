"""Rule 6, the rows: those of one leg add up, a quantity of zero is no position, and what cannot be read is told."""

from pathlib import Path
from typing import Any

import pytest
from books import Rows, put, row
from rules import GONE, change, shift, told, wrong
from worlds import NOW, World

GROSS, NET = "nav.gross_exposure_usd", "nav.net_exposure_usd"
NO_GROSS = {"path": GROSS, "unknown": True}


def leg(name: str, qty: float, **more: Any) -> dict[str, Any]:
    """A position has this quantity."""
    return {"position": name, "field": "qty", "near": qty, "rel": 1e-9, "abs": 0, **more}


def exposure(gross: float, net: float) -> list[Any]:
    """Both sums."""
    return [{"path": GROSS, "near": gross}, {"path": NET, "near": net}]


BOOKS: list[tuple[str, Rows, list[Any]]] = [
    ("two lots", [row("BTCUSDT", "LONG", 0.1), row("BTCUSDT", "LONG", 0.3)], [leg("BTCUSDT LONG", 0.4)]),
    (
        "three lots of other marks",
        [row("BTCUSDT", "LONG", 0.1), row("BTCUSDT", "LONG", 0.2), row("BTCUSDT", "LONG", 0.3, markPrice=90500.0)],
        [leg("BTCUSDT LONG", 0.6), *exposure(54273.75, 54273.75)],
    ),
    (
        "both legs of a hedge, twice",
        [row("BTCUSDT", side, qty) for side, qty in (("LONG", 0.1), ("SHORT", -0.1), ("LONG", 0.2), ("SHORT", -0.05))],
        [leg("BTCUSDT LONG", 0.3), leg("BTCUSDT SHORT", -0.15), *exposure(40685.625, 13561.875)],
    ),
    ("one row twice", [row("BTCUSDT", "LONG", 0.1)] * 2, [leg("BTCUSDT LONG", 0.2), told("BTCUSDT")]),
    ("a lot without a mark", [row("BTCUSDT", "LONG", 0.1), row("BTCUSDT", "LONG", 0.2, markPrice=None)], [NO_GROSS]),
    (
        "a lot of which nobody knows how much it is",
        [row("BTCUSDT", "LONG", 0.1), row("BTCUSDT", "LONG", "abc")],
        [{"position": "BTCUSDT LONG", "field": "qty", "unknown": True}, NO_GROSS, told("BTCUSDT")],
    ),
    ("one-way lots", [row("BTCUSDT", "BOTH", -0.1), row("BTCUSDT", "BOTH", -0.2)], [leg("BTCUSDT SHORT", -0.3)]),
    ("a lot in words", [row("BTCUSDT", "LONG", 0.1), row("BTCUSDT", "LONG", "0.2")], [leg("BTCUSDT LONG", 0.3)]),
]


@pytest.mark.parametrize("case", BOOKS, ids=lambda case: str(case[0]))
def test_the_rows_of_one_leg_add_up(case: Any, tmp_path: Path) -> None:
    """Quantity, PnL and value; and where a part is not known, the whole is not."""
    _, rows, claims = case
    assert wrong(put(World(tmp_path / "state", scenario="v7.1/healthy"), rows).load(), claims) == []


READ = {"1e-9": 1e-9, ".042": 0.042, " 0.042 ": 0.042, "4.2E-2": 0.042, "+0.042": 0.042, "123456789.1": 123456789.1}
ZEROS: list[Any] = [0, 0.0, -0.0, "0", ".000", "0.000", "-0.000", "0E-8", " 0 "]
UNREAD: list[Any] = [
    "",
    "abc",
    "1,000",
    "0x1",
    "nan",
    "Infinity",
    None,
    True,
    [1],
    {},
    float("nan"),
    float("inf"),
    1e30,
]
ETH = row("ETHUSDT", "SHORT", -0.85, entryPrice=3055.1, markPrice=3021.44)


@pytest.mark.parametrize("key", ["qty", "positionAmt", "size"])
@pytest.mark.parametrize("written", READ, ids=repr)
def test_a_quantity_in_words_is_read(written: str, key: str, tmp_path: Path) -> None:
    """As it is: neither rounded nor dropped."""
    rows = [{**row("BTCUSDT", "LONG", GONE, unrealized=GONE), key: written}, ETH]
    state = put(World(tmp_path / "state", scenario="v7.1/healthy"), rows).load()
    assert wrong(state, [leg("BTCUSDT LONG", READ[written]), leg("ETHUSDT SHORT", -0.85)]) == []


@pytest.mark.parametrize("key", ["qty", "positionAmt"])
@pytest.mark.parametrize("written", ZEROS, ids=repr)
def test_a_quantity_of_zero_is_no_position(written: Any, key: str, tmp_path: Path) -> None:
    """However it is written."""
    rows = [{**row("ADAUSDT", "BOTH", GONE), key: written}, ETH]
    state = put(World(tmp_path / "state", scenario="v7.1/healthy"), rows).load()
    assert wrong(state, [{"position": "ADAUSDT", "absent": True}, *exposure(2568.224, -2568.224)]) == []


@pytest.mark.parametrize("written", UNREAD, ids=repr)
def test_a_quantity_that_is_none_is_told(written: Any, tmp_path: Path) -> None:
    """There is a position, of unknown size; no sum is made without it."""
    rows = [row("ADAUSDT", "LONG", written, unrealized=0.0), ETH]
    state = put(World(tmp_path / "state", scenario="v7.1/healthy"), rows).load()
    unknown = {"position": "ADAUSDT", "field": "qty", "unknown": True}
    assert wrong(state, [unknown, NO_GROSS, told("ADAUSDT.*quantity")]) == []


@pytest.mark.parametrize("junk", [None, 7, "BTCUSDT", [], {}, {"qty": 1.0}, {"symbol": ""}, {"symbol": 3}], ids=repr)
def test_rows_that_are_none_are_told(junk: Any, tmp_path: Path) -> None:
    """The book is more than its rows that can be read."""
    world = put(World(tmp_path / "state", scenario="v7.1/healthy"), [ETH])
    change(world, {"positions.json rows": [ETH, junk], "synced_state.json items": [ETH, junk]})
    assert wrong(world.load(), [leg("ETHUSDT SHORT", -0.85), NO_GROSS, told("cannot be read")]) == []


LOST = {"entryPrice": 3055.1, "markPrice": 3021.44}  # a price that fell
SHORT = [leg("ETHUSDT SHORT", -0.85), {"path": NET, "near": -2568.224}]
NO_SIDE = [
    {"position": "ETHUSDT", "field": "side", "unknown": True},
    {"path": NET, "unknown": True},
    told("ETHUSDT.*side"),
]

NEAR = {"entryPrice": 3022.8, "markPrice": 3021.44}
SIDES: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("no sign, no side, a gain of a short", row("ETHUSDT", "BOTH", 0.85, **LOST, unrealized=28.61), NO_SIDE),
    ("no sign, a loss of a long", row("ETHUSDT", "BOTH", 0.85, **LOST), [leg("ETHUSDT LONG", 0.85)]),
    ("a side in words", row("ETHUSDT", "BOTH", 0.85, **LOST, unrealized=28.61, side="SHORT"), SHORT),
    ("an order's word", row("ETHUSDT", "BOTH", 0.85, **LOST, unrealized=28.61, side="SELL"), SHORT),
    ("small letters", row("ETHUSDT", "short", -0.85, **LOST), SHORT),
    ("a short without a sign", row("ETHUSDT", "SHORT", 0.85, **LOST, unrealized=28.61), SHORT),
    ("a short whose PnL is a long's", row("ETHUSDT", "SHORT", -0.85, **LOST, unrealized=-28.61), [told("ETHUSDT")]),
    ("a long below zero", row("ETHUSDT", "LONG", -0.85, **LOST, unrealized=28.61), NO_SIDE),
    ("no sign, no side, about a short's gain", row("ETHUSDT", "BOTH", 0.85, **LOST, unrealized=24.0), NO_SIDE),
    ("no sign, no side, just a short's small gain", row("ETHUSDT", "BOTH", 0.85, **NEAR, unrealized=1.156), NO_SIDE),
    ("no sign, no side, far more than a short's", row("ETHUSDT", "BOTH", 0.85, **LOST, unrealized=300.0), NO_SIDE),
    ("a long by its word, a short by its PnL", row("ETHUSDT", "LONG", 0.85, **LOST, unrealized=28.61), NO_SIDE),
    ("a short by word and sign, a long by its PnL", row("ETHUSDT", "SHORT", -0.85, **LOST, unrealized=-28.6), NO_SIDE),
    ("a short by its sign, a long by its PnL", row("ETHUSDT", "BOTH", -0.85, **LOST, unrealized=-28.61), NO_SIDE),
    ("two words", row("ETHUSDT", "LONG", 0.85, **LOST, side="SHORT"), NO_SIDE),
    ("two words, at entry", row("ETHUSDT", "SHORT", 0.85, markPrice=3055.1, entryPrice=3055.1, side="BUY"), NO_SIDE),
    ("two words under other names", row("ETHUSDT", "BOTH", 0.85, **LOST, position_side="long", side="sell"), NO_SIDE),
    ("a notional below zero", row("ETHUSDT", "BOTH", 0.85, **LOST, notional=-2568.2), NO_SIDE),
    ("dollars below zero", row("ETHUSDT", "LONG", 0.85, **LOST, notional_usd="-2568.2"), NO_SIDE),
    ("another quantity below zero", row("ETHUSDT", "BOTH", 0.85, **LOST, positionAmt=-0.85), NO_SIDE),
    ("a long of another quantity below zero", row("ETHUSDT", "LONG", 0.85, **LOST, positionAmt="-0.85"), NO_SIDE),
    ("a short, all signed", row("ETHUSDT", "SHORT", -0.85, **LOST, positionAmt=-0.85, notional=-2568.2), SHORT),
    ("a short, none signed", row("ETHUSDT", "SHORT", 0.85, **LOST, unrealized=28.61, notional=2568.2), SHORT),
    ("a short, one signed", row("ETHUSDT", "SHORT", 0.85, **LOST, unrealized=28.61, positionAmt=-0.85), SHORT),
    ("a short of one-way mode", row("ETHUSDT", "BOTH", -0.85, **LOST, notional=2568.2, side="BOTH"), SHORT),
    ("a long by two words", row("ETHUSDT", "LONG", 0.85, **LOST, side="BUY"), [leg("ETHUSDT LONG", 0.85)]),
]

# Of 2,568 USD: what costs, rounding and a moving price make of the PnL of a row.
NOISE: list[dict[str, Any]] = [
    row("ETHUSDT", "BOTH", 0.85, **NEAR, unrealized=0.04),
    row("ETHUSDT", "LONG", 0.85, **NEAR, unrealized=1.16),
    row("ETHUSDT", "LONG", 0.85, **NEAR, unrealized=1.9),
    row("ETHUSDT", "BOTH", 0.85, **NEAR, unrealized=40.0),
    row("ETHUSDT", "BOTH", 0.85, **LOST, unrealized=0.4),
    row("ETHUSDT", "BOTH", 0.85, **LOST, unrealized=0.0),
    row("ETHUSDT", "BOTH", 0.85, **LOST, unrealized=None),
    row("ETHUSDT", "BOTH", 0.85, **LOST, unrealized="?"),
    row("ETHUSDT", "BOTH", 0.85, entryPrice=3055.1, markPrice=3055.1, unrealized=24.0),
    row("ETHUSDT", "BOTH", 0.85, entryPrice=0.0, markPrice=3021.44, unrealized=24.0),
    row("ETHUSDT", "BOTH", 0.85, entryPrice=3055.1, markPrice=None, unrealized=24.0),
    row("ETHUSDT", "BOTH", 0.85, **LOST, side="BOTH"),
    row("ETHUSDT", "LONG", 1e-6, **LOST, unrealized=0.01),
    row("ETHUSDT", "LONG", 1e-4, **LOST, unrealized=0.01),
    row("ETHUSDT", "LONG", 0.85, **LOST, side="sideways"),
]  # fmt: skip


@pytest.mark.parametrize("case", SIDES, ids=lambda case: str(case[0]))
def test_the_side_is_what_the_row_says(case: Any, tmp_path: Path) -> None:
    """Or openly unknown, where it contradicts itself."""
    _, item, claims = case
    assert wrong(put(World(tmp_path / "state", scenario="v7.1/healthy"), [item]).load(), claims) == []


@pytest.mark.parametrize("item", NOISE, ids=lambda item: f"{item['markPrice']} {item['unrealized']}")
def test_noise_takes_no_side_away(item: dict[str, Any], tmp_path: Path) -> None:
    """Only price and PnL that both went far, and opposite ways, are a contradiction."""
    state = put(World(tmp_path / "state", scenario="v7.1/healthy"), [item]).load()
    assert wrong(state, [leg("ETHUSDT LONG", item["qty"]), {"no_alert": "ETHUSDT.*side"}]) == []


LATER = 6.0  # seconds: another loop, and no daemon that has followed
NO_DAEMON = {"positions_state.json": GONE}
APART: list[tuple[str, int, float, bool]] = [
    ("the file on show lacks a leg", 1, LATER, True),
    ("it is a loop later", 1, 60.0, True),
    ("it has just been written, and the other is due", 1, 10.5, False),
    ("it lacks nothing", 0, LATER, False),
]


@pytest.mark.parametrize("case", APART, ids=lambda case: str(case[0]))
def test_the_file_on_show_is_held_against_the_other(case: Any, tmp_path: Path) -> None:
    """Also where they are of two loops: each of them should have every leg."""
    _, lost, later_s, is_told = case
    world = change(World(tmp_path / "state", scenario="v7.1/healthy"), NO_DAEMON)
    shift(world, later_s, "synced_state.json")
    change(world, {"synced_state.json items": world.read("synced_state.json")["items"][lost:]})
    now = NOW + (60.0 if later_s == 60.0 else 0.0)
    claim = told("synced_state.json, which is shown, and positions.json.*differ in BTCUSDT")
    assert wrong(world.load(now=now), [claim if is_told else {"not": claim}]) == []


@pytest.mark.parametrize("emptied", [("rows",), ("items",), ("rows", "positions")], ids=str)
def test_an_empty_list_beside_full_ones_is_told(emptied: tuple[str, ...], tmp_path: Path) -> None:
    """One file puts the same rows under three names; none of them is left out."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    state = change(world, {f"positions.json {key}": [] for key in emptied}).load()
    assert wrong(state, [leg("BTCUSDT LONG", 0.042), told("BTCUSDT LONG is not the same in positions.json")]) == []


PUBLISHED: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("ten times", {"qty": 0.42, "uPnl": 542.68}, [leg("BTCUSDT LONG", 0.42)]),
    ("the other side", {"positionSide": "SHORT", "qty": -0.042, "uPnl": -54.27}, [leg("BTCUSDT SHORT", -0.042)]),
]


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: str(case[0]))
def test_a_newer_publisher_has_the_last_word_on_what_it_names(case: Any, tmp_path: Path) -> None:
    """It leaves symbols out, whole ones; and the other file is said to differ."""
    _, written, claims = case
    world = World(tmp_path / "state", scenario="v7.1/publisher_cli")
    rows = world.read("positions.json")["rows"]
    world.edit("positions.json", "rows", [rows[0] | written, *rows[1:]])
    state = world.load(now=world.now + 10.0)
    assert len([item for item in state["positions"] if item["symbol"] == "BTCUSDT"]) == 1
    assert wrong(state, [*claims, leg("ETHUSDT SHORT", -0.85), told("rows.*differ in BTCUSDT")]) == []


def test_a_publisher_that_names_some_symbols_is_held_against_those(tmp_path: Path) -> None:
    """That it has fewer rows than the daemon's mirror is how it works, whichever of them is newer."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    some = {"rows": world.read("positions.json")["rows"][:2], "updated": NOW - 2.0, "exec_stats": {}}
    world.write("positions.json", some)
    for now, later_s in ((NOW, 0.0), (NOW + 20.0, 20.0)):
        assert wrong(shift(world, later_s, "positions_state.json").load(now=now), [{"no_alert": "rows"}]) == []


@pytest.mark.parametrize(("daemon_s", "is_told"), [(7.0, True), (1.0, False), (-60.0, False)])
def test_a_leg_that_only_ledger_and_daemon_still_have_is_told(daemon_s: float, is_told: bool, tmp_path: Path) -> None:
    """The daemon after the book was written: before that, it has yet to follow a close."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    for name, keys in {
        "positions.json": ("rows", "items", "positions"),
        "synced_state.json": ("items",),
        "positions_state.json": ("positions",),
    }.items():
        for key in keys:
            world.edit(name, key, [item for item in world.read(name)[key] if item["symbol"] != "ETHUSDT"])
    shift(world, daemon_s - 6.73, "positions_state_sync.json")
    claim = told("positions_ledger.json and positions_state_sync.json still have ETHUSDT")
    assert wrong(world.load(), [claim if is_told else {"not": claim}]) == []


@pytest.mark.parametrize(("sides", "is_told"), [(("BOTH", "BOTH"), True), (("LONG", "SHORT"), False)])
def test_one_way_mode_has_one_leg(sides: tuple[str, str], is_told: bool, tmp_path: Path) -> None:
    """A long and a short are two of hedge mode."""
    rows = [row("BTCUSDT", sides[0], 0.25), row("BTCUSDT", sides[1], -0.1)]
    claim = told("one-way mode.*BTCUSDT")
    state = put(World(tmp_path / "state", scenario="v7.1/healthy"), rows).load()
    assert wrong(state, [claim if is_told else {"not": claim}]) == []
