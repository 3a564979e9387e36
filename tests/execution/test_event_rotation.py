"""Event logs that others rotate, truncate or remove while the desk runs: no later event is lost, none counts twice."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import time
from functools import partial
from itertools import count, pairwise
from typing import TYPE_CHECKING

import pytest
from processes import PATIENCE_S, end, read_state, running, wait_until
from publisher_world import append, build_close, write_world

from execution.storage.event_feed import EventFeed
from execution.storage.event_log import EventLog
from execution.storage.event_writer import EventWriter
from execution.storage.log_parts import list_rotated
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.synchronize import Event
    from pathlib import Path


DATES = count(20_261_101)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "orders.jsonl"


def read(log: EventLog) -> list[int]:
    """The numbers that are new."""
    return [record["n"] for record in log.read_new()]


# --- what others do to a log -----------------------------------------------------------------------------------------


def rename(path: Path) -> None:
    """.1 becomes .2, the log becomes .1, and nothing takes its place."""
    for number in range(8, 0, -1):
        part = path.with_name(f"{path.name}.{number}")
        if part.exists():
            part.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


def rename_and_create(path: Path) -> None:
    """As logrotate's `create`."""
    rename(path)
    path.touch()


def rename_by_date(path: Path) -> None:
    """As logrotate's `dateext`."""
    path.replace(path.with_name(f"{path.name}-{next(DATES)}"))
    path.touch()


def copy_and_truncate(path: Path) -> None:
    """As logrotate's `copytruncate`: the log keeps its inode."""
    shutil.copy(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)


def truncate(path: Path) -> None:
    """Emptied in place, and no copy."""
    os.truncate(path, 0)


def unlink(path: Path) -> None:
    """Deleted by a hand or a cron job."""
    path.unlink()


def replace_by_empty(path: Path) -> None:
    """Another, empty file under its name."""
    path.with_name("empty").touch()
    path.with_name("empty").replace(path)


def remove_directory(path: Path) -> None:
    """The directory is gone."""
    shutil.rmtree(path.parent)


KEEPING = [rename, rename_and_create, rename_by_date, copy_and_truncate]
LOSING = [truncate, unlink, replace_by_empty, remove_directory]


@pytest.mark.parametrize("act", [*KEEPING, *LOSING])
def test_what_is_written_later_is_where_it_is_looked_for(path: Path, act: Callable[[Path], None]) -> None:
    """The next append goes into the file of that name, whole, and no descriptor is left behind."""
    writer = EventWriter(path)
    writer.append({"n": 1})
    act(path)
    writer.append({"n": 2})
    writer.append({"n": 3})
    writer.close()
    assert path.read_text() == '{"n":2}\n{"n":3}\n'


@pytest.mark.parametrize("act", KEEPING)
@pytest.mark.parametrize("restart", [False, True])
def test_a_reader_misses_nothing_that_is_kept(path: Path, act: Callable[[Path], None], restart: bool) -> None:
    """What was not read yet is in the rotated part; a reader that was restarted meanwhile finds it too."""
    writer, log, seen = EventWriter(path), EventLog(path), list[int]()
    for first in range(0, 60, 3):
        writer.append({"n": first})
        seen += read(log)
        writer.append({"n": first + 1})
        act(path)
        writer.append({"n": first + 2})
        log = EventLog(path, json.loads(json.dumps(log.save()))) if restart else log
    writer.close()
    assert seen + read(log) == list(range(60))
    assert read(log) == []


@pytest.mark.parametrize("act", LOSING)
def test_a_reader_goes_on_after_what_was_removed(path: Path, act: Callable[[Path], None]) -> None:
    """What came before the loss and was read counts once, and everything after it is read."""
    writer, log, seen = EventWriter(path), EventLog(path), list[int]()
    for first in range(0, 20, 2):
        writer.append({"n": first})
        writer.append({"n": first + 1})
        seen += read(log)
        act(path)
    writer.append({"n": 20})
    writer.close()
    assert seen + read(log) == list(range(21))


def test_a_rotated_part_that_was_never_read_is_found_although_the_one_before_it_is_gone(path: Path) -> None:
    """The cursor's file was deleted, and the next one has been rotated already; older parts are known."""
    writer, log = EventWriter(path), EventLog(path)
    writer.append({"n": 1})
    rename(path)
    writer.append({"n": 2})
    assert read(log) == [1, 2]
    path.unlink()
    writer.append({"n": 3})
    # Two writes within a tick of the file system have the same time.
    os.utime(path, (time.time() + 1, time.time() + 1))
    rename(path)
    writer.append({"n": 4})
    writer.close()
    assert read(log) == [3, 4]


def test_an_empty_log_is_not_taken_for_the_next_one(path: Path) -> None:
    """Every file begins with nothing: what went into the empty one before its rotation is read."""
    log = EventLog(path)
    path.touch()
    assert read(log) == []
    with path.open("a") as file:
        file.write('{"n": 1}\n')
    rename_and_create(path)
    with path.open("a") as file:
        file.write('{"n": 2}\n')
    assert read(log) == [1, 2]


def test_a_writer_that_has_not_noticed_yet_is_still_heard(path: Path) -> None:
    """Between its look and its write the log was rotated and read on: the line is in the rotated part."""
    log = EventLog(path)
    with path.open("a") as slow:
        slow.write('{"n": 1}\n{"n"')
        slow.flush()
        assert read(log) == [1]
        rename(path)
        path.write_text('{"n": 3}\n')
        assert read(log) == [3]
        slow.write(": 2}\n")
        slow.flush()
        log = EventLog(path, log.save())
        assert read(log) == [2]
        assert read(log) == []
    assert log.malformed == 0


