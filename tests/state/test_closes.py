"""A close moves the NAV, and every file follows at its own pace: no false alarm, and no cover for a wrong figure."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rules import change, shift, write_log
from worlds import NOW, World, checks_named

V71, V76 = "v7.1/healthy", "v7.6/healthy"
BEFORE, AFTER = 10461.27, 10515.54  # BTCUSDT is closed with a gain
CLOSED_AT = NOW - 1.7
REALIZED = 8.75 + AFTER - BEFORE


def loop(directory: Path, scenario: str, nav_usd: float = AFTER, *, logged: float | None = AFTER) -> World:
    """The executor has closed a leg and written its loop 1.7 s ago, ahead of the daemon; `logged` is the new point."""
    world = World(directory, scenario=scenario)
    stamp: Any = CLOSED_AT if scenario == V71 else datetime.fromtimestamp(CLOSED_AT, UTC).isoformat()
    nav_json = _with_nav(world.read("nav.json"), nav_usd) | {"updated_ts": stamp}
    synced = _with_nav(world.read("synced_state.json"), nav_usd) | {"updated_at": CLOSED_AT}
    synced["items"] = synced["items"][1:]
    book = world.read("positions.json") | {"updated": CLOSED_AT}
    book |= {key: book[key][1:] for key in ("rows", "items", "positions") if key in book}
    world.write("nav.json", nav_json).write("synced_state.json", synced).write("positions.json", book)
    points = [(NOW - 131.7, BEFORE, 50.29), (NOW - 71.7, BEFORE, 50.29), (NOW - 11.7, BEFORE, 50.29)]
    return write_log(world, points if logged is None else [*points, (CLOSED_AT, logged, -3.98)])


def _with_nav(content: Any, nav_usd: float) -> Any:
    """The same content with another NAV wherever it stands."""
    if isinstance(content, dict):
        return {key: _with_nav(value, nav_usd) for key, value in content.items()}
    return nav_usd if content == BEFORE else content


def alarms(world: World) -> list[str]:
    """The checks of the NAV and the book that are not right, in words."""
    checks = world.load()["meta"]["checks"]
    return [f"{item['name']}: {item['detail']}" for item in checks if item["status"] in ("warn", "fail")]


WRONG: dict[str, tuple[str, str, float, str]] = {
    "the daemon's NAV never was": (V71, "nav_state.json total_equity", 10300.0, "nav"),
    "the executor's NAV is not in its log": (V71, "nav.json nav", 10700.0, "nav"),
    "the daemon's KPIs have another NAV": (V71, "kpis_v7.json nav.nav_total", 10300.0, "nav_kpis"),
    "the executor's KPIs have another NAV": (V76, "kpis_v7.json drawdown.nav", 10300.0, "nav_kpis"),
    "the slice never was": (V71, "nav.json aum.futures", 10300.0, "aum"),
    "the realised PnL moved by more than the NAV": (V71, "nav_state.json realized_pnl_today", 180.0, "realized_pnl"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_a_close_is_no_cover(case: tuple[str, str, float, str], tmp_path: Path) -> None:
    """A figure that the history does not know at its time is wrong, however lately the NAV has moved."""
    scenario, place, value, name = case
    world = change(loop(tmp_path / "state", scenario), {place: value})
    assert [item["status"] for item in checks_named(world.load(), name) if item["name"] == name] == ["fail"]


@pytest.mark.parametrize("nav_usd", [BEFORE - 90.0, BEFORE + 90.0, 2.0 * BEFORE])
def test_a_file_that_the_daemon_copied_has_to_agree(nav_usd: float, tmp_path: Path) -> None:
    """The executor's NAV is older than the daemon's of the same loop: nothing has moved since."""
    world = World(tmp_path / "state", scenario=V71)
    world.write("nav.json", _with_nav(world.read("nav.json"), nav_usd))
    write_log(world, [(NOW - 71.7, BEFORE, 50.29), (NOW - 11.7, BEFORE, 50.29)])
    assert {item["status"] for item in world.load()["meta"]["checks"] if item["name"] in ("nav", "aum")} == {"fail"}


@pytest.mark.parametrize("scenario", [V71, V76])
@pytest.mark.parametrize("logged", [AFTER, None], ids=["the log has it", "the log is not written yet"])
def test_a_close_ahead_of_the_daemon_is_no_alarm(logged: float | None, scenario: str, tmp_path: Path) -> None:
    """Until its next cycle what it wrote is true of the loop before."""
    assert alarms(loop(tmp_path / "state", scenario, logged=logged)) == []


def follow(world: World) -> World:
    """The daemon has read the loop; the KPIs of v7.6 are those of the loop before, for up to two minutes."""
    world.write("nav_state.json", _with_nav(world.read("nav_state.json"), BEFORE) | {"updated_at": NOW - 0.5})
    changes = {"total_equity": AFTER, "peak_equity": AFTER, "unrealized_pnl": -3.98, "realized_pnl_today": REALIZED}
    change(world, {f"nav_state.json {key}": value for key, value in changes.items()})
    rows = world.read("positions.json")["rows"]
    gross = sum(abs(row["qty"]) * row["markPrice"] for row in rows)
    net = sum(row["qty"] * row["markPrice"] for row in rows)
    return change(world, {"nav_state.json gross_exposure": gross, "nav_state.json net_exposure": net})


def test_the_kpis_of_the_loop_before_are_no_alarm(tmp_path: Path) -> None:
    """Neither their NAV nor the realised PnL in the copy of the daemon's payload, which is older still."""
    world = follow(loop(tmp_path / "state", V76))
    state = world.load()
    found = {item["name"]: item["status"] for item in state["meta"]["checks"]}
    assert {found[name] for name in ("nav", "history", "aum")} == {"ok"}
    assert (found["nav_kpis"], found["realized_pnl"]) == ("not_comparable", "ok")


