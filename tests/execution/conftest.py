"""What the tests of `execution/` share: a directory that an executor has written, and locks that end with a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from publisher_world import NOW_S, append, build_close, write_world

from execution.storage.writer_lock import release_writers


@pytest.fixture(autouse=True)
def _no_locks_left() -> Iterator[None]:
    """Each test is a process of its own as far as locks go."""
    yield
    release_writers()


@pytest.fixture
def log_dir(tmp_path: Path) -> Path:
    """What an executor has written at NOW_S, and an event."""
    write_world(tmp_path, NOW_S)
    append(tmp_path, "orders_executed", build_close(1, 5.0, NOW_S - 60))
    return tmp_path
