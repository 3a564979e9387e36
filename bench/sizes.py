"""How large the bench is: in full, or just large enough to see that it runs."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """`rounds` of short measurements, `cycles` of the sync daemon, and what they run on."""

    name: str
    rounds: int
    cycles: int
    symbols: tuple[int, ...]
    series_points: tuple[int, int]
    log_bytes: tuple[int, int]


FULL = Sizes("full", 15, 40, (8, 60, 500, 5000), (500, 20_000), (10 * MEGABYTE, 1000 * MEGABYTE))
QUICK = Sizes("quick", 2, 2, (8, 60), (100, 400), (2 * MEGABYTE, 4 * MEGABYTE))
