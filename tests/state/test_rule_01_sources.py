"""Rule 1: the source that is alive wins, and what is old never looks live."""

from pathlib import Path
from typing import Any

import pytest
from rules import GONE, HOUR_S, QUIET, change, is_nav, near, shift, told, write_log, wrong
from worlds import NOW, Scenario, World

DAEMON = ("nav_state.json", "positions_state.json", "leaderboard_state.json")
EXECUTOR = (
    "nav.json", "positions.json", "synced_state.json", "risk_snapshot.json", "router_health.json",
    "execution_health.json",
)  # fmt: skip
FALLEN = [is_nav(10912.44), near("nav.drawdown_pct", 7.793078), near("kpis.risk.drawdown_pct", 7.793078)]
NO_ZERO_PCT = {"no_alert": "^(?!.*nav_state).*\\b0\\.00 ?%"}

OLD = ["aum.total_usd", "kpis.risk.dd_state", "kpis.risk.fee_pnl_ratio", "kpis.symbols.BTCUSDT.atr_ratio"]

# Which files are three hours old (those of the healthy desk, before it fell), and what then holds.
DEATHS: list[tuple[str, tuple[str, ...], list[Any], list[str]]] = [
    ("daemon", DAEMON, [*FALLEN, NO_ZERO_PCT, told("sync daemon silent")], []),
    ("daemon's NAV only", ("nav_state.json",), [*FALLEN, NO_ZERO_PCT, told("nav_state")], []),
    ("executor", EXECUTOR, [*FALLEN, told("executor silent")], [*OLD, "nav.nav_usd", "positions.0.qty"]),
    ("executor's NAV only", ("nav.json",), [*FALLEN, told("nav.json")], []),
    ("its snapshot only", ("risk_snapshot.json",), [*FALLEN, told("risk_snapshot")], []),
    ("its book only", ("positions.json",), [*FALLEN, told("positions.json")], []),
]


@pytest.mark.parametrize("case", DEATHS, ids=lambda case: str(case[0]))
def test_the_dead_do_not_speak_for_the_living(case: Any, tmp_path: Path) -> None:
    """Files of a writer that died before a drawdown stand beside living ones that saw it."""
    _, names, claims, stale = case
    world, before = World(tmp_path / "state", scenario="v7.1/drawdown"), Scenario("v7.1/healthy").state_dir
    for name in names:
        world.write_bytes(name, (before / name).read_bytes())
    state = shift(world, -3 * HOUR_S, *names).load()
    assert wrong(state, claims) == []
    assert [path for path in stale if path not in state["meta"]["stale"]] == []


@pytest.mark.parametrize("scenario", ["v7.1/healthy", "v7.6/healthy", "head/recent_orders"])
def test_when_nobody_lives_everything_is_old(scenario: str, tmp_path: Path) -> None:
    """The newest is shown, and every figure says that it is old."""
    world = World(tmp_path / "state", scenario=scenario, now=Scenario(scenario).expected["now"])
    state = shift(world, -3 * HOUR_S).load()
    assert wrong(state, [told("executor silent"), told("sync daemon silent")]) == []
    shown = ["nav.nav_usd", "nav.nav_zar", "nav.drawdown_pct", "kpis.risk.drawdown_pct", "aum.total_usd"]
    shown += ["positions.0.qty", "positions.0.notional", "nav.gross_exposure_usd", "kpis.risk.fee_pnl_ratio"]
    assert [path for path in shown if path not in state["meta"]["stale"]] == []


