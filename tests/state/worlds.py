"""Small real worlds of state files: copies of corpus scenarios, edited file by file, and loaded."""

import json
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from state import load_all_state

State = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "fixtures" / "corpus"
NOW = 1764197100.0  # the clock of every corpus scenario but exchange_down
ENVIRON = {"ENV": "dev", "BINANCE_TESTNET": "0"}
READ_SURFACES = (
    "nav_state.json",
    "nav.json",
    "positions.json",
    "positions_state.json",
    "synced_state.json",
    "kpis_v7.json",
    "router_health.json",
    "risk_snapshot.json",
)


@dataclass(frozen=True)
class Scenario:
    """One corpus scenario: real files, and what is true in them."""

    name: str

    @property
    def state_dir(self) -> Path:
        """The directory that its processes wrote."""
        return CORPUS / self.name / "logs" / "state"

    @cached_property
    def expected(self) -> Any:
        """What is true, computed from the scenario's inputs."""
        return json.loads((CORPUS / self.name / "expected.json").read_text())

    def load(self) -> State:
        """The normalized state at the scenario's own time."""
        environ = self.expected["environ"]
        return load_all_state(self.state_dir, now=self.expected["now"], environ=environ, remember=False)


SCENARIOS = [Scenario(path.parent.relative_to(CORPUS).as_posix()) for path in sorted(CORPUS.glob("*/*/expected.json"))]


class World:
    """A directory of state files with a clock and an environment; every write is a new file, as the writers do it."""

    def __init__(self, directory: Path, *, scenario: str | None = None, now: float = NOW) -> None:
        self.directory = directory
        self.now = now
        self.environ = dict(ENVIRON)
        directory.mkdir(parents=True, exist_ok=True)
        if scenario is not None:
            self.copy(scenario)

    def copy(self, scenario: str) -> None:
        """Replace everything by the files of a corpus scenario."""
        for old in self.directory.iterdir():
            old.unlink()
        for source in (CORPUS / scenario / "logs" / "state").iterdir():
            self.write_bytes(source.name, source.read_bytes())

    def keep(self, *names: str) -> "World":
        """Remove every file but these."""
        for path in self.directory.iterdir():
            if path.name not in names:
                path.unlink()
        return self

    def remove(self, *names: str) -> "World":
        """Remove these files."""
        for name in names:
            (self.directory / name).unlink()
        return self

    def read(self, name: str) -> Any:
        """The parsed content of a file."""
        return json.loads((self.directory / name).read_bytes())

    def write_bytes(self, name: str, content: bytes) -> "World":
        """Replace a file as the writers do: another file, renamed."""
        fresh = self.directory / f".{name}.new"
        fresh.write_bytes(content)
        os.replace(fresh, self.directory / name)  # noqa: PTH105 - the call the writers make
        return self

    def write(self, name: str, content: Any) -> "World":
        """Replace a file by a JSON document; NaN and Infinity are written as Python's writers write them."""
        return self.write_bytes(name, json.dumps(content).encode())

    def edit(self, name: str, path: str, value: Any) -> "World":
        """Set one value of a file, at a dotted path."""
        content = self.read(name)
        *parents, last = path.split(".")
        spot = content
        for key in parents:
            spot = spot[int(key) if isinstance(spot, list) else key]
        spot[int(last) if isinstance(spot, list) else last] = value
        return self.write(name, content)

    def drop(self, name: str, *keys: str) -> "World":
        """Remove top-level keys of a file."""
        content = {key: value for key, value in self.read(name).items() if key not in keys}
        return self.write(name, content)

    def load(self, *, now: float | None = None) -> State:
        """The normalized state of this world."""
        return load_all_state(self.directory, now=self.now if now is None else now, environ=self.environ)


def small_copy(scenario: str, target: Path) -> World:
    """Only the surfaces of a scenario that feed the page: cheap enough for hundreds of worlds."""
    for name in READ_SURFACES:
        source = CORPUS / scenario / "logs" / "state" / name
        if source.exists():
            shutil.copyfile(source, target / name)
    return World(target)


def surface(state: State, name: str) -> State:
    """The meta entry of one surface."""
    (found,) = [entry for entry in state["meta"]["surfaces"] if entry["name"] == name]
    return dict(found)


def value_at(state: State, path: str) -> Any:
    """The value at a dotted contract path."""
    spot: Any = state
    for key in path.split("."):
        spot = spot[int(key)] if isinstance(spot, list) else spot[key]
    return spot


def row_of(state: State, symbol: str, side: str | None = None) -> State:
    """The one position of a symbol (and side)."""
    (found,) = [row for row in state["positions"] if row["symbol"] == symbol and side in {None, row["side"]}]
    return dict(found)


def assert_unknown(state: State, path: str) -> None:
    """The value at `path` is None, and a reason says why."""
    assert value_at(state, path) is None, path
    assert state["meta"]["unknown"].get(path), f"no reason for {path}"


def checks_named(state: State, word: str) -> list[State]:
    """The checks whose name or label carries a word."""
    return [check for check in state["meta"]["checks"] if word in f"{check['name']} {check['label']}".lower()]


def checks_between(state: State, left: float, right: float) -> list[State]:
    """The checks that compare these two numbers, in either order."""
    return [check for check in state["meta"]["checks"] if _sides(check) == sorted([round(left, 2), round(right, 2)])]


def _sides(check: State) -> list[float]:
    values = [check["left"]["value"], check["right"]["value"]]
    return sorted(round(value, 2) for value in values if isinstance(value, int | float))
