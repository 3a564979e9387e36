"""Traps in the book: zeros that are not values, signs, sides, row shapes and rows without a price."""

from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from worlds import NOW, State, World, assert_unknown, row_of

STAMP = {"updated": NOW - 5, "updated_at": NOW - 5}
LIVE_NAV = {"nav": 1000.0, "updated_ts": NOW - 5, "nav_detail": {"source": "live", "fresh": True}}
NAN = float("nan")


@pytest.fixture
def healthy(tmp_path: Path) -> World:
    """A copy of the healthy v7.1 world."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


@pytest.fixture
def bare(tmp_path: Path) -> World:
    """A world with a live NAV and no book."""
    return World(tmp_path / "state").write("nav.json", LIVE_NAV)


def test_zeros_in_positions_state_are_not_written_not_zero(healthy: World) -> None:
    """v7.1 writes 0.0 for every price: with no other file they are unknown, quantity and side are right."""
    state = healthy.remove("positions.json", "synced_state.json").load()
    assert_contract(state)
    assert len(state["positions"]) == 5
    assert (row_of(state, "ETHUSDT")["qty"], row_of(state, "ETHUSDT")["side"]) == (-0.85, "SHORT")
    for index in range(5):
        for name in ("entry_price", "mark_price", "notional", "pnl"):
            assert_unknown(state, f"positions.{index}.{name}")
        assert state["positions"][index]["pnl_fmt"] == "n/a"
    assert_unknown(state, "nav.gross_exposure_usd")
    assert_unknown(state, "nav.net_exposure_usd")


@pytest.mark.parametrize("gone", [("positions.json",), ("synced_state.json",), ("positions_state.json",)])
def test_prices_come_from_the_first_file_that_has_them(healthy: World, gone: tuple[str, ...]) -> None:
    """Any one of the three may be missing."""
    state = healthy.remove(*gone).load()
    assert_contract(state)
    row = row_of(state, "BTCUSDT")
    assert (row["notional"], row["pnl"]) == (pytest.approx(3797.325), pytest.approx(54.2682))
    assert row["price_source"] == ("synced_state.json" if "positions.json" in gone else "positions.json")
    assert state["nav"]["gross_exposure_usd"] == pytest.approx(8913.8535)


def test_real_prices_of_positions_state_come_first(tmp_path: Path) -> None:
    """v7.6: positions_state.json is the executor's own and wins."""
    world = World(tmp_path, scenario="v7.6/healthy")
    world.edit("positions_state.json", "positions.0.mark_price", 91000.0)
    world.edit("positions_state.json", "positions.0.notional", 3822.0)
    row = row_of(world.edit("positions_state.json", "positions.0.unrealized_pnl", 78.9).load(), "BTCUSDT")
    assert (row["mark_price"], row["notional"], row["pnl"]) == (91000.0, pytest.approx(3822.0), 78.9)
    assert row["price_source"] == "positions_state.json"


EXECUTOR = {"symbol": "BTCUSDT", "entryPrice": 100.0, "markPrice": 90.0, "leverage": 3.0}
SIDES = [
    ("LONG", 2.0, -20.0, "LONG"),
    ("SHORT", -2.0, 20.0, "SHORT"),
    ("BOTH", 2.0, -20.0, "LONG"),
    ("BOTH", -2.0, 20.0, "SHORT"),
]


@pytest.mark.parametrize(("position_side", "qty", "pnl", "side"), SIDES)
def test_a_row_has_a_signed_quantity_and_a_positive_notional(
    bare: World, position_side: str, qty: float, pnl: float, side: str
) -> None:
    """BOTH is one-way mode: the sign tells the side."""
    row = EXECUTOR | {"positionSide": position_side, "qty": qty, "unrealized": pnl}
    state = bare.write("positions.json", STAMP | {"rows": [row]}).load()
    assert_contract(state)
    got = row_of(state, "BTCUSDT")
    assert (got["side"], got["qty"], got["notional"], got["pnl"]) == (side, qty, 180.0, pnl)
    assert (state["nav"]["gross_exposure_usd"], state["nav"]["net_exposure_usd"]) == (180.0, 90.0 * qty)


@pytest.mark.parametrize(("position_side", "qty", "pnl", "side"), SIDES)
def test_a_missing_pnl_is_never_inverted(bare: World, position_side: str, qty: float, pnl: float, side: str) -> None:
    """(mark - entry) * signed quantity, or unknown."""
    row = EXECUTOR | {"positionSide": position_side, "qty": qty}
    got = row_of(bare.write("positions.json", STAMP | {"rows": [row]}).load(), "BTCUSDT", side)
    assert got["pnl"] in (None, pytest.approx(pnl))


