"""Event logs stay within their bounds, and a line that was cut short spoils no other."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from execution.storage.event_log import EventLog
from execution.storage.event_writer import EventWriter

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "orders.jsonl"


def read(log: EventLog) -> list[int]:
    """The numbers that are new."""
    return [record["n"] for record in log.read_new()]


def test_the_writer_bounds_its_logs(path: Path) -> None:
    """Six files of at most the limit, and a reader that keeps up misses nothing."""
    writer, log, seen = EventWriter(path, max_bytes=2000), EventLog(path), list[int]()
    for number in range(3000):
        writer.append({"n": number})
        if number % 50 == 0:
            seen += read(log)
    writer.close()
    assert seen + read(log) == list(range(3000))
    sizes = [part.stat().st_size for part in path.parent.iterdir()]
    assert len(sizes) == 6
    assert max(sizes) <= 2000


def test_the_writer_ends_the_line_of_a_killed_one(path: Path) -> None:
    """One malformed line instead of two records lost."""
    path.write_text('{"n": 1}\n{"n": 2, "half')
    writer = EventWriter(path)
    writer.append({"n": 3})
    writer.close()
    log = EventLog(path)
    assert read(log) == [1, 3]
    assert log.malformed == 1


def append_ten(writer: EventWriter) -> None:
    """Ten lines of nearly 1 KB."""
    for number in range(10):
        writer.append({"n": number, "pad": "x" * 900})


def test_a_full_disk_spoils_no_later_line(tmp_path: Path) -> None:
    """The part that still went in is one malformed line; what comes once there is room is whole."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no tmpfs may be mounted here")
    try:
        (tmp_path / "ballast").write_bytes(b"x" * 4096)
        log = tmp_path / "orders.jsonl"
        writer = EventWriter(log)
        with pytest.raises(OSError, match="No space left") as caught:
            append_ten(writer)
        assert caught.value.filename == str(log)
        (tmp_path / "ballast").unlink()
        writer.append({"n": 99})
        writer.close()
        reader = EventLog(log)
        assert read(reader) == [0, 1, 2, 3, 99]
        assert reader.malformed == 1
    finally:
        subprocess.run(["umount", tmp_path], check=True)
