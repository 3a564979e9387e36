"""The directory of a case: its files put in place step by step, and what a process that loads it each time is told."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from case_claims import Claim
from worlds import ROOT, State

from state import load_all_state

STAMP_KEYS = ("updated_at", "updated_ts", "updated", "ts", "generated_ts")
EPOCHS = {1: (1.5e9, 2.2e9), 1000: (1.5e12, 2.2e12)}  # seconds and milliseconds of this century's state files

Files = dict[str, Any]  # path below the case: parsed JSON, or text where a file is none

SECOND_PROCESS = """
import json, sys
from state import load_all_state
json.dump(load_all_state(sys.argv[1], now=float(sys.argv[2]), environ=json.loads(sys.argv[3])), sys.stdout)
"""


def read_files(root: Path) -> Files:
    """Every file below a directory, by its path."""
    return {path.relative_to(root).as_posix(): _parse(path) for path in sorted(root.rglob("*")) if path.is_file()}


def _parse(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    try:
        return json.loads(text) if path.suffix == ".json" else text
    except ValueError:
        return text


def shifted(value: Any, seconds: float) -> Any:
    """The same content with each of its time stamps moved."""
    if isinstance(value, dict):
        return {key: shifted(item, seconds) for key, item in value.items()}
    if isinstance(value, list):
        return [shifted(item, seconds) for item in value]
    if isinstance(value, str):
        return _shifted_text(value, seconds)
    scale = _scale(value)
    return value + scale * seconds if scale else value


def _scale(value: Any) -> int:
    """What a second is in a number that is a time; 0 for anything else."""
    number = value if isinstance(value, int | float) else 0
    return next((scale for scale, (low, high) in EPOCHS.items() if low < number < high), 0)


def _shifted_text(value: str, seconds: float) -> str:
    moment = _moment(value) if "T" in value else None
    return value if moment is None else (moment + timedelta(seconds=seconds)).isoformat()


def _moment(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def stamp_of(content: Any) -> float | None:
    """When a file says that it was written."""
    stamps = [content[key] for key in STAMP_KEYS if key in content] if isinstance(content, dict) else []
    moments = [_moment(stamp) if isinstance(stamp, str) else stamp for stamp in stamps]
    return next((moment.timestamp() if isinstance(moment, datetime) else moment for moment in moments if moment), None)


class Desk:
    """The directory of a case, which one process loads once a step."""

    def __init__(self, case: Path, home: Path) -> None:
        self.case, self.home = case, home
        self.state_dir = home / "logs" / "state"
        self.expect: State = json.loads((case / "expect.json").read_text(encoding="utf-8"))
        self.files: Files = {f"logs/{path}": content for path, content in read_files(case / "logs").items()}
        self.now: float = self.expect["now"]

    def states(self) -> Iterator[tuple[State, list[Claim]]]:
        """Of each step the state, and the claims about that step alone."""
        for index, step in enumerate(self.expect.get("steps", [{}])):
            self.now = step.get("now", self.expect["now"])
            self.files |= self._overlay(step)
            if index == 0 or step.keys() & {"dir", "shift"}:
                self._write(step, everything=index == 0)
            for name in step.get("remove", []):
                del self.files[f"logs/state/{name}"]
                (self.state_dir / name).unlink()
            state = load_all_state(self.state_dir, now=self.now, environ=self.expect["environ"])
            # What is kept of one load must not change with the next.
            yield copy.deepcopy(state), step.get("assert", [])

    def _overlay(self, step: State) -> Files:
        if "dir" not in step:
            return {}
        files = read_files(self.case / step["dir"])
        whole = {path: content for path, content in files.items() if path.startswith("logs/")}
        return whole or {f"logs/state/{path}": content for path, content in files.items()}

    def _write(self, step: State, *, everything: bool) -> None:
        for path, content in self.files.items():
            if everything or Path(path).name in step.get("only", [Path(path).name]):
                self._replace(self.home / path, shifted(content, step.get("shift", 0.0)))

    def _replace(self, path: Path, content: Any) -> None:
        """As the writers do it: another file, renamed; written when it says so, and not in the reader's future."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        written_ns = int(min(stamp_of(content) or self.now, self.now) * 1e9)
        # A whole second is how a file system without finer times looks.
        written_ns -= 250_000_000 if written_ns % 1_000_000_000 == 0 else 0
        os.utime(fresh, ns=(written_ns, written_ns))
        fresh.replace(path)

    def load_elsewhere(self) -> Any:
        """The state that a process which has just started is told."""
        arguments = [str(self.state_dir), str(self.now), json.dumps(self.expect["environ"])]
        out = subprocess.run(
            [sys.executable, "-c", SECOND_PROCESS, *arguments], cwd=ROOT, capture_output=True, check=True, timeout=60
        )
        return json.loads(out.stdout)
