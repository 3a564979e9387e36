"""Nothing is written any more and the clock goes on: what is remembered must age as what is read afresh."""

from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from worlds import SCENARIOS, Scenario, State, World, surface

DELAYS = [1, 40, 95, 140, 290, 310, 700, 90_000, -30]


def comparable(state: State) -> Any:
    """Everything but the directory and the times of the copies."""
    meta = {key: value for key, value in state["meta"].items() if key not in {"state_dir", "version", "sections"}}
    meta["surfaces"] = [{**entry, "mtime": None} for entry in meta["surfaces"]]
    return {**state, "meta": meta}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_page_that_was_open_all_along_reads_as_one_opened_now(scenario: Scenario, tmp_path: Path) -> None:
    """Ages, freshness, frozen, unknowns, checks and alerts: at every delay, also back in time."""
    start = scenario.expected["now"]
    open_page = World(tmp_path / "open", scenario=scenario.name, now=start)
    open_page.load()
    for delay in DELAYS:
        fresh_page = World(tmp_path / f"fresh{delay}", scenario=scenario.name)
        warm, cold = open_page.load(now=start + delay), fresh_page.load(now=start + delay)
        assert_contract(warm)
        if cold["meta"]["last_book"] == warm["meta"]["last_book"]:
            assert comparable(warm) == comparable(cold), delay
        for section in ("nav", "aum", "kpis", "router", "positions"):
            assert warm[section] == cold[section], (delay, section)


@pytest.mark.parametrize("warm", [True, False])
def test_when_everything_dies_the_page_says_so(tmp_path: Path, warm: bool) -> None:
    """An hour later every surface is stale and the NAV frozen, whether the page was open or not."""
    world = World(tmp_path, scenario="v7.1/healthy")
    if warm:
        assert world.load()["nav"]["exchange"]["frozen"] is False
    state = world.load(now=world.now + 3600)
    assert state["nav"]["exchange"]["frozen"] is True
    for name in ("nav_state.json", "nav.json", "positions.json", "kpis_v7.json", "router_health.json"):
        assert surface(state, name)["freshness"] == "stale"
    assert state["meta"]["alerts"][0]["severity"] in {"fail", "warn"}


def test_freshness_turns_from_fresh_to_late_to_stale_at_its_own_limits(tmp_path: Path) -> None:
    """The limits are in the entry, so that an operator can see them."""
    world = World(tmp_path, scenario="v7.1/healthy")
    for name in ("nav_state.json", "nav.json", "kpis_v7.json"):
        entry = surface(world.load(), name)
        assert entry["cadence_s"] <= entry["late_after_s"] < entry["stale_after_s"]
        for limit, before, after in (("late_after_s", "fresh", "late"), ("stale_after_s", "late", "stale")):
            at = entry["updated_at"] + entry[limit]
            assert surface(world.load(now=at - 1), name)["freshness"] == before
            assert surface(world.load(now=at + 1), name)["freshness"] == after
