"""nav_log.json is read by its end: what is kept of it, what it survives, and that following it changes nothing."""

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from state.files.nav_log import LEAST_POINTS, MOST_POINTS, LogPoint
from state.files.reading import Reading, read_surface
from state.files.surfaces import BY_NAME, NAV_LOG

T = 1764197000.0
HOUR_S = 3600.0
GOOD = {"t": T, "nav": 10461.27, "unrealized_pnl": 50.25}
POINT = LogPoint(T, 10461.27, 50.25)

Rows = list[Any]


def read(path: Path, previous: Reading | None = None) -> Reading:
    """One look at the log."""
    return read_surface(str(path), BY_NAME[NAV_LOG], previous)


def points_of(reading: Reading) -> list[LogPoint]:
    """The points of a log that was read."""
    assert (reading.status, reading.error) == ("ok", None)
    assert reading.data is not None
    points: list[LogPoint] = reading.data["series"]
    return points


def minutes(count: int, *, end: float = T, step_s: float = 60.0) -> Rows:
    """So many rows, the last of them at `end`."""
    return [
        {"t": end - step_s * (count - 1 - index), "nav": 10000.0 + index % 7, "unrealized_pnl": index / 4}
        for index in range(count)
    ]


def as_points(rows: Rows) -> list[LogPoint]:
    """What is read of good rows."""
    return [LogPoint(row["t"], row["nav"], row["unrealized_pnl"]) for row in rows]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"{}", "holds a JSON object, not list"),
        (b"null", "holds a JSON null, not list"),
        (b"[", "torn or not JSON"),
        (b"[{", "torn or not JSON"),
        (b'[{"t": 1764197000.0, "na', "torn or not JSON"),
        (b'[{"t": 1764197000.0, "nav": 1.0}', "torn or not JSON"),
        (b'[{"t": 1764197000.0, "nav": 1.0},', "torn or not JSON"),
        (b'[{"t": 1764197000.0, "nav": 1.0, "legs": [1, 2]', "torn or not JSON"),
        (b'[{"t": 1764197000.0, "nav": 1.0},]', "torn or not JSON"),
        (b'[{"t": 1764197000.0}] [{"t": 1764197000.0}]', "torn or not JSON"),
        (b'[{"t": 1764197000.0, "nav": "\xff"}]', "not UTF-8"),
        (b"\0" * 200, "torn or not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'[{"nav": ' + b"9" * 10_000 + b"}]", "a number too long"),
        (b'{"series": [' + b'{"t": 1, "nav": 1}, ' * 20_000 + b"1]", "does not begin as a JSON list"),
        (b'[{"t": 1764197000.0}, ' * 20_000, "no closing bracket"),
        (b"[" + b"{" * 200_000 + b"]", "torn or not JSON"),
        (b"[" + b"{" * 3_000_000 + b"]", "torn, or without a point near its end"),
        (b"[" + b'"{", ' * 600_000 + b"1]", "torn, or without a point near its end"),
        (b"[" + b"9" * 3_000_000 + b"]", "torn, or without a point near its end"),
    ],
)
def test_a_log_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, words: str) -> None:
    """At first sight there is nothing to keep."""
    path = tmp_path / NAV_LOG
    path.write_bytes(content)
    reading = read(path)
    assert (reading.status, reading.data) == ("malformed", None)
    assert words in (reading.error or "")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """And does not hang the page."""
    make(tmp_path / NAV_LOG)
    assert (read(tmp_path / NAV_LOG).status, read(tmp_path / NAV_LOG).error) == ("unreadable", "not a regular file")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", []),
        ('[1, null, "{", [], {}, {"nav": 1.0}, {"t": "now", "nav": 1.0}, {"t": NaN}, {"t": true}, {"t": 0}]', []),
        ('[{"t": "2025-11-26T22:43:20+00:00", "nav": 1.5}]', [(T, 1.5, None)]),
        ('[{"t": 1764197000000, "nav": 15}]', [(T, 15.0, None)]),
        ('[{"t": 1764197000, "nav": -3.5, "unrealized_pnl": -0.5}]', [(T, -3.5, -0.5)]),
        ('[{"t": 1764197000, "nav": 0, "unrealized_pnl": 0}]', [(T, 0.0, 0.0)]),
        ('[{"t": 1764197000, "total_equity": 0.0, "nav": 7.0}]', [(T, 7.0, None)]),
        ('[{"t": 1764197000, "nav": NaN, "unrealized_pnl": Infinity}]', [(T, None, None)]),
        ('[{"t": 1764197000, "nav": "x", "unrealized_pnl": [1]}]', [(T, None, None)]),
        ('[{"t": 1764197000, "nav": 1' + "0" * 400 + "}]", [(T, None, None)]),
        ('[{"t": 1764197000, "nav": 1e400}]', [(T, None, None)]),
        ('[{"t": 1764197060, "nav": 2}, {"t": 1764197000, "nav": 1}]', [(T, 1.0, None), (T + 60, 2.0, None)]),
        ('[{"t": 1764197000, "nav": 2}, {"t": 1764197000.0, "nav": 1}]', [(T, 1.0, None)]),
        ('[{"legs": [{"t": 9}], "t": 1764197000, "nav": 1, "at": {"t": 5}}]', [(T, 1.0, None)]),
        ('\ufeff[\n  {\n    "t": 1764197000,\n    "nav": 1\n  }\n]\n', [(T, 1.0, None)]),
    ],
)
def test_rows_are_read_one_by_one(tmp_path: Path, text: str, expected: list[tuple[float, ...]]) -> None:
    """A row that cannot be used, or a value of it, costs that and no more."""
    path = tmp_path / NAV_LOG
    path.write_text(text)
    assert points_of(read(path)) == expected


