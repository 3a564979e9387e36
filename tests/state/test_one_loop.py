"""A copy of the daemon is held against what it was copied from, and against nothing that was written after it."""

from pathlib import Path
from typing import Any

import pytest
from rules import change, shift
from worlds import World

V71, LAST = "v7.1/healthy", "v7.1/healthy_executor_last"
KPI, SNAPSHOT = "kpis_v7.json", "risk_snapshot.json"
DD_STATES = (f"{KPI} risk.dd_state", f"{KPI} dd_state")
REGIMES = tuple(f"{KPI} {path}" for path in ("risk.atr_regime", "atr_regime", "atr.atr_regime"))
RATIOS = (f"{KPI} risk.atr_ratio", f"{KPI} atr.atr_ratio")
FEES = (f"{KPI} risk.fee_pnl_ratio", f"{KPI} fee_pnl_ratio")
HIDDEN = (f"{SNAPSHOT} dd_state.dd_state", f"{SNAPSHOT} kpis_v7.dd_state")

COPIES: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "an alarm is invented": (DD_STATES, "defensive", "states"),
    "an alarm is hidden": (HIDDEN, "defensive", "states"),
    "a regime is invented": (REGIMES, "panic", "states"),
    "a ratio is invented": (RATIOS, 1.4, "states"),
    "a fee ratio is invented": (FEES, 0.18, "fee_pnl"),
}


def statuses(world: World, name: str, now: float) -> list[str]:
    """The status of one check."""
    return [item["status"] for item in world.load(now=now)["meta"]["checks"] if item["name"] == name]


@pytest.mark.parametrize("after_s", [0.0, 60.0, 200.0])
@pytest.mark.parametrize("case", COPIES.values(), ids=COPIES)
def test_a_copy_is_that_of_the_snapshot_before_it(
    case: tuple[tuple[str, ...], Any, str], after_s: float, tmp_path: Path
) -> None:
    """However long ago the snapshot was computed, while it stands."""
    places, value, check = case
    world = shift(World(tmp_path / "state", scenario=V71), after_s, KPI, "nav_state.json")
    assert statuses(change(world, dict.fromkeys(places, value)), check, world.now + after_s) == ["fail"]


@pytest.mark.parametrize("case", COPIES.values(), ids=COPIES)
def test_a_copy_is_not_that_of_a_snapshot_after_it(case: tuple[tuple[str, ...], Any, str], tmp_path: Path) -> None:
    """The executor writes a second after the daemon, and the market has changed."""
    places, value, check = case
    world = shift(World(tmp_path / "state", scenario=V71), 8.0, SNAPSHOT)
    assert "fail" not in statuses(change(world, dict.fromkeys(places, value)), check, world.now + 2.0)


def test_two_figures_of_one_executor_loop_are_compared(tmp_path: Path) -> None:
    """The flat KPIs and the snapshot are written together."""
    world = World(tmp_path / "state", scenario=LAST)
    assert statuses(change(world, {f"{KPI} dd_state": "defensive"}), "states", world.now) == ["fail"]
