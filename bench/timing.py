"""Best of alternated rounds: whatever disturbs the machine meanwhile disturbs both contestants alike.

The clock is that of the processor where nothing waits for a disk, so that a busy machine does not show in a ratio.
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
    """What is timed. With `prepare`, which is not timed, each call is timed alone."""

    run: Callable[[], object]
    prepare: Callable[[], object] | None = None


def race(
    measured: Contestant, reference: Contestant, rounds: int, clock: Callable[[], float] = time.process_time
) -> tuple[float, float]:
    """The best time per call of both, seconds of `clock`; every round times one after the other."""
    repeats = _calibrate(measured, clock), _calibrate(reference, clock)
    best_s, start_s = (math.inf, math.inf), time.perf_counter()
    for number in range(rounds):
        if number >= LEAST_ROUNDS and time.perf_counter() - start_s > LONGEST_RACE_S:
            break
        found_s = _time_batch(measured, repeats[0], clock), _time_batch(reference, repeats[1], clock)
        best_s = min(best_s[0], found_s[0]), min(best_s[1], found_s[1])
    return best_s


def _calibrate(contestant: Contestant, clock: Callable[[], float]) -> int:
    if contestant.prepare is not None:
        return 1
    return max(1, int(BATCH_S / max(_time_batch(contestant, 1, clock), 1e-9)))


def _time_batch(contestant: Contestant, repeats: int, clock: Callable[[], float]) -> float:
    # The collector stays on, as in production, but does not pay for another contestant's garbage.
    gc.collect()
    if contestant.prepare is not None:
        contestant.prepare()
    run, start_s = contestant.run, clock()
    for _ in range(repeats):
        run()
    return (clock() - start_s) / repeats
