"""Logs are read on from where the last read ended, whatever happens to the file between."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from execution.storage.event_log import EventLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "orders.jsonl"


def write(path: Path, *numbers: int) -> None:
    """Append a record per number."""
    with path.open("a") as file:
        file.writelines(json.dumps({"n": number, "pad": "x" * 20}) + "\n" for number in numbers)


def read(log: EventLog) -> list[int]:
    """The numbers that are new."""
    return [record["n"] for record in log.read_new()]


def rotate(path: Path) -> None:
    """As writers do: .1 becomes .2, the log becomes .1."""
    if path.with_name("orders.jsonl.1").exists():
        path.with_name("orders.jsonl.1").rename(path.with_name("orders.jsonl.2"))
    path.rename(path.with_name("orders.jsonl.1"))


def test_only_what_is_new_is_read(path: Path) -> None:
    """Each record once; nothing new is nothing."""
    log = EventLog(path)
    assert read(log) == []
    write(path, 1, 2)
    assert read(log) == [1, 2]
    assert read(log) == []
    write(path, 3)
    assert read(log) == [3]


def test_a_half_written_line_waits_for_its_end(path: Path) -> None:
    """Not skipped, not counted as malformed, and read once it is whole."""
    log = EventLog(path)
    path.write_text('{"n": 1}\n{"n": ')
    assert read(log) == [1]
    assert read(log) == []
    with path.open("a") as file:
        file.write("2}\n")
    assert read(log) == [2]
    assert log.malformed == 0


def test_malformed_lines_are_counted_and_skipped(path: Path) -> None:
    """The lines around them come out; an empty line is none."""
    path.write_bytes(b'{"n": 1}\nnot json\n\n[1]\n{"n": NaN\n\xff\xfe\n' + b"[" * 100_000 + b'\n{"n": 2}\n')
    log = EventLog(path)
    assert read(log) == [1, 2]
    assert log.malformed == 5


def test_rotation_loses_nothing(path: Path) -> None:
    """The rest of the rotated part comes first, then the new file."""
    log = EventLog(path)
    write(path, 1)
    assert read(log) == [1]
    write(path, 2)
    rotate(path)
    write(path, 3)
    assert read(log) == [2, 3]
    assert (log.rotations, log.truncations) == (1, 0)


def test_two_rotations_between_reads_lose_nothing(path: Path) -> None:
    """Every younger part is read in order."""
    log = EventLog(path)
    write(path, 1)
    read(log)
    write(path, 2)
    rotate(path)
    write(path, 3)
    rotate(path)
    write(path, 4)
    assert read(log) == [2, 3, 4]


def test_a_moment_without_the_file_is_waited_out(path: Path) -> None:
    """Rotation renames first and creates then."""
    log = EventLog(path)
    write(path, 1)
    read(log)
    write(path, 2)
    rotate(path)
    assert read(log) == []
    write(path, 3)
    assert read(log) == [2, 3]


@pytest.mark.parametrize("regrown", [[7], [7, 8, 9, 10]])
def test_truncation_starts_over(path: Path, regrown: list[int]) -> None:
    """Noticed by the size, or by the first bytes when the file has already grown past the offset."""
    log = EventLog(path)
    write(path, 1, 2)
    read(log)
    path.write_text("")
    write(path, *regrown)
    assert read(log) == regrown
    assert log.truncations == 1


def test_copy_and_truncate_loses_nothing(path: Path) -> None:
    """The way of logrotate: the copy holds the rest."""
    log = EventLog(path)
    write(path, 1)
    read(log)
    write(path, 2)
    shutil.copy(path, path.with_name("orders.jsonl.1"))
    path.write_text("")
    write(path, 3)
    assert read(log) == [2, 3]


def test_a_writer_that_replaces_the_whole_file_is_no_rotation(path: Path) -> None:
    """Old executors rewrite the log at each append: another inode, the same beginning."""
    log = EventLog(path)
    write(path, 1)
    read(log)
    other = path.with_name("new")
    shutil.copy(path, other)
    write(other, 2)
    other.replace(path)
    assert read(log) == [2]
    assert (log.rotations, log.truncations) == (0, 0)


def test_first_read_includes_rotated_parts(path: Path) -> None:
    """Oldest first."""
    for number in (1, 2):
        write(path, number)
        rotate(path)
    write(path, 3)
    assert read(EventLog(path)) == [1, 2, 3]


def test_a_saved_cursor_continues(path: Path) -> None:
    """Through JSON, also across a rotation that happened in between."""
    log = EventLog(path)
    write(path, 1)
    read(log)
    saved = json.loads(json.dumps(log.save()))
    write(path, 2)
    rotate(path)
    write(path, 3)
    assert read(EventLog(path, saved)) == [2, 3]


@pytest.mark.parametrize("saved", [{}, {"offset": "x"}, {"inode": 1}])
def test_an_unusable_cursor_starts_over(path: Path, saved: dict[str, object]) -> None:
    """Rather read all than fail."""
    write(path, 1)
    assert read(EventLog(path, saved)) == [1]


@pytest.mark.parametrize("seed", range(20))
def test_random_appends_rotations_and_restarts(path: Path, seed: int) -> None:
    """Whatever the order: each record exactly once, in order."""
    rng = random.Random(seed)  # noqa: S311 - a test wants the same dice each time
    log, seen, written = EventLog(path), list[int](), 0
    for _ in range(60):
        for _ in range(rng.randrange(4)):
            written += 1
            write(path, written)
        match rng.randrange(4):
            case 0 if path.exists():
                seen += read(log)
                rotate(path)
            case 1:
                log = EventLog(path, log.save())
            case _:
                seen += read(log)
    write(path, written + 1)
    assert seen + read(log) == list(range(1, written + 2))


@pytest.mark.parametrize("sparse", [True, False], ids=["sparse", "on the disk"])
def test_a_hole_is_skipped_and_what_follows_is_read(path: Path, sparse: bool) -> None:
    """What a crash leaves: NULs up to the next append, also in the middle of a line. 10 GB of them are not read."""
    path.write_bytes(b'{"n": 1}\n{"n": ')
    with path.open("ab") as file:
        if sparse:
            file.truncate(10_000_000_000)
        else:
            file.write(bytes(3_000_000))
    log, before = EventLog(path), bytes_read()
    assert read(log) == [1]
    write(path, 2)
    assert read(log) == [2]
    write(path, 3)
    assert read(log) == [3]
    assert bytes_read() - before < 10_000_000


def test_a_record_behind_nuls_is_read(path: Path) -> None:
    """The line it stands in began with what was torn."""
    path.write_bytes(b'{"n": 1}\n{"n": \0\0\0{"n": 2}\n\0\0{"n": 3}\n{"n": 4}\0\0\n')
    log = EventLog(path)
    assert read(log) == [1, 2, 3]
    assert log.malformed == 1


def test_a_stopped_read_goes_on_where_it_ended(path: Path) -> None:
    """After one block of 1 MiB, also from a saved cursor: nothing is lost and nothing comes twice."""
    write(path, *range(50_000))
    log, asked = EventLog(path), iter([False, True, True])
    first = [record["n"] for record in log.read_new(lambda: next(asked))]
    assert 0 < len(first) < 50_000
    assert first + read(EventLog(path, log.save())) == list(range(50_000))


def test_the_cost_of_a_read_does_not_depend_on_the_size(path: Path) -> None:
    """After 10,000 lines one more line costs the bytes of one line and of the head, counted in the kernel."""
    write(path, *range(10_000))
    log = EventLog(path)
    read(log)
    write(path, 1)
    before = bytes_read()
    assert read(log) == [1]
    assert bytes_read() - before < 5000


def bytes_read() -> int:
    """Bytes this process has read through system calls."""
    counters = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counters["rchar"])