def test_the_mirror_of_the_executor_does_not_hide_the_death_of_the_daemon(tmp_path: Path) -> None:
    """nav_state.json is written still, by the executor; what only the daemon writes has stopped."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    change(world, {"nav_state.json": world.read("nav.json")})
    shift(world, -3 * HOUR_S, "positions_state_sync.json", "leaderboard_state.json")
    silent = {"alert": "sync daemon silent.*19:44:55", "severity": "fail"}
    assert wrong(world.load(), [silent, is_nav(10461.27)]) == []


MARKS: list[dict[str, Any]] = [
    {"usable": False},
    {"usable": "false"},
    {"usable": 0},
    {"stale_flags": {"peak_state_stale": True}},
    {"stale_flags": {"peak_state_stale": "true"}},
    {"stale_flags": {"peak_state_stale": 1}},
    {"stale_flags": ["peak_state_stale"]},
]
BLOCKS = ("kpis_v7.json drawdown", "risk_snapshot.json dd_state.drawdown", "risk_snapshot.json kpis_v7.drawdown")


@pytest.mark.parametrize("mirrored", [False, True], ids=["daemon", "mirror"])
@pytest.mark.parametrize("blocks", [BLOCKS[:1], BLOCKS[1:2], BLOCKS[2:], BLOCKS], ids=["kpis", "state", "copy", "all"])
@pytest.mark.parametrize("mark", MARKS, ids=str)
def test_a_figure_that_its_writer_disowns_is_not_used(
    mark: Any, blocks: tuple[str, ...], mirrored: bool, tmp_path: Path
) -> None:
    """Wherever the mark stands, it is told; where every source carries it, there is no drawdown."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    if mirrored:
        change(world, {"nav_state.json": world.read("nav.json")})
    change(world, {f"{block}.{key}": value for block in blocks for key, value in mark.items()})
    for block in blocks:
        change(world, {f"{block}.dd_pct": 55.0, f"{block}.drawdown.pct": 55.0})
    left = (
        {"path": "nav.drawdown_pct", "unknown": True}
        if mirrored and blocks == BLOCKS
        else near("nav.drawdown_pct", 0.0)
    )
    assert wrong(world.load(), [told("not usable"), left, {"not": {"path": "nav.drawdown_pct", "above": 1.0}}]) == []


UNREADABLE = [("gone", GONE), ("torn", b'{"total_equity": 1046'), ("empty", {}), ("a list", []), ("no bytes", b"")]


@pytest.mark.parametrize("content", [item[1] for item in UNREADABLE], ids=[item[0] for item in UNREADABLE])
def test_what_cannot_be_read_is_passed_over_and_told(content: Any, tmp_path: Path) -> None:
    """At first sight, the next source is taken, and the file is named."""
    world = change(World(tmp_path / "state", scenario="v7.1/drawdown"), {"nav_state.json": content})
    state = world.load()
    assert wrong(state, [*FALLEN, told("nav_state.json"), {"path": "nav.source", "is": "nav.json"}]) == []