def compact(rows: Rows) -> str:
    """As one line without blanks."""
    return json.dumps(rows, separators=(",", ":"))


def indented(rows: Rows) -> str:
    """As an editor leaves it."""
    return json.dumps(rows, indent=4) + "\n"


def nested(rows: Rows) -> str:
    """Points with objects and brackets in them, inside text as well."""
    inner: dict[str, Any] = {"legs": [{"q": [leg]} for leg in range(40)], "word": '], [{"t": 1}', "by": {"name": "{"}}
    return json.dumps([{**inner, **row, "more": inner} for row in rows])


def in_lines(rows: Rows) -> str:
    """A line a point."""
    return "\ufeff[\n" + ",\n".join(map(json.dumps, rows)) + "\n]"


@pytest.mark.parametrize(
    ("layout", "count"),
    [(json.dumps, 40_000), (compact, 40_000), (indented, 40_000), (nested, 12_000), (in_lines, 40_000)],
)
def test_of_a_long_log_the_last_day_is_read(tmp_path: Path, layout: Callable[[Rows], str], count: int) -> None:
    """Exactly the last 25 hours, whatever the points look like, and from few bytes of the file."""
    path, rows = tmp_path / NAV_LOG, minutes(count)
    path.write_text(layout(rows))
    reading = read(path)
    assert points_of(reading) == as_points(rows)[-25 * 60 - 1 :]
    assert reading.updated_at == T
    assert reading.log is not None
    assert len(reading.log.raw) < path.stat().st_size / 2


@pytest.mark.parametrize(
    ("count", "step_s", "kept"),
    [
        (500, 60.0, 500),
        (1600, 60.0, 1501),
        (5000, 60.0, 1501),
        (5000, 3600.0, LEAST_POINTS),
        (5000, 20.0, 4501),
        (20_000, 5.0, MOST_POINTS),
    ],
)
def test_a_day_is_kept_whatever_the_pace(tmp_path: Path, count: int, step_s: float, kept: int) -> None:
    """Of a slow writer more than a day, of a very fast one less; memory has a bound."""
    path, rows = tmp_path / NAV_LOG, minutes(count, step_s=step_s)
    path.write_text(json.dumps(rows))
    assert points_of(read(path)) == as_points(rows)[-kept:]


