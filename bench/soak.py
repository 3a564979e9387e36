"""Thousands of refreshes in one tab: heap, nodes and listeners have to stay flat."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from serving import serving

from bench.answers import Address
from bench.desk import Content, Desk
from bench.tab import count_drawings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, CDPSession, Page

STAMPS = ("updated_at", "updated_ts", "updated", "ts", "generated_ts")
# The page's own interval stands aside: this drives the ticks.
REFRESH_MS = 60_000
CHANGE_EVERY = 10
# One change is drawn once, and a second time where a file has grown old meanwhile on a slow machine.
MOST_DRAWINGS = 2
# After so many changes the files are as they were but for their stamps, so that samples can be compared.
ROUND = 5
SAMPLES = 10
WARM_UP = 0.3
# What may be gained between the end of the warm-up and the end, whatever the number of ticks.
HEAP_TOLERANCE = 0.05
UNDOS_TOLERANCE = 5
NODES_TOLERANCE = 100
LISTENERS_TOLERANCE = 20
# What Dash keeps for an undo.
UNDOS = "window.dash_stores.reduce((sum, store) => sum + store.getState().history.past.length, 0)"

# One refresh: the poll's answer, and where it brings a state, those of the drawings, and a frame to show them in.
DRIVER = """drawings => {
    window.dash_clientside.set_props("tick", { disabled: true });
    const waiting = [];
    let answers = [];
    document.addEventListener("hedge-answer", ({ detail }) => {
        answers.push(detail);
        const poll = answers.find(answer => answer.poll);
        const wanted = poll && poll.response.status === 200 ? 1 + drawings : 1;
        if (!poll || answers.length < wanted) return;
        const drawn = wanted > 1;
        answers = [];
        waiting.splice(0).forEach(done => done(drawn));
    });
    const settle = drawn => new Promise(done => {
        if (drawn) requestAnimationFrame(() => setTimeout(done));
        else setTimeout(done);
    });
    async function tick(number) {
        const answered = new Promise(done => waiting.push(done));
        window.dash_clientside.set_props("tick", { n_intervals: number });
        const drawn = await answered;
        await settle(drawn);
        return drawn ? 1 : 0;
    }
    window.runTicks = async function (first, count) {
        let drawn = 0;
        for (let number = first; number < first + count; number += 1) drawn += await tick(number);
        return drawn;
    };
}"""


class Sample(NamedTuple):
    """What the tab holds after so many ticks, garbage collected."""

    ticks: int
    heap_bytes: int
    nodes: int
    listeners: int
    undos: int

    def as_row(self) -> str:
        """One line of the table."""
        return f"{self.ticks:>8,} {self.heap_bytes / 1e6:>9.2f} {self.nodes:>8,} {self.listeners:>10,} {self.undos:>6,}"


COLUMNS = f"{'ticks':>8} {'heap MB':>9} {'nodes':>8} {'listeners':>10} {'undos':>6}"


class RepeatingDesk(Desk):
    """A healthy desk whose prices, book, NAV and drawdown state change, in a round that repeats."""

    def __init__(self, state_dir: Path) -> None:
        """Write the first state."""
        super().__init__(state_dir, _renew)


def _renew(name: str, content: Content, step: int) -> Content:
    """As of this step, with the stamp of now."""
    return _vary(name, content, step % ROUND) | dict.fromkeys(STAMPS & content.keys(), time.time())


def _vary(name: str, content: Content, phase: int) -> Content:
    """Rows come and go, the NAV moves, and in one phase a drawdown raises an alert."""
    if name == "positions.json":
        rows = [row | {"markPrice": row["markPrice"] * (1 + phase / 1000)} for row in content["rows"]]
        return content | {"rows": rows[: len(rows) - phase % 3]}
    if name == "nav_state.json":
        return content | {"series": content["series"][: len(content["series"]) - phase]}
    if name == "risk_snapshot.json" and phase == 1:
        return content | {"dd_state": "defensive"}
    return content


def soak(browser: Browser, scratch: Path, ticks: int, change_every: int = CHANGE_EVERY) -> Iterator[Sample]:
    """Drive a tab through at least so many ticks, one in `change_every` with news, and look at it in between."""
    round_ticks = change_every * ROUND
    desk = RepeatingDesk(scratch / "state")
    settings = {"HEDGE_STATE_DIR": str(desk.state_dir), "HEDGE_REFRESH_MS": str(REFRESH_MS)}
    with serving(scratch / "gunicorn.log", settings) as server:
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(server.url)
        page.wait_for_selector("#positions-table td")
        page.evaluate(DRIVER, count_drawings(Address.of(server.url)))
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        rounds = max(ticks // round_ticks, 1)
        stops = {-(-rounds * sample // SAMPLES) for sample in range(1, SAMPLES + 1)}
        for number in range(1, rounds + 1):
            run_round(page, desk, number, change_every)
            if number in stops:
                yield take_sample(page, session, number * round_ticks)
        page.close()


def run_round(page: Page, desk: Desk, number: int, change_every: int) -> None:
    """Every change of the round once, each seen by the tick after it."""
    for step in range(1, ROUND + 1):
        desk.change(step=step)
        first = (number * ROUND + step) * change_every
        drawn = page.evaluate("([first, count]) => window.runTicks(first, count)", [first, change_every])
        if not 1 <= drawn <= MOST_DRAWINGS:
            raise RuntimeError(f"{drawn} of {change_every} ticks brought a state, instead of one")


def take_sample(page: Page, session: CDPSession, ticks: int) -> Sample:
    """Heap, nodes, listeners and remembered changes after a garbage collection."""
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.collectGarbage")
    found = {metric["name"]: int(metric["value"]) for metric in session.send("Performance.getMetrics")["metrics"]}
    return Sample(ticks, found["JSHeapUsedSize"], found["Nodes"], found["JSEventListeners"], page.evaluate(UNDOS))


def find_growth(samples: Sequence[Sample], heap_tolerance: float = HEAP_TOLERANCE) -> list[str]:
    """What has grown after the warm-up, in words."""
    settled = samples[int(len(samples) * WARM_UP) :]
    first, last = settled[0], settled[-1]
    limits = {
        "heap_bytes": first.heap_bytes * heap_tolerance,
        "nodes": NODES_TOLERANCE,
        "listeners": LISTENERS_TOLERANCE,
        "undos": UNDOS_TOLERANCE,
    }
    gains = {name: getattr(last, name) - getattr(first, name) for name in limits}
    ticks = last.ticks - first.ticks
    return [f"{name} grew by {gain:,} in {ticks:,} ticks" for name, gain in gains.items() if gain > limits[name]]
