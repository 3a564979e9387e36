"""The NAV history: both files together, the same whichever wrote last, its gaps, its zeros and its high."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from worlds import NOW, World

from state.facts.series import MAX_POINTS, NavHistory, downsample, find_history, find_history_high
from state.files.nav_log import LogPoint
from state.files.reading import read_surface
from state.files.stamps import FUTURE_TOLERANCE_S
from state.files.surfaces import BY_NAME, NAV_LOG

LAST = NOW - 12.0
HOUR = 60  # points, one a minute

Points = list[tuple[float, float]]
Json = dict[str, Any]
Cuts = list[tuple[int, int]]  # indices of points, the end left in


def minutes(count: int, *, end: float = LAST, step_s: float = 60.0, nav_usd: float | None = None) -> Points:
    """So many points, the last of them at `end`."""
    navs = [10000.0 + index % 7 if nav_usd is None else nav_usd for index in range(count)]
    return [(end - step_s * (count - 1 - index), nav) for index, nav in enumerate(navs)]


def as_log(points: Points) -> Json:
    """What is read of a nav_log.json."""
    return {"series": [LogPoint(at, nav_usd, 0.0) for at, nav_usd in points], "updated_at": LAST}


def as_series(points: Points, timespec: str = "microseconds") -> Json:
    """A nav_state.json of the daemon: at most 500 points, moments in ISO-8601."""
    rows = [
        {"t": datetime.fromtimestamp(at, UTC).isoformat(timespec=timespec), "total_equity": nav_usd, "nav": nav_usd}
        for at, nav_usd in points[-500:]
    ]
    return {"series": rows, "updated_at": NOW}


MIRROR: Json = {"nav": 10461.27, "updated_ts": NOW}  # what the executor makes of nav_state.json


def history_of(log: Points, series: Points | None = None, **words: Any) -> NavHistory:
    """The history of two files with these points."""
    return find_history(as_log(log), as_series(series or []), NOW, **words)


def moments_of(history: NavHistory) -> list[float]:
    """When its points were."""
    return [at for at, _ in history.points]


def only(points: Points) -> NavHistory:
    """A history of exactly these points, in which nothing is wrong."""
    return NavHistory([list(point) for point in points], [])


DAY = minutes(25 * HOUR)


@pytest.mark.parametrize(
    ("points", "first"),
    [
        (minutes(10), 0),
        (minutes(620), 0),
        (DAY, HOUR - 1),
        (minutes(600, step_s=900.0), 100),
        (minutes(600, step_s=1e6), 100),
    ],
)
@pytest.mark.parametrize("timespec", ["microseconds", "seconds"])
def test_the_history_is_the_same_whichever_process_wrote_last(points: Points, first: int, timespec: str) -> None:
    """Whether nav_state.json carries the daemon's series, or is the executor's mirror without one."""
    daemon = find_history(as_log(points), as_series(points, timespec), NOW)
    assert daemon == find_history(as_log(points), MIRROR, NOW)
    assert (daemon.points[0], daemon.points[-1]) == (list(points[first]), list(points[-1]))
    assert (len(daemon.points), daemon.gaps) == (min(len(points) - first, MAX_POINTS), [])


@pytest.mark.parametrize(
    ("log", "series", "expected"),
    [
        pytest.param([], [], [], id="neither"),
        pytest.param([], minutes(9), minutes(9), id="no log"),
        pytest.param(minutes(9), [], minutes(9), id="no series"),
        pytest.param(minutes(9)[:5], minutes(9)[3:], minutes(9), id="each a part"),
        pytest.param(minutes(9)[::2], minutes(9)[1::2], minutes(9), id="in turn"),
        pytest.param(minutes(3), minutes(3, nav_usd=5.0), minutes(3), id="of one moment the log's"),
        pytest.param(minutes(3), minutes(3, end=LAST + 0.9, nav_usd=5.0), minutes(3), id="nearly one moment"),
        pytest.param(minutes(3, nav_usd=0.0), minutes(3), minutes(3), id="a zero is no point"),
        pytest.param(minutes(4, nav_usd=-5.5), [], minutes(4, nav_usd=-5.5), id="below zero is one"),
    ],
)
def test_the_history_is_that_of_both_files(log: Points, series: Points, expected: Points) -> None:
    """Nothing is lost that either has, and nothing comes twice."""
    assert history_of(log, series)[:2] == only(expected)[:2]


@pytest.mark.parametrize(
    ("rows", "unread"),
    [
        (None, 0),
        (7, 0),
        ({"t": LAST}, 0),
        ([None, 1, "x", [LAST, 1.0]], 4),
        ([{}, {"nav": 5.0}, {"t": "soon", "nav": 5.0}, {"t": float("inf"), "nav": 5.0}], 4),
        ([{"t": LAST - 30.0}, {"t": LAST - 31.0, "nav": "5"}, {"t": LAST - 32.0, "nav": float("nan")}], 3),
        ([{"t": LAST, "nav": 0.0}, {"t": LAST, "nav": 10004.0}], 0),
    ],
)
def test_rows_that_say_nothing_are_left_out_and_counted(tmp_path: Path, rows: Any, unread: int) -> None:
    """In either file; they cost nothing else."""
    found = find_history(as_log(minutes(5)), {"series": rows}, NOW)
    assert found == only(minutes(5))._replace(unread=unread)
    if isinstance(rows, list):
        good = [point._asdict() for point in as_log(minutes(5))["series"]]
        (tmp_path / NAV_LOG).write_text(json.dumps([*good[:3], *rows, *good[3:]]))
        reading = read_surface(str(tmp_path / NAV_LOG), BY_NAME[NAV_LOG], None)
        assert find_history(reading.data or {}, MIRROR, NOW) == only(minutes(5))._replace(unread=unread)


@pytest.mark.parametrize(
    ("series", "disagreement"),
    [
        (minutes(9), None),
        (minutes(9, end=LAST + 0.9), None),
        (minutes(9, end=LAST + 30.0, nav_usd=5.0), None),
        ([(LAST, 10001.0), (LAST + 1e-7, 10001.009)], None),
        ([(LAST - 60.0, 0.0), (LAST, 10001.0)], None),
        ([(LAST - 60.0, 10000.0), (LAST, -10001.0)], (LAST, 10001.0, -10001.0, 1)),
        ([(LAST - 60.0, 100000.0), (LAST, 10001.02)], (LAST, 10001.0, 10001.02, 2)),
        ([(LAST - 60.0, 9900.0), (LAST, 10001.0)], (LAST - 60.0, 10000.0, 9900.0, 1)),
        ([(LAST - 59.5, 9900.0)], (LAST - 59.5, 10000.0, 9900.0, 1)),
    ],
)
def test_two_files_of_one_moment_may_disagree(series: Points, disagreement: tuple[float, ...] | None) -> None:
    """Beyond rounding, and the log is on show."""
    found = history_of(minutes(9), series)
    assert found.disagreement == disagreement
    assert {(at, nav_usd) for at, nav_usd in found.points} >= set(minutes(9))


def test_points_that_are_remembered_fill_what_the_files_lack() -> None:
    """They are of an earlier nav_state.json, and never stand against a file."""
    remembered = minutes(9, nav_usd=9000.0)
    assert history_of(minutes(3), remembered=remembered) == only([*remembered[:6], *minutes(3)])
    assert history_of([], remembered=remembered[::-1]) == only(remembered)


@pytest.mark.parametrize(
    ("ahead_s", "counts"), [(-1.0, True), (FUTURE_TOLERANCE_S, True), (FUTURE_TOLERANCE_S + 0.5, False), (1e9, False)]
)
@pytest.mark.parametrize("nav_usd", [5.0, 0.0])
def test_the_future_belongs_to_no_history(ahead_s: float, counts: bool, nav_usd: float) -> None:
    """Beyond what two clocks may differ by, in whichever file and whatever it says."""
    point = (NOW + ahead_s, nav_usd)
    expected = (1, 0) if counts and nav_usd else (0, 1) if counts else (0, 0)
    for log, series, remembered in (([point], [], []), ([], [point], []), ([], [], [point])):
        found = history_of([*minutes(5), *log], series, remembered=remembered)
        assert (len(found.points) - 5, found.zeros) == expected
        assert found.ahead == (0 if counts or remembered else 1)


@pytest.mark.parametrize(
    ("points", "zeros"),
    [
        (minutes(5), (0, None)),
        ([*minutes(5, end=LAST - 180), *minutes(3, nav_usd=0.0)], (3, LAST - 120)),
        ([*minutes(5, end=LAST - 180, nav_usd=0.0), *minutes(3)], (0, None)),
        (minutes(4, nav_usd=0.0), (4, LAST - 180)),
        ([], (0, None)),
    ],
)
def test_a_history_that_ends_in_zeros_says_since_when(points: Points, zeros: tuple[int, float | None]) -> None:
    """They are left out, but not in silence; counted once, though both files have them."""
    assert history_of(points, points)[2:4] == zeros
    assert 0.0 not in [nav_usd for _, nav_usd in history_of(points).points]


def without(points: Points, cuts: Cuts) -> Points:
    """Points with some of them cut out."""
    return [point for index, point in enumerate(points) if not any(start <= index < end for start, end in cuts)]


SLOW = minutes(100, step_s=600.0)


@pytest.mark.parametrize(
    ("points", "cuts", "gaps"),
    [
        pytest.param([], [], [], id="no point"),
        pytest.param(minutes(1), [], [], id="one point"),
        pytest.param(DAY, [], [], id="a whole day"),
        pytest.param(DAY, [(900, 904)], [], id="exactly 300 s"),
        pytest.param(DAY, [(900, 905)], [(899, 905)], id="more than 300 s"),
        pytest.param(DAY, [(400, 662), (1200, 1300)], [(399, 662), (1199, 1300)], id="two"),
        pytest.param(DAY, [(1, 1499)], [], id="two points of a day"),
        pytest.param(DAY, [(500, 1499)], [(499, 1499)], id="one point behind it"),
        pytest.param(SLOW, [], [], id="a slow writer"),
        pytest.param(SLOW, [(50, 54)], [], id="exactly five steps"),
        pytest.param(SLOW, [(50, 55)], [(49, 55)], id="more than five steps"),
    ],
)
def test_a_long_time_without_points_is_a_gap(points: Points, cuts: Cuts, gaps: Cuts) -> None:
    """Found in all points, and both its sides are among those on show; nothing is put between them."""
    found = history_of(without(points, cuts))
    assert found.gaps == [[points[start][0], points[end][0]] for start, end in gaps]
    assert {moment for gap in found.gaps for moment in gap} <= set(moments_of(found))
    assert len(found.points) <= MAX_POINTS
    assert {(at, nav_usd) for at, nav_usd in found.points} <= set(without(points, cuts))


def test_gaps_without_number_leave_room_for_points() -> None:
    """A writer that lives for two minutes of ten."""
    points = [point for start in range(0, 1440, 10) for point in DAY[60 + start : 62 + start]]
    found = history_of(points)
    assert (len(found.gaps), len(found.points)) == (143, 288)
    sparse = [point for start in range(0, 1440, 7) for point in DAY[60 + start : 62 + start]]
    found = history_of(sparse)
    assert (len(found.gaps), len(found.points)) == (205, MAX_POINTS)


def test_a_long_history_keeps_its_lows_and_highs() -> None:
    """One minute of a day, up or down, is on show."""
    for nav_usd in (9000.0, 11000.0, -3.0):
        points = [*DAY[:777], (DAY[777][0], nav_usd), *DAY[778:]]
        assert [points[777][0], nav_usd] in history_of(points).points


@pytest.mark.parametrize("limit", [2, 3, 4, 5, 50, 300])
def test_a_long_history_is_cut_to_its_limit(limit: int) -> None:
    """Both ends stay."""
    found = downsample(DAY, limit)
    assert len(found) <= limit
    assert (found[0], found[-1]) == (DAY[0], DAY[-1])


@pytest.mark.parametrize(
    ("navs", "peak_usd", "found"),
    [
        ([], 100.0, None),
        ([100.0, 90.0], None, None),
        ([100.0, 90.0], 100.0, None),
        ([100.0, 90.0], 99.95, None),
        ([100.0, 90.0], 99.8, (100.0, 0.0)),
        ([90.0, 100.0, 95.0, 100.0, 50.0], 50.0, (100.0, 3.0)),
        ([-5.0, -3.0], -4.0, (-3.0, 1.0)),
        ([-5.0, -3.0], -3.0, None),
        ([5.0], 0.0, (5.0, 0.0)),
        ([5.0], 1e18, None),
    ],
)
def test_a_history_above_the_writers_peak_is_found(
    navs: list[float], peak_usd: float | None, found: tuple[float, float] | None
) -> None:
    """By more than rounding: the high, and when it was last there."""
    assert find_history_high([[float(at), nav_usd] for at, nav_usd in enumerate(navs)], peak_usd) == found


def test_the_page_gets_the_log_and_the_series(tmp_path: Path) -> None:
    """From files as they lie on a disk; a state that a caller changes does not change the next one."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    series = world.load()["nav"]["series"]
    rows = [{"t": series[0][0] - 60.0 * index, "nav": 10000.0 + index} for index in range(100, 0, -1)]
    (tmp_path / "nav_log.json").write_text(json.dumps(rows))
    state = world.load()
    assert [row["t"] for row in rows] + [at for at, _ in series] == [at for at, _ in state["nav"]["series"]]
    state["nav"]["series"][0][1] = 0.0
    assert world.edit("nav.json", "note", 1).load()["nav"]["series"][0][1] == 10100.0
