"""Best of alternated rounds: whatever disturbs the machine meanwhile disturbs both contestants alike.

The clock is that of a processor where nothing waits for a disk, so that a busy machine does not show in a ratio.
"""

from __future__ import annotations

import gc
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Shorter calls are timed in batches of this length, so that the clock's own cost vanishes.
BATCH_S = 0.02

# No further round begins after this long, so that one slow row does not hold up the table.
LONGEST_RACE_S = 20.0
LEAST_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Contestant:
    """What is timed, by which clock. With `prepare`, which is not timed, each call is timed alone."""

    run: Callable[[], object]
    prepare: Callable[[], object] | None = None
    clock: Callable[[], float] = time.process_time


def race(measured: Contestant, reference: Contestant, rounds: int, batch_s: float = BATCH_S) -> tuple[float, float]:
    """The best time per call of both, seconds of their clocks; every round times one after the other."""
    repeats = _calibrate(measured, batch_s), _calibrate(reference, batch_s)
    best_s, start_s = (math.inf, math.inf), time.perf_counter()
    for number in range(rounds):
        if number >= LEAST_ROUNDS and time.perf_counter() - start_s > LONGEST_RACE_S:
            break
        found_s = _time_batch(measured, repeats[0]), _time_batch(reference, repeats[1])
        best_s = min(best_s[0], found_s[0]), min(best_s[1], found_s[1])
    return best_s


def clock_of(pid: int) -> Callable[[], float]:
    """The processor time of another process, all its threads together, in seconds: what clock_getcpuclockid() names."""
    clock = (~pid << 3) | 2
    return lambda: time.clock_gettime(clock)


def _calibrate(contestant: Contestant, batch_s: float) -> int:
    """How many calls fill a batch; grown step by step, since a single call may end before its clock has moved."""
    repeats = 1
    while contestant.prepare is None:
        found_s = _time_batch(contestant, repeats) * repeats
        if found_s >= batch_s / 4:
            return max(1, round(repeats * batch_s / found_s))
        repeats *= 4
    return repeats


def _time_batch(contestant: Contestant, repeats: int) -> float:
    # The collector stays on, as in production, but does not pay for another contestant's garbage.
    gc.collect()
    if contestant.prepare is not None:
        contestant.prepare()
    run, clock, start_s = contestant.run, contestant.clock, contestant.clock()
    for _ in range(repeats):
        run()
    return (clock() - start_s) / repeats
