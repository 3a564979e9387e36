"""What the files stop saying: fields that are gone, shapes nobody knows, content that stands still."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rules import shift
from worlds import NOW, State, World, surface

STEP_S = 30.0


def later(world: World, name: str, stamp_key: str, steps: int = 1) -> World:
    """The writer writes the same content again, with a new stamp."""
    return world.edit(name, stamp_key, NOW + steps * STEP_S)


def test_a_field_that_is_gone_is_named_with_the_time_it_was_last_there(tmp_path: Path) -> None:
    """kpis_v7.json: risk.atr_ratio was published at first, and is null later."""
    world = World(tmp_path, scenario="v7.1/healthy")
    assert world.load()["meta"]["drift"] == []
    later(world, "kpis_v7.json", "ts").edit("kpis_v7.json", "risk.atr_ratio", None)
    state = world.load(now=NOW + STEP_S)
    (drift,) = state["meta"]["drift"]
    assert (drift["surface"], drift["path"]) == ("kpis_v7.json", "risk.atr_ratio")
    assert drift["since"] == pytest.approx(1764197095.045, abs=0.01)
    (alert,) = [item for item in state["meta"]["alerts"] if "risk.atr_ratio" in item["title"]]
    assert "22:44:55 UTC" in alert["text"]


def test_a_field_that_comes_back_is_no_drift(tmp_path: Path) -> None:
    """The alert goes when the cause is gone."""
    world = World(tmp_path, scenario="v7.1/healthy")
    world.load()
    later(world, "kpis_v7.json", "ts").edit("kpis_v7.json", "risk.atr_ratio", None)
    world.load(now=NOW + STEP_S)
    later(world, "kpis_v7.json", "ts", 2).edit("kpis_v7.json", "risk.atr_ratio", 1.0)
    assert world.load(now=NOW + 2 * STEP_S)["meta"]["drift"] == []


def test_a_block_that_is_gone_is_named_once(tmp_path: Path) -> None:
    """Not once for each of its fields."""
    world = World(tmp_path, scenario="v7.1/healthy")
    world.load()
    later(world, "risk_snapshot.json", "updated_ts").drop("risk_snapshot.json", "fee_pnl")
    paths = [drift["path"] for drift in world.load(now=NOW + STEP_S)["meta"]["drift"]]
    assert paths == ["fee_pnl"]


def test_two_shapes_of_one_file_are_no_drift(tmp_path: Path) -> None:
    """The executor and the daemon write kpis_v7.json in turn, all day long."""
    world = World(tmp_path, scenario="v7.1/healthy")
    nested = world.read("kpis_v7.json")
    flat = World(tmp_path / "flat", scenario="v7.1/healthy_executor_last").read("kpis_v7.json")
    for step, content in enumerate((nested, flat, nested, flat)):
        world.write("kpis_v7.json", content | {"ts": NOW + step * STEP_S})
        assert world.load(now=NOW + step * STEP_S)["meta"]["drift"] == []


@pytest.mark.parametrize(
    "name", ["kpis_v7.json", "positions.json", "nav.json", "router_health.json", "risk_snapshot.json"]
)
def test_a_shape_nobody_knows_is_said(tmp_path: Path, name: str) -> None:
    """A later version may write anything."""
    world = World(tmp_path, scenario="v7.1/healthy").write(name, {"payload": {"v": 9}, "updated_ts": NOW})
    state = world.load()
    assert surface(state, name)["shape"] == "not recognised"
    assert [(drift["surface"], drift["path"]) for drift in state["meta"]["drift"]] == [(name, "")]
    assert any(alert["severity"] == "warn" and name in alert["title"] for alert in state["meta"]["alerts"])


def test_content_that_stands_still_while_the_file_is_written_is_frozen(tmp_path: Path) -> None:
    """Marks that have not moved for minutes are not a market."""
    world = World(tmp_path, scenario="v7.1/healthy")
    assert surface(world.load(), "positions.json")["frozen_since"] is None
    now = NOW + 400.0
    world.edit("positions.json", "updated", now - 5.0)
    state = world.load(now=now)
    found = surface(state, "positions.json")
    assert found["freshness"] == "fresh"
    assert found["frozen_since"] == pytest.approx(1764197088.315, abs=0.01)
    assert any(alert["title"] == "positions.json FROZEN" for alert in state["meta"]["alerts"])


def heartbeats(now: float) -> State:
    """What the one-shot publisher adds: the processes' signs of life, and what happened within 24 h."""
    counts = {"attempted_24h": int(now), "executed_24h": int(now) // 2, "fill_rate": now % 1.0}
    return counts | {"last_heartbeats": {"executor_live": "2025-11-26T22:44:00+00:00", "sync_daemon": now}}


@pytest.mark.parametrize(
    ("name", "stamp_key", "beside"),
    [
        ("positions.json", "updated", lambda now: {"exec_stats": heartbeats(now)}),
        ("positions.json", "updated", lambda now: {"note": now}),
        ("synced_state.json", "updated_at", lambda now: {"nav": 10_000.0 + now % 1000.0}),
    ],
)
def test_what_moves_beside_frozen_rows_does_not_hide_them(
    name: str, stamp_key: str, beside: Callable[[float], State], tmp_path: Path
) -> None:
    """Signs of life, counts and the NAV go on while the prices stand."""
    world = World(tmp_path, scenario="v7.1/healthy")
    written_at = world.read(name)[stamp_key]
    for now in (NOW, NOW + 200.0, NOW + 400.0):
        stamp = written_at if now == NOW else now - 5.0
        world.write(name, world.read(name) | beside(now) | {stamp_key: stamp})
        state = world.load(now=now)
    found = surface(state, name)
    assert (found["freshness"], found["changed_at"]) == ("fresh", written_at)
    assert found["frozen_since"] == written_at
    assert f"{name} FROZEN" in titles(state)


@pytest.mark.parametrize("change", ["moves", "flat"])
def test_content_that_moves_or_has_no_rows_is_not_frozen(tmp_path: Path, change: str) -> None:
    """A flat book has nothing that could move."""
    world = World(tmp_path, scenario="v7.1/healthy" if change == "moves" else "v7.1/flat_book")
    world.load()
    now = NOW + 400.0
    world.edit("positions.json", "updated", now - 5.0)
    if change == "moves":
        world.edit("positions.json", "rows.0.markPrice", 90500.0)
    assert surface(world.load(now=now), "positions.json")["frozen_since"] is None


@pytest.mark.parametrize(("age_s", "status"), [(10.0, "not_comparable"), (70.0, "fail")])
def test_a_mirror_may_lag_until_its_next_write_is_due(tmp_path: Path, age_s: float, status: str) -> None:
    """A position closed after the daemon's last write is no disagreement yet; a minute later it is."""
    world = World(tmp_path, scenario="v7.1/healthy")
    rows = world.read("positions.json")["rows"]
    world.edit("positions_state.json", "updated_at", NOW - age_s)
    world.write("positions.json", {"rows": rows[1:], "updated": NOW - 2.0})
    (check,) = [check for check in world.load()["meta"]["checks"] if check["name"] == "rows"]
    assert check["status"] == status
    assert "BTCUSDT" in check["detail"]


def titles(state: State) -> list[str]:
    """What the alert line says."""
    return [str(alert["title"]) for alert in state["meta"]["alerts"]]


def test_a_process_that_stopped_is_named_before_its_less_frequent_files_are_stale(tmp_path: Path) -> None:
    """Six minutes after the executor's last loop."""
    world = World(tmp_path, scenario="v7.1/healthy")
    now = NOW + 360.0
    for name, key in (("nav_state.json", "updated_at"), ("kpis_v7.json", "ts"), ("positions_state.json", "updated_at")):
        world.edit(name, key, now - 4.0)
    assert [title for title in titles(world.load(now=now)) if "SILENT" in title] == ["EXECUTOR SILENT"]


def test_a_file_that_is_rewritten_with_an_old_stamp_has_no_silent_writer(tmp_path: Path) -> None:
    """A daemon that goes on without an executor says how old its content is; it is not dead itself."""
    world = World(tmp_path, scenario="v7.1/healthy")
    now = NOW + 400.0
    os.utime(tmp_path / "nav_state.json", (now - 3.0, now - 3.0))
    found = titles(world.load(now=now))
    assert "nav_state.json: OLD STAMP" in found
    assert "EXECUTOR SILENT" in found
    assert "SYNC DAEMON SILENT" not in found
    assert not any("nav_state.json" in title and "silent" in title for title in found)


def test_a_file_that_the_executor_alone_still_mirrors_is_not_late_beside_its_silent_daemon(tmp_path: Path) -> None:
    """It writes nav_state.json once a loop, both did three times as often: late came and went each minute."""
    world = World(tmp_path, scenario="v7.6/healthy")
    dead = ("positions_state_sync.json", "leaderboard_state.json")
    shift(world, 115.0, *(path.name for path in tmp_path.iterdir() if path.name not in dead))
    world.write("nav_state.json", world.read("nav.json"))
    found = world.load(now=NOW + 160.0)
    assert surface(found, "nav_state.json")["freshness"] == "late"
    assert "SYNC DAEMON SILENT" in titles(found)
    assert not [title for title in titles(found) if "late" in title]
