"""The history under real processes: racing, killed, forked, without room and without rights."""

import contextlib
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from history_process import LARGE_BYTES, NOW

from state.files import database
from state.files.history import History

PROGRAM = Path(__file__).with_name("history_process.py")
ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def running(program: str, path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A process and what it says; it does not outlive the block."""
    command = [sys.executable, str(PROGRAM), program, str(path), *arguments]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside writers that do nothing else, a look may have to wait."""
    monkeypatch.setattr(database, "LOCK_TIMEOUT_S", 30.0)


def run(program: str, path: Path) -> list[str]:
    """What a process says that comes to its end."""
    with running(program, path) as (process, said):
        lines = said.read().splitlines()
        assert process.wait(60) == 0
        return lines


def numbers(said: IO[str], count: int) -> int:
    """The last of so many commits that were kept."""
    return max(int(said.readline()) for _ in range(count))


def opened(path: Path, *, read_only: bool = False) -> History:
    """A process that has just started."""
    history = History(path, read_only=read_only)
    history.open(NOW)
    assert history.reason is None
    return history


def check_writer(history: History, writer: str, kept: int) -> int:
    """All entries of a writer are of one commit, and not before the last that it said was kept."""
    found: list[Any] = [history.get(f"{writer}.{name}") for name in ("first", "large", "last")]
    first, large, last = found
    assert first == last >= kept
    assert large == first.to_bytes(8) * (LARGE_BYTES // 8)
    return int(first)


def test_two_writers_never_undo_each_other(tmp_path: Path) -> None:
    """Each finds all of its own, and of what they share the newest stands."""
    path = tmp_path / "state.sqlite3"
    with running("write", path, "one") as (_, said_one), running("write", path, "two") as (_, said_two):
        kept = {"one": numbers(said_one, 150), "two": numbers(said_two, 150)}
    history = opened(path)
    ends = {writer: check_writer(history, writer, number) for writer, number in kept.items()}
    shared: Any = history.get("shared")
    assert shared["number"] == history.at("shared") == max(ends.values())


def test_a_writer_killed_at_any_moment_leaves_whole_commits(tmp_path: Path) -> None:
    """The other writes on, and a third process reads all that was kept."""
    path, dice = tmp_path / "state.sqlite3", random.Random(1)  # noqa: S311 - dice of a test
    with running("write", path, "lasting") as (lasting, lasting_said):
        numbers(lasting_said, 1)
        made = path.stat().st_ino
        for number in range(8):
            with running("write", path, f"killed{number}") as (_, said):
                kept = numbers(said, dice.randrange(1, 6))
            check_writer(opened(path), f"killed{number}", kept)
            check_writer(opened(path), "lasting", numbers(lasting_said, 1))
        lasting.kill()
    # Who rolls back what a killed one has left takes its journal away, until the next write.
    assert path.stat().st_ino == made
    assert {item.name for item in tmp_path.iterdir()} <= {"state.sqlite3", "state.sqlite3-journal"}


def test_a_file_removed_under_two_writers_is_made_anew(tmp_path: Path) -> None:
    """With all that both know."""
    path = tmp_path / "cache" / "state.sqlite3"
    with running("write", path, "one") as (_, said_one), running("write", path, "two") as (_, said_two):
        for _ in range(10):
            numbers(said_one, 3)
            numbers(said_two, 3)
            path.unlink(missing_ok=True)
        kept = [numbers(said_one, 200), numbers(said_two, 200)]
    history = opened(path)
    for writer, number in zip(("one", "two"), kept, strict=True):
        check_writer(history, writer, number)


def test_a_child_connects_anew_after_a_fork(tmp_path: Path) -> None:
    """Both write, and neither loses its locks or entries."""
    path = tmp_path / "state.sqlite3"
    # The child has the file open twice: what it inherited it may neither use nor close.
    assert run("fork", path) == ["child 2 None", "parent 0 1 None"]
    assert [opened(path).get(key) for key in ("before", "child", "parent")] == [1, 2, 2]


def test_a_file_that_may_not_grow_keeps_what_it_has(tmp_path: Path) -> None:
    """What does not fit is known to the one process."""
    path = tmp_path / "state.sqlite3"
    first, second, third = run("overflow", path)
    assert (first, second, third) == ("None", f"{tmp_path} is not writable: disk i/o error", f"1 {LARGE_BYTES}")
    assert [opened(path).get(key) for key in ("small", "large")] == [1, None]


# (mode of the directory, mode of the file, what nobody reads of it)
RIGHTS = [(0o555, 0o644, "1"), (0o755, 0o444, "1"), (0o755, 0o600, "None"), (0o700, 0o644, "None")]


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that anybody may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.parametrize(("directory", "file", "known"), RIGHTS)
def test_a_place_of_somebody_else_is_read_where_it_may_be(public: Path, directory: int, file: int, known: str) -> None:
    """What cannot be written is said."""
    path = public / "cache" / "state.sqlite3"
    history = opened(path)
    history.keep("key", 1, 1.0)
    history.commit(NOW)
    history.close()
    path.chmod(file)
    path.parent.chmod(directory)
    (said,) = run("visit", path)
    assert said.startswith(f"{known} 2 {path.parent} is not writable: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_damaged_file_that_cannot_be_replaced_is_said(public: Path) -> None:
    """And stays as it is."""
    path = public / "state.sqlite3"
    path.write_bytes(b"no database\n" * 1000)
    path.chmod(0o644)
    (said,) = run("visit", path)
    assert said == f"None 2 the database in {public} is damaged and could not be replaced: permission denied"
    assert path.read_bytes().startswith(b"no database")
