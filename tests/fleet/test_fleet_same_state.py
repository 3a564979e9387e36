"""Published, stored, mirrored and loaded, a desk reads as on its own machine, whatever its files hold."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from fleet_worlds import NAME, SCENARIOS, Pair, step, write_at

from execution.fleet.log_ends import WHOLE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redis_server import RedisServer

pytest_plugins = ["fleet_fixtures"]

LATER_S = (0.0, 120.0, 600.0)
STAMP_NS = 1_764_197_000 * 10**9


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_mirrored_desk_reads_as_on_its_own_machine(redis: RedisServer, tmp_path: Path, scenario: Path) -> None:
    """Every path of the state, at once and after silence."""
    pair = Pair(redis, tmp_path, scenario)
    pair.pass_on()
    for later_s in LATER_S:
        own, mirrored = pair.read_both(later_s)
        assert mirrored == own, later_s


def test_every_scenario_is_looked_at() -> None:
    """An empty list would pass."""
    assert len(SCENARIOS) >= 16


def _remove_nav_state(logs: Path) -> None:
    (logs / "state" / "nav_state.json").unlink()


def _tear(logs: Path) -> None:
    path = logs / "state" / "positions_state.json"
    path.write_bytes(path.read_bytes()[:100])


def _empty(logs: Path) -> None:
    (logs / "state" / "kpis_v7.json").write_bytes(b"")


def _tear_short_log(logs: Path) -> None:
    path = logs / "nav_log.json"
    path.write_bytes(path.read_bytes()[:-300])


def _write_tape(logs: Path, count: int, name: str) -> None:
    rows = (
        {"at": 1764190000 + index, "kind": "position", "subject": f"S{index}", "before": None, "after": "LONG"}
        for index in range(count)
    )
    content = b"".join(json.dumps({**row, "text": "opened " + "x" * 60}).encode() + b"\n" for row in rows)
    write_at(logs / "execution" / name, content, STAMP_NS)


def _add_tape(logs: Path) -> None:
    _write_tape(logs, 1000, "transitions.jsonl")
    with (logs / "execution" / "transitions.jsonl").open("ab") as tape:
        tape.write(b'{"at": 17641')


def _rotate_tape(logs: Path) -> None:
    _write_tape(logs, 3, "transitions.jsonl")
    _write_tape(logs, 1000, "transitions.jsonl.1")


def _log_rows(days: float, step_s: float) -> list[dict[str, Any]]:
    count = int(days * 86400 / step_s)
    end = 1764197040.0
    return [
        {"t": end - step_s * (count - 1 - index), "nav": 10000.0 + (index * 7919) % 613, "unrealized_pnl": 1.5}
        for index in range(count)
    ]


def _write_log(logs: Path, content: bytes) -> None:
    assert len(content) > WHOLE_BYTES
    write_at(logs / "nav_log.json", content, int(1764197041.25 * 10**9))
    (logs / "state" / "nav_state.json").unlink()


def _long_log(logs: Path) -> None:
    _write_log(logs, json.dumps(_log_rows(10, 60.0)).encode())


def _long_log_of_weeks(logs: Path) -> None:
    _write_log(logs, json.dumps(_log_rows(60, 60.0)).encode())


def _slow_long_log(logs: Path) -> None:
    _write_log(logs, json.dumps(_log_rows(30, 300.0), indent=1).encode())


def _torn_long_log(logs: Path) -> None:
    _write_log(logs, json.dumps(_log_rows(10, 60.0)).encode()[:-25])


def _odd_long_log(logs: Path) -> None:
    rows: list[Any] = _log_rows(3, 60.0)
    rows[-100:-100] = [7, {"nav": 3.0}, {"t": None, "nav": 1.0}, {"t": rows[-200]["t"], "nav": 2.0, "more": {"t": 1}}]
    _write_log(logs, json.dumps(rows).encode())


CHANGES: list[Callable[[Path], None]] = [
    _remove_nav_state,
    _tear,
    _empty,
    _tear_short_log,
    _add_tape,
    _rotate_tape,
    _long_log,
    _long_log_of_weeks,
    _slow_long_log,
    _torn_long_log,
    _odd_long_log,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
@pytest.mark.parametrize("is_first", [True, False], ids=["from the start", "while it runs"])
def test_whatever_becomes_of_the_files_is_the_same_on_the_wall(
    pair: Pair, change: Callable[[Path], None], is_first: bool
) -> None:
    """Removed, torn, long, rotated: with what is remembered of the time before, and without."""
    if not is_first:
        pair.pass_on()
        pair.read_both()
    change(pair.logs)
    pair.pass_on()
    for later_s in LATER_S:
        own, mirrored = pair.read_both(later_s)
        assert mirrored == own, later_s


def test_a_long_log_travels_short_and_is_still_followed(pair: Pair) -> None:
    """A row is added to a log of weeks: a twentieth travels at most, and the wall goes on as the desk does."""
    rows = _log_rows(60, 60.0)
    for count in range(len(rows) - 3, len(rows)):
        content = json.dumps(rows[:count]).encode()
        write_at(pair.logs / "nav_log.json", content, int(rows[count - 1]["t"]) * 10**9 + 5)
        pair.pass_on()
        own, mirrored = pair.read_both()
        assert mirrored == own
        assert len(own["nav"]["series_7d"]) > 200
    assert (pair.copy / "nav_log.json").stat().st_size < len(content) / 20


def test_files_keep_the_times_of_the_desk(pair: Pair) -> None:
    """To the nanosecond, and everybody on the wall may read them."""
    write_at(pair.logs / "state" / "nav.json", b"{}", 1_764_190_000_123_456_789)
    pair.pass_on()
    found = {path.relative_to(pair.copy): path.stat() for path in pair.copy.rglob("*.json")}
    assert len(found) == 11
    for path, seen in found.items():
        own = (pair.logs / path).stat()
        assert (seen.st_mtime_ns, seen.st_size, seen.st_mode & 0o777) == (own.st_mtime_ns, own.st_size, 0o644)
    assert not list(pair.desks.rglob("*.tmp"))


def test_a_file_that_is_gone_goes_and_a_desk_that_is_gone_stays(pair: Pair) -> None:
    """A store that was emptied, or a desk taken out of it, takes no last known state away."""
    pair.pass_on()
    (pair.logs / "state" / "router_health.json").unlink()
    pair.pass_on()
    assert not (pair.copy / "state" / "router_health.json").exists()
    kept = sorted(pair.desks.rglob("*.json"))
    pair.server.ask("FLUSHALL")
    step(pair.mirror)
    step(pair.another_mirror())
    assert sorted(pair.desks.rglob("*.json")) == kept


def test_what_was_deleted_here_comes_back_whole(pair: Pair) -> None:
    """A directory with the next beat of a desk that stands still; a single file with the next that it writes."""
    pair.pass_on()
    before = {path: path.read_bytes() for path in pair.copy.rglob("*.json")}
    shutil.rmtree(pair.desks / NAME)
    pair.publisher._beat_s = float("-inf")
    pair.pass_on()
    assert {path: path.read_bytes() for path in pair.copy.rglob("*.json")} == before
    (pair.copy / "nav_log.json").unlink()
    write_at(pair.logs / "state" / "nav.json", b"{}", STAMP_NS)
    pair.pass_on()
    assert set(pair.copy.rglob("*.json")) == before.keys()


def test_what_cannot_be_read_stays_as_it_was_and_is_named(pair: Pair) -> None:
    """A pipe in the place of a file; its last content ages on the wall."""
    pair.pass_on()
    path = pair.logs / "state" / "nav.json"
    before = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    step(pair.publisher)
    (pair.logs / "state" / "kpis_v7.json").write_bytes(b"{}")
    pair.pass_on()
    assert pair.desk_file()["problem"] == "nav.json cannot be read: is not a regular file"
    assert (pair.copy / "state" / "nav.json").read_bytes() == before


def test_a_nav_file_of_an_unknown_name_is_named_where_the_desk_would_use_it(pair: Pair) -> None:
    """Only known names travel."""
    for name in ("nav.json", "nav_state.json"):
        (pair.logs / "state" / name).unlink()
    (pair.logs / "state" / "nav_other.json").write_text('{"nav": 5}')
    pair.pass_on()
    assert pair.desk_file()["problem"] == "'nav_other.json' is no known name and is not sent"


def test_files_that_are_too_large_are_named_and_the_others_travel(pair: Pair) -> None:
    """The publisher itself keeps to what a mirror takes."""
    (pair.logs / "state" / "router_health.json").write_bytes(os.urandom(5 * 1024 * 1024))
    largest = os.urandom(1_350_000)
    for name in ("kpis_v7.json", "risk_snapshot.json", "positions.json"):
        (pair.logs / "state" / name).write_bytes(largest)
    pair.pass_on()
    assert (pair.copy / "state" / "kpis_v7.json").read_bytes() == largest
    assert pair.desk_file()["problem"] == "router_health.json is too large to be sent"
    assert not (pair.copy / "state" / "router_health.json").exists()
    assert (pair.copy / "state" / "nav.json").exists()


def test_a_desk_of_this_machine_is_never_overwritten(pair: Pair) -> None:
    """A directory without desk.json belongs to another writer."""
    own = pair.copy / "state" / "nav.json"
    write_at(own, b'{"nav": 1.0}', STAMP_NS)
    pair.pass_on()
    assert [path.name for path in (pair.desks / "alpha").rglob("*.json")] == ["nav.json"]
    assert own.read_bytes() == b'{"nav": 1.0}'
