"""How large the bench is: in full, or just large enough to see that it runs."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """`rounds` of short measurements, `cycles` of the sync daemon, and what they run on.

    Ticks are timed in batches of `tick_batch_s`; `sharing_tabs` draw the same changes. Each number of `tabs` is held
    for `crowd_s` seconds after `warm_up_s`. A browser paints `paints` ticks, is opened `openings` times and weighed
    after `heap_ticks`. A store has `fleet_desks`, and a desk of them writes `fleet_writes` times. An overview of
    `desks` ticks `overview_ticks` seconds.
    """

    name: str
    rounds: int
    cycles: int
    symbols: tuple[int, ...]
    series_points: tuple[int, int]
    nav_log_points: tuple[int, int]
    log_bytes: tuple[int, int]
    hole_bytes: int
    tick_batch_s: float
    sharing_tabs: int
    tabs: tuple[int, ...]
    warm_up_s: float
    crowd_s: float
    paints: int
    openings: int
    heap_ticks: int
    fleet_desks: int
    fleet_writes: int
    desks: int
    overview_ticks: int


FULL = Sizes(
    name="full",
    rounds=15,
    cycles=40,
    symbols=(8, 60, 500, 5000),
    series_points=(500, 20_000),
    nav_log_points=(720, 259_200),
    log_bytes=(10 * MEGABYTE, 1000 * MEGABYTE),
    hole_bytes=10_000 * MEGABYTE,
    tick_batch_s=0.2,
    sharing_tabs=100,
    tabs=(250, 500, 1000),
    warm_up_s=6.0,
    crowd_s=30.0,
    paints=100,
    openings=5,
    heap_ticks=20_000,
    fleet_desks=1000,
    fleet_writes=40,
    desks=100,
    overview_ticks=60,
)
QUICK = Sizes(
    name="quick",
    rounds=2,
    cycles=2,
    symbols=(8, 60),
    series_points=(100, 400),
    nav_log_points=(100, 5_000),
    log_bytes=(2 * MEGABYTE, 4 * MEGABYTE),
    hole_bytes=10 * MEGABYTE,
    tick_batch_s=0.01,
    sharing_tabs=2,
    tabs=(4,),
    warm_up_s=0.3,
    crowd_s=0.7,
    paints=2,
    openings=1,
    heap_ticks=50,
    fleet_desks=5,
    fleet_writes=2,
    desks=3,
    overview_ticks=1,
)
