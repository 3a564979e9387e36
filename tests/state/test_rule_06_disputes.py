"""Rule 6, the files beside an empty book: one that says positions are open makes it unknown, one that lags does not."""

from pathlib import Path
from typing import Any

import pytest
from case_claims import Claim
from rules import GONE, Changes, change, load_elsewhere, shift, write_log, wrong
from worlds import NOW, State, World

LOOP_AT, NAV, PNL = 1764197088.315, 10461.27, 50.2892
POSITIONS: Claim = {"path": "positions", "unknown": True}
GROSS: Claim = {"path": "nav.gross_exposure_usd", "unknown": True}
FLAT: list[Claim] = [{"not": POSITIONS}, {"path": "nav.gross_exposure_usd", "is": 0}]
LEG = {"symbol": "BTCUSDT", "side": "LONG", "qty": 0.042, "entry_price": 89120.4, "mark_price": 90412.5}

EMPTY: Changes = {
    "positions.json rows": [],
    "positions.json items": [],
    "positions.json positions": [],
    "synced_state.json items": [],
    "positions_state.json positions": [],
    "positions_state_sync.json items": [],
    "positions_ledger.json entries": [],
    "leaderboard_state.json items": [],
    "nav_state.json unrealized_pnl": 0.0,
    "nav_state.json gross_exposure": 0.0,
    "nav_state.json net_exposure": 0.0,
    "nav_state.json series": [],
    "risk_snapshot.json tp_sl_registry": {"num_positions": 0, "num_registry_entries": 0, "registry_mismatch": False},
    "diagnostics.json runtime_diagnostics.exit_pipeline.open_positions_count": 0,
}
# What follows the book by a loop or a cycle, and what it says of the desk before the close.
FOLLOWERS: list[tuple[str, Changes]] = [
    ("ledger", {"positions_ledger.json entries": [LEG]}),
    ("daemon's rows", {"positions_state_sync.json items": [LEG]}),
    ("daemon's exposure", {"nav_state.json gross_exposure": 3797.325}),
    ("daemon's open PnL", {"nav_state.json unrealized_pnl": -PNL}),
    ("registry", {"risk_snapshot.json tp_sl_registry.num_positions": 5}),
    ("exits", {"diagnostics.json runtime_diagnostics.exit_pipeline.open_positions_count": 5}),
]
DISPUTES = [("executor's own", {"positions_state.json positions": [LEG | {"unrealized_pnl": PNL}]}), *FOLLOWERS]
LAGGING = {"nav_state.json", "positions_state_sync.json", "leaderboard_state.json"}


@pytest.fixture
def flat(tmp_path: Path) -> World:
    """A desk of v7.6 that has been flat for an hour."""
    world = change(World(tmp_path / "logs" / "state", scenario="v7.6/healthy"), EMPTY)
    return write_log(world, [(LOOP_AT - 60.0 * minute, NAV, 0.0) for minute in range(60, -1, -1)])


@pytest.mark.parametrize("case", DISPUTES, ids=lambda case: str(case[0]))
def test_an_empty_book_that_a_file_disputes_is_not_flat(case: tuple[str, Changes], flat: World) -> None:
    """The reason names the file."""
    assert wrong(flat.load(), FLAT) == []
    state = change(flat, case[1]).load()
    assert wrong(state, [POSITIONS, GROSS, {"path": "nav.unrealized_pnl_usd", "unknown": True}]) == []
    assert next(iter(case[1])).split(" ")[0] in state["meta"]["unknown"]["positions"]
    assert [item["kind"] for item in state["meta"]["alerts"]].count("positions_unknown") == 1


@pytest.mark.parametrize(
    "nothing",
    [
        {"positions_ledger.json entries": [LEG | {"qty": "0.0"}]},
        {"positions_ledger.json entries": None},
        {"positions_ledger.json": GONE},
        {"positions_state.json positions": [LEG | {"qty": 0}]},
        {"positions_state_sync.json items": ["BTCUSDT", None]},
        {"nav_state.json gross_exposure": 0.001, "nav_state.json unrealized_pnl": -0.004},
        {"nav_state.json gross_exposure": float("nan"), "nav_state.json unrealized_pnl": None},
        {"risk_snapshot.json tp_sl_registry": "5"},
        {"risk_snapshot.json tp_sl_registry.num_positions": -5},
        {"diagnostics.json runtime_diagnostics": None},
        {"diagnostics.json runtime_diagnostics.exit_pipeline.open_positions_count": True},
    ],
)
def test_what_says_nothing_disputes_nothing(nothing: Changes, flat: World) -> None:
    """Rows of quantity zero, rounding, and what is no count."""
    assert wrong(change(flat, nothing).load(), FLAT) == []


@pytest.mark.parametrize("logged", [True, False], ids=["log", "no log"])
@pytest.mark.parametrize("fresh", [False, True], ids=["same process", "new process"])
@pytest.mark.parametrize("case", FOLLOWERS, ids=lambda case: str(case[0]))
def test_a_book_just_closed_is_flat_at_once(case: Any, fresh: bool, logged: bool, tmp_path: Path) -> None:
    """Whatever has yet to follow; a loop later it has had its time."""
    world = World(tmp_path / "logs" / "state", scenario="v7.6/healthy")
    points: list[tuple[float, float, float]] = [(LOOP_AT - 60.0 * minute, NAV, PNL) for minute in range(60, -1, -1)]
    _log(world, points, logged)
    world.load()
    change(shift(world, 60.0), {**EMPTY, **case[1]})
    # The daemon has not written since, and the exits were gone through before the orders.
    shift(world, -20.0, *LAGGING)
    points.append((LOOP_AT + 60.0, NAV + PNL, 0.0))
    _log(world, points, logged)
    assert wrong(_load(world, NOW + 60.0, fresh), FLAT) == []
    assert wrong(_load(world, NOW + 67.0, fresh), FLAT) == []
    shift(world, 60.0)
    points.append((LOOP_AT + 120.0, NAV + PNL, 0.0))
    _log(world, points, logged)
    assert wrong(_load(world, NOW + 120.0, fresh), [POSITIONS, GROSS]) == []


def _load(world: World, now: float, fresh: bool) -> State:
    return load_elsewhere(world, now) if fresh else world.load(now=now)


def _log(world: World, points: list[tuple[float, float, float]], logged: bool) -> None:
    """The NAV as every file has it, and the log where there is one."""
    nav_usd = points[-1][1]
    figures = {f"nav.json {key}": nav_usd for key in ("nav", "nav_usd", "nav_detail.nav", "nav_detail.total_nav")}
    change(world, {**figures, "nav_state.json total_equity": nav_usd, "nav_state.json series": []})
    if logged:
        write_log(world, points)
