"""Realised PnL of today: as old as the daemon that found it, of today alone, and the same whoever wrote last."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rules import GONE, HOUR_S, Changes, change, near, shift, wrong
from worlds import NOW, State, World

PATH = "nav.realized_pnl_today_usd"
UNKNOWN = [{"path": PATH, "unknown": True}]
SHOWN = [near(PATH, 8.75), {"not": {"path": PATH, "unknown": True}}]
TODAY, YESTERDAY, TOMORROW = "2025-11-26", "2025-11-25", "2025-11-27"
NO_DAEMON: Changes = {"nav_state.json": GONE}
BLOCKS = ("risk_snapshot.json dd_state.drawdown.peak_state", "risk_snapshot.json kpis_v7.drawdown.peak_state")


def peak_state(age_s: float, **more: Any) -> Changes:
    """The daemon's words in the executor's fresh files, of so long ago."""
    at = datetime.fromtimestamp(NOW - age_s, UTC).isoformat()
    block = {"updated_at": at, "ts": NOW - age_s, "realized_pnl_today": 8.75} | more
    kept = {key: value for key, value in block.items() if value is not GONE}
    return {place: dict(kept) for place in BLOCKS}


# The clock of these worlds says 22:45 of the 26th in UTC: 23:45 in Berlin, 7:45 of the 27th in Tokyo.
COPIES: list[tuple[str, Changes, list[Any], bool]] = [
    ("of the 25th, 25 h old", peak_state(25 * HOUR_S, day=YESTERDAY, reset_timezone="UTC"), UNKNOWN, False),
    ("of the 25th, written now", peak_state(60.0, day=YESTERDAY, reset_timezone="UTC"), UNKNOWN, False),
    ("of the 26th, where it is the 27th", peak_state(60.0, day=TODAY, reset_timezone="Asia/Tokyo"), UNKNOWN, False),
    ("of the 26th, 25 h old", peak_state(25 * HOUR_S, day=TODAY, reset_timezone="UTC"), UNKNOWN, False),
    ("no day, 25 h old", peak_state(25 * HOUR_S), UNKNOWN, False),
    ("no day, of yesterday's", peak_state(23 * HOUR_S, reset_timezone="UTC"), UNKNOWN, False),
    ("a day nobody can read, of yesterday's", peak_state(23 * HOUR_S, day="now", reset_timezone="UTC"), UNKNOWN, False),
    ("3 h old", peak_state(3 * HOUR_S, day=TODAY, reset_timezone="UTC"), SHOWN, True),
    ("no day, 3 h old", peak_state(3 * HOUR_S), SHOWN, True),
    ("a minute old", peak_state(60.0, day=TODAY, reset_timezone="UTC"), SHOWN, False),
    ("of the 27th in Tokyo", peak_state(60.0, day=TOMORROW, reset_timezone="Asia/Tokyo"), SHOWN, False),
    ("of the 27th somewhere", peak_state(60.0, day=TOMORROW, reset_timezone="Nowhere/At-All"), SHOWN, False),
    ("an odd zone", peak_state(60.0, day=TODAY, reset_timezone=7), SHOWN, False),
    ("no stamp of its own", peak_state(60.0, updated_at=None, ts=None, day=TODAY, reset_timezone="UTC"), SHOWN, False),
]


@pytest.mark.parametrize("case", COPIES, ids=lambda case: str(case[0]))
def test_a_copy_is_as_old_as_the_daemon(case: Any, tmp_path: Path) -> None:
    """Whenever the executor last repeated it, and of another day it is none of today."""
    _, changes, claims, old = case
    state = change(World(tmp_path / "state", scenario="v7.1/healthy"), NO_DAEMON | changes).load()
    assert wrong(state, claims) == []
    assert (PATH in state["meta"]["stale"]) == old
    assert re.search(r"is of (2025-11-2\d|another day)", state["meta"]["unknown"].get(PATH, "")) or claims is SHOWN


def test_the_daemons_file_of_yesterday_is_none_of_today(tmp_path: Path) -> None:
    """An hour and a half after the reset it has not written."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    state = world.load(now=NOW + 1.5 * HOUR_S)
    assert wrong(state, UNKNOWN) == []


def test_the_mirror_of_a_dead_daemon_shows_an_old_figure(tmp_path: Path) -> None:
    """nav_state.json is fresh, since the executor writes it."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    change(world, {"nav_state.json": world.read("nav.json")} | peak_state(3 * HOUR_S, day=TODAY))
    change(world, {"kpis_v7.json": world.read("risk_snapshot.json")["kpis_v7"]})
    state = world.load()
    assert wrong(state, SHOWN) == []
    assert "silent since 19:45" in state["meta"]["stale"][PATH]


def test_what_the_daemon_last_wrote_counts_while_it_lives(tmp_path: Path) -> None:
    """The executor's mirror stands in its place for most of a minute; the copies know less."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    world.edit("nav_state.json", "realized_pnl_today", 120.0).load()
    change(world, {"nav_state.json": world.read("nav.json")})
    assert world.load()["nav"]["realized_pnl_today_usd"] == 120.0
    late = shift(world, 120.0, *(path.name for path in world.directory.iterdir() if "state_sync" not in path.name))
    assert late.load(now=NOW + 120.0)["nav"]["realized_pnl_today_usd"] == 8.75


def realized_check(state: State) -> str:
    """The verdict of the check."""
    return next(str(check["status"]) for check in state["meta"]["checks"] if check["name"] == "realized_pnl")


def test_a_copy_of_before_a_close_is_no_contradiction(tmp_path: Path) -> None:
    """The executor repeats what the daemon said a minute ago; a copy that was made since has to agree."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    change(world, {"nav_state.json realized_pnl_today": 8.75} | peak_state(1.0))
    change(world, {"kpis_v7.json": world.read("risk_snapshot.json")["kpis_v7"]})
    assert realized_check(world.load()) == "ok"
    shift(world, 20.0, "nav_state.json").edit("nav_state.json", "realized_pnl_today", 120.0)
    assert realized_check(world.load(now=NOW + 20.0)) == "not_comparable"
    change(world, peak_state(-30.0))
    change(world, {"kpis_v7.json": world.read("risk_snapshot.json")["kpis_v7"]})
    assert realized_check(world.load(now=NOW + 30.0)) == "fail"
