"""The NAV over days: the line of a week, the changes of a day and of a week, and the marks on the line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from rules import GONE, HOUR_S, change, load_elsewhere, told, write_log, wrong
from worlds import NOW, State, World, assert_unknown

DAY_S = 24 * HOUR_S
AT = 1764197095.045  # when nav_state.json was written
NAV_USD = 10461.27

Points = list[tuple[float, float]]


def minutes(days: float, *, step_s: float = 60.0, end: float = AT - 7.0) -> Points:
    """A log that rises by a dollar an hour to the NAV on show."""
    count = int(days * DAY_S / step_s)
    return [(end - step_s * index, NAV_USD - step_s * index / HOUR_S) for index in range(count, -1, -1)]


def world_with(tmp_path: Path, points: Points) -> World:
    """A healthy desk beside this log."""
    return write_log(World(tmp_path / "state", scenario="v7.1/healthy"), list(points))


def load(tmp_path: Path, points: Points) -> State:
    """Its state, whose contract holds."""
    state = world_with(tmp_path, points).load()
    assert_contract(state)
    return state


SPANS: list[tuple[str, Points, float | None, float | None]] = [
    ("half a day", minutes(0.5), None, None),
    ("a day", minutes(1.0), 24.0, None),
    ("a day, slow", minutes(1.2, step_s=300.0), 24.0, None),
    ("six days", minutes(6.0), 24.0, None),
    ("seven days", minutes(7.01), 24.0, 168.0),
    ("thirty days", minutes(30.0), 24.0, 168.0),
    ("thirty days, hourly", minutes(30.0, step_s=HOUR_S), 24.0, 168.0),
]


@pytest.mark.parametrize("case", SPANS, ids=lambda case: str(case[0]))
def test_a_change_needs_a_log_that_goes_back_so_far(case: Any, tmp_path: Path) -> None:
    """In dollars and percent of what there was; else it is unknown with the reason."""
    _, points, day, week = case
    state = load(tmp_path, points)
    for span, usd, slack in (("24h", day, 0.1), ("7d", week, 0.6)):
        if usd is None:
            assert_unknown(state, f"nav.change_{span}_usd")
            assert_unknown(state, f"nav.change_{span}_pct")
        else:
            found = state["nav"][f"change_{span}_usd"]
            assert found == pytest.approx(usd, abs=slack)
            assert state["nav"][f"change_{span}_pct"] == pytest.approx(100 * found / (NAV_USD - found))


def test_a_hole_at_that_time_leaves_the_change_unknown(tmp_path: Path) -> None:
    """Ten minutes to either side: no other point stands for it."""
    points = [point for point in minutes(2.0) if abs(point[0] - (AT - DAY_S)) > 600.0]
    assert_unknown(load(tmp_path, points), "nav.change_24h_usd")


def test_of_a_debt_there_is_no_percentage(tmp_path: Path) -> None:
    """The dollars are known all the same."""
    points = [(at, NAV_USD * (at - AT + 23 * HOUR_S) / (23 * HOUR_S - 7.0)) for at, _ in minutes(2.0)]
    state = load(tmp_path, points)
    assert state["nav"]["change_24h_usd"] == pytest.approx(NAV_USD * 24 / 23, rel=0.001)
    assert_unknown(state, "nav.change_24h_pct")


def test_a_frozen_nav_has_an_old_change(tmp_path: Path) -> None:
    """It says so."""
    world = change(world_with(tmp_path, minutes(2.0)), {"nav.json nav_detail.source": "cache"})
    state = change(world, {"synced_state.json nav_snapshot.source": "cache"}).load()
    assert "repeats the last confirmed value" in state["meta"]["stale"]["nav.change_24h_usd"]


@pytest.mark.parametrize("days", [0.5, 0.99])
def test_a_log_of_a_day_has_no_line_of_a_week(days: float, tmp_path: Path) -> None:
    """The line of a day has it all."""
    nav = load(tmp_path, minutes(days))["nav"]
    assert (nav["series_7d"], nav["gaps_7d"]) == ([], [])


def test_the_line_of_a_week_has_its_extremes_and_its_gap(tmp_path: Path) -> None:
    """At most 300 points, a week long, the same from a process that has just started."""
    points = [(at, 9000.0 if at == AT - 7.0 - 4 * DAY_S else nav_usd) for at, nav_usd in minutes(20.0)]
    points = [point for point in points if not AT - 3 * DAY_S < point[0] < AT - 3 * DAY_S + 2 * HOUR_S]
    world = world_with(tmp_path, points)
    nav = world.load()["nav"]
    assert len(nav["series_7d"]) <= 300
    assert nav["series_7d"][-1][0] - nav["series_7d"][0][0] == pytest.approx(7 * DAY_S, abs=1.1 * HOUR_S)
    assert min(nav_usd for _, nav_usd in nav["series_7d"]) == 9000.0
    (gap,) = nav["gaps_7d"]
    assert gap[1] - gap[0] == pytest.approx(2 * HOUR_S, abs=121.0)
    assert nav["gaps"] == []
    fresh = load_elsewhere(world)["nav"]
    assert (fresh["series_7d"], fresh["change_7d_usd"]) == (nav["series_7d"], nav["change_7d_usd"])


def test_a_torn_log_keeps_the_week(tmp_path: Path) -> None:
    """Also in a process that has never read it whole."""
    world = world_with(tmp_path, minutes(8.0))
    before = world.load()["nav"]["series_7d"]
    (tmp_path / "nav_log.json").write_text('[{"t": 1764', encoding="utf-8")
    assert world.load()["nav"]["series_7d"] == before != []
    assert load_elsewhere(world)["nav"]["series_7d"] == before


def test_what_lies_ahead_is_in_no_line(tmp_path: Path) -> None:
    """As in the line of a day."""
    nav = load(tmp_path, [*minutes(3.0), (NOW + 9 * HOUR_S, 1.0)])["nav"]
    assert nav["series_7d"]
    assert nav["series_7d"][-1][0] <= NOW


def test_the_deepest_fall_is_not_the_drawdown_of_now(tmp_path: Path) -> None:
    """Two figures, two names."""
    at = AT - 7.0 - 3 * HOUR_S
    points = [(moment, 9000.0 if moment == at else nav_usd) for moment, nav_usd in minutes(0.5)]
    nav = load(tmp_path, points)["nav"]
    assert nav["deepest_drawdown_pct"] == pytest.approx(100 * (1 - 9000.0 / (NAV_USD - 3.0)), abs=0.01)
    assert nav["deepest_drawdown_at"] == at
    assert nav["drawdown_pct"] < 1.0


def test_a_history_above_the_peak_is_told_of_a_week(tmp_path: Path) -> None:
    """What went out three days ago is in no line of a day."""
    points = [(at, nav_usd + 5000.0 if at < AT - 3 * DAY_S else nav_usd) for at, nav_usd in minutes(7.0)]
    nav = load(tmp_path, points)["nav"]
    assert nav["peak_usd"] == NAV_USD
    assert (nav["history_high_usd"], nav["history_high_at"]) == max((usd, at) for at, usd in nav["series_7d"])
    assert "history_high_usd" not in load(tmp_path / "level", minutes(7.0))["nav"]


def test_a_history_above_the_peak_is_one_sentence(tmp_path: Path) -> None:
    """For the card and for the chart; its amounts can be masked."""
    nav = load(tmp_path, [*minutes(0.5)[:-60], (AT - HOUR_S, 12000.0), *minutes(0.5)[-59:]])["nav"]
    peak = f"{nav['peak_usd']:,.2f}"
    assert (
        nav["history_high_text"] == f"history was higher: 12,000.00 at 21:44:55 UTC, above the writer's peak of {peak}"
    )
    assert [part["amount"] for part in nav["history_high_parts"] if isinstance(part, dict)] == [
        12000.0,
        nav["peak_usd"],
    ]


ROWS: list[tuple[Any, Any, str | None, str | None]] = [
    (None, "LONG", "opened", "LONG"),
    ("SHORT", None, "closed", "SHORT"),
    ("LONG", "SHORT", "flipped", "SHORT"),
    ("LONG", "LONG", None, None),
]


@pytest.mark.parametrize(("before", "after", "kind", "side"), ROWS)
def test_a_change_of_a_position_is_a_mark(
    before: Any, after: Any, kind: str | None, side: str | None, tmp_path: Path
) -> None:
    """Of the last day; a change of the size alone is none."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    write_tape(tmp_path, [(NOW - 60.0, before, after), (NOW - DAY_S - 60.0, before, after)])
    wanted = [] if kind is None else [{"at": NOW - 60.0, "kind": kind, "symbol": "SOLUSDT", "side": side}]
    assert world.load()["nav"]["marks"] == wanted


