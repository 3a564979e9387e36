"""What an overview of many desks costs beside the page of one: the same unchanged tick, once a second as on a wall.

Means over the whole time and not best ones, so that what is looked at only now and then is in them.
"""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serving import serving

from bench.answers import Address
from bench.row import Row
from bench.tab import Tab
from bench.timing import clock_of
from bench.worlds import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from serving import Server

    from bench.sizes import Sizes

TARGET = 2.0
SETTLE_TICKS = 3  # a directory that has just been written is looked at more closely


def bench_overview(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """CPU per tick of both servers, over the same seconds."""
    logs = [scratch / "desks" / f"desk-{number}" / "logs" for number in range(sizes.desks)]
    for target in (scratch / "one" / "logs", *logs):
        shutil.copytree(CORPUS / "healthy" / "logs", target)
    alone, several = {"HEDGE_STATE_DIR": f"{scratch}/one/logs/state"}, {"HEDGE_DESKS_DIR": f"{scratch}/desks"}
    with (
        serving(scratch / "one.log", alone | {"HEDGE_WORKERS": "1"}) as one,
        serving(scratch / "desks.log", several | {"HEDGE_WORKERS": "1"}) as many,
        _open_tab(one) as tab_of_one,
        _open_tab(many) as tab_of_many,
    ):
        tabs = (tab_of_many, tab_of_one)
        _tick(tabs, SETTLE_TICKS)
        clocks = [clock_of(server.workers()[0]) for server in (many, one)]
        before = [clock() for clock in clocks]
        _tick(tabs, sizes.overview_ticks)
        measured_s, reference_s = (
            (clock() - start) / sizes.overview_ticks for clock, start in zip(clocks, before, strict=True)
        )
        name = f"unchanged tick, overview of {sizes.desks} desks"
        yield Row(name, measured_s, reference_s, TARGET, "the page of one desk, mean of ticks a second apart")


def _tick(tabs: tuple[Tab, ...], count: int) -> None:
    for _ in range(count):
        time.sleep(1.0)
        for tab in tabs:
            tab.tick_unchanged()


@contextmanager
def _open_tab(server: Server) -> Iterator[Tab]:
    tab = Tab(Address.of(server.url))
    try:
        tab.open()
        yield tab
    finally:
        tab.close()
