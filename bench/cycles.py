"""What a cycle of the sync daemon costs beside a small and a large event log."""

from __future__ import annotations

import itertools
import shutil
import time
from typing import TYPE_CHECKING

from bench.events import append_orders, write_logs
from bench.row import Row
from bench.sizes import MEGABYTE
from bench.timing import Contestant, race
from bench.worlds import NOW_S, copy_world
from execution.peak import Peak
from execution.sync_cycle import SyncCycle
from execution.utils.event_feed import EventFeed
from execution.writer_lock import release_writers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.sizes import Sizes

CYCLE_TARGET = 1.5


class Desk:
    """A log directory with event logs of `size_bytes`, and the daemon's cycle over it."""

    def __init__(self, log_dir: Path, size_bytes: int) -> None:
        """Write the logs; nothing is read yet."""
        copy_world("healthy", log_dir)
        self.events_dir = log_dir / "execution"
        self.size_bytes = write_logs(self.events_dir, size_bytes)
        self.cycle = SyncCycle(log_dir, EventFeed(self.events_dir), Peak())
        self._serial = itertools.count(1)

    @property
    def name(self) -> str:
        """The size, rounded."""
        return f"{self.size_bytes / MEGABYTE:,.0f} MB"

    def append(self) -> None:
        """What an executor writes between two cycles."""
        append_orders(self.events_dir, next(self._serial))

    def run(self) -> None:
        """One cycle; a cycle that fails would be timed for nothing."""
        if not self.cycle.run(NOW_S):
            raise RuntimeError(f"the cycle did not write every surface: {self.cycle.errors.current}")


def bench_cycles(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """The first catch-up per megabyte, then the steady cycle: by the wall clock, and by the processor alone."""
    small, large = desks = [Desk(scratch / f"log-{size}", size) for size in sizes.log_bytes]
    try:
        first = [_catch_up(desk) for desk in desks]
        yield Row(
            f"first catch-up, {large.name}, wall", first[1][0], first[0][0], None, f"first catch-up, {small.name}"
        )
        per_mb = [cpu_s * MEGABYTE / desk.size_bytes for (_, cpu_s), desk in zip(first, desks, strict=True)]
        yield Row(f"first catch-up per MB, {large.name}, CPU", per_mb[1], per_mb[0], None, f"per MB of {small.name}")
        beside_large, beside_small = (Contestant(desk.run, prepare=desk.append) for desk in (large, small))
        for clock, unit in ((time.perf_counter, "wall"), (time.process_time, "CPU")):
            times_s = race(beside_large, beside_small, sizes.cycles, clock)
            yield Row(f"sync cycle, {large.name}, {unit}", *times_s, CYCLE_TARGET, f"sync cycle, {small.name}, {unit}")
    finally:
        release_writers()
        shutil.rmtree(scratch)


def _catch_up(desk: Desk) -> tuple[float, float]:
    """(wall, CPU) seconds until all is read for the first time; measured once, so it is told and has no target."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    desk.run()
    return time.perf_counter() - wall_s, time.process_time() - cpu_s
