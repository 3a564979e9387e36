"""A sync daemon's first catch-up and its cycles after it, in a process of its own, so that its memory is its own.

`python -m bench.catch_up LOG_DIR CYCLES` prints what it took as JSON, and leaves the window as the daemon does.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from bench.events import append_orders
from bench.memory import peak_memory
from bench.worlds import NOW_S
from execution.storage.atomic_json import write_json_atomic
from execution.storage.event_feed import EventFeed
from execution.sync.cycle import SyncCycle
from execution.utils.metrics import Peak

WINDOW = "sync_window.json"
# As often as the daemon saves its window while it follows an executor that publishes every 5 s.
SAVE_EVERY = 12
# Not those of the cycles that are timed later.
FIRST_SERIAL = 1_000_000


def main(log_dir: Path, cycles: int) -> None:
    """Catch up, go on, and print times in seconds and memory in bytes."""
    cycle = SyncCycle(log_dir, EventFeed(log_dir / "execution"), Peak())
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    run_cycle(cycle)
    found = {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s, "caught_up": _resident()}
    for number in range(cycles):
        append_orders(log_dir / "execution", FIRST_SERIAL + number)
        run_cycle(cycle)
        if number % SAVE_EVERY == 0:
            write_json_atomic(log_dir / WINDOW, cycle.feed.save())
    write_json_atomic(log_dir / WINDOW, cycle.feed.save())
    found |= {"resident": _resident(), "peak": peak_memory()}
    print(json.dumps(found))


def run_cycle(cycle: SyncCycle) -> None:
    """One cycle; a cycle that fails would be timed for nothing."""
    if not cycle.run(NOW_S):
        raise RuntimeError(f"the cycle did not write every surface: {cycle.errors.current}")


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
