"""Traps in NAV and in stamps: each a small world with one thing wrong."""

from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from worlds import NOW, State, World, assert_unknown, checks_between, surface, value_at

NAV_AT = 1764197095.045
NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture
def healthy(tmp_path: Path) -> World:
    """A copy of the healthy v7.1 world."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


@pytest.fixture
def bare(tmp_path: Path) -> World:
    """A world without files."""
    return World(tmp_path / "state")


NAV_SHAPES = [
    ("nav_state.json", {"total_equity": 5.0, "nav": 6.0, "nav_usd": 7.0, "updated_at": NOW - 9}, 5.0),
    ("nav_state.json", {"nav": 6.0, "nav_usd": 7.0, "updated_ts": "2025-11-26T22:44:51+00:00"}, 6.0),
    ("nav_state.json", {"nav_usd": 7.0, "updated_at": NOW - 9}, 7.0),
    ("nav.json", {"nav": 6.0, "nav_usd": 7.0, "updated_ts": NOW - 9}, 6.0),
    ("nav.json", {"nav_usd": 7.0, "updated_ts": "2025-11-26T22:44:51Z"}, 7.0),
    ("nav_trading.json", {"nav_usd": 7.0, "updated_ts": NOW - 9}, 7.0),
]


@pytest.mark.parametrize(("name", "content", "nav_usd"), NAV_SHAPES)
def test_nav_is_found_under_each_of_its_names(bare: World, name: str, content: State, nav_usd: float) -> None:
    """total_equity, nav, nav_usd, in that order."""
    state = bare.write(name, content).load()
    assert_contract(state)
    assert (state["nav"]["nav_usd"], state["nav"]["source"]) == (nav_usd, name)
    assert state["nav"]["age_s"] == pytest.approx(9.0)


@pytest.mark.parametrize("bad", [NAN, INFINITY, -INFINITY, "12", None, [], {}, True, 10**400])
def test_a_bad_value_in_nav_state_is_unknown_alone(bare: World, bad: Any) -> None:
    """The peak is lost, the rest of the file is not."""
    content = {"total_equity": 10.0, "peak_equity": bad, "realized_pnl_today": 3.0, "updated_at": NAV_AT}
    state = bare.write("nav_state.json", content).load()
    assert_contract(state)
    assert surface(state, "nav_state.json")["status"] == "ok"
    assert (state["nav"]["nav_usd"], state["nav"]["realized_pnl_today_usd"]) == (10.0, 3.0)
    if bad != "12":  # a number in quotes may be read as the number it is
        assert_unknown(state, "nav.peak_usd")


@pytest.mark.parametrize("bad", [NAN, INFINITY, None, "many", 10**400])
def test_a_bad_nav_is_unknown_or_the_other_files_and_never_zero(healthy: World, bad: Any) -> None:
    """Whichever is shown, the source beside it is where it came from."""
    state = healthy.edit("nav_state.json", "total_equity", bad).load()
    assert_contract(state)
    if state["nav"]["nav_usd"] is None:
        assert_unknown(state, "nav.nav_usd")
    else:
        assert (state["nav"]["nav_usd"], state["nav"]["source"]) == (10461.27, "nav.json")
    assert state["nav"]["peak_usd"] == 10461.27


@pytest.mark.parametrize("nav", [0.0, 0, -0.0])
def test_a_nav_of_zero_is_a_writer_without_a_balance(bare: World, nav: float) -> None:
    """DRY_RUN and failed fetches write 0; the sync daemon filters such rows itself. Never `NAV: 0.00`."""
    state = bare.write("nav_state.json", {"total_equity": nav, "updated_at": NAV_AT}).load()
    assert_contract(state)
    assert_unknown(state, "nav.nav_usd")


def test_the_executor_mirror_in_nav_state_reads_the_same(tmp_path: Path) -> None:
    """v7.6: executor and sync take turns in nav_state.json with two shapes."""
    world = World(tmp_path, scenario="v7.6/healthy")
    sync = world.load()
    mirror = world.write("nav_state.json", world.read("nav.json")).load()
    assert_contract(mirror)
    assert (mirror["nav"]["nav_usd"], mirror["nav"]["source"]) == (10461.27, "nav_state.json")
    assert mirror["nav"]["updated_at"] == pytest.approx(1764197088.315)
    assert mirror["nav"]["age_s"] == pytest.approx(11.685)
    for path in ("aum", "positions", "router", "nav.exchange", "nav.drawdown_pct", "nav.dd_state", "nav.peak_usd"):
        assert value_at(mirror, path) == value_at(sync, path), path
    assert mirror["nav"]["unrealized_pnl_usd"] == pytest.approx(50.2892)


def test_nav_state_alone_in_the_mirror_shape_carries_aum_and_evidence(bare: World) -> None:
    """The mirror is a whole nav payload."""
    nav = World(bare.directory.parent / "other", scenario="v7.1/offexchange").read("nav.json")
    state = bare.write("nav_state.json", nav | {"updated_ts": "2025-11-26T22:44:55.045000+00:00"}).load()
    assert_contract(state)
    assert (state["nav"]["nav_usd"], state["nav"]["exchange"]["source"]) == (12500.0, "manual")
    assert state["aum"]["total_usd"] == pytest.approx(18740.8975)


@pytest.mark.parametrize(("written", "shown"), [(40.0, 40.0), (-3.5, -3.5), (None, 50.2892), (float("nan"), 50.2892)])
def test_unrealized_pnl_is_nav_states_own_where_it_has_one(healthy: World, written: float | None, shown: float) -> None:
    """Else the sum over the rows."""
    state = healthy.edit("nav_state.json", "unrealized_pnl", written).load()
    assert state["nav"]["unrealized_pnl_usd"] == pytest.approx(shown)


def test_an_unrealized_pnl_of_zero_beside_a_book_with_pnl_is_not_shown_unquestioned(healthy: World) -> None:
    """0.0 is what sync writes when the key was missing."""
    state = healthy.edit("nav_state.json", "unrealized_pnl", 0.0).load()
    bad = [check for check in checks_between(state, 0.0, 50.29) if check["status"] in {"warn", "fail"}]
    assert bad or state["nav"]["unrealized_pnl_usd"] == pytest.approx(50.2892)


def test_unrealized_pnl_is_the_sum_of_the_rows_without_nav_state(healthy: World) -> None:
    """And unknown as soon as one row has none."""
    state = healthy.remove("nav_state.json").load()
    assert state["nav"]["unrealized_pnl_usd"] == pytest.approx(50.2892)
    healthy.remove("positions.json", "synced_state.json")
    assert_unknown(healthy.load(), "nav.unrealized_pnl_usd")


STAMPS = [
    (1764197095.045, 4.955),
    ("2025-11-26T22:44:55.045000+00:00", 4.955),
    ("2025-11-26T22:44:55.045Z", 4.955),
    ("2025-11-27T00:44:55.045+02:00", 4.955),
    (1764197095, 5.0),
]
STAMPED = [
    ("nav_state.json", "updated_at"),
    ("nav.json", "updated_ts"),
    ("positions.json", "updated"),
    ("positions_state.json", "updated_at"),
    ("kpis_v7.json", "ts"),
    ("router_health.json", "updated_ts"),
    ("risk_snapshot.json", "updated_ts"),
]


@pytest.mark.parametrize(("name", "key"), STAMPED)
@pytest.mark.parametrize(("stamp", "age_s"), STAMPS)
def test_a_stamp_is_read_in_either_form(healthy: World, name: str, key: str, stamp: Any, age_s: float) -> None:
    """Epoch or ISO under the same key, for every file."""
    entry = surface(healthy.edit(name, key, stamp).load(), name)
    assert (entry["status"], entry["freshness"], entry["error"]) == ("ok", "fresh", None)
    assert entry["age_s"] == pytest.approx(age_s)


@pytest.mark.parametrize(("name", "key"), STAMPED)
@pytest.mark.parametrize("stamp", [NOW + 3600, "2025-11-27T22:44:55+00:00", 4e12, NAN, "soon", None, True, [], -1e400])
def test_a_stamp_that_cannot_be_is_never_fresh(healthy: World, name: str, key: str, stamp: Any) -> None:
    """The future and nonsense are unknown, not age 0."""
    state = healthy.edit(name, key, stamp).load()
    assert_contract(state)
    entry = surface(state, name)
    assert entry["freshness"] in {"unknown", "stale"}
    assert entry["age_s"] is None


@pytest.mark.parametrize("stamp", [NOW + 3600, "2025-11-27T22:44:55+00:00"])
def test_a_nav_from_the_future_has_no_age_and_says_so(healthy: World, stamp: Any) -> None:
    """The header must not read `Age: 0.0s`."""
    state = healthy.edit("nav_state.json", "updated_at", stamp).load()
    assert surface(state, "nav_state.json")["error"]
    assert (state["nav"]["nav_usd"], state["nav"]["source"]) == (10461.27, "nav.json")
    assert state["nav"]["source_note"] == "nav_state.json is stamped in the future"
    state = healthy.remove("nav.json").load()
    assert_unknown(state, "nav.age_s")
    assert state["meta"]["unknown"]["nav.age_s"] == "the time stamp of nav_state.json lies in the future"
    assert state["nav"]["nav_usd"] == 10461.27
    assert "nav.nav_usd" in state["meta"]["stale"]
    assert state["meta"]["alerts"]


@pytest.mark.parametrize(("late_s", "freshness"), [(0, "fresh"), (86400, "stale")])
def test_freshness_is_measured_now_not_when_written(healthy: World, late_s: float, freshness: str) -> None:
    """`age_s` inside the file says 0.0 for ever."""
    state = healthy.load(now=NOW + late_s)
    assert surface(state, "nav_state.json")["freshness"] == freshness
    assert state["nav"]["age_s"] == pytest.approx(4.955 + late_s)
    assert state["meta"]["data_age_s"] >= 11.685 + late_s
