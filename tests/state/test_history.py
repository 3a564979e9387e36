"""What is kept over loads: whose entry stands, what is ignored, and what happens where nothing can be kept."""

import contextlib
import math
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from state.files import history as module
from state.files.database import LOCK_TIMEOUT_S, Database
from state.files.entries import MAX_ENTRIES, MAX_TOTAL_BYTES, MAX_VALUE_BYTES
from state.files.history import History, locate
from state.files.stamps import FUTURE_TOLERANCE_S

NOW = 1_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place that is not there yet."""
    return tmp_path / "cache" / "dashboard" / "state.sqlite3"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken place is tried again at once."""
    monkeypatch.setattr(module, "RETRY_S", 0.0)


def opened(path: Path | None, now: float = NOW, *, read_only: bool = False) -> History:
    """A process that has just started."""
    history = History(path, read_only=read_only)
    history.open(now)
    return history


def learn(history: History, key: str, value: Any, at: float, *, replace: bool = False) -> None:
    """One load that learns one thing."""
    history.open(NOW)
    history.keep(key, value, at, replace=replace)
    history.commit(NOW)


def filled(path: Path, value: Any = 18.2, at: float = 100.0) -> History:
    """A process that has kept one entry."""
    history = History(path)
    learn(history, "key", value, at)
    assert history.reason is None
    return history


def seen(path: Path, key: str = "key", now: float = NOW) -> Any:
    """What a process that has just started finds."""
    history = opened(path, now, read_only=True)
    assert history.reason is None
    return history.get(key)


