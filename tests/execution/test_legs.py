"""Two rows of one leg are one position, whoever publishes or reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from publisher_world import NOW_S, build_payloads

from execution.surfaces.positions import (
    Position,
    build_leaderboard_state,
    build_positions,
    build_positions_state,
    build_synced_state,
    measure_exposure,
    merge_legs,
    read_positions,
)
from execution.surfaces.schema import SurfaceError, check_surface
from state.files import surfaces

LOT = Position("BTCUSDT", "LONG", 0.1, 90_000.0, 90_400.0, 40.0, 4.0)
OTHER_LOT = Position("BTCUSDT", "LONG", 0.3, 91_000.0, 90_412.5, -176.25, 4.0)
WHOLE = Position("BTCUSDT", "LONG", 0.4, 90_750.0, 90_412.5, -136.25, 4.0)
SHORT = Position("BTCUSDT", "SHORT", -0.1, 90_000.0, 90_412.5, -41.25, 4.0)
SHORT_LOT = replace(SHORT, qty=-0.2, entry_price=93_000.0, unrealized_usd=517.5)
BOTH = replace(LOT, position_side="BOTH")
ETH = Position("ETHUSDT", "LONG", 1.0, 3000.0, 3000.0, 0.0, 4.0)

MERGES: list[tuple[str, list[Position], list[Position]]] = [
    ("nothing", [], []),
    ("one row stays what it is", [LOT], [LOT]),
    ("two lots", [LOT, OTHER_LOT], [WHOLE]),
    ("the mark of the later row", [OTHER_LOT, LOT], [replace(WHOLE, mark_price=90_400.0)]),
    ("digits as written", [replace(LOT, qty=0.1), replace(LOT, qty=0.2)], [replace(LOT, qty=0.3, unrealized_usd=80.0)]),
    ("long and short of a hedge stay two", [LOT, SHORT], [LOT, SHORT]),
    (
        "lots of a hedge",
        [LOT, SHORT, OTHER_LOT, SHORT_LOT],
        [WHOLE, replace(SHORT, qty=-0.3, entry_price=92_000.0, unrealized_usd=476.25)],
    ),
    ("another leverage is none", [LOT, replace(OTHER_LOT, leverage=5.0)], [replace(WHOLE, leverage=None)]),
    ("one-way", [BOTH, replace(OTHER_LOT, position_side="BOTH")], [replace(WHOLE, position_side="BOTH")]),
    ("one-way beside a side", [BOTH, OTHER_LOT], [WHOLE]),
    ("order is that of the first rows", [ETH, LOT, OTHER_LOT], [ETH, WHOLE]),
    ("three", [LOT, LOT, LOT], [replace(LOT, qty=0.3, unrealized_usd=120.0)]),
]


@pytest.mark.parametrize(("rows", "legs"), [case[1:] for case in MERGES], ids=[case[0] for case in MERGES])
def test_rows_of_one_leg_add_up(rows: list[Position], legs: list[Position]) -> None:
    """Quantities and PnL summed, the entry weighted by quantity."""
    assert merge_legs(rows) == legs


def test_every_door_adds_up() -> None:
    """0.1 and 0.3 are published as 0.4, on each surface and in each sum, and read as 0.4."""
    rows, nav = [LOT, OTHER_LOT, SHORT], build_payloads()[surfaces.NAV]
    payloads: dict[str, dict[str, Any]] = {
        surfaces.POSITIONS: build_positions(rows, NOW_S),
        surfaces.SYNCED_STATE: build_synced_state(rows, nav, "mine"),
        surfaces.POSITIONS_STATE: build_positions_state(rows, NOW_S),
        surfaces.LEADERBOARD: build_leaderboard_state(rows, NOW_S),
    }
    for name, payload in payloads.items():
        check_surface(name, payload)
    assert [row["qty"] for row in payloads[surfaces.POSITIONS]["rows"]] == [0.4, -0.1]
    assert [row["qty"] for row in payloads[surfaces.SYNCED_STATE]["items"]] == [0.4, -0.1]
    assert [row["qty"] for row in payloads[surfaces.POSITIONS_STATE]["items"]] == [0.4, -0.1]
    assert [row["pnl"] for row in payloads[surfaces.LEADERBOARD]["items"]] == [-41.25, -136.25]
    assert payloads[surfaces.POSITIONS_STATE]["gross_exposure"] == pytest.approx(0.5 * 90_412.5)
    assert measure_exposure(rows) == measure_exposure([WHOLE, SHORT])


def test_the_daemon_adds_up_what_another_publisher_wrote_apart() -> None:
    """Rows as an executor of its own wrote them; a row of nothing is no position."""
    apart = build_synced_state([LOT], build_payloads()[surfaces.NAV], "theirs")
    row = apart["items"][0]
    apart["items"] = [row, row | {"qty": 0.3, "entryPrice": 91_000.0}, {"symbol": "ETHUSDT", "qty": 0.0}]
    (leg,) = read_positions(apart)
    assert (leg.qty, leg.entry_price) == (0.4, 90_750.0)


BAD_FIGURES = [float("nan"), float("inf"), 10**400, "0.1", None, [], 0.0]


@pytest.mark.parametrize("value", BAD_FIGURES, ids=str)
def test_a_row_that_cannot_be_added_is_refused_by_name(value: Any) -> None:
    """Beside a good row of the same leg it does not vanish into a sum."""
    payload = build_positions([LOT, ETH], NOW_S)
    payload["rows"][1] |= {"symbol": "BTCUSDT", "qty": value}
    with pytest.raises(SurfaceError, match=r"positions.json: rows\[1\]\.qty is .*; expected a number that is not 0"):
        check_surface(surfaces.POSITIONS, payload)


@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=str)
def test_a_position_with_such_a_figure_stays_a_row_of_its_own(value: float) -> None:
    """The schema then names it; it makes no sum of the others wrong."""
    assert len(merge_legs([LOT, replace(LOT, unrealized_usd=value), OTHER_LOT])) == 2


BROKEN_BOOKS: list[tuple[Any, str]] = [
    (None, "items is None; expected a list of rows"),
    ({}, "items is an object; expected a list of rows"),
    ([3], "items[0] is 3; expected an object"),
    ([{"qty": 1.0}], "items[0].symbol is None; expected a text"),
    ([{"qty": "1", "symbol": "A", "positionSide": "LONG"}], "items[0].qty is '1'; expected a number"),
    ([{"qty": 10**400, "symbol": "A", "positionSide": "LONG"}], "items[0].qty is an integer of 401 digits; expected"),
    (
        [{"qty": 1.0, "symbol": "A", "positionSide": "LONG", "entryPrice": float("nan")}],
        "items[0].entryPrice is NaN; expected a number",
    ),
]


@pytest.mark.parametrize(("items", "message"), BROKEN_BOOKS)
def test_one_broken_row_makes_the_book_unknown(items: Any, message: str) -> None:
    """Without one leg it would be another book; the error names row and field."""
    with pytest.raises(ValueError, match="expected") as caught:
        read_positions({"items": items})
    assert str(caught.value).startswith(message)
