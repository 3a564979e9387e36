"""A desk that means harm: it harms nobody else, writes nowhere else, and costs no more than its share."""

from __future__ import annotations

import random
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from fleet_worlds import step
from hostile_desk import BOMB, EVIL, Siege, describe_table, make_keys

from execution.fleet.packing import LOCATIONS, LimitError, unpack
from state.files.fleet_files import DESK_FILE, read_desk

if TYPE_CHECKING:
    from pathlib import Path

    from redis_server import RedisServer

pytest_plugins = ["fleet_fixtures"]

FUZZED = 200
SEED = 7


@pytest.fixture
def siege(redis: RedisServer, tmp_path: Path) -> Siege:
    """A good desk and a hostile one."""
    return Siege(redis, tmp_path)


def test_every_kind_of_harm_is_survived(siege: Siege) -> None:
    """The whole table, one after the other."""
    for _, keys in describe_table():
        siege.endure(keys)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({b"../nav.json": b"5\n"}, "'../nav.json' is no file of a desk"),
        ({b"../a": b"", b"/b": b""}, "'../a' is no file of a desk, nor are 1 others"),
        ({b"nav.json": b"x"}, "nav.json begins with b'x'; expected its mtime in nanoseconds"),
        ({b"nav.json": b"5\nxxx"}, "nav.json cannot be inflated"),
        ({b"nav.json": BOMB}, "files refused: nav.json inflates to more than what is left of 64 MiB for a desk"),
        ({b"nav.json": bytes(5_000_000)}, "files refused: its files take 5,000,008 bytes packed"),
        ({b"nav.json": bytes(9_000_000)}, "bytes in the store; expected at most 4,194,304"),
        (b"text", "files refused: its files are no hash"),
    ],
)
def test_what_is_refused_is_named(siege: Siege, files: object, problem: str) -> None:
    """In the words that the wall shows, which name the file, the value and the limit."""
    keys = {"beat": next(keys for _, keys in describe_table())["beat"], "files": files}
    siege.put(keys)
    siege.look()
    desk = read_desk(str(siege.desks / EVIL / DESK_FILE))
    assert desk is not None
    assert problem in str(desk.problem)


def test_of_a_bomb_no_more_is_inflated_than_may_be() -> None:
    """64 MiB where one is left: what is taken of the memory follows the limit, not the bomb."""
    tracemalloc.start()
    try:
        with pytest.raises(LimitError):
            unpack("nav.json", BOMB, 1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_bombs_cost_no_time(siege: Siege) -> None:
    """Eighteen of them; and what was refused is left alone for a while."""
    bombs = dict.fromkeys(map(str.encode, LOCATIONS), BOMB)
    siege.put({"beat": next(keys for _, keys in describe_table())["beat"], "files": bombs})
    began_s = time.process_time()
    for _ in range(5):
        step(siege.pair.mirror)
    assert time.process_time() - began_s < 2.0
    assert not siege.pair.mirror._desks[EVIL].wants_files


def test_names_that_are_no_desks_are_no_directories(siege: Siege) -> None:
    """Keys with the names of other things."""
    for name in ("..", "a/b", "A", "a" * 33, "", "a:b", "ä"):
        siege.client.set(f"hedge:{name}:beat", b"{}")
    siege.look()
    assert sorted(path.name for path in siege.desks.iterdir()) == [".locks", "alpha", "mirror.json"]


def test_random_harm_is_survived(siege: Siege) -> None:
    """A few hundred of them; run_hostile_desks.py does as many as it is told."""
    dice = random.Random(SEED)  # noqa: S311 - dice, no secret
    for _ in range(FUZZED):
        siege.endure(make_keys(dice))
    assert siege.taken > FUZZED / 10
