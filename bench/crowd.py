"""Many tabs at once, in one cheap process: `python -m bench.crowd URL TABS WARM_UP_S SECONDS WORKER...`.

Every tab polls once a second, all of them spread evenly over the second. A poll that brings a state is followed by all
drawings at once, each on a connection of its own as in a browser; until all are answered the tab does not poll. The
findings come as JSON.
"""

from __future__ import annotations

import argparse
import json
import select
import sys
import time
from array import array
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.answers import RECEIVE_BYTES, TIMEOUT_S, Address, AnswerError, split_answer
from bench.script import Script
from bench.timing import clock_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

PERIOD_S = 1.0
LATE_S = 0.1
SHARES = (0.5, 0.95, 0.99, 1.0)
POLL = -1


@dataclass(slots=True, eq=False)
class Viewer:
    """One tab: its connections (that of the poll is also the first drawing's) and what it has drawn."""

    drawn: list[bytes]
    lines: list[Wire | None]
    ticks: int = 0
    waiting: int = 0
    due_s: float = 0.0


@dataclass(slots=True, eq=False)
class Wire:
    """One connection with at most one request on its way; `asked` is the number of a drawing, or POLL."""

    viewer: Viewer
    socket: socket.socket
    place: int
    asked: int = POLL
    sent_s: float = 0.0
    received: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Tally:
    """What is counted once the crowd is complete and warm."""

    latencies_s: array[float] = field(default_factory=lambda: array("d"))
    ticks: int = 0
    late: int = 0
    changed: int = 0
    failed: int = 0


class Crowd:
    """All tabs of one server."""

    def __init__(self, address: Address, tabs: int) -> None:
        """Nobody is connected yet."""
        self.address = address
        self.script = Script(address)
        self.poller = select.epoll()
        self.wires: dict[int, Wire] = {}
        self.asked: deque[Wire] = deque()
        self.tally = Tally()
        drawings, states = len(self.script.drawings), len(self.script.drawn)
        self.viewers = [Viewer([b"null"] * states, [None] * max(1, drawings)) for _ in range(tabs)]

    def run(self, warm_up_s: float, seconds: float, workers: Sequence[int]) -> dict[str, float]:
        """Warm up and measure; the requests that are still on their way at the end do not count."""
        start_s = time.perf_counter()
        self._run_until(start_s, 0, start_s + warm_up_s)
        self.tally, meter = Tally(), Meter(workers)
        self._run_until(start_s, int(warm_up_s / PERIOD_S * len(self.viewers)), start_s + warm_up_s + seconds)
        return summarize(self.tally) | meter.measure() | {"connections": len(self.wires)}

    def _run_until(self, start_s: float, number: int, end_s: float) -> None:
        """From poll `number` on, counted over all tabs."""
        tabs = len(self.viewers)
        while (now_s := time.perf_counter()) < end_s:
            due_s = start_s + number * PERIOD_S / tabs
            if due_s <= now_s:
                self._poll(self.viewers[number % tabs], due_s, now_s)
                number += 1
                continue
            for descriptor, _ in self.poller.poll(min(due_s, end_s) - now_s):
                if wire := self.wires.get(descriptor):  # else it was given up a moment ago
                    self._receive(wire)
            self._give_up(now_s)

    def _poll(self, viewer: Viewer, due_s: float, now_s: float) -> None:
        self.tally.ticks += 1
        if viewer.waiting:  # the Interval stands while anything is on its way: this tick is left out
            self.tally.late += 1
            return
        self.tally.late += now_s - due_s > LATE_S
        viewer.ticks += 1
        self._send(viewer, 0, POLL, self.script.poll.fill(b"%d" % viewer.ticks, *viewer.drawn))

    def _send(self, viewer: Viewer, place: int, asked: int, request: bytes) -> None:
        wire = viewer.lines[place] or self._connect(viewer, place)
        wire.asked, wire.sent_s = asked, time.perf_counter()
        viewer.waiting += 1
        self.asked.append(wire)
        try:
            if wire.socket.send(request) != len(request):
                raise AnswerError(f"no room for a request of {len(request)} bytes")
        except OSError:
            self._fail(wire)

    def _connect(self, viewer: Viewer, place: int) -> Wire:
        wire = Wire(viewer, self.address.connect(), place)
        wire.socket.setblocking(False)
        viewer.lines[place] = self.wires[wire.socket.fileno()] = wire
        self.poller.register(wire.socket.fileno(), select.EPOLLIN)
        return wire

    def _receive(self, wire: Wire) -> None:
        try:
            part = wire.socket.recv(RECEIVE_BYTES)
        except OSError:
            part = b""
        if not part:
            self._fail(wire)
            return
        wire.received += part
        answer = split_answer(wire.received)
        if answer is None:
            return
        wire.received.clear()
        if answer.status >= 500:  # as good as none
            self._fail(wire)
            return
        self.tally.latencies_s.append(time.perf_counter() - wire.sent_s)
        wire.sent_s = 0.0
        wire.viewer.waiting -= 1
        if answer.status == 200:
            self._take(wire, answer.body)
        elif answer.status != 204:
            raise AnswerError(f"a request was answered {answer.status}: {answer.body[:200]!r}")

    def _take(self, wire: Wire, body: bytes) -> None:
        viewer = wire.viewer
        if wire.asked == POLL:
            self.tally.changed += 1
            state = self.script.read_state(body)
            for number, drawing in enumerate(self.script.drawings):
                known = [viewer.drawn[place] for place in self.script.known[number]]
                self._send(viewer, number, number, drawing.fill(state, *known))
        else:
            for place, version in self.script.read_drawn(wire.asked, body).items():
                viewer.drawn[place] = version

    def _give_up(self, now_s: float) -> None:
        """As the page does after 15 s without an answer."""
        while self.asked and (not self.asked[0].sent_s or now_s - self.asked[0].sent_s > TIMEOUT_S):
            wire = self.asked.popleft()
            if wire.sent_s and now_s - wire.sent_s > TIMEOUT_S:
                self._fail(wire)

    def _fail(self, wire: Wire) -> None:
        """Hang up; the next request connects anew. A kept connection that ends while idle is no failure."""
        if self.wires.pop(wire.socket.fileno(), None) is None:
            return
        self.poller.unregister(wire.socket.fileno())
        wire.socket.close()
        wire.viewer.lines[wire.place] = None
        if wire.sent_s:
            self.tally.failed += 1
            self.tally.latencies_s.append(TIMEOUT_S)
            wire.sent_s = 0.0
            wire.viewer.waiting -= 1


