"""The embedded executor, a simulated account that feeds the dashboard: `python -m execution.executor`."""

from __future__ import annotations

import itertools
import logging
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from execution.paper import faults
from execution.paper.backfill import list_missed_stamps, show_progress
from execution.paper.checkpoint import CHECKPOINT, check_world, damaged, load_checkpoint, save_checkpoint
from execution.paper.holdings import find_holdings
from execution.paper.market import CLOSE_EVERY_STEPS, STEP_S
from execution.paper.options import Options, parse_options
from execution.paper.simulation import Simulation
from execution.paper.sink import LOGS, EventSink
from execution.paper.telemetry import Telemetry
from execution.state_publish import SecondWriterError, open_state_dir
from execution.storage.atomic_json import remove_orphans
from execution.storage.error_log import SURVIVABLE
from execution.storage.event_feed import EventFeed
from execution.storage.writer_lock import claim_writer
from execution.surfaces.engine import OWNED
from execution.surfaces.nav import NavPoint, load_nav_log
from execution.utils.metrics import Peak
from execution.utils.timestamps import restore_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOGGER = logging.getLogger("executor")

# A surface is not written more often than this, whatever the speed.
PUBLISH_EVERY_S = 1.0
HEALTH_EVERY_S = 20.0
SHORTEST_PAUSE_S = 0.02

# Steps between two checkpoints; while catching up, repeating ten minutes costs less than writing them.
SAVE_EVERY_STEPS = 12
SAVE_EVERY_BACKFILL_STEPS = 120


class Executor:
    """One simulated world, its event logs, its surfaces and what survives between two runs."""

    def __init__(self, options: Options) -> None:
        """Claim the files, take up the last run's world or begin a new one."""
        self.options = options
        self.stop = threading.Event()
        state_dir = open_state_dir(options.log_dir / "state")
        self.cache_dir, events_dir = options.log_dir / "cache", options.log_dir / "execution"
        for path in (
            options.log_dir / "nav_log.json",
            *(state_dir / name for name in OWNED),
            self.cache_dir / CHECKPOINT,
            *(events_dir / f"{name}.jsonl" for name in LOGS),
        ):
            claim_writer(path)
        for directory in (options.log_dir, self.cache_dir):
            remove_orphans(directory)
        self.sink = EventSink(events_dir)
        self.simulation = Simulation(options.seed, self.sink.emit)
        self.telemetry = Telemetry(options.log_dir, EventFeed(events_dir), find_holdings(options.holdings))
        self._restore(load_checkpoint(self.cache_dir))
        self._published_s = self._health_s = float("-inf")

    def run(self) -> None:
        """Backfill up to the present, then step on until the end; leaves a checkpoint in any case."""
        try:
            self._backfill()
            self._begin_faults()
            for stamp_s in self._stamps():
                self._step(stamp_s)
        finally:
            self._publish(time.time(), force=True)
            self.telemetry.publish_status("stopped", time.time())
            self._save()
            self.sink.close()

    def _begin_faults(self) -> None:
        """From here on; saved with the world, so that a step that is repeated after a crash is repeated the same."""
        self.telemetry.faults = self.options.faults
        self.telemetry.halted = faults.HALTED in self.options.faults
        if faults.DRAWDOWN in self.options.faults:
            faults.shock_market(self.simulation)
        self._save()
        if self.options.faults:
            self._publish(time.time(), force=True)

    def _backfill(self) -> None:
        until_s = time.time() - self._steps_before_now() * STEP_S
        stamps = list_missed_stamps(self.simulation.now_s, until_s, self.options.backfill_s)
        for stamp_s in show_progress(stamps):
            if self.stop.is_set():
                return
            self._advance(stamp_s, SAVE_EVERY_BACKFILL_STEPS)
        self._publish(time.time(), force=True)

    def _steps_before_now(self) -> int:
        """As fast as it can: the steps asked for end at the present, since no stamp may lie in the future."""
        return (self.options.steps or 0) if self.options.speed == 0 else 0

    def _stamps(self) -> Iterator[float]:
        """The time of each step to come: the wall clock, or the seconds up to it when as fast as it can."""
        start_s, missing = time.time(), self._steps_before_now()
        pause_s = max(SHORTEST_PAUSE_S, STEP_S / self.options.speed) if self.options.speed else 0.0
        for number in itertools.count(1) if self.options.steps is None else range(1, self.options.steps + 1):
            if self.stop.wait(pause_s):
                return
            yield start_s - (missing - number) * STEP_S if missing else time.time()

    def _step(self, stamp_s: float) -> None:
        # Nothing is heard of a market whose exchange does not answer.
        if faults.EXCHANGE_DOWN not in self.telemetry.faults:
            self._advance(stamp_s, SAVE_EVERY_STEPS)
        self._publish(time.time())

    def _advance(self, stamp_s: float, save_every: int) -> None:
        self.sink.step = self.simulation.step + 1
        self.simulation.entry_veto = self.telemetry.judge_risk().veto
        self.simulation.advance(stamp_s)
        self.telemetry.note_step(self.simulation, new_minute=self.simulation.step % CLOSE_EVERY_STEPS == 0)
        if self.simulation.step % save_every == 0:
            self._save()

    def _publish(self, now_s: float, *, force: bool = False) -> None:
        """Write what is due; real time decides, so that a fast simulation does not wear the disk."""
        if faults.WRITER_STALL in self.telemetry.faults:
            return
        clock_s = time.monotonic()
        if force or clock_s - self._published_s >= PUBLISH_EVERY_S:
            self._published_s = clock_s
            self.telemetry.publish_account(self.simulation, now_s)
        if force or clock_s - self._health_s >= HEALTH_EVERY_S:
            self._health_s = clock_s
            self.telemetry.publish_health(self.simulation, now_s)

    def _save(self) -> None:
        peak = self.telemetry.peak
        world = {
            "world": self.simulation.save(),
            "peak": [peak.nav_usd, peak.at_s],
            "halted": self.telemetry.halted,
        }
        with self.telemetry.errors.guard("checkpoint"):
            save_checkpoint(self.cache_dir, world)

    def _restore(self, saved: dict[str, Any] | None) -> None:
        if saved is None:
            return
        try:
            check_world(saved["world"])
            self.simulation.restore(saved["world"])
            nav_usd, at_s = (restore_time(figure) for figure in saved["peak"])
            self.telemetry.peak = Peak(nav_usd, at_s)
        except SURVIVABLE as error:
            raise damaged(self.cache_dir, error) from error
        self.telemetry.halted = saved.get("halted") is True
        # Points later than the checkpoint will come again.
        self.telemetry.points = [point for point in self._load_points() if point.at_s <= self.simulation.now_s]
        self.telemetry.note_step(self.simulation, new_minute=False)
        self.sink.resume_after(self.simulation.step)

    def _load_points(self) -> list[NavPoint]:
        try:
            return load_nav_log(self.options.log_dir / "nav_log.json").points
        except (OSError, ValueError) as error:
            LOGGER.warning("the NAV history begins anew: %s", error)
            return []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when it ended as asked, 1 with a line on stderr when it could not start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    options = parse_options(arguments)
    try:
        executor = Executor(options)
    except (OSError, ValueError, SecondWriterError) as error:
        LOGGER.error("cannot start: %s", error)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: executor.stop.set())
    LOGGER.info("paper account in %s, seed %d", options.log_dir, executor.simulation.seed)
    executor.run()
    LOGGER.info("stopped at NAV %.2f USD", executor.simulation.nav_usd)
    return 0


if __name__ == "__main__":
    sys.exit(main())