def test_backups_and_strangers_are_no_parts(path: Path) -> None:
    """Youngest first: numbers, then dates; everything else is left alone."""
    parts = ["orders.jsonl.1", "orders.jsonl.2", "orders.jsonl.10", "orders.jsonl-20261125-2", "orders.jsonl-20261125"]
    others = [
        "orders.jsonl.bak",
        "orders.jsonl.1.gz",
        "orders.jsonl.lock",
        "my_orders.jsonl.1",
        "orders.jsonl~",
        "orders",
    ]
    for name in [*parts, *others]:
        path.with_name(name).touch()
    assert [part.name for part in list_rotated(path)] == parts


def test_a_rotation_that_fails_writes_into_no_other_file(path: Path) -> None:
    """The log cannot be renamed: its descriptor is closed, and its number may be another file's by the next append."""
    writer = EventWriter(path, max_bytes=10)
    writer.append({"n": 1})
    path.with_name("orders.jsonl.4").touch()
    in_the_way = path.with_name("orders.jsonl.5")
    in_the_way.mkdir()
    with pytest.raises(IsADirectoryError):
        writer.append({"n": 2})
    with path.with_name("other").open("wb+") as other:
        with pytest.raises(IsADirectoryError):
            writer.append({"n": 3})
        assert other.seek(0, os.SEEK_END) == 0
    in_the_way.rmdir()
    writer.append({"n": 4})
    writer.close()
    assert read(EventLog(path)) == [1, 4]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "directory"])
def test_what_is_no_file_is_an_error_and_holds_nobody_up(path: Path, make: Callable[[Path], None]) -> None:
    """For reader and writer; both go on once it is gone."""
    make(path)
    log = EventLog(path)
    with pytest.raises(OSError, match=r"orders\.jsonl"):
        read(log)
    with pytest.raises(OSError, match=r"orders\.jsonl"):
        EventWriter(path)
    path.rename(path.with_name("away"))
    writer = EventWriter(path)
    writer.append({"n": 1})
    writer.close()
    assert read(log) == [1]


# --- real processes --------------------------------------------------------------------------------------------------

EVENTS = 6000


def write_all(path: Path, done: Event) -> None:
    """As fast as it goes."""
    writer, dice = EventWriter(path), random.Random(3)  # noqa: S311 - lengths of lines
    for number in range(EVENTS):
        writer.append({"n": number, "pad": "x" * dice.randrange(300)})
        if number == EVENTS // 2:
            # However busy the machine is, one rotation falls between two events.
            wait_until(lambda: bool(list_rotated(path)))
    done.set()


def rotate_all(path: Path, done: Event, act: Callable[[Path], None]) -> None:
    """Once there is something, and as often as there are parts, so that none is overwritten before it is read."""
    dice = random.Random(4)  # noqa: S311 - moments to rotate at
    wait_until(path.exists)
    for _ in range(8):
        if not done.wait(dice.uniform(0.01, 0.15)) and path.exists():
            act(path)


@pytest.mark.parametrize("act", [rename, rename_and_create, rename_by_date])
def test_a_busy_log_under_a_busy_rotation(path: Path, act: Callable[[Path], None]) -> None:
    """A writer, somebody who rotates and a reader that is restarted now and then: each event exactly once."""
    context = multiprocessing.get_context("spawn")
    done = context.Event()
    others = [
        context.Process(target=write_all, args=(path, done)),
        context.Process(target=rotate_all, args=(path, done, act)),
    ]
    for other in others:
        other.start()
    log, seen, end_s = EventLog(path), list[int](), time.monotonic() + PATIENCE_S
    while any(other.is_alive() for other in others) and time.monotonic() < end_s:
        seen += read(log)
        log = EventLog(path, json.loads(json.dumps(log.save())))
    for other in others:
        other.join()
    path.touch()
    seen += read(log)
    assert sorted(seen) == list(range(EVENTS))
    assert list_rotated(path)


@pytest.mark.parametrize("act", [rename_and_create, rename_by_date, copy_and_truncate, unlink])
def test_the_daemon_counts_each_event_once(tmp_path: Path, act: Callable[[Path], None]) -> None:
    """Through rotations while it runs, and one while it is down; fees, PnL and closes are those that were written."""
    numbers = count(1)
    log = tmp_path / "execution" / "orders_executed.jsonl"

    def close() -> None:
        append(tmp_path, "orders_executed", build_close(next(numbers), 1.0, time.time()))
        write_world(tmp_path, time.time())

    def published(pnl_usd: float) -> bool:
        kpis = read_state(tmp_path, surfaces.KPIS)
        return kpis is not None and kpis["fee_pnl"]["pnl"] == pnl_usd

    total = 0.0
    for _ in range(2):
        with running("sync_state", tmp_path, "--interval", "0.2") as process:
            for _ in range(3):
                close()
                total += 1.0
                wait_until(partial(published, total))
                act(log)
            end(process)
        assert process.returncode == 0
    close()
    with running("sync_state", tmp_path, "--interval", "0.2"):
        wait_until(partial(published, total + 1.0))
    saved = json.loads((tmp_path / "cache" / "sync_window.json").read_bytes())
    feed = EventFeed(tmp_path / "execution", saved)
    closes = [at_s for at_s, *_ in feed.poll(time.time()).closes]
    assert len(closes) == total + 1
    assert all(before < after for before, after in pairwise(closes))