class Meter:
    """Cores that this process and the workers keep busy, from now on."""

    def __init__(self, workers: Sequence[int]) -> None:
        """Begin."""
        self.clocks = {"generator_cores": [time.process_time], "workers_cores": [clock_of(pid) for pid in workers]}
        self.began_s = time.perf_counter()
        self.before_s = self._read()

    def measure(self) -> dict[str, float]:
        """CPU seconds per second."""
        elapsed_s = time.perf_counter() - self.began_s
        return {name: (now_s - self.before_s[name]) / elapsed_s for name, now_s in self._read().items()}

    def _read(self) -> dict[str, float]:
        return {name: sum(clock() for clock in clocks) for name, clocks in self.clocks.items()}


def summarize(tally: Tally) -> dict[str, float]:
    """The findings: latencies in seconds by share of requests, and how the crowd fared."""
    ordered = sorted(tally.latencies_s)
    if not ordered:
        raise AnswerError("no request was answered")
    found = {f"p{round(share * 100)}_s": ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in SHARES}
    return found | {
        "requests": len(ordered),
        "ticks": tally.ticks,
        "late": tally.late,
        "changed": tally.changed,
        "failed": tally.failed,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a crowd and print what it met."""
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description="Many tabs of one server at 1 Hz.")
    parser.add_argument("url")
    parser.add_argument("tabs", type=int)
    parser.add_argument("warm_up_s", type=float)
    parser.add_argument("seconds", type=float)
    parser.add_argument("workers", type=int, nargs="*", help="process ids of the server's workers")
    options = parser.parse_args(arguments)
    crowd = Crowd(Address.of(options.url), options.tabs)
    print(json.dumps(crowd.run(options.warm_up_s, options.seconds, options.workers)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
