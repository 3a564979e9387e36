"""A desk, a publisher for it, a mirror of it, and the question whether both read the same."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from execution.fleet.mirror import Mirror
from execution.fleet.publish import Publisher
from execution.storage.writer_lock import release_writers
from state import load_all_state

if TYPE_CHECKING:
    from redis_server import RedisServer

CORPUS = Path(__file__).parents[1] / "fixtures" / "corpus"
SCENARIOS = sorted(path.parent for path in CORPUS.rglob("expected.json"))
HEALTHY = CORPUS / "v7.1" / "healthy"
NAME = "alpha"

TOO_LATE = ("no answer within", "too long to compare clocks", "broke off: A TimeoutError")
MOST_TRIES = 20


class Pair:
    """A desk's logs, published as `alpha` by `publisher` and written by `mirror` into `desks`."""

    def __init__(self, server: RedisServer, directory: Path, scenario: Path = HEALTHY, ahead_s: float = 0.0) -> None:
        """The desk has the files of a scenario; its clock is ahead by so much."""
        expected = json.loads((scenario / "expected.json").read_bytes())
        self.now, self.environ = float(expected["now"]), {key: str(word) for key, word in expected["environ"].items()}
        self.server, self.logs, self.desks = server, directory / "desk" / "logs", directory / "desks"
        ignored = shutil.ignore_patterns("cache")
        shutil.copytree(scenario / "logs", self.logs, ignore=ignored)
        self.publisher = Publisher(server.connect(ahead_s=ahead_s), NAME, self.logs / "state", self.environ)
        self.mirror = Mirror(server.connect(), self.desks)

    def pass_on(self) -> None:
        """What the desk has written is on the wall."""
        step(self.publisher)
        step(self.mirror)

    def read_both(self, later_s: float = 0.0) -> tuple[dict[str, Any], dict[str, Any]]:
        """The state on the desk's own machine, and on the wall."""
        states = []
        environs = self.environ, self.desk_file()["environ"]
        for logs, environ in zip((self.logs, self.copy), environs, strict=True):
            state = load_all_state(logs / "state", now=self.now + later_s, environ=environ)
            del state["meta"]["state_dir"]
            states.append(state)
        return states[0], states[1]

    @property
    def copy(self) -> Path:
        """The logs as the mirror has written them."""
        return self.desks / NAME / "logs"

    def desk_file(self) -> dict[str, Any]:
        """What the mirror says of the desk."""
        return read_object(self.desks / NAME / "desk.json")

    def store_file(self) -> dict[str, Any]:
        """What the mirror says of the store."""
        found: dict[str, Any] = read_object(self.desks / "mirror.json")["store"]
        return found

    def another_mirror(self) -> Mirror:
        """The mirror, started again."""
        release_writers()
        return Mirror(self.server.connect(), self.desks)


def step(side: Publisher | Mirror) -> None:
    """One step; on a busy machine a store that is well may answer too late, and is asked again."""
    side.step()
    for _ in range(MOST_TRIES):
        if side.outage.error is None or not any(words in side.outage.error for words in TOO_LATE):
            return
        side.outage._next_s = 0.0
        side.step()


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object."""
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def write_at(path: Path, content: bytes, mtime_ns: int) -> None:
    """A file as a writer leaves it, at a time of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(mtime_ns, mtime_ns))
