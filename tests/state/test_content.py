"""When two versions of a file say the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from worlds import World

from state.files.content import same_content
from state.files.surfaces import BY_NAME, POSITIONS, RISK_SNAPSHOT

ROW = {"symbol": "BTCUSDT", "qty": 0.042, "markPrice": 90412.5, "ts": "2025-11-26T22:44:48+00:00"}
NAN = float("nan")


def read_again(value: Any) -> Any:
    """Another object of the same JSON, as a second reading has it."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", [POSITIONS, RISK_SNAPSHOT])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"updated": 1764197100.0},
        {"updated_ts": None},
        {"age_s": 4.0},
        {"exec_stats": {"attempted_24h": 7}},
        {"rows": [ROW | {"ts": "2025-11-26T22:45:48+00:00"}]},
        {"limit": NAN},
    ],
)
def test_stamps_and_what_ages_are_no_content(name: str, change: dict[str, Any]) -> None:
    """At any depth, of any type, and whether it was there before or not."""
    before = {"rows": [ROW], "updated": 1764197000.0, "limit": NAN}
    assert same_content(BY_NAME[name], before, read_again(before | change))


@pytest.mark.parametrize("name", [POSITIONS, RISK_SNAPSHOT])
@pytest.mark.parametrize(
    "rows",
    [
        [],
        [ROW, ROW],
        [ROW | {"markPrice": 90412.6}],
        [ROW | {"markPrice": NAN}],
        [ROW | {"markPrice": None}],
        [ROW | {"leverage": None}],
        [{"symbol": "BTCUSDT", "qty": 0.042}],
        None,
        {"BTCUSDT": ROW},
    ],
)
def test_any_change_of_a_row_is_one_of_the_content(name: str, rows: Any) -> None:
    """Moved, added, gone, or of another type."""
    before = {"rows": [ROW], "updated": 1764197000.0}
    assert not same_content(BY_NAME[name], before, read_again(before | {"rows": rows}))


@pytest.mark.parametrize(("name", "same"), [(POSITIONS, True), (RISK_SNAPSHOT, False)])
def test_of_a_moving_surface_only_the_rows_are_content(name: str, same: bool) -> None:
    """What stands beside them may move while they are frozen."""
    assert same_content(BY_NAME[name], {"rows": [ROW], "nav": 1.0}, {"rows": [ROW], "nav": 2.0}) is same


@pytest.mark.parametrize(("name", "same"), [(POSITIONS, True), (RISK_SNAPSHOT, False)])
def test_in_which_order_the_legs_stand_is_no_content(name: str, same: bool) -> None:
    """An exchange may list a frozen book otherwise each time."""
    legs = [ROW, ROW | {"symbol": "ETHUSDT"}, ROW | {"side": "SHORT"}]
    assert same_content(BY_NAME[name], {"rows": legs}, {"rows": read_again(legs[::-1])}) is same
    assert not same_content(BY_NAME[name], {"rows": legs}, {"rows": read_again([*legs[::-1][:2], ROW | {"qty": 1.0}])})


def test_a_moving_surface_without_rows_is_compared_whole() -> None:
    """A shape nobody knows."""
    assert not same_content(BY_NAME[POSITIONS], {"payload": 1}, {"payload": 2})


@pytest.mark.parametrize("depth", [100, 400, 700, 900])
def test_content_too_deep_to_compare_counts_as_changed(depth: int, tmp_path: Path) -> None:
    """And raises nothing."""
    world = World(tmp_path, scenario="v7.1/healthy")
    for leaf in (b"1", b"2"):
        world.write_bytes("positions.json", b'{"rows":' + b"[" * depth + leaf + b"]" * depth + b"}")
        assert world.load()["nav"]["nav_usd"] == 10461.27
