"""Rule 2: the same files give the same state, from every process and after a restart."""

import json
from pathlib import Path
from typing import Any

import pytest
from rules import HOUR_S, change, load_elsewhere, near, shift, write_log, wrong
from rules import told as said
from telling import differing_paths, told
from worlds import NOW, State, World

ZAR = 180335.5567


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A healthy desk whose files carry a rate."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


def from_both(world: World, now: float) -> State:
    """The state at `now`, after making sure that a process that has just started says the same."""
    state = world.load(now=now)
    here, elsewhere = (json.loads(json.dumps(told(item))) for item in (state, load_elsewhere(world, now)))
    assert list(differing_paths(here, elsewhere)) == []
    return state


RATES: list[tuple[str, float, Any]] = [
    ("a minute later", 60.0, {"path": "nav.nav_zar", "near": ZAR}),
    ("after 23 hours", 23 * HOUR_S, {"path": "nav.nav_zar", "near": ZAR}),
    ("after 25 hours", 25 * HOUR_S, {"path": "nav.nav_zar", "unknown": True}),
]


@pytest.mark.parametrize("case", RATES, ids=lambda case: str(case[0]))
@pytest.mark.parametrize(
    "lost", [{"usd_zar": None, "ts": None}, {}, {"usd_zar": float("nan")}], ids=["null", "gone", "nan"]
)
def test_a_rate_that_the_file_lost_is_remembered_for_a_day(case: Any, lost: Any, world: World) -> None:
    """By the process that saw it and by one that did not."""
    _, later_s, claim = case
    assert wrong(world.load(), [near("nav.nav_zar", ZAR)]) == []
    change(shift(world, later_s), {"kpis_v7.json fx": lost})
    assert wrong(from_both(world, NOW + later_s), [claim]) == []


TORN = {
    "nav_state.json": near("nav.nav_usd", 10461.27),
    "positions.json": {"position": "BTCUSDT LONG", "field": "qty", "near": 0.042},
    "risk_snapshot.json": near("nav.drawdown_pct", 0.0),
    "kpis_v7.json": near("nav.nav_zar", ZAR),
    "router_health.json": {"path": "kpis.symbols.BTCUSDT.maker_fill_rate", "near": 0.384615},
}


@pytest.mark.parametrize("name", TORN)
@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b"null", b"\x00\x00"], ids=repr)
def test_the_last_good_content_is_everybodys(name: str, content: bytes, world: World) -> None:
    """A file that is torn or emptied costs nothing at once, and is told."""
    world.load()
    world.write_bytes(name, content)
    assert wrong(from_both(world, NOW + 2), [TORN[name], said(name)]) == []


def test_a_torn_log_is_that_of_whoever_read_it_last(world: World) -> None:
    """Also for a process that has looked at nothing for some minutes."""
    points = [(NOW - 60.0 * minute, 10461.27 - minute, 50.0) for minute in range(30, 0, -1)]
    write_log(world, points)
    world.load()
    for minute in range(1, 4):
        points.append((NOW + 60.0 * minute, 10461.27 + minute, 50.0))
        load_elsewhere(write_log(world, points), NOW + 60.0 * minute + 1)
    log = world.directory.parent / "nav_log.json"
    log.write_bytes(log.read_bytes()[:-40])
    assert from_both(world, NOW + 182.0)["nav"]["series"][-1] == [NOW + 180.0, 10464.27]


def test_what_differs_stands_in_the_order_of_the_files(world: World) -> None:
    """That of a set of names is another one in each process, and so would be the answer of each."""
    rows = world.read("kpis_v7.json")["atr"]["symbols"]
    other = [row | {"dd_state": "cautious", "atr_ratio": 9.0, "atr_regime": "panic"} for row in rows]
    state = change(world, {"kpis_v7.json atr.symbols": other}).load()
    (copies,) = [check for check in state["meta"]["checks"] if check["name"] == "copies"]
    told_of = [part.split(":")[0] for part in copies["parts"] if " of " in part]
    assert told_of[:3] == [f"{key} of {rows[0]['symbol']}" for key in ("dd_state", "atr_regime", "atr_ratio")]


def test_a_standing_book_is_frozen_for_a_new_process_too(world: World) -> None:
    """Since when content stands is not lost with the process that saw it first."""
    for minute in range(8):
        shift(world, 60.0 if minute else 0.0)
        state = from_both(world, NOW + 60.0 * minute)
    assert wrong(state, [{"alert": "positions.json frozen", "severity": "fail"}]) == []