def test_a_close_two_loops_ago_still_counts(tmp_path: Path) -> None:
    """The copy of the realised PnL may be older than the last two points."""
    world = World(tmp_path / "state", scenario=V71)
    moved = [(NOW - 131.7, BEFORE - 54.0, 0.0), (NOW - 71.7, BEFORE - 54.0, 0.0), (NOW - 41.7, BEFORE, 0.0)]
    write_log(world, [*moved, (NOW - 26.7, BEFORE, 0.0), (NOW - 11.7, BEFORE, 0.0)])
    state = change(world, {"nav_state.json realized_pnl_today": 62.75}).load()
    assert [item["status"] for item in checks_named(state, "realized_pnl") if item["name"] == "realized_pnl"] == ["ok"]


@pytest.mark.parametrize(
    ("zone", "day", "status"),
    [
        ("Nowhere/Nothing", "2025-11-26", "fail"),
        ("UTC", "2025-11-26", "fail"),
        ("Europe/Berlin", "2025-11-27", "fail"),
        ("Europe/Berlin", "2025-11-26", "not_comparable"),
    ],
)
def test_the_day_is_that_of_its_own_zone(zone: str, day: str, status: str, tmp_path: Path) -> None:
    """Just after midnight in Berlin the daemon begins at 0 and the copy has yesterday's."""
    world = World(tmp_path / "state", scenario=V71)
    midnight = 1764198000.0 + 20.0 - (NOW - 5.0)
    shift(world, midnight)
    for block in ("dd_state.drawdown", "kpis_v7.drawdown"):
        place = f"risk_snapshot.json {block}.peak_state"
        change(world, {f"{place}.reset_timezone": zone, f"{place}.day": day})
    change(world, {"nav_state.json realized_pnl_today": 0.0})
    state = world.load(now=NOW + midnight)
    found = [item["status"] for item in state["meta"]["checks"] if item["name"] == "realized_pnl"]
    assert found == [status]