def test_rows_that_were_written_twice_do_not_shorten_the_day(tmp_path: Path) -> None:
    """They take the place of others in what is read."""
    path, rows = tmp_path / NAV_LOG, minutes(5000)
    path.write_text(json.dumps([row for row in rows for _ in range(2)]))
    assert points_of(read(path)) == as_points(rows)[-1501:]


def test_a_moment_in_the_future_does_not_push_the_history_out(tmp_path: Path) -> None:
    """The file itself is older than such a point."""
    path, rows = tmp_path / NAV_LOG, minutes(3000)
    path.write_text(json.dumps([*rows, {**GOOD, "t": T + 1e9}]))
    os.utime(path, (T + 1, T + 1))
    assert points_of(read(path)) == [*as_points(rows)[-1501:], POINT._replace(t=T + 1e9)]


def test_a_log_that_is_half_written_keeps_what_is_known(tmp_path: Path) -> None:
    """It says so, and is read again once it is whole."""
    path, rows = tmp_path / NAV_LOG, minutes(3000)
    whole = json.dumps(rows)
    path.write_text(whole)
    known = read(path)
    for size in (0, 1, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        path.write_text(whole[:size])
        torn = read(path, known)
        assert (torn.status, torn.data is known.data) == ("malformed", True)
        assert "last good content of 22:43:20 UTC kept" in (torn.error or "")
        path.write_text(whole)
        assert points_of(read(path, torn)) == points_of(known)


def test_a_log_that_is_gone_is_gone(tmp_path: Path) -> None:
    """And one that comes back is another one."""
    path = tmp_path / NAV_LOG
    path.write_text(json.dumps(minutes(10)))
    known = read(path)
    path.unlink()
    gone = read(path, known)
    assert (gone.status, gone.data) == ("missing", None)
    path.write_text(json.dumps([GOOD]))
    assert points_of(read(path, gone)) == [POINT]


def test_what_is_written_anew_without_news_is_the_same_content(tmp_path: Path) -> None:
    """The same object, so that nothing is worked out again; its age goes by its points."""
    path, rows = tmp_path / NAV_LOG, minutes(20_000)
    path.write_text(json.dumps(rows))
    first = read(path)
    for text in (json.dumps(rows), json.dumps(rows) + "\n", json.dumps(rows[100:])):
        path.write_text(text)
        again = read(path, first)
        assert (again.data is first.data, again.updated_at, again.changed_at) == (True, T, first.changed_at)
    path.write_text(json.dumps([*rows, {**GOOD, "t": T + 60}]))
    assert read(path, first).changed_at == T + 60


def test_whole_seconds_do_not_hide_a_change(tmp_path: Path) -> None:
    """Where the file system has no fractions, two versions may look the same."""
    path, known = tmp_path / NAV_LOG, None
    for nav_usd in (1.5, 2.5):
        path.write_text(json.dumps([{**GOOD, "nav": nav_usd}]))
        os.utime(path, (T, T))
        known = read(path, known)
        assert points_of(known) == [POINT._replace(nav=nav_usd)]


def last_of(rows: Rows) -> float:
    """Moment of the last row that has one."""
    moments: list[float] = [row["t"] for row in rows if "t" in row]
    return moments[-1] if moments else T


def append(count: int) -> Callable[[Rows], Rows]:
    """So many minutes more."""
    return lambda rows: rows + minutes(count, end=last_of(rows) + 60.0 * count)


def replace_at(share: float, **values: Any) -> Callable[[Rows], Rows]:
    """One row with other values."""

    def change(rows: Rows) -> Rows:
        index = int(share * (len(rows) - 1))
        return [*rows[:index], {**rows[index], **values}, *rows[index + 1 :]] if rows else rows

    return change


CHANGES: dict[str, Callable[[Rows], Rows]] = {
    "nothing": lambda rows: rows,
    "a point": append(1),
    "three points": append(3),
    "hours at once": append(300),
    "days at once": append(2000),
    "the head dropped": lambda rows: append(1)(rows)[1:],
    "shortened in front": lambda rows: rows[len(rows) // 2 :],
    "shortened behind": lambda rows: rows[: len(rows) // 2],
    "older ones in front": lambda rows: minutes(90, end=last_of(rows[:1]) - 60.0) + rows,
    "an old value mended": replace_at(0.5, nav=9999.5),
    "a newer value mended": replace_at(0.95, nav=9999.5),
    "the last value mended": replace_at(1.0, nav=9999.5),
    "the last one twice": lambda rows: rows + [{**row, "nav": 3.25} for row in rows[-1:]],
    "one late": lambda rows: [*rows, {**GOOD, "t": last_of(rows) - 90.0}],
    "turned around": lambda rows: rows[::-1],
    "one from far ahead": lambda rows: [*rows, {**GOOD, "t": T + 1e8}, {**GOOD, "t": last_of(rows)}],
    "one without a moment": lambda rows: [*rows, {"nav": 1.0}],
    "other points": lambda rows: minutes(len(rows), end=T + 11.0),
    "emptied": lambda _: [],
}


ORDERS: dict[str, tuple[Callable[[Rows], Rows], float]] = {
    "turned around": (lambda rows: rows[::-1], T),
    "the last ones swapped": (lambda rows: [*rows[:-5], rows[-1], *rows[-4:-1], rows[-5]], T),
    "one from far ahead in front": (lambda rows: [{**GOOD, "t": T + HOUR_S}, *rows], T),
    "one from far ahead behind": (lambda rows: [*rows, {**GOOD, "t": T + HOUR_S}], T + HOUR_S),
}


@pytest.mark.parametrize("case", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("followed", [False, True])
def test_a_log_is_of_its_newest_row_in_whatever_order(
    case: tuple[Callable[[Rows], Rows], float], followed: bool, tmp_path: Path
) -> None:
    """Not of the one that stands last; one that is later than the file counts only there, where a clock tells it."""
    order, at = case
    path, rows, known = tmp_path / NAV_LOG, minutes(180), None
    if followed:
        path.write_text(json.dumps(rows[:-20]))
        known = read(path)
    path.write_text(json.dumps(order(rows)))
    os.utime(path, (T + 5.0, T + 5.0))
    assert read(path, known).updated_at == at


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck), database=None)
@given(
    start=st.sampled_from([0, 5, 700, 1480, 2500, 10_500]),
    names=st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=6),
    torn=st.sets(st.integers(0, 5), max_size=2),
)
@example(start=5, names=["days at once", "days at once", "one from far ahead"], torn=set())
def test_following_a_log_finds_what_a_first_look_finds(start: int, names: list[str], torn: set[int]) -> None:
    """Whatever happens to the file, and whatever was torn on the way."""
    with tempfile.TemporaryDirectory() as directory:
        path, rows, known = Path(directory) / NAV_LOG, minutes(start), None
        for step, name in enumerate(["nothing", *names]):
            rows = CHANGES[name](rows)
            content = json.dumps(rows)
            if step in torn:
                path.write_text(content[: len(content) // 2])
                known = read(path, known)
            path.write_text(content)
            os.utime(path, (T + 60.5 * step, T + 60.5 * step))
            known, fresh = read(path, known), read(path)
            assert (known.data, known.status) == (fresh.data, fresh.status)


def test_a_log_that_is_followed_for_days_stays_small(tmp_path: Path) -> None:
    """The points that leave the history leave the memory too."""
    path, rows, sizes = tmp_path / NAV_LOG, minutes(20_000), []
    path.write_text(json.dumps(rows))
    known = read(path)
    for _ in range(15):
        rows = append(240)(rows)
        path.write_text(json.dumps(rows))
        known = read(path, known)
        assert known.log is not None
        sizes.append(len(known.log.raw))
    assert points_of(known) == as_points(rows)[-1501:]
    assert max(sizes) < 2 * sizes[0]
