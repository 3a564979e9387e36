"""Walks: one directory that goes through a few states, seen by a page that starts somewhere on the way."""

import base64
import math
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mutations import mutate_bytes, mutate_file
from small_worlds import ENVIRONS, SmallWorld, known_keys, small_worlds

from state.files.history import History
from state.loader import Loader

STEPS = 10
LATER_S = (0.0, 0.0, 0.0, 1.0, 5.0, 41.0, 61.0, 130.0, 301.0, 700.0, 90_000.0, -2.0, -20.0, -4000.0)

Files = dict[str, bytes | None]
State = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What every file holds (None: not there), the clock, the environment, and whether the page has just started."""

    files: Files
    now: float
    environ: dict[str, str]
    fresh: bool


@dataclass
class Walk:
    """A world, and what becomes of it."""

    world: str
    steps: list[Step] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """With the changed files only."""
        base = small_worlds()[self.world].files
        return {
            "world": self.world,
            "steps": [
                {
                    "now": step.now,
                    "environ": step.environ,
                    "fresh": step.fresh,
                    "files": {name: _encode(item) for name, item in step.files.items() if item != base.get(name)},
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Walk":
        """What `to_json` made."""
        base = small_worlds()[saved["world"]].files
        steps = [
            Step(
                {**base, **{name: _decode(item) for name, item in step["files"].items()}},
                step["now"],
                step["environ"],
                step["fresh"],
            )
            for step in saved["steps"]
        ]
        return cls(saved["world"], steps)


def _encode(content: bytes | None) -> dict[str, str] | None:
    if content is None:
        return None
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _decode(saved: dict[str, str] | None) -> bytes | None:
    if saved is None:
        return None
    return saved["text"].encode() if "text" in saved else base64.b64decode(saved["base64"])


def make_walk(seed: str) -> Walk:
    """The walk of a seed, always the same."""
    dice = random.Random(seed)  # noqa: S311 - repeatable
    base = dice.choice(list(small_worlds().values()))
    walk, files = Walk(base.name), Files(base.files)
    clock = [base.now + dice.choice(LATER_S) for _ in range(STEPS)]
    for number, now in enumerate(sorted(clock) if dice.random() < 0.5 else clock):
        files = _move_on(dice, base, files)
        walk.steps.append(Step(files, now, dice.choice(ENVIRONS), number == 0 or dice.random() < 0.4))
    return walk


def _move_on(dice: random.Random, base: SmallWorld, files: Files) -> Files:
    """Most files well again, and some damaged."""
    files = {name: content if dice.random() < 0.4 else base.files.get(name) for name, content in files.items()}
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        name = dice.choice(list(files))
        files[name] = _damage(dice, name, files, base)
    return files


def _damage(dice: random.Random, name: str, files: Files, base: SmallWorld) -> bytes | None:
    chance, content = dice.random(), files[name]
    other = dice.choice(list(small_worlds().values()))
    if chance < 0.05:
        return None
    if chance < 0.08:
        return files[dice.choice(list(files))]
    if chance < 0.12 or content is None:
        return other.files.get(name)
    if not name.endswith(".json"):
        lines = content.splitlines(keepends=True) or [b""]
        lines[dice.randrange(len(lines))] = mutate_file(dice, dice.choice(lines), [content], known_keys()) + b"\n"
        return b"".join(lines) if dice.random() < 0.7 else mutate_bytes(dice, content)
    others = [item for files in (base.files, other.files) for key, item in files.items() if key.endswith(".json")]
    return mutate_file(dice, content, others, known_keys())


class Stage:
    """A directory in memory in which walks are walked; only what differs is written."""

    def __init__(self, directory: Path) -> None:
        self.logs = directory
        self.state_dir = directory / "state"
        shutil.rmtree(directory, ignore_errors=True)
        self.state_dir.mkdir(parents=True)
        (directory / "execution").mkdir()
        self.written: Files = {}
        self.history = directory / "history.sqlite3"
        self.loader = self.start()
        self.was_set_back = False  # the clock of the walk: what a page has seen may be no history yet

    def start(self, *, read_only: bool = False) -> Loader:
        """A process that has just started, with the history that all of a walk share."""
        return Loader(self.state_dir, History(self.history, read_only=read_only))

    def play(self, walk: Walk) -> Iterator[tuple[Step, State]]:
        """Each step with the state that a page shows."""
        self.history.unlink(missing_ok=True)
        self.loader = self.start()
        self.was_set_back, latest = False, -math.inf
        for step in walk.steps:
            self.write(step)
            self.was_set_back, latest = self.was_set_back or step.now < latest, step.now
            if step.fresh:
                self.loader = self.start()
            yield step, self.loader.load(step.now, step.environ)

    def write(self, step: Step) -> None:
        """Bring the files to what the step says, as the writers do it: another file, renamed."""
        for name in self.written.keys() - step.files.keys():
            self._put(name, None, step.now)
        for name, content in step.files.items():
            if self.written.get(name) != content:
                self._put(name, content, step.now)
        self.written = dict(step.files)

    def _put(self, name: str, content: bytes | None, now: float) -> None:
        path = self.state_dir / name
        if content is None:
            path.unlink(missing_ok=True)
            return
        fresh = self.logs / "fresh"
        fresh.write_bytes(content)
        os.utime(fresh, (now, now + 0.001))  # not whole seconds: those are read again and again
        fresh.replace(path)
