"""What a nav_log.json of half a year costs that grows by a point a minute, against one of half a day.

`python -m bench.long_log STATE_DIR NOW_S` loads a state once and prints the peak memory of that process in bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.memory import peak_memory
from bench.row import BYTES, Row
from bench.timing import Contestant, race
from bench.worlds import ENVIRON, NOW_S, copy_world
from state.files import surfaces
from state.loader import Loader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.sizes import Sizes

LOAD_TARGET = 1.5
MEMORY_TARGET = 1.1
STEP_S = 60.0
LAST_POINT_S = 11.685  # before the load
ROOT = Path(__file__).parents[1]


class GrowingLog:
    """A state directory and its nav_log.json, which is written anew and in place for each point, as the writers do."""

    def __init__(self, target: Path, points: int) -> None:
        self.state_dir = copy_world("healthy", target)
        self.now_s = NOW_S
        self._path = self.state_dir / surfaces.BY_NAME[surfaces.NAV_LOG].path
        self._rows = [_point(NOW_S - LAST_POINT_S - STEP_S * (points - index)) for index in range(points)]
        self._loader = Loader(self.state_dir)
        self.grow()
        self.load()

    def grow(self) -> None:
        """One point more."""
        self.now_s += STEP_S
        self._rows.append(_point(self.now_s - LAST_POINT_S))
        self._path.write_text(f"[{', '.join(self._rows)}]")

    def load(self) -> object:
        """What a serving process does after each change."""
        return self._loader.load(self.now_s, ENVIRON)

    @property
    def size_bytes(self) -> int:
        """Size of the log."""
        return self._path.stat().st_size


def bench_long_log(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """A load after one point more, and the memory of a process that has just started."""
    short, long = (GrowingLog(scratch / f"log-{points}", points) for points in sizes.nav_log_points)
    few, many = (f"{points:,} points" for points in sizes.nav_log_points)
    following = Contestant(long.load, prepare=long.grow)
    times_s = race(following, Contestant(short.load, prepare=short.grow), 4 * sizes.rounds)
    details = {"MB": round(long.size_bytes / 1e6, 1)}
    yield Row(f"load, one more than {many} in the log", *times_s, LOAD_TARGET, few, details=details)
    most, least = _measure_peak(long), _measure_peak(short)
    yield Row(f"peak memory, {many} in the log", most, least, MEMORY_TARGET, few, BYTES)


def _measure_peak(log: GrowingLog) -> int:
    """Of a process of its own."""
    command = [sys.executable, "-m", "bench.long_log", str(log.state_dir), str(log.now_s)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)  # noqa: S603 - this project's own process
    return int(ended.stdout)


def _point(at_s: float) -> str:
    return json.dumps({"t": at_s, "nav": round(10_461.27 + at_s % 97 / 4, 2), "unrealized_pnl": 50.2892})


if __name__ == "__main__":
    Loader(Path(sys.argv[1])).load(float(sys.argv[2]), ENVIRON)
    print(peak_memory())
