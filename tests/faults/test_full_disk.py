"""A disk that fills up under executor and daemon: what the operator finds in the log, on the page, and afterwards.

| when | what the operator sees |
| --- | --- |
| no room | each file as it was last written, growing older; one line in the log for each thing that fails |
| room again | "works again" for each, files that are written anew; nothing to restart, nothing to clean up |
"""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from serving import wait_until
from writers import SEED, program

from execution.surfaces.engine import OWNED as EXECUTOR_FILES
from execution.sync.cycle import OWNED as DAEMON_FILES
from state.files import surfaces

FAILED = re.compile(r"ERROR (.+) failed: OSError: \[Errno 28\] No space left on device: '(.+)'$", re.MULTILINE)
WORKS = re.compile(r"INFO (.+) works again$", re.MULTILINE)
FAST = {"executor": (*SEED, "--speed", "25", "--backfill-hours", "0.2"), "sync_state": ("--interval", "0.3")}
NAMES = {"executor": EXECUTOR_FILES, "sync_state": DAEMON_FILES}

OFTEN = {surfaces.NAV, surfaces.NAV_STATE}


@pytest.fixture
def log_dir(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with little room."""
    directory = tmp_path / "logs"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(directory)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no tmpfs may be mounted here")
    yield directory
    subprocess.run(["umount", directory], check=True)


@contextmanager
def filled(directory: Path) -> Iterator[None]:
    """Not one byte is left while the block runs."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        ballast.unlink()


def written_at(log_dir: Path) -> dict[str, int]:
    """When each file was last written; each has to be whole."""
    paths = [log_dir / "state" / name for names in NAMES.values() for name in names]
    assert [path.name for path in paths if not json.loads(path.read_bytes())] == []
    return {path.name: path.stat().st_mtime_ns for path in paths}


def said(log_dir: Path, name: str) -> str:
    """The log of a program."""
    return log_dir.with_suffix(f".{name}.log").read_text()


def test_full_disk_keeps_every_file_whole_and_is_over_when_there_is_room(log_dir: Path) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(program(log_dir, name, *FAST[name])) for name in FAST]
        wait_until(lambda: all((log_dir / "state" / name).exists() for names in NAMES.values() for name in names))
        with filled(log_dir):
            wait_until(lambda: all(FAILED.search(said(log_dir, name)) for name in NAMES))
            before = written_at(log_dir)
            wait_until(lambda: not list(log_dir.rglob("*.tmp")))  # one may be in the middle of failing
        wait_until(lambda: all(WORKS.search(said(log_dir, name)) for name in NAMES))
        wait_until(
            lambda: before.items().isdisjoint({item for item in written_at(log_dir).items() if item[0] in OFTEN})
        )
        assert [process.poll() for process in processes] == [None, None]
    for name in NAMES:
        assert_each_failure_is_said_once(said(log_dir, name))


def assert_each_failure_is_said_once(log: str) -> None:
    """When it begins and when it is over, not in between; in one line each."""
    failed = [what for what, _ in FAILED.findall(log)]
    assert len(failed) == len(set(failed))
    assert set(WORKS.findall(log)) <= set(failed)
    assert WORKS.findall(log)
    assert "Traceback" not in log
