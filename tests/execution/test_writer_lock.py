"""One writer per file, also where the lock file is deleted under a writer: noticed at the next write."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from processes import Process, end, read_state, run, running, wait_until
from publisher_world import build_payloads, end_locks

from execution.state_publish import publish_surface
from execution.storage.writer_lock import SecondWriterError, claim_writer
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable

_no_locks_left = pytest.fixture(autouse=True)(end_locks)

METADATA = surfaces.ENGINE_METADATA

# Claims a file, says so, and holds it until its input ends.
HOLD = """
import sys
from pathlib import Path
from execution.storage.writer_lock import claim_writer
claim_writer(Path(sys.argv[1]))
print("mine", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A surface that this process has written."""
    publish_surface(METADATA, build_payloads()[METADATA], tmp_path)
    return tmp_path / METADATA


def hold(path: Path) -> Process:
    """Another process that is the writer now."""
    command = [sys.executable, "-c", HOLD, str(path)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "mine\n"
    return other


def lock_of(path: Path) -> Path:
    """Where its lock file lies."""
    return path.parent / ".locks" / f"{path.name}.lock"


def delete_lock(path: Path) -> None:
    """The file alone."""
    lock_of(path).unlink()


def delete_locks(path: Path) -> None:
    """The whole directory, as somebody does who tidies up."""
    shutil.rmtree(path.parent / ".locks")


def replace_lock(path: Path) -> None:
    """By another file, as a restored backup does."""
    copy = path.parent / "copy"
    shutil.copy(lock_of(path), copy)
    copy.replace(lock_of(path))


LOSSES = [delete_lock, delete_locks, replace_lock]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_lost_lock_is_taken_again(path: Path, lose: Callable[[Path], None], caplog: pytest.LogCaptureFixture) -> None:
    """At the next write, with one line; another process is refused from then on."""
    lose(path)
    payload = build_payloads()[METADATA] | {"status": "later"}
    publish_surface(METADATA, payload, path.parent)
    publish_surface(METADATA, payload, path.parent)
    message = f"{path}: the lock file was deleted or replaced; it is taken again"
    assert [record.getMessage() for record in caplog.records] == [message]
    command = [sys.executable, "-c", HOLD, str(path)]
    refused = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    assert f"is already written by process {os.getpid()}: one writer per file" in refused.stderr


@pytest.mark.parametrize("lose", LOSSES)
def test_a_lock_that_somebody_else_has_now_stops_the_writer(path: Path, lose: Callable[[Path], None]) -> None:
    """With the pid of the other, at each write until it is gone; the file stays as it is meanwhile."""
    before = path.read_bytes()
    lose(path)
    other = hold(path)
    for _ in range(2):
        with pytest.raises(SecondWriterError, match=f"is already written by process {other.pid}: one writer per file"):
            publish_surface(METADATA, build_payloads()[METADATA] | {"status": "later"}, path.parent)
    assert path.read_bytes() == before
    other.communicate("")
    publish_surface(METADATA, build_payloads()[METADATA] | {"status": "later"}, path.parent)
    assert path.read_bytes() != before


def test_a_lock_is_kept_while_nothing_happens_to_it(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Overwriting its text takes nothing away, and costs no descriptor."""
    lock_of(path).write_text("nonsense")
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(100):
        claim_writer(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert caplog.records == []


def lock_files(log_dir: Path) -> set[str]:
    """Every lock below the log directory, by the path of what it guards."""
    locks = log_dir.rglob(".locks/*.lock")
    return {str((lock.parents[1] / lock.stem).relative_to(log_dir)) for lock in locks}


def written_files(log_dir: Path) -> set[str]:
    """Everything that two writers could spoil for each other."""
    files = (path for path in log_dir.rglob("*.json*") if path.is_file() and ".locks" not in path.parts)
    return {str(path.relative_to(log_dir)) for path in files}


@pytest.mark.parametrize("program", ["executor", "sync_state"])
def test_a_desk_without_locks_gets_them_back_and_keeps_the_second_out(tmp_path: Path, program: str) -> None:
    """Real processes: all lock files are deleted while both write; each takes all of its own again."""
    with running("executor", tmp_path, "--speed", "20", "--backfill-hours", "0.1"), running("sync_state", tmp_path):
        wait_until(lambda: read_state(tmp_path, surfaces.KPIS))
        for directory in list(tmp_path.rglob(".locks")):
            shutil.rmtree(directory)
        wait_until(lambda: {"state/nav.json", "state/kpis_v7.json", "nav_log.json"} <= lock_files(tmp_path))
        code, said = run(program, tmp_path, *(["--once"] if program == "sync_state" else ["--steps", "1"]))
        assert code == 1
        assert "one writer per file" in said


def hear(process: Process, heard: list[bytes]) -> str:
    """What a process has said so far; it does not wait for more."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    with contextlib.suppress(BlockingIOError):
        heard.append(os.read(process.stdout.fileno(), 1 << 16))
    os.set_blocking(process.stdout.fileno(), True)
    return b"".join(heard).decode()


def test_the_first_of_two_daemons_stops_writing_with_a_sentence(tmp_path: Path) -> None:
    """Its locks were deleted and another daemon has them all: it says so once, and goes on when that one is gone."""
    assert run("executor", tmp_path, "--speed", "0", "--steps", "5", "--backfill-hours", "0.1")[0] == 0
    heard: list[bytes] = []
    with running("sync_state", tmp_path, "--interval", "0.2") as first:
        wait_until(lambda: read_state(tmp_path, surfaces.KPIS))
        first.send_signal(signal.SIGSTOP)
        for directory in list(tmp_path.rglob(".locks")):
            shutil.rmtree(directory)
        with running("sync_state", tmp_path, "--interval", "0.2") as second:
            wait_until(lambda: "state/kpis_v7.json" in lock_files(tmp_path))
            first.send_signal(signal.SIGCONT)
            sentence = f"kpis_v7.json is already written by process {second.pid}: one writer per file"
            wait_until(lambda: sentence in hear(first, heard))
            before = read_state(tmp_path, surfaces.KPIS)["updated_at"]
            wait_until(lambda: read_state(tmp_path, surfaces.KPIS)["updated_at"] > before)
            end(second)
        wait_until(lambda: "kpis_v7.json works again" in hear(first, heard))
        said = hear(first, heard) + end(first)
    assert said.count(sentence) == 1


def test_every_file_that_is_written_has_its_lock(tmp_path: Path) -> None:
    """Surfaces, NAV log, checkpoint, peak, windows and event logs: none that a second process could write beside."""
    assert run("executor", tmp_path, "--speed", "0", "--steps", "50", "--backfill-hours", "1")[0] == 0
    assert run("sync_state", tmp_path, "--once")[0] == 0
    assert lock_files(tmp_path) >= written_files(tmp_path)