def write_tape(directory: Path, rows: list[tuple[float, Any, Any]], kind: str = "position") -> None:
    """A transition log; rows are (epoch, before, after) of SOLUSDT."""
    path = directory / "execution" / "transitions.jsonl"
    path.parent.mkdir(exist_ok=True)
    lines = [
        {"at": at, "kind": kind, "subject": "SOLUSDT", "before": before, "after": after, "text": f"{before} {after}"}
        for at, before, after in sorted(rows, key=lambda row: row[0])
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def flaps(count: int, *, every_s: float = 120.0, last: float = NOW - 60.0) -> list[tuple[float, Any, Any]]:
    """So many changes there and back."""
    words = ("good", "ok")
    return [(last - every_s * (count - 1 - index), words[index % 2], words[1 - index % 2]) for index in range(count)]


TAPES: list[tuple[str, str, list[tuple[float, Any, Any]], list[int | None]]] = [
    ("twice is no flapping", "router_quality", flaps(2), [None, None]),
    ("five times", "router_quality", flaps(5), [5]),
    ("far apart", "router_quality", flaps(3, every_s=4000.0), [None] * 3),
    ("two times of flapping", "router_quality", [*flaps(4, last=NOW - 9 * HOUR_S), *flaps(3)], [3, 4]),
    ("another word between", "router_quality", [*flaps(3), (NOW - 30.0, "good", "broken")], [None, 3]),
    ("positions are no classes", "position", [(at, "LONG", None) for at, *_ in flaps(4)], [None] * 4),
    ("a file", "surface", flaps(4), [4]),
    ("many", "router_quality", flaps(120, every_s=30.0), [120]),
]


@pytest.mark.parametrize("case", TAPES, ids=lambda case: str(case[0]))
def test_a_flapping_class_is_one_line(case: Any, tmp_path: Path) -> None:
    """With how often, and since when; the log stays as it is."""
    _, kind, rows, counts = case
    write_tape(tmp_path, rows, kind)
    state = World(tmp_path / "state", scenario="v7.1/healthy").load()
    assert_contract(state)
    assert [row.get("count") for row in state["transitions"]] == counts


def test_a_folded_line_says_what_happened(tmp_path: Path) -> None:
    """It stands where its newest change was."""
    write_tape(tmp_path, [*flaps(5), (NOW - 100.0, "ok", "good")][:5], "router_quality")
    (row,) = World(tmp_path / "state", scenario="v7.1/healthy").load()["transitions"]
    assert (row["at"], row["since"], row["before"], row["after"]) == (NOW - 60.0, NOW - 540.0, "good", "ok")
    assert row["text"] == "Router quality SOLUSDT good ⇄ ok, 5 times since 22:36:00 UTC"


def test_without_a_tape_there_are_no_marks(tmp_path: Path) -> None:
    """And no reason is needed."""
    state = change(World(tmp_path / "state", scenario="v7.1/healthy"), {"router_health.json": GONE}).load()
    assert (state["nav"]["marks"], state["transitions"]) == ([], [])


def odd(points: Points, change: Callable[[float], float], hours: tuple[float, float]) -> Points:
    """The points with the NAVs of so many hours ago changed, from the first to the last of them."""
    first, last = (AT - ago * HOUR_S for ago in hours)
    return [(at, change(nav_usd) if first <= at < last else nav_usd) for at, nav_usd in points]


EVER = 999.0
# What was written of which hours, whether the change of a day is known, and that of seven days.
LEAPS: dict[str, tuple[Callable[[float], float], tuple[float, float], bool, bool]] = {
    "in cents until 20 h ago": (lambda nav: nav * 100, (EVER, 20.0), False, False),
    "in thousands until 20 h ago": (lambda nav: nav / 1000, (EVER, 20.0), False, False),
    "in ZAR until three days ago": (lambda nav: nav * 17.2, (EVER, 72.0), True, False),
    "in cents of late": (lambda nav: nav * 100, (2.0, -1.0), True, True),
    "one point of ten times at that time": (lambda nav: nav * 10, (24.008, 23.992), False, True),
    "one point of a cent": (lambda _: 0.01, (12.01, 11.993), True, True),
    "one point of another sign": (lambda nav: -nav, (12.01, 11.993), True, True),
    "all of another sign until 20 h ago": (lambda nav: -nav, (EVER, 20.0), False, False),
}


@pytest.mark.parametrize("case", LEAPS.values(), ids=LEAPS)
def test_a_leap_of_the_history_is_told_and_nothing_is_worked_out_across_it(case: Any, tmp_path: Path) -> None:
    """Another unit, a slip or a transfer, which is news for a day. A lone point changes neither end."""
    write, hours, day, week = case
    state = load(tmp_path, odd(minutes(8.0), write, hours))
    claim = told("the NAV leaps from .* a slip, another unit, or a transfer")
    assert wrong(state, [claim if hours[1] < 24.0 else {"not": claim}]) == []
    assert state["nav"]["history_leap_at"] == pytest.approx(AT - max(hours[1], 0.0) * HOUR_S, abs=7200.0)
    for span, known, usd in (("24h", day, 24.0), ("7d", week, 168.0)):
        if known:
            assert state["nav"][f"change_{span}_usd"] == pytest.approx(usd, abs=0.6)
        else:
            assert "leaps" in state["meta"]["unknown"][f"nav.change_{span}_usd"]
            assert_unknown(state, f"nav.change_{span}_pct")
    assert (state["nav"]["deepest_drawdown_pct"] is None) == (hours[1] < 24.0)
    assert "history_high_usd" not in state["nav"]


STEADY: dict[str, Callable[[float, float], float]] = {
    "half is paid out": lambda age_h, nav: nav * 2 if age_h > 20 else nav,
    "six times as much comes in": lambda age_h, nav: nav / 6 if age_h > 20 else nav,
    "a rise to twenty times in a day": lambda age_h, nav: nav * 20 ** (-age_h / 24),
    "dust until it is funded in steps": lambda age_h, nav: nav * 6.0 ** -(age_h // 5),
    "small change that doubles": lambda age_h, nav: nav - 9990.0 * min(age_h / 24, 1.0),
}


@pytest.mark.parametrize("write", STEADY.values(), ids=STEADY)
def test_a_transfer_and_a_rise_are_no_leap(write: Callable[[float, float], float], tmp_path: Path) -> None:
    """What a desk may do in a day stays known."""
    points = [(at, write((AT - at) / HOUR_S, nav_usd)) for at, nav_usd in minutes(1.1)]
    state = load(tmp_path, points)
    assert state["nav"]["change_24h_usd"] is not None
    assert state["nav"]["deepest_drawdown_pct"] is not None
    assert "history_leap_at" not in state["nav"]
    assert wrong(state, [{"no_alert": "leaps"}]) == []
