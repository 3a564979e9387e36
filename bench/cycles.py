"""What a cycle of the sync daemon costs beside a small and a large event log, and what it keeps in memory."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from bench.catch_up import WINDOW, run_cycle
from bench.events import append_orders, punch_holes, write_logs
from bench.row import BYTES, Row
from bench.sizes import MEGABYTE
from bench.timing import Contestant, race
from bench.worlds import copy_world
from execution.storage.event_feed import EventFeed
from execution.storage.writer_lock import release_writers
from execution.sync.cycle import SyncCycle
from execution.utils.metrics import Peak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.sizes import Sizes

CYCLE_TARGET = 1.5
HOLE_CATCH_UP_TARGET = 1.5


class LogDesk:
    """A log directory with event logs of `size_bytes`, of which `hole_bytes` more are not on the disk."""

    def __init__(self, log_dir: Path, size_bytes: int, hole_bytes: int = 0) -> None:
        """Write the logs; nothing is read yet."""
        copy_world("healthy", log_dir)
        self.log_dir, self.events_dir = log_dir, log_dir / "execution"
        self.size_bytes = write_logs(self.events_dir, size_bytes)
        self.name = f"{self.size_bytes / MEGABYTE:,.0f} MB"
        if hole_bytes:
            self.name = f"{punch_holes(self.events_dir, hole_bytes) / MEGABYTE:,.0f} MB with holes"
        self._serial = itertools.count(1)

    def catch_up(self, cycles: int) -> dict[str, float]:
        """Read everything for the first time and run so many cycles, in another process; its times and its memory.

        Measured once, so that what it says of time has no target.
        """
        command = [sys.executable, "-m", "bench.catch_up", str(self.log_dir), str(cycles)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this project's own process
        found: dict[str, float] = json.loads(ran.stdout)
        saved = json.loads((self.log_dir / WINDOW).read_bytes())
        self.cycle = SyncCycle(self.log_dir, EventFeed(self.events_dir, saved), Peak())
        return found

    def append(self) -> None:
        """What an executor writes between two cycles."""
        append_orders(self.events_dir, next(self._serial))

    def run(self) -> None:
        """One cycle."""
        run_cycle(self.cycle)


def bench_cycles(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """The first catch-up, the memory it takes, then the steady cycle: by the wall clock, and by the processor alone."""
    least, most = sizes.log_bytes
    try:
        small = LogDesk(scratch / "small", least)
        holes = LogDesk(scratch / "holes", least, sizes.hole_bytes)
        large = LogDesk(scratch / "large", most)
        first = {desk: desk.catch_up(sizes.cycles) for desk in (small, holes, large)}
        yield from _compare_first(first, small, large, holes)
        for desk, (clock, unit) in itertools.product(
            (large, holes), ((time.perf_counter, "wall"), (time.process_time, "CPU"))
        ):
            beside_large, beside_small = (Contestant(each.run, each.append, clock) for each in (desk, small))
            times_s = race(beside_large, beside_small, sizes.cycles)
            yield Row(f"sync cycle, {desk.name}, {unit}", *times_s, CYCLE_TARGET, f"sync cycle, {small.name}, {unit}")
    finally:
        release_writers()
        shutil.rmtree(scratch)


def _compare_first(
    first: dict[LogDesk, dict[str, float]], small: LogDesk, large: LogDesk, holes: LogDesk
) -> Iterator[Row]:
    """Told, not judged, but for the holes: they must cost nothing."""
    reference = first[small]
    for desk, target in ((large, None), (holes, HOLE_CATCH_UP_TARGET)):
        name, against = f"first catch-up, {desk.name}, wall", f"first catch-up, {small.name}"
        yield Row(name, first[desk]["wall_s"], reference["wall_s"], target, against)
    per_mb = {desk: first[desk]["cpu_s"] * MEGABYTE / desk.size_bytes for desk in (large, small)}
    name = f"first catch-up per MB, {large.name}, CPU"
    yield Row(name, per_mb[large], per_mb[small], None, f"per MB of {small.name}")
    for desk in (large, holes):
        found = first[desk]
        details = {name: f"{found[name] / MEGABYTE:.0f} MB" for name in ("caught_up", "resident")}
        against = f"beside {small.name}"
        yield Row(f"daemon's peak memory, {desk.name}", found["peak"], reference["peak"], None, against, BYTES, details)