SHORT_ROW = EXECUTOR | {"positionSide": "SHORT", "qty": -2.0, "unrealized": 20.0}
SHAPES: dict[str, tuple[str, State]] = {
    "rows": ("positions.json", {"rows": [SHORT_ROW]}),
    "synced items": (
        "synced_state.json",
        {"items": [SHORT_ROW]},
    ),
    "v7.6 positions": (
        "positions_state.json",
        {
            "positions": [
                {
                    "symbol": "BTCUSDT",
                    "side": "BOTH",
                    "qty": -2.0,
                    "entry_price": 100.0,
                    "mark_price": 90.0,
                    "unrealized_pnl": 20.0,
                    "notional": -180.0,
                    "leverage": 3.0,
                }
            ]
        },
    ),
    "v7.6 items": (
        "positions.json",
        {
            "items": [
                {
                    "symbol": "BTCUSDT",
                    "side": "SHORT",
                    "qty": -2.0,
                    "entry_price": 100.0,
                    "mark_price": 90.0,
                    "pnl": 20.0,
                    "leverage": 3.0,
                    "notional": 180.0,
                }
            ]
        },
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_row_shape_reads_the_same(bare: World, shape: str) -> None:
    """Three files, four shapes, one row."""
    name, content = SHAPES[shape]
    state = bare.write(name, STAMP | content).load()
    assert_contract(state)
    (row,) = state["positions"]
    want = {"symbol": "BTCUSDT", "side": "SHORT", "qty": -2.0, "notional": 180.0, "pnl": 20.0, "entry_price": 100.0}
    assert {key: row[key] for key in want} == want
    assert (row["mark_price"], row["leverage"], row["price_source"]) == (90.0, 3.0, name)


def test_the_publishers_upnl_is_the_pnl_and_an_absent_mark_is_unknown(bare: World) -> None:
    """No mark: no notional and no exposure, rather than 0."""
    row = {
        "symbol": "ETHUSDT",
        "positionSide": "SHORT",
        "qty": -0.85,
        "entryPrice": 3055.1,
        "leverage": 4,
        "uPnl": 28.6,
    }
    state = bare.write("positions.json", STAMP | {"rows": [row]}).load()
    assert_contract(state)
    assert row_of(state, "ETHUSDT")["pnl"] == 28.6
    for path in ("positions.0.mark_price", "positions.0.notional", "nav.gross_exposure_usd", "nav.net_exposure_usd"):
        assert_unknown(state, path)


def test_hedge_mode_has_two_rows_for_a_symbol_each_with_its_own_numbers(bare: World) -> None:
    """The key is symbol and side; both legs net out in the exposure."""
    long = EXECUTOR | {"positionSide": "LONG", "qty": 3.0, "unrealized": -30.0}
    short = EXECUTOR | {"positionSide": "SHORT", "qty": -1.0, "entryPrice": 95.0, "unrealized": 5.0}
    state = bare.write("positions.json", STAMP | {"rows": [long, short]}).load()
    assert_contract(state)
    assert (row_of(state, "BTCUSDT", "LONG")["notional"], row_of(state, "BTCUSDT", "LONG")["pnl"]) == (270.0, -30.0)
    assert (row_of(state, "BTCUSDT", "SHORT")["notional"], row_of(state, "BTCUSDT", "SHORT")["pnl"]) == (90.0, 5.0)
    assert (state["nav"]["gross_exposure_usd"], state["nav"]["net_exposure_usd"]) == (360.0, 180.0)


def test_hedge_legs_take_their_prices_from_their_own_leg(healthy: World) -> None:
    """positions_state.json without prices, joined by symbol and side."""
    world = healthy
    world.copy("v7.1/hedge_mode")
    state = world.remove("positions.json").load()
    assert row_of(state, "BTCUSDT", "LONG")["entry_price"] == 88000.0
    assert row_of(state, "BTCUSDT", "SHORT")["entry_price"] == 91500.0


def test_a_tiny_position_is_a_position(bare: World) -> None:
    """0.0001 BTC is nine dollars, not dust to hide."""
    row = EXECUTOR | {"positionSide": "LONG", "qty": 0.00005, "markPrice": 90412.5, "unrealized": 0.0}
    state = bare.write("positions.json", STAMP | {"rows": [row]}).load()
    assert row_of(state, "BTCUSDT")["notional"] == pytest.approx(4.520625)
    assert row_of(state, "BTCUSDT")["pnl"] == 0.0


def test_a_negative_zero_is_not_printed(bare: World) -> None:
    """`-0.00` is a sign on nothing."""
    row = EXECUTOR | {"positionSide": "SHORT", "qty": -1.0, "unrealized": -0.0}
    assert "-" not in row_of(bare.write("positions.json", STAMP | {"rows": [row]}).load(), "BTCUSDT")["pnl_fmt"]


BAD_ROWS = [
    ("a torn row", "torn"),
    ("a null row", None),
    ("no symbol", {"positionSide": "LONG", "qty": 1.0, "markPrice": 1.0}),
    ("nested symbol", {"symbol": {"a": 1}, "qty": 1.0}),
]


@pytest.mark.parametrize("bad", [case[1] for case in BAD_ROWS], ids=[case[0] for case in BAD_ROWS])
def test_one_bad_row_does_not_hide_the_others(bare: World, bad: Any) -> None:
    """A row that cannot be read is left out or unknown; its neighbours stay."""
    good = EXECUTOR | {"positionSide": "LONG", "qty": 2.0, "unrealized": -20.0}
    state = bare.write("positions.json", STAMP | {"rows": [bad, good, bad]}).load()
    assert_contract(state)
    assert row_of(state, "BTCUSDT")["notional"] == 180.0
    for name in ("gross_exposure_usd", "net_exposure_usd", "unrealized_pnl_usd"):
        assert_unknown(state, f"nav.{name}")  # a sum without the bad row would understate


BAD_NUMBERS = [("qty", "qty"), ("markPrice", "mark_price"), ("unrealized", "pnl"), ("entryPrice", "entry_price")]


@pytest.mark.parametrize("bad", [NAN, float("inf"), "x", None, [], 10**400])
@pytest.mark.parametrize(("key", "field"), BAD_NUMBERS)
def test_a_bad_number_in_a_row_is_unknown_alone(bare: World, key: str, field: str, bad: Any) -> None:
    """The row stays, and what does not hang on that number stays too."""
    row = EXECUTOR | {"positionSide": "LONG", "qty": 2.0, "unrealized": -20.0} | {key: bad}
    state = bare.write("positions.json", STAMP | {"rows": [row]}).load()
    assert_contract(state)
    (got,) = state["positions"]
    assert got[field] is None or (field == "pnl" and got[field] == pytest.approx(-20.0))
    assert (got["symbol"], got["leverage"]) == ("BTCUSDT", 3.0)


def test_files_that_disagree_on_the_rows_are_told_apart(healthy: World) -> None:
    """Five rows in one file, four in the other, within seconds: the check is not ok."""
    content = healthy.read("positions.json")
    content["rows"] = content["rows"][:4]
    state = healthy.write("positions.json", content).load()
    bad = [check for check in state["meta"]["checks"] if check["status"] in {"warn", "fail"}]
    assert any({check["left"]["value"], check["right"]["value"]} == {4, 5} for check in bad), bad


@pytest.mark.parametrize("empty", [{"rows": []}, {"positions": []}, {"items": []}])
def test_an_empty_book_with_a_live_nav_is_flat(bare: World, empty: State) -> None:
    """Known to be flat: no reason, exposure 0, and no position from an older file."""
    state = bare.write("positions.json", STAMP | empty).load()
    assert_contract(state)
    assert state["positions"] == []
    assert "positions" not in state["meta"]["unknown"]
    assert (state["nav"]["gross_exposure_usd"], state["nav"]["net_exposure_usd"]) == (0.0, 0.0)


@pytest.mark.parametrize("content", [{}, {"rows": None}, {"rows": "torn"}, {"rows": {"BTCUSDT": 1}}, {"rows": 3}])
def test_a_book_without_rows_is_unknown_not_flat(bare: World, content: State) -> None:
    """No list of rows says nothing about the book."""
    state = bare.write("positions.json", STAMP | content).load()
    assert_contract(state)
    assert (state["positions"], "positions" in state["meta"]["unknown"]) == ([], True)


def test_no_positions_file_at_all_is_an_unknown_book(bare: World) -> None:
    """A live NAV does not make a book flat."""
    state = bare.load()
    assert (state["positions"], "positions" in state["meta"]["unknown"]) == ([], True)
    assert_unknown(state, "nav.gross_exposure_usd")