def test_two_silent_nav_files_show_the_newer_one(tmp_path: Path) -> None:
    """The later of two old figures, and it is marked."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    change(world, {"nav.json nav": 9000.0, "nav.json nav_usd": 9000.0})
    shift(world, -4 * HOUR_S, "nav_state.json")
    state = shift(world, -2 * HOUR_S, "nav.json").load()
    assert wrong(state, [{"path": "nav.nav_usd", "near": 9000.0}, told("nav is old")]) == []
    assert "nav.nav_usd" in state["meta"]["stale"]


def test_a_healthy_desk_is_quiet(tmp_path: Path) -> None:
    """Nothing of the above is said of files that are all right."""
    assert wrong(World(tmp_path / "state", scenario="v7.1/healthy", now=NOW).load(), [QUIET]) == []


def left_behind(world: World, minutes: int) -> World:
    """The log has stopped so long ago, and the daemon goes on writing its last point as the NAV."""
    series = world.read("nav_state.json")["series"][:-minutes]
    nav_usd = series[-1]["nav"]
    return change(world, {f"nav_state.json {key}": nav_usd for key in ("total_equity", "peak_equity")}
                  | {"nav_state.json series": series})  # fmt: skip


NAV_OF_THEN = {"path": "nav.nav_usd", "near": 10455.028901, "rel": 1e-9}


@pytest.mark.parametrize("minutes", [10, 60])
def test_a_nav_is_as_old_as_the_point_it_repeats(minutes: int, tmp_path: Path) -> None:
    """However often the daemon writes it: nav.json is alive and has the NAV of now."""
    world = left_behind(World(tmp_path / "state", scenario="v7.1/healthy"), minutes)
    state = world.edit("nav_state.json", "unrealized_pnl", 31.5).load()
    assert wrong(state, [{"path": "nav.nav_usd", "near": 10461.27, "rel": 1e-9}, told("repeats.*nav.json")]) == []
    assert wrong(state, [{"path": "nav.unrealized_pnl_usd", "near": 50.2892, "rel": 1e-9}]) == []
    assert {"nav.nav_usd", "nav.drawdown_pct"} & state["meta"]["stale"].keys() == set()
    assert wrong(state, [{"no_alert": "unrealized PnL"}]) == []


def test_a_repeated_nav_that_nobody_corrects_is_old(tmp_path: Path) -> None:
    """It is shown, and what is made of it is dimmed with it."""
    state = left_behind(World(tmp_path / "state", scenario="v7.1/healthy"), 10).remove("nav.json").load()
    assert wrong(state, [NAV_OF_THEN, told("nav is old")]) == []
    assert {"nav.nav_usd", "nav.drawdown_pct", "aum.total_usd"} <= state["meta"]["stale"].keys()


def test_a_repeated_nav_is_told_whichever_process_wrote_last(tmp_path: Path) -> None:
    """The executor's mirror hides the daemon's figure for some seconds only, and says the same meanwhile."""
    world = left_behind(World(tmp_path / "state", scenario="v7.6/healthy"), 10)
    mirror, daemon, found = world.read("nav.json"), world.read("nav_state.json"), []
    for content in (daemon, mirror, daemon, mirror):
        state = world.write("nav_state.json", content).load()
        found.append(([state["nav"][key] for key in ("nav_usd", "source", "source_note")], state["meta"]["alerts"]))
    assert found == found[:1] * 4
    assert wrong(state, [is_nav(10461.27), told("repeats.*nav.json")]) == []


@pytest.mark.parametrize("minutes", [1, 4])
def test_a_point_of_some_loops_ago_is_of_now(minutes: int, tmp_path: Path) -> None:
    """The daemon follows the executor, whose loops may be long."""
    state = left_behind(World(tmp_path / "state", scenario="v7.1/healthy"), minutes).load()
    assert (state["nav"]["source"], wrong(state, [QUIET])) == ("nav_state.json", [])


UNTOLD: list[tuple[str, Any]] = [
    ("no series", lambda _: []),
    ("no moments", lambda rows: [{**row, "t": None} for row in rows]),
    ("one of the future", lambda rows: [*rows, {**rows[-1], "t": NOW + 90 * 24 * HOUR_S}]),
]


@pytest.mark.parametrize("series", [item[1] for item in UNTOLD], ids=[item[0] for item in UNTOLD])
def test_a_nav_is_as_old_as_the_point_of_the_log_that_it_repeats(series: Any, tmp_path: Path) -> None:
    """Where the daemon's series does not tell, the log does; what is later than the file tells nothing."""
    world = left_behind(World(tmp_path / "state", scenario="v7.1/healthy"), 60)
    rows = world.read("nav_state.json")["series"]
    write_log(world, [(NOW - 12.0 - 60.0 * (len(rows) + 59 - index), row["nav"]) for index, row in enumerate(rows)])
    state = change(world, {"nav_state.json series": series(rows)}).load()
    assert wrong(state, [{"path": "nav.nav_usd", "near": 10461.27, "rel": 1e-9}, told("repeats.*nav.json")]) == []


def test_another_nav_than_that_of_an_old_log_is_none_of_it(tmp_path: Path) -> None:
    """A log that somebody left there is not what this daemon writes."""
    world = change(World(tmp_path / "state", scenario="v7.1/healthy"), {"nav_state.json series": []})
    state = write_log(world, [(NOW - HOUR_S, 9000.0)]).load()
    assert (state["nav"]["source"], wrong(state, [{"no_alert": "NAV of another file"}])) == ("nav_state.json", [])


@pytest.mark.parametrize(("again_s", "quiet"), [(3.0, True), (90.0, False)], ids=["a moment ago", "for a while"])
def test_a_daemon_has_a_cycle_to_follow_an_executor_that_is_back(again_s: float, quiet: bool, tmp_path: Path) -> None:
    """Until then the NAV of now is shown without an alarm; a daemon that goes on not following is told."""
    world = left_behind(World(tmp_path / "state", scenario="v7.1/healthy"), 10)
    ended = [(NOW - 12.0 - 60.0 * minute, 10455.0) for minute in range(40, 10, -1)]
    state = write_log(world, [*ended, *[(NOW - at, 10461.27) for at in (again_s, 2.0)]]).load()
    assert wrong(state, [{"path": "nav.nav_usd", "near": 10461.27, "rel": 1e-9}]) == []
    assert (wrong(state, [{"no_alert": "NAV of another file"}]) == []) == quiet
