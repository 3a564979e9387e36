"""What one tick of one tab costs the server, on the workers' own CPU clocks, beside a route that only answers 204."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from serving import serving

from bench.answers import Address, AnswerError, Line
from bench.desk import MovingDesk
from bench.row import BYTES, Row
from bench.tab import UPDATE, Tab
from bench.timing import Contestant, clock_of, race

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from serving import Server

    from bench.sizes import Sizes

UNCHANGED_TARGET = 2.0
CHANGED_TARGET = 5.0
SHARED_TARGET = 9.0
BARE_APP = "bench.bare:server"
BARE = "a bare route's 204, CPU"


def bench_ticks(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """CPU per tick per tab, and its bytes, with one worker of each server."""
    desk = MovingDesk(scratch / "state")
    settings = {"HEDGE_STATE_DIR": str(desk.state_dir), "HEDGE_WORKERS": "1"}
    with (
        serving(scratch / "dashboard.log", settings) as dashboard,
        serving(scratch / "bare.log", settings, BARE_APP) as bare,
        _open_tabs(Address.of(dashboard.url), sizes.sharing_tabs) as tabs,
        closing(Line(Address.of(bare.url))) as line,
    ):
        contest = Contest(dashboard, bare, tabs[0], line, sizes)
        desk.change_all()
        tabs[0].tick_changed()
        yield contest.run("unchanged tick", tabs[0].tick_unchanged, UNCHANGED_TARGET)

        def see_section() -> None:
            desk.change_one()
            tabs[0].tick_changed()

        def see_all() -> None:
            desk.change_all()
            tabs[0].tick_changed()

        def see_all_together() -> None:
            desk.change_all()
            for tab in tabs:
                tab.tick_changed()

        yield contest.run("tick, one section changed", see_section)
        yield contest.run("tick, everything changed, alone", see_all, CHANGED_TARGET)
        name = f"tick, everything changed, one of {sizes.sharing_tabs} tabs"
        yield contest.run(name, see_all_together, SHARED_TARGET, sizes.sharing_tabs)
        desk.change_all()
        yield from _measure_bytes("everything changed", tabs[0], see_all)
        yield from _measure_bytes("unchanged", tabs[0], tabs[0].tick_unchanged)


class Contest:
    """The dashboard's worker and that of the bare route, one batch after the other."""

    def __init__(self, dashboard: Server, bare: Server, tab: Tab, line: Line, sizes: Sizes) -> None:
        """The bare route gets the very bytes of the tab's poll."""
        self.clock = clock_of(_only_worker(dashboard))
        request = line.address.post(UPDATE, tab.find_poll().build_body(tab.props, []))
        self.bare = Contestant(lambda: _expect_empty(line, request), clock=clock_of(_only_worker(bare)))
        self.sizes = sizes

    def run(self, name: str, tick: Callable[[], None], target: float | None = None, tabs: int = 1) -> Row:
        """The cost of a tick per tab that takes part in it."""
        measured_s, bare_s = race(
            Contestant(tick, clock=self.clock), self.bare, self.sizes.rounds, self.sizes.tick_batch_s
        )
        return Row(name, measured_s / tabs, bare_s, target, BARE)


def _expect_empty(line: Line, request: bytes) -> None:
    answer = line.ask(request)
    if answer.status != 204:
        raise AnswerError(f"the bare route answered {answer.status}")


def _only_worker(server: Server) -> int:
    (pid,) = server.workers()
    return pid


def _measure_bytes(name: str, tab: Tab, tick: Callable[[], None]) -> Iterator[Row]:
    line = tab.line
    up, down = line.up, line.down
    tick()
    yield Row(f"bytes up, {name}", line.up - up, unit=BYTES, against=f"{len(tab.statuses)} requests, heads included")
    yield Row(f"bytes down, {name}", line.down - down, unit=BYTES, against="not compressed")


@contextmanager
def _open_tabs(address: Address, count: int) -> Iterator[list[Tab]]:
    tabs = [Tab(address) for _ in range(count)]
    try:
        for tab in tabs:
            tab.open()
        yield tabs
    finally:
        for tab in tabs:
            tab.close()
