"""A redis-server for the tests of a module, emptied for each of them, and a desk with its mirror on it."""

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


@pytest.fixture
def released() -> Iterator[None]:
    """Mirrors of one process hold their directories until it ends, or until the end of this test."""
    yield
    release_writers()


@pytest.fixture(scope="module")
def needs_redis() -> None:
    """Skipped where there is none, and nobody who may install it."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed: tests/fleet/install-redis.sh")


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory: pytest.TempPathFactory, needs_redis: None) -> Iterator[RedisServer]:  # noqa: ARG001
    """One for all tests of a module that leave it running."""
    with redis_server(tmp_path_factory.mktemp("redis")) as redis:
        yield redis


@pytest.fixture
def redis(shared_redis: RedisServer, released: None) -> RedisServer:  # noqa: ARG001
    """An empty one."""
    shared_redis.ask("FLUSHALL")
    return shared_redis


@pytest.fixture
def own_redis(tmp_path: Path, needs_redis: None, released: None) -> Iterator[RedisServer]:  # noqa: ARG001
    """One that the test may end, stop or fill."""
    with redis_server(tmp_path) as redis:
        yield redis


@pytest.fixture
def pair(redis: RedisServer, tmp_path: Path) -> Iterator[Pair]:
    """The healthy desk, its publisher and its mirror."""
    pair = Pair(redis, tmp_path)
    yield pair
    pair.publisher.store.close()
    pair.mirror.store.close()