@contextlib.contextmanager
def sql(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of somebody else."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


# --- values ----------------------------------------------------------------------------------------------------------

VALUES = [
    0,
    -0.0,
    18.2,
    1e308,
    10**400,
    True,
    "",
    "a\0b \ud800 é",
    b"",
    b"{torn\xff",
    [],
    [1, [None]],
    {"a": {"b": [1.5]}},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_after_a_restart(path: Path, value: Any) -> None:
    """As it was, type included, under any key."""
    history = History(path)
    for key in ("key", "é 日本 \ud800 \0 'x", "k" * 1000):
        learn(history, key, value, 100.0)
    for key in ("key", "é 日本 \ud800 \0 'x", "k" * 1000):
        assert repr(history.get(key)) == repr(value) == repr(seen(path, key))
        assert opened(path).at(key) == 100.0


def deep(levels: int) -> Any:
    """A list in a list in a list."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


NOT_KEPT = [
    ("NaN", math.nan),
    ("infinity inside", {"a": [math.inf]}),
    ("no JSON", object()),
    ("a set", {1}),
    ("keys that are none", {(1, 2): 3}),
    ("too deep", deep(100_000)),
    ("too long a text", "x" * MAX_VALUE_BYTES),
    ("too many bytes", b"x" * (MAX_VALUE_BYTES + 1)),
    ("too long a number", 10**5000),
]


@pytest.mark.parametrize("value", [value for _, value in NOT_KEPT], ids=[name for name, _ in NOT_KEPT])
def test_what_cannot_be_kept_leaves_nothing_older_in_its_place(path: Path, value: Any) -> None:
    """Else the value before it would be taken for the last one."""
    history = filled(path)
    learn(history, "key", value, 101.0)
    assert (history.get("key"), history.at(key="key"), seen(path), history.reason) == (None, None, None, None)


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, NOW + FUTURE_TOLERANCE_S + 0.5, 1e300])
def test_an_epoch_that_is_none_or_in_the_future_is_not_kept(path: Path, at: float) -> None:
    """And takes nothing away."""
    history = filled(path)
    learn(history, "key", "wrong", at, replace=True)
    assert history.get("key") == seen(path) == 18.2


# --- which of two stands ---------------------------------------------------------------------------------------------

# (epoch and value of the first, of the second, whether the second replaces, what stands)
ORDERS = [
    ((100.0, "first"), (99.0, "second"), False, "first"),
    ((100.0, "first"), (100.0, "second"), False, "second"),
    ((100.0, "first"), (101.0, "second"), False, "second"),
    ((100.0, "first"), (99.0, "second"), True, "second"),
    ((100.0, 1), (100.0, 1.0), False, 1.0),
    ((100.0, 1), (100.0, True), False, True),
    ((100.0, "{}"), (100.0, b"{}"), False, b"{}"),
]


@pytest.mark.parametrize(("first", "second", "replace", "stands"), ORDERS)
def test_the_newer_entry_stands(
    path: Path, first: tuple[float, Any], second: tuple[float, Any], replace: bool, stands: Any
) -> None:
    """In one process, in two that know of each other, and in two that have not looked since."""
    learn(opened(path), "other", 0, 1.0)
    one, two, blind = opened(path.with_name("alone")), opened(path), opened(path)
    for at, value in (first, second):
        one.keep("key", value, at, replace=replace and value == second[1])
    learn(two, "key", first[1], first[0])
    blind.keep("key", second[1], second[0], replace=replace)
    blind.commit(NOW)
    for history in (one, two, blind):
        history.open(NOW)
    found = [one.get("key"), two.get("key"), blind.get("key"), seen(path)]
    assert list(map(repr, found)) == [repr(stands)] * 4


def test_what_one_process_learns_the_others_know_at_their_next_load(path: Path) -> None:
    """Changes, new entries and forgotten ones."""
    one, two = filled(path), opened(path)
    assert two.get("key") == 18.2
    learn(one, "new", [1], 50.0)
    two.open(NOW)
    assert two.get("new") == [1]
    two.forget("key")
    two.commit(NOW)
    one.open(NOW)
    assert (one.get("key"), one.get("new")) == (None, [1])
    learn(one, "key", "again, and older", 1.0)
    assert seen(path) == "again, and older"


def test_forgetting_does_not_undo_what_another_learnt_since(path: Path) -> None:
    """It goes as far as what was known."""
    one, two = filled(path), opened(path)
    learn(one, "key", "newer", 101.0)
    two.forget("key")
    assert two.get("key") is None
    two.commit(NOW)
    two.open(NOW)
    assert one.get("key") == two.get("key") == seen(path) == "newer"


def test_what_is_forgotten_and_kept_again_stands_though_it_is_older(path: Path) -> None:
    """In one load as well."""
    history = filled(path)
    history.forget("key")
    history.keep("key", "older", 50.0)
    history.commit(NOW)
    assert history.get("key") == seen(path) == "older"


def test_of_two_that_replace_a_newer_one_the_last_stands(path: Path) -> None:
    """Though the second says it of the first only."""
    history = filled(path)
    history.keep("key", "older", 50.0, replace=True)
    history.keep("key", "less old", 60.0)
    history.commit(NOW)
    assert history.get("key") == seen(path) == "less old"


def test_an_entry_counts_once_its_time_has_come(path: Path) -> None:
    """Whoever looks at an earlier time, with a process that knows it or a new one, does not see it."""
    history = filled(path)
    learn(history, "key", "later", NOW)
    for ahead_s, value in [(0.5, None), (-0.5, "later"), (1.0, None), (-FUTURE_TOLERANCE_S, "later")]:
        now = NOW - FUTURE_TOLERANCE_S - ahead_s
        history.open(now)
        assert history.get("key") == seen(path, now=now) == value


def test_an_honest_entry_replaces_one_from_the_future(path: Path) -> None:
    """A clock that was wrong for an hour does not silence the key until then."""
    wrong = History(path)
    wrong.open(NOW + 3600)
    wrong.keep("key", "future", NOW + 3600)
    wrong.commit(NOW + 3600)
    knowing, blind = opened(path), History(path)
    learn(knowing, "key", "honest", 100.0)
    assert seen(path, now=NOW + 7200) == "honest"
    learn(blind, "key", "honest too", 101.0)
    assert seen(path, now=NOW + 7200) == "honest too"


def test_an_entry_from_the_future_takes_nothing_that_is_not_written_yet(path: Path) -> None:
    """It is read between learning and writing."""
    honest, wrong = filled(path), opened(path, NOW + 3600)
    honest.keep("key", "honest", 101.0)
    wrong.keep("key", "future", NOW + 3600)
    wrong.commit(NOW + 3600)
    honest.open(NOW)
    assert honest.get("key") == "honest"
    honest.commit(NOW)
    assert seen(path, now=NOW + 7200) == "honest"


def test_the_oldest_entries_are_dropped_and_those_from_the_future_before(path: Path) -> None:
    """Never the newest; in memory as in the file."""
    history = History(path)
    history.open(NOW + 100)
    for number in range(MAX_ENTRIES):
        history.keep(f"future {number}", number, NOW + 50)
    history.commit(NOW + 100)
    history.open(NOW)
    for number in range(MAX_ENTRIES + 10):
        history.keep(str(number), number, float(number))
    history.commit(NOW)
    with sql(path) as connection:
        assert connection.execute("SELECT count(*), min(at), max(at) FROM entries").fetchone() == (512, 10.0, 521.0)
    assert (history.get("9"), seen(path, "10"), seen(path, "future 0")) == (None, 10, None)


@pytest.mark.parametrize("kept", [True, False])
def test_memory_and_file_are_bounded(path: Path, kept: bool) -> None:
    """However large the values are, and without a file as well."""
    history = opened(path if kept else None)
    for number in range(3 * MAX_TOTAL_BYTES // MAX_VALUE_BYTES):
        learn(history, str(number), bytes(MAX_VALUE_BYTES), float(number))
    assert [history.get(str(number)) is None for number in (63, 64, 95)] == [True, False, False]
    history.close()
    assert path.exists() is kept
    assert not kept or path.stat().st_size < 1.2 * MAX_TOTAL_BYTES


def test_an_unchanged_entry_writes_nothing(path: Path) -> None:
    """A load that learns nothing leaves the file alone, even unseen by the others."""
    history, other = filled(path), opened(path)
    before = path.read_bytes()
    learn(history, "key", 18.2, 100.0)
    history.forget("nothing")
    history.commit(NOW)
    assert path.read_bytes() == before
    learn(other, "key", 18.2, 100.0)


# --- the place -------------------------------------------------------------------------------------------------------


def test_nobody_else_may_read_it(path: Path) -> None:
    """Books are nobody's business."""
    history = filled(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(item.stat().st_mode) for item in path.parent.iterdir()} == {0o600}
    history.close()


def test_nothing_is_made_where_there_is_nothing_to_keep(path: Path) -> None:
    """A wrong directory stays as it is."""
    history = opened(path)
    history.commit(NOW)
    assert (history.reason, path.parent.exists()) == (None, False)


def test_in_memory_on_purpose_is_no_failure() -> None:
    """As of one process."""
    history = opened(None)
    learn(history, "key", [1], 100.0)
    assert (history.get("key"), history.at("key"), history.reason) == ([1], 100.0, None)


def place_rubbish(path: Path) -> None:
    """Text of somebody else."""
    path.write_bytes(b"no database\n" * 1000)


def place_empty(path: Path) -> None:
    """What a process leaves that is killed before its first write."""
    path.write_bytes(b"")


def place_half(path: Path) -> None:
    """What a disk leaves that was full or lost its power."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def place_zeros(path: Path) -> None:
    """A good first page, then nothing."""
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:4096] + bytes(size - 4096))


def place_foreign_table(path: Path) -> None:
    """A database of another program, or of another version."""
    with sql(path) as connection:
        connection.execute("DROP TABLE IF EXISTS entries")
        connection.execute("CREATE TABLE entries (name TEXT)")
        connection.execute("INSERT INTO entries VALUES ('x')")


def place_no_table(path: Path) -> None:
    """The table is gone."""
    with sql(path) as connection:
        connection.execute("DROP TABLE IF EXISTS entries")


def place_write_ahead_log(path: Path) -> None:
    """A database that would leave files behind."""
    with sql(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def place_large(path: Path) -> None:
    """More than could be read at once."""
    with path.open("ab") as file:
        file.truncate(1 << 28)


def place_nothing(path: Path) -> None:
    """Deleted."""
    path.unlink(missing_ok=True)


def place_no_directory(path: Path) -> None:
    """All of it deleted."""
    shutil.rmtree(path.parents[1])


DAMAGES = [
    place_rubbish,
    place_empty,
    place_half,
    place_zeros,
    place_foreign_table,
    place_no_table,
    place_nothing,
    place_no_directory,
]
# Who has the file open already is not concerned.
LATENT_DAMAGES = [place_write_ahead_log, place_large]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("in_place", [True, False])
def test_a_database_that_breaks_under_two_processes_is_made_anew(
    path: Path, damage: Callable[[Path], None], in_place: bool
) -> None:
    """With all that both know, at once, and without a word."""
    one, two = filled(path), opened(path)
    learn(two, "other", "two's", 101.0)
    if in_place:
        damage(path)
    else:
        copy = Path(shutil.copy(path, path.with_name("copy")))
        damage(copy)
        if copy.exists():
            copy.replace(path)
    learn(one, "third", 3, 102.0)
    learn(two, "fourth", 4, 103.0)
    one.open(NOW)
    for history in (one, two, opened(path)):
        assert [history.get(key) for key in ("key", "other", "third", "fourth")] == [18.2, "two's", 3, 4]
        assert history.reason is None


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_database_that_breaks_under_one_process_is_made_anew(path: Path, damage: Callable[[Path], None]) -> None:
    """With what it had not just learnt as well, and it works on."""
    history = filled(path)
    damage(path)
    learn(history, "other", 1, 101.0)
    assert [seen(path), seen(path, "other"), history.reason] == [18.2, 1, None]
    history.open(NOW)
    assert history.get("key") == 18.2


@pytest.mark.parametrize("damage", [*DAMAGES, *LATENT_DAMAGES])
def test_a_broken_database_at_the_start_is_replaced(path: Path, damage: Callable[[Path], None]) -> None:
    """A reader only says so and changes nothing; the next process that learns something makes a new one."""
    filled(path).close()
    damage(path)
    before = path.stat().st_size if path.exists() else None
    reader = opened(path, read_only=True)
    assert reader.get("key") is None
    assert reader.reason in (None, f"the database in {path.parent} is damaged") or "is damaged: " in reader.reason
    reader.close()
    assert before == (path.stat().st_size if path.exists() else None)
    history = filled(path, "new", 200.0)
    assert (history.get("key"), seen(path), path.stat().st_size < 100_000) == ("new", "new", True)


def test_a_database_that_breaks_again_at_once_is_left_alone_for_a_while(path: Path) -> None:
    """A disk that damages all it is given costs one write in five seconds."""
    history = filled(path)
    for reason in (
        None,
        f"the database in {path.parent} is damaged and could not be replaced: it was replaced a moment ago",
    ):
        place_rubbish(path)
        learn(history, "key", 18.3, 101.0)
        assert (history.get("key"), history.reason) == (18.3, reason)
    assert path.read_bytes().startswith(b"no database")


def test_an_older_copy_that_is_put_back_gets_what_it_lacks(path: Path) -> None:
    """A backup of the whole directory, for one."""
    history = filled(path)
    copy = Path(shutil.copy(path, path.with_name("copy")))
    learn(history, "key", "newer", 101.0)
    copy.replace(path)
    history.open(NOW)
    history.commit(NOW)
    assert history.get("key") == seen(path) == "newer"


def test_what_took_the_place_of_a_damaged_file_is_not_removed_with_it(path: Path) -> None:
    """Two processes find the damage, and the first has replaced it already."""
    filled(path)
    late = Database(path, "rw")
    path.unlink()
    filled(path, "new", 200.0)
    late.discard()
    assert seen(path) == "new"


ROWS = [
    ("not JSON", "UPDATE entries SET value = '{torn'"),
    ("another value", "UPDATE entries SET value = '99.9'"),
    ("another type", "UPDATE entries SET value = CAST(value AS BLOB)"),
    ("a number", "UPDATE entries SET value = 18.2"),
    ("not UTF-8", "UPDATE entries SET value = CAST(x'ff' AS TEXT)"),
    ("another epoch", "UPDATE entries SET at = 500000.0"),
    ("an epoch of words", "UPDATE entries SET at = 'yesterday'"),
    ("no end of time", "UPDATE entries SET at = 9e999"),
    ("another checksum", "UPDATE entries SET checksum = checksum + 1"),
    ("a checksum of words", "UPDATE entries SET checksum = 'x'"),
]


@pytest.mark.parametrize("statement", [statement for _, statement in ROWS], ids=[name for name, _ in ROWS])
def test_a_damaged_entry_is_ignored_until_an_honest_one_replaces_it(path: Path, statement: str) -> None:
    """Whatever epoch it claims; the other entries are as they were."""
    history = filled(path)
    learn(history, "other", "good", 100.0)
    with sql(path) as connection:
        connection.execute(f"{statement} WHERE key = 'key'")
        connection.execute("INSERT INTO entries VALUES (x'ff00', 1.0, 1, 1), (NULL, 1.0, 1, 1), ('k', 'a', 'b', 'c')")
    assert (seen(path), seen(path, "other")) == (None, "good")
    filled(path, "honest", 50.0)
    assert (seen(path), seen(path, "other")) == ("honest", "good")


@pytest.mark.parametrize("seed", range(60))
def test_whatever_bytes_are_lost_no_wrong_value_is_read(path: Path, seed: int) -> None:
    """As after a power cut: a value is one that was written, or none, and the place works again."""
    history, dice = History(path), random.Random(seed)  # noqa: S311 - dice of a test
    written = {str(key): [{"n": key + version, "x": "y" * key} for version in (0, 1000)] for key in range(100)}
    for version in (0, 1):
        history.open(NOW)
        for key, values in written.items():
            history.keep(key, values[version], 100.0 + version)
        history.commit(NOW)
    history.close()
    content = bytearray(path.read_bytes())
    for _ in range(dice.choice((1, 8))):
        start, length = dice.randrange(len(content)), dice.choice((1, 512, 4096))
        content[start : start + length] = dice.randbytes(len(content[start : start + length]))
    path.write_bytes(content)
    after = opened(path)
    assert all(after.get(key) in (None, *values) for key, values in written.items())
    learn(after, "new", seed, 200.0)
    assert (after.reason, seen(path, "new")) == (None, seed)


def stand_directory(path: Path) -> None:
    """A directory stands at the path."""
    path.mkdir(parents=True)


def stand_pipe(path: Path) -> None:
    """Opening one for reading would wait for ever."""
    path.parent.mkdir(parents=True)
    os.mkfifo(path)


def stand_file_above(path: Path) -> None:
    """What should be a directory is a file."""
    path.parents[1].write_text("")


def stand_dangling_link(path: Path) -> None:
    """A mount that is not there."""
    path.parents[1].symlink_to("nowhere/at/all")


def stand_loop(path: Path) -> None:
    """A link to itself."""
    path.parent.mkdir(parents=True)
    path.symlink_to(path)


PLACES: list[tuple[Callable[[Path], None], str]] = [
    (stand_directory, "state.sqlite3 is not a regular file"),
    (stand_pipe, "state.sqlite3 is not a regular file"),
    (stand_file_above, "not a directory"),
    (stand_dangling_link, "file exists"),
    (stand_loop, "too many levels of symbolic links"),
]


def clear(path: Path) -> None:
    """Nothing stands there any more."""
    top = path.parents[1]
    shutil.rmtree(top) if top.is_dir() and not top.is_symlink() else top.unlink()


@pytest.mark.parametrize(("place", "reason"), PLACES)
@pytest.mark.usefixtures("impatient")
def test_a_place_that_cannot_be_used_says_why_and_heals(path: Path, place: Callable[[Path], None], reason: str) -> None:
    """Memory goes on meanwhile, and is written once it can be."""
    place(path)
    history = opened(path)
    for number in (1, 2):
        learn(history, "key", number, 100.0 + number)
        assert history.get("key") == number
        assert history.reason == f"{path.parent} is not writable: {reason}"
    clear(path)
    history.open(NOW)
    history.commit(NOW)
    assert history.reason is None
    assert seen(path) == 2


@pytest.mark.parametrize("name", ["a\0b", "n" * 300])
def test_a_name_that_no_file_can_have_is_said(tmp_path: Path, name: str) -> None:
    """As any other place that cannot be used."""
    history = opened(tmp_path / name)
    learn(history, "key", 1, 100.0)
    assert (history.get("key"), "is not writable" in (history.reason or "")) == (1, True)


def test_a_broken_place_is_not_tried_at_every_load(path: Path) -> None:
    """It heals, but costs nothing until it is time."""
    path.parent.parent.write_text("")
    history = opened(path)
    learn(history, "key", 1, 100.0)
    path.parent.parent.unlink()
    learn(history, "key", 2, 101.0)
    assert (history.reason is None, path.exists()) == (False, False)


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
@pytest.mark.usefixtures("impatient")
def test_a_lock_is_waited_for_and_no_longer(path: Path, lock: str) -> None:
    """What could not be written is written when the lock is gone."""
    history = filled(path)
    with sql(path) as connection:
        connection.execute(f"BEGIN {lock}")
        start_s = time.monotonic()
        history.keep("key", "waits", 101.0)
        history.commit(NOW)
        assert LOCK_TIMEOUT_S * 0.5 < time.monotonic() - start_s < LOCK_TIMEOUT_S + 2.0
        assert history.reason is None  # a disk that stalls under another process is none
        history.commit(NOW)
        assert history.reason == f"the database in {path.parent} is locked by another process"
        history.open(NOW)
        assert history.get("key") == "waits"
    history.open(NOW)
    history.commit(NOW)
    assert history.reason is None
    assert seen(path) == "waits"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few pages."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no tmpfs may be mounted here")
    yield tmp_path / "state.sqlite3"
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@pytest.mark.usefixtures("impatient")
def test_a_disk_that_is_full_is_said_and_heals(small_disk: Path) -> None:
    """What was there is there still; what is new is written once there is room."""
    history, ballast = filled(small_disk), small_disk.with_name("ballast")
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    learn(history, "key", "new", 101.0)
    assert history.reason == f"the disk is full: {small_disk.parent} takes no more"
    assert (history.get("key"), seen(small_disk)) == ("new", 18.2)
    starting = opened(small_disk)
    starting.commit(NOW)
    assert (starting.get("key"), starting.reason) == (18.2, history.reason)
    ballast.unlink()
    history.open(NOW)
    history.commit(NOW)
    assert history.reason is None
    assert seen(small_disk) == "new"


def test_a_reader_makes_nothing_and_changes_nothing(path: Path) -> None:
    """It sees what a writer writes, from when there is something, and keeps its own to itself."""
    reader = opened(path, read_only=True)
    learn(reader, "own", 1, 100.0)
    assert (path.parents[1].exists(), reader.reason) == (False, None)
    writer = filled(path)
    before = sorted(path.parent.iterdir()), path.read_bytes()
    learn(reader, "key", "reader's", 101.0)
    reader.forget("key")
    reader.commit(NOW)
    reader.open(NOW)
    assert (reader.get("own"), reader.get("key"), reader.reason) == (1, None, None)
    assert (sorted(path.parent.iterdir()), path.read_bytes()) == before
    learn(writer, "key", "writer's", 102.0)
    reader.open(NOW)
    assert reader.get("key") == "writer's"


def test_a_write_that_was_killed_is_undone_by_the_next_writer(path: Path, tmp_path: Path) -> None:
    """A reader may not, and says so."""
    history = filled(path)
    learn(history, "large", bytes(500_000), 100.0)
    killed = tmp_path / "killed" / path.name
    killed.parent.mkdir()
    with sql(path) as connection:
        connection.execute("PRAGMA cache_size = 1")  # so that changed pages reach the file before the end
        connection.execute("BEGIN")
        connection.execute("UPDATE entries SET at = 200.0, value = randomblob(400000)")
        for suffix in ("", "-journal"):
            shutil.copy(f"{path}{suffix}", f"{killed}{suffix}")
    reader = opened(killed, read_only=True)
    assert (reader.reason or "").endswith("was left in the middle of a write, which a serving process undoes")
    assert sorted(item.name for item in killed.parent.iterdir()) == [path.name, f"{path.name}-journal"]
    writer = opened(killed)
    writer.commit(NOW)
    assert [writer.get("key"), writer.get("large"), writer.reason] == [18.2, bytes(500_000), None]
    assert seen(killed) == 18.2


def test_every_call_may_come_from_another_thread(path: Path) -> None:
    """One at a time."""
    history = filled(path)
    with ThreadPoolExecutor(4) as pool:
        for number in range(8):
            pool.submit(learn, history, "key", number, 200.0 + number).result()
    assert history.reason is None
    assert seen(path) == 7


# --- where it is -----------------------------------------------------------------------------------------------------


def test_the_place_belongs_to_the_resolved_directory(tmp_path: Path) -> None:
    """Whatever name it is called by, and no other directory has the same."""
    state, other = tmp_path / "logs" / "state", tmp_path / "other" / "logs" / "state"
    state.mkdir(parents=True)
    (tmp_path / "link").symlink_to(state)
    found = locate(state, {})
    assert found.parent == tmp_path / "logs" / "cache" / "dashboard"
    assert found.name.startswith(f"{tmp_path.name}-logs-state-")
    assert found == locate(f"{state}/", {"HEDGE_CACHE_DIR": ""}) == locate(tmp_path / "link", {})
    assert found == locate(os.path.relpath(state), {})
    assert found.name != locate(other, {}).name
    assert locate(state, {"HEDGE_CACHE_DIR": "/var/cache/hedge"}) == Path("/var/cache/hedge") / found.name


@pytest.mark.parametrize("name", ["/", "", ".", "../..", "a\0b", "\ud800", "日本", "x" * 5000, "a b/c?d#e%41/..f"])
def test_any_directory_has_a_place_with_a_plain_name(tmp_path: Path, name: str) -> None:
    """Names that no directory can have as well."""
    found = locate(name, {"HEDGE_CACHE_DIR": str(tmp_path)})
    assert (found.parent, found.name.isascii(), len(found.name) < 100) == (tmp_path, True, True)
    assert filled(found).get("key") == 18.2
