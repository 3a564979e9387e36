"""What holds for every state: its shape, its digests, and that nothing is invented where nothing is written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import SECTIONS, assert_contract
from shapes import NAV
from worlds import NOW, Scenario, World

from state import load_all_state

NOWHERE = ["empty", "absent", "a file", "only strangers"]


def numbers_in(value: Any) -> Iterator[float]:
    """Every number of a tree, booleans aside."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from numbers_in(child)


@pytest.fixture(params=NOWHERE)
def nowhere(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A directory without one state file."""
    path = tmp_path / "state"
    if request.param == "a file":
        path.write_text("{}")
    elif request.param != "absent":
        path.mkdir()
    if request.param == "only strangers":
        (path / "notes.json").write_text('{"nav": 1000.0}')
    return path


def test_contract_holds_where_nothing_is_written(nowhere: Path) -> None:
    """A state directory that is not there is a state too."""
    assert_contract(load_all_state(nowhere, now=NOW, environ={}))


def test_no_number_is_invented_where_nothing_is_written(nowhere: Path) -> None:
    """No 0.00, no 18.0: not one number in the five sections."""
    state = load_all_state(nowhere, now=NOW, environ={})
    assert {section: list(numbers_in(state[section])) for section in SECTIONS} == {name: [] for name in SECTIONS}


def test_where_nothing_is_written_everything_is_unknown_with_a_reason(nowhere: Path) -> None:
    """NAV and each of its fields, the book, and the default words."""
    state = load_all_state(nowhere, now=NOW, environ={})
    assert (state["nav"], state["positions"], state["aum"]["slices"]) == ({}, [], [])
    missing = {f"nav.{name}" for name in NAV if name not in {"exchange", "series", "source"}}
    words = {"kpis.risk.dd_state", "kpis.risk.atr_regime", "router.quality"}
    assert set(state["meta"]["unknown"]) >= {"nav", "positions"} | missing | words
    assert (state["kpis"]["risk"]["dd_state"], state["router"]["quality"]) == ("normal", "unknown")


def test_where_nothing_is_written_no_surface_is_fresh(nowhere: Path) -> None:
    """Missing looks missing, not fresh."""
    state = load_all_state(nowhere, now=NOW, environ={})
    assert not [entry["name"] for entry in state["meta"]["surfaces"] if entry["freshness"] == "fresh"]
    assert state["meta"]["data_age_s"] is None
    assert state["meta"]["testnet"] is None


def test_no_argument_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Directory from HEDGE_STATE_DIR, clock of the system, environment of the process."""
    monkeypatch.setenv("HEDGE_STATE_DIR", str(Scenario("v7.1/healthy").state_dir))
    state = load_all_state()
    assert_contract(state)
    assert state["nav"]["nav_usd"] == 10461.27
    assert state["nav"]["age_s"] > 0


def test_without_a_setting_the_directory_is_logs_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Relative to where the process runs."""
    monkeypatch.delenv("HEDGE_STATE_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    World(tmp_path / "logs" / "state", scenario="v7.1/healthy")
    assert load_all_state(now=NOW)["nav"]["nav_usd"] == 10461.27


@pytest.mark.parametrize("scenario", ["v7.1/healthy", "v7.1/exchange_down", "v7.6/recent_orders", "v7.1/sync_only"])
def test_version_stands_still_while_files_do(scenario: str, tmp_path: Path) -> None:
    """A second later only ages and the time of loading differ."""
    world = World(tmp_path, scenario=scenario, now=Scenario(scenario).expected["now"])
    first, second = world.load(), world.load(now=world.now + 1)
    assert second["meta"]["version"] == first["meta"]["version"]
    assert second["meta"]["sections"] == first["meta"]["sections"]
    assert second["meta"]["loaded_at"] == first["meta"]["loaded_at"] + 1
    assert second["nav"]["age_s"] == pytest.approx(first["nav"]["age_s"] + 1)


def test_version_stands_still_when_a_file_is_written_again_unchanged(tmp_path: Path) -> None:
    """The content counts, not the writing."""
    world = World(tmp_path, scenario="v7.1/healthy")
    first = world.load()
    world.write("nav.json", world.read("nav.json"))
    assert world.load()["meta"]["version"] == first["meta"]["version"]


EDITS = [
    ("router_health.json", "symbols.0.maker_fill_rate", 0.77, {"nav", "aum", "positions", "router"}),
    ("positions.json", "rows.0.leverage", 7.0, {"aum", "router"}),
    ("nav_state.json", "realized_pnl_today", 9.25, {"aum", "positions", "router"}),
    ("nav_state.json", "total_equity", 10461.28, {"positions", "router"}),
]


@pytest.mark.parametrize(("name", "path", "value", "untouched"), EDITS)
def test_a_digest_moves_with_its_own_section_only(
    name: str, path: str, value: float, untouched: set[str], tmp_path: Path
) -> None:
    """The version moves with any value; sections that do not show it stay."""
    world = World(tmp_path, scenario="v7.1/healthy")
    first = world.load()["meta"]
    second = world.edit(name, path, value).load()["meta"]
    moved = {section for section in SECTIONS if second["sections"][section] != first["sections"][section]}
    assert second["version"] != first["version"] or name == "positions.json"
    assert not moved & untouched


def test_two_directories_with_the_same_content_have_the_same_version(tmp_path: Path) -> None:
    """The digest is of the content, at any second: workers that share nothing but the files agree."""
    first = World(tmp_path / "one", scenario="v7.1/healthy").load()["meta"]["sections"]
    second = World(tmp_path / "two", scenario="v7.1/healthy").load(now=NOW + 1)["meta"]["sections"]
    assert {name: second[name] for name in SECTIONS} == {name: first[name] for name in SECTIONS}


def test_a_caller_cannot_spoil_the_next_load(tmp_path: Path) -> None:
    """What is returned is the caller's own; the cache keeps nothing of it."""
    world = World(tmp_path, scenario="v7.1/healthy")
    first = world.load()
    first["nav"].clear()
    first["positions"].clear()
    first["kpis"]["risk"]["dd_state"] = "spoilt"
    first["kpis"]["router"].clear()
    second = world.load()
    assert_contract(second)
    assert second["nav"]["nav_usd"] == 10461.27
    assert second["kpis"]["risk"]["dd_state"] == "normal"
    assert len(second["positions"]) == 5
    assert second["kpis"]["router"]


SPIKE, DIP = 15000.0, 7000.0


@pytest.mark.parametrize(("index", "nav"), [(250, SPIKE), (251, DIP), (3, SPIKE), (496, DIP)])
def test_downsampling_keeps_the_ends_and_the_extremes(index: int, nav: float, tmp_path: Path) -> None:
    """A drawdown of one minute must stay visible among 500 points."""
    world = World(tmp_path, scenario="v7.1/healthy")
    series = [{"t": NOW - 60 * (500 - step), "nav": 10000.0 + step} for step in range(500)]
    series[index]["nav"] = nav
    points = world.edit("nav_state.json", "series", series).load()["nav"]["series"]
    assert 100 <= len(points) <= 300
    assert [series[index]["t"], nav] in points
    assert (points[0], points[-1]) == ([series[0]["t"], 10000.0], [series[-1]["t"], 10499.0])


def test_a_short_series_is_kept_whole(tmp_path: Path) -> None:
    """Downsampling starts above 300 points; ISO and epoch stamps may mix, bad points are left out."""
    series = [
        {"t": "2025-11-26T22:40:00+00:00", "nav": 1.0},
        {"t": 1764196860.0, "nav": 2.0},
        {"t": 1764196920.0, "nav": float("nan")},
        {"t": None, "nav": 3.0},
        "torn",
    ]
    world = World(tmp_path, scenario="v7.1/healthy").edit("nav_state.json", "series", series)
    assert world.load()["nav"]["series"] == [[1764196800.0, 1.0], [1764196860.0, 2.0]]
