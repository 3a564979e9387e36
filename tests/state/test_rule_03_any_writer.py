"""Rule 3: the same world reads the same whichever process wrote last."""

import os
from pathlib import Path
from typing import Any

import pytest
from rules import HOUR_S, Changes, change, load_elsewhere, shift, write_log
from worlds import NOW, State, World

from state.files.stamps import content_stamp

PATHS = ("nav_usd", "drawdown_pct", "peak_usd", "gross_exposure_usd", "unrealized_pnl_usd", "realized_pnl_today_usd")


def figures(state: State) -> dict[str, Any]:
    """What may not depend on the writer."""
    risk = state["kpis"]["risk"]
    return {
        **{path: state["nav"][path] for path in PATHS},
        "history": (state["nav"]["series"][0], state["nav"]["series"][-1], state["nav"]["gaps"]),
        "aum": state["aum"],
        "risk": {key: risk[key] for key in ("dd_state", "atr_regime", "drawdown_pct", "fee_pnl_ratio")},
        "positions": [(row["symbol"], row["side"], row["qty"], row["notional"]) for row in state["positions"]],
    }


@pytest.mark.parametrize("logged", [False, True], ids=["series", "log"])
@pytest.mark.parametrize("fresh", [False, True], ids=["same process", "new process"])
@pytest.mark.parametrize("scenario", ["v7.6/healthy", "v7.6/recent_orders"])
def test_the_mirror_and_the_daemon_say_the_same(scenario: str, fresh: bool, logged: bool, tmp_path: Path) -> None:
    """nav_state.json is the daemon's, then the executor's, then the daemon's again."""
    world = World(tmp_path / "state", scenario=scenario)
    daemon, mirror = world.read("nav_state.json") | {"realized_pnl_today": 120.0}, world.read("nav.json")
    if logged:
        write_log(world, [(NOW - 60.0 * minute, 10461.27, 50.2892) for minute in range(620, -1, -1)])
    found = []
    for content in (daemon, mirror, daemon):
        change(world, {"nav_state.json": content})
        world.load()
        found.append(figures(load_elsewhere(world) if fresh else world.load()))
    assert found[0] == found[1] == found[2]


def test_flat_and_nested_kpis_say_the_same(tmp_path: Path) -> None:
    """The executor's flat payload is in risk_snapshot.json as well; the file alternates every minute."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    nested, flat = world.read("kpis_v7.json"), world.read("risk_snapshot.json")["kpis_v7"]
    found = []
    for content in (nested, flat, nested):
        state = change(world, {"kpis_v7.json": content}).load()
        found.append((figures(state), state["nav"]["nav_zar"], state["router"]["maker_fill_rate"]))
    assert found[0] == found[1] == found[2]


def test_the_history_has_no_more_than_the_files(tmp_path: Path) -> None:
    """A gap stays one, points of the future are none, and zeros at the end are told."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    change(world, {"nav_state.json": world.read("nav.json")})
    before = [(NOW - 60.0 * minute, 10000.0 + minute) for minute in range(400, 300, -1)]
    after = [(NOW - 60.0 * minute, 10461.27) for minute in range(100, 10, -1)]
    zeros = [(NOW - 60.0 * minute, 0.0) for minute in range(10, 0, -1)]
    state = shift(write_log(world, [*before, *after, *zeros, (NOW + 3600.0, 99.0)]), 0.0).load()
    series = state["nav"]["series"]
    assert state["nav"]["gaps"] == [[before[-1][0], after[0][0]]]
    assert not [at for at, _ in series if before[-1][0] < at < after[0][0] or at > NOW]
    assert series[-1] == [after[-1][0], 10461.27]
    assert [line for line in state["meta"]["alerts"] if "history ends early" in line["title"]]


def every(step_s: float, start_s: float, end_s: float) -> list[float]:
    """Ages of points, oldest first."""
    return [start_s - step_s * index for index in range(int((start_s - end_s) / step_s) + 1)]


MINUTE_S = 60.0
ENDS: list[tuple[str, list[float], dict[str, Any], bool]] = [
    ("now", every(60, 6 * HOUR_S, 0), {}, False),
    ("a loop ago", every(60, 6 * HOUR_S, 110), {}, False),
    ("four minutes ago", every(60, 6 * HOUR_S, 240), {}, False),
    ("six minutes ago", every(60, 6 * HOUR_S, 360), {}, True),
    ("three hours ago", every(60, 6 * HOUR_S, 3 * HOUR_S), {}, True),
    ("after one outage", [*every(60, 9 * HOUR_S, 8 * HOUR_S), *every(60, 4 * HOUR_S, 3 * HOUR_S)], {}, True),
    ("a slow log", every(15 * MINUTE_S, 20 * HOUR_S, 30 * MINUTE_S), {}, False),
    ("a slow log, long ago", every(15 * MINUTE_S, 20 * HOUR_S, 90 * MINUTE_S), {}, True),
    ("a quiet desk", [20 * HOUR_S, 16 * HOUR_S, 15.9 * HOUR_S, 12 * HOUR_S, 11.9 * HOUR_S, 3 * HOUR_S], {}, False),
    ("it has just begun", [30.0], {}, False),
    ("everything is silent", every(60, 6 * HOUR_S, 3 * HOUR_S), {"nav.json updated_ts": NOW - 3 * HOUR_S}, False),
]


