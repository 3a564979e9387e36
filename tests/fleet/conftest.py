"""A redis-server for the tests of a module, emptied for each of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from fleet_worlds import Pair
from redis_server import RedisServer, redis_server

from execution.storage.writer_lock import release_writers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One for all tests of a module that leave it running."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed: tests/fleet/install-redis.sh")
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(shared_server: RedisServer) -> RedisServer:
    """An empty one."""
    shared_server.ask("FLUSHALL")
    return shared_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """One that the test may end, stop or fill."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed: tests/fleet/install-redis.sh")
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def pair(server: RedisServer, tmp_path: Path) -> Iterator[Pair]:
    """The healthy desk, its publisher and its mirror."""
    pair = Pair(server, tmp_path)
    yield pair
    pair.publisher.store.close()
    pair.mirror.store.close()


@pytest.fixture(autouse=True)
def _no_locks_left() -> Iterator[None]:
    """Mirrors of one process hold their directories until it ends."""
    yield
    release_writers()
