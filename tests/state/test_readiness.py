"""Readiness: faults of the data are obstacles, what the data says is none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from worlds import NOW, SCENARIOS, Scenario, World

from state import load_all_state
from state.normalize import unusable_state
from state.trust.readiness import find_obstacles

NAMED = {
    "v7.1/exchange_down": ["nav_live", "drawdown"],
    "v7.1/executor_only": ["nav_state.json", "positions_state.json"],
    "v7.1/sync_only": [
        "nav.json",
        "positions.json",
        "router_health.json",
        "risk_snapshot.json",
        "execution_health.json",
    ],
}


def names(obstacles: list[dict[str, str]]) -> list[str]:
    """What each obstacle is about."""
    return [obstacle.get("surface") or obstacle["check"] for obstacle in obstacles]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_only_worlds_with_faulty_data_have_obstacles(scenario: Scenario) -> None:
    """A drawdown, a failing check and a late file are none."""
    assert names(find_obstacles(scenario.load())) == NAMED.get(scenario.name, [])


def silence(world: World) -> World:
    """Nobody writes the daemon's file for two minutes, the others do."""
    return world.edit("nav_state.json", "updated_at", NOW - 120)


def unvouched(world: World) -> World:
    """Nothing says whether the NAV is live."""
    world.drop("nav.json", "nav_detail").drop("synced_state.json", "nav_snapshot")
    return world.drop("nav_state.json", "nav_detail").drop("risk_snapshot.json", "nav_health", "dd_state", "kpis_v7")


def zeroed(world: World) -> World:
    """A writer that puts 0 where it has nothing."""
    world.edit("nav_state.json", "total_equity", 0.0).drop("nav_state.json", "nav", "nav_usd")
    return world.drop("nav.json", "nav", "nav_usd", "total_equity", "nav_total")


CASES: list[tuple[Callable[[World], World], dict[str, str]]] = [
    (lambda world: world.remove("positions.json"), {"surface": "positions.json", "reason": "missing"}),
    (
        lambda world: world.write_bytes("positions.json", b'{"rows": ['),
        {"surface": "positions.json", "reason": "malformed: torn or not JSON: Expecting value at character 10"},
    ),
    (silence, {"surface": "nav_state.json", "reason": "silent, last written at 22:43:00 UTC"}),
    (
        lambda world: world.edit("nav.json", "updated_at", NOW + 600).edit("nav.json", "updated_ts", NOW + 600),
        {"surface": "nav.json", "reason": "its time stamp is 10 m 00 s in the future"},
    ),
    (
        lambda world: world.write_bytes("engine_metadata.json", b"["),
        {"surface": "engine_metadata.json", "reason": "malformed: torn or not JSON: Expecting value at character 1"},
    ),
    (unvouched, {"check": "nav_live", "reason": "nothing says whether the NAV is live"}),
]


@pytest.mark.parametrize(("spoil", "obstacle"), CASES)
def test_a_fault_is_named_with_its_reason(
    spoil: Callable[[World], World], obstacle: dict[str, str], tmp_path: Path
) -> None:
    """Also that of a file which would not have been missed."""
    state = spoil(World(tmp_path, scenario="v7.1/healthy")).load()
    assert obstacle in find_obstacles(state)
    assert [alert for alert in state["meta"]["alerts"] if alert["severity"] in ("fail", "warn")]


@pytest.mark.parametrize("name", ["nav_state.json", "nav.json"])
def test_a_missing_nav_file_is_an_obstacle_only_as_a_file(name: str, tmp_path: Path) -> None:
    """While the other one has the NAV."""
    state = World(tmp_path, scenario="v7.1/healthy").remove(name).load()
    assert names(find_obstacles(state)) == [name]


def test_an_unknown_nav_is_an_obstacle_and_an_alert(tmp_path: Path) -> None:
    """With the reason it is unknown for."""
    state = zeroed(World(tmp_path, scenario="v7.1/healthy")).load()
    (obstacle,) = find_obstacles(state)
    assert obstacle == {"check": "nav_live", "reason": state["meta"]["unknown"]["nav.nav_usd"]}
    assert state["meta"]["alerts"][0]["title"] == "NAV UNKNOWN"


def test_nothing_to_read_is_every_obstacle(tmp_path: Path) -> None:
    """Nine files and the NAV."""
    found = find_obstacles(load_all_state(tmp_path / "absent", now=NOW, environ={}))
    assert (len(found), found[-1]["check"]) == (10, "nav_live")


def test_a_loader_that_failed_is_an_obstacle() -> None:
    """Its state has no surface to blame."""
    (obstacle,) = find_obstacles(unusable_state(NOW, "logs/state", "KeyError: 'x'"))
    assert obstacle["reason"].startswith("the loader failed on these files: KeyError")


def test_content_that_stands_still_is_an_obstacle(tmp_path: Path) -> None:
    """The file is written on, the book in it does not move."""
    world = World(tmp_path, scenario="v7.1/healthy")
    world.load()
    later = NOW + 400
    world.edit("positions.json", "updated", later - 5)
    frozen = [item for item in find_obstacles(world.load(now=later)) if item.get("surface") == "positions.json"]
    assert frozen == [{"surface": "positions.json", "reason": "frozen: its rows have not changed after 22:44:48 UTC"}]