@pytest.mark.parametrize("case", ENDS, ids=lambda case: str(case[0]))
def test_a_history_that_ends_before_the_nav_is_told(case: Any, tmp_path: Path) -> None:
    """By how often the log was written before, and with a NAV of now only."""
    _, ages, changes, ends_early = case
    world = change(World(tmp_path / "state", scenario="v7.1/healthy"), {"nav_state.json series": [], **changes})
    state = write_log(world, [(NOW - 7.0 - age_s, 10461.27) for age_s in ages]).load()
    lines = [line["title"] for line in state["meta"]["alerts"] if line["kind"] == "history_ends_early"]
    assert bool(lines) == ends_early
    assert ("nav.series" in state["meta"]["stale"]) == ends_early


@pytest.mark.parametrize("kept", [5, 300, 700])
def test_a_log_shorter_than_the_series_has_one_span_too(kept: int, tmp_path: Path) -> None:
    """A log that was begun anew: the daemon still carries what came before it, and the executor does not."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    rows = [{"t": NOW - 7.0 - 60.0 * minute, "nav": 10461.27} for minute in range(500, -1, -1)]
    daemon, mirror = {**world.read("nav_state.json"), "series": rows}, world.read("nav.json")
    write_log(world, [(NOW - 7.0 - 60.0 * minute, 10461.27) for minute in range(kept, -1, -1)])
    first = []
    for step in range(4):
        world.write("nav_state.json", mirror if step % 2 else daemon)
        states = world.load(now=NOW + step), load_elsewhere(world, NOW + step)
        first += [state["nav"]["series"][0][0] for state in states]
    assert max(first) - min(first) <= 60.0


UNUSABLE = {
    f"{place}.{key}": value
    for place in (
        "kpis_v7.json drawdown",
        "risk_snapshot.json kpis_v7.drawdown",
        "risk_snapshot.json dd_state.drawdown",
    )
    for key, value in (("usable", False), ("stale_flags", {"nav_cache_stale": True}))
}
ZERO = {"nav_state.json total_equity": 0.0, "nav_state.json peak_equity": 0.0}
DOUBTFUL: list[tuple[str, Changes, float | None]] = [
    ("a zero of its history", {**ZERO, "nav_state.json series": [{"t": NOW - 60.0, "nav": 0.0}]}, None),
    ("a zero without a history", {**ZERO, "nav_state.json series": []}, 10461.27),
    ("a zero beside its history", ZERO, 10461.27),
    ("no NAV", {"nav_state.json total_equity": None}, 10461.27),
    ("a NAV that is no number", {"nav_state.json total_equity": "n/a"}, 10461.27),
    ("the executor's drawdown is not usable", UNUSABLE, 10461.27),
]


def told_of_nav(state: State) -> Any:
    """Its figures and where they are from, and every alert but that of a history that ends."""
    keys = (*PATHS[:3], "source", "source_note")
    alerts = [line for line in state["meta"]["alerts"] if line["kind"] != "history_ends_early"]
    return [state["nav"][key] for key in keys], state["aum"], alerts


@pytest.mark.parametrize("case", DOUBTFUL, ids=lambda case: str(case[0]))
def test_the_word_of_the_daemon_counts_under_the_mirror(case: Any, tmp_path: Path) -> None:
    """What it says of now, and that it says nothing: while it lives neither comes and goes with the writes."""
    _, changes, nav_usd = case
    world = change(World(tmp_path / "state", scenario="v7.6/healthy"), changes)
    daemon, mirror, found = world.read("nav_state.json"), world.read("nav.json"), []
    for content in (daemon, mirror, daemon, mirror):
        world.write("nav_state.json", content)
        found += [told_of_nav(state) for state in (world.load(), load_elsewhere(world))]
    assert found == found[:1] * 8
    assert found[0][0][:2] == [nav_usd, None if nav_usd is None else 0.0]


def test_a_mirror_of_an_earlier_moment_takes_no_word_away(tmp_path: Path) -> None:
    """By the times of the files the daemon has written since: its peak and its drawdown stay."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    fallen = {"peak_equity": 10473.27, "drawdown_abs": 12.0, "drawdown_pct": 0.1146, "drawdown": 0.1146}
    daemon, mirror, found = world.read("nav_state.json") | fallen, world.read("nav.json"), []
    for content in (daemon, mirror, daemon):
        world.write("nav_state.json", content)
        written_ns = int((content_stamp(content) or 0.0) * 1e9)
        os.utime(world.directory / "nav_state.json", ns=(written_ns, written_ns))
        found.append({path: world.load()["nav"][path] for path in ("peak_usd", "drawdown_pct", "drawdown_abs_usd")})
    assert found == [{"peak_usd": 10473.27, "drawdown_pct": 0.1146, "drawdown_abs_usd": 12.0}] * 3


def test_the_word_of_a_daemon_that_is_gone_counts_no_longer(tmp_path: Path) -> None:
    """The executor's file is the executor's, then."""
    world = change(World(tmp_path / "state", scenario="v7.6/healthy"), {**ZERO, "nav_state.json series": []})
    world.load()
    shift(world, 110.0, "nav.json").write("nav_state.json", world.read("nav.json"))
    state = world.load(now=NOW + 110.0)
    assert (state["nav"]["nav_usd"], state["nav"]["source"]) == (10461.27, "nav_state.json")


def test_a_drawdown_of_another_nav_is_none_under_the_mirror(tmp_path: Path) -> None:
    """What the daemon last said is of the NAV before a transfer, until its next cycle."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    world.load()
    mirror = {**world.read("nav.json"), "nav": 15461.27, "nav_usd": 15461.27}
    state = change(world, {"nav_state.json": mirror, "nav.json": mirror}).load()
    assert (state["nav"]["nav_usd"], state["nav"]["drawdown_pct"], state["nav"]["peak_usd"]) == (15461.27, None, None)
