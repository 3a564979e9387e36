"""The sync daemon: mirrors and KPIs from what the executor writes. `python -m execution.sync_state`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from execution.state_publish import SecondWriterError, open_state_dir
from execution.storage.atomic_json import remove_orphans, write_json_atomic
from execution.storage.event_feed import EventFeed, FeedStopped
from execution.storage.event_writer import EventWriter
from execution.storage.reading import read_json_object
from execution.storage.writer_lock import claim_writer
from execution.sync.cycle import OWNED, SyncCycle
from execution.sync.peak import load_peak, save_peak
from execution.utils.environment import read_log_dir
from execution.utils.timestamps import format_iso
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Sequence

LOGGER = logging.getLogger("sync_state")

# The mirrors follow so closely that a page seldom catches the files apart.
LOOK_EVERY_S = 0.2
SHORTEST_CYCLE_S = 0.2
HEARTBEAT_EVERY_S = 60.0

DESCRIPTION = """\
The daemon beside an executor: it mirrors what the executor has written, and adds what takes all of its logs.
It runs a cycle as soon as the executor has published, until Ctrl-C."""

EPILOG = """\
reads, below --log-dir:
  state/*.json          the executor's files: NAV, positions, router, risk
  execution/*.jsonl     the executor's event logs, on from where the last run ended

writes, below --log-dir:
  state/                nav_state.json, positions_state.json, kpis_v7.json, leaderboard_state.json
  execution/            transitions.jsonl (what changed) and its own heartbeats
  cache/                the peak of the NAV and how far the logs were read

environment:
  HEDGE_LOG_DIR         default of --log-dir (logs)

examples:
  python -m execution.sync_state
  python -m execution.sync_state --log-dir /var/lib/desk --interval 5
  python -m execution.sync_state --once"""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line; `interval_s` is the longest pause between two cycles."""

    once: bool
    interval_s: float
    log_dir: Path


class SyncDaemon:
    """Runs cycles until it is told to stop; what has to survive is saved with every heartbeat and at the end."""

    def __init__(self, options: Options) -> None:
        """Claim the files and take up what the last run left."""
        self.options = options
        self.stop = threading.Event()
        state_dir = open_state_dir(options.log_dir / "state")
        self.trigger = state_dir / surfaces.SYNCED_STATE
        cache_dir, events_dir = options.log_dir / "cache", options.log_dir / "execution"
        self.peak_path = cache_dir / "peak_state.json"
        self.window_path = cache_dir / "sync_window.json"
        beats_path = events_dir / "sync_daemon_heartbeats.jsonl"
        for path in (*(state_dir / name for name in OWNED), self.peak_path, self.window_path, beats_path):
            claim_writer(path)
        remove_orphans(cache_dir)
        feed = EventFeed(events_dir, _load_saved(self.window_path), self.stop.is_set)
        self.cycle = SyncCycle(options.log_dir, feed, load_peak(self.peak_path))
        for path in (self.cycle.transitions.path, self.cycle.transitions.cache_path):
            claim_writer(path)
        self.heartbeats = EventWriter(beats_path)
        self._saved_s = float("-inf")
        self._seen = 0
        self._saved_peak = self.cycle.peak

    def run(self) -> bool:
        """Cycle until the end; True when the last cycle wrote everything."""
        try:
            complete = self._run_cycle()
            while not self.options.once and not self._wait_for_change():
                complete = self._run_cycle()
            return complete
        finally:
            self._save()
            self.heartbeats.close()

    def _run_cycle(self) -> bool:
        self._seen = _changed_at(self.trigger)
        try:
            complete = self.cycle.run(time.time())
        except FeedStopped:
            # Half of a window is no basis for a figure; the next start goes on from here.
            return False
        if self.cycle.peak != self._saved_peak:
            self._save_peak()
        if time.monotonic() - self._saved_s >= HEARTBEAT_EVERY_S:
            self._save()
        return complete

    def _wait_for_change(self) -> bool:
        """Pause until the executor has published after the last cycle began, or the interval is over.

        True when told to stop.
        """
        end_s = time.monotonic() + self.options.interval_s
        stopped = self.stop.wait(min(SHORTEST_CYCLE_S, self.options.interval_s))
        while not stopped and time.monotonic() < end_s and _changed_at(self.trigger) == self._seen:
            stopped = self.stop.wait(LOOK_EVERY_S)
        return stopped

    def _save(self) -> None:
        """Heartbeat, peak, and the window together with its cursors."""
        self._saved_s = time.monotonic()
        with self.cycle.errors.guard("heartbeat"):
            record = {"service": "sync_daemon", "ts": format_iso(time.time()), "event_type": "heartbeat"}
            claim_writer(self.heartbeats.path)
            self.heartbeats.append(record)
        self._save_peak()
        with self.cycle.errors.guard(self.window_path.name):
            claim_writer(self.window_path)
            write_json_atomic(self.window_path, self.cycle.feed.save())

    def _save_peak(self) -> None:
        self._saved_peak = self.cycle.peak
        if self.cycle.peak.nav_usd:
            with self.cycle.errors.guard(self.peak_path.name):
                save_peak(self.peak_path, self.cycle.peak, self.cycle.drawdown)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when it ended as asked, 1 when it could not start or `--once` wrote not everything."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    options = parse_options(arguments)
    try:
        daemon = SyncDaemon(options)
    except (OSError, SecondWriterError) as error:
        LOGGER.error("cannot start: %s", error)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: daemon.stop.set())
    complete = daemon.run()
    if options.once and not complete:
        LOGGER.error("not every surface could be written from %s", options.log_dir)
    return 1 if options.once and not complete else 0


def parse_options(arguments: Sequence[str] | None) -> Options:
    """The command line, checked."""
    parser = argparse.ArgumentParser(
        prog="python -m execution.sync_state",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    log_dir = read_log_dir(os.environ)
    add = parser.add_argument
    add("--once", action="store_true", help="one cycle, then exit: 0 when every file was written, else 1")
    add("--interval", type=_positive, default=20.0, metavar="S", help="longest pause between two cycles, seconds (20)")
    add("--log-dir", type=Path, default=log_dir, metavar="DIR", help="where the executor writes, and this too (logs)")
    found = parser.parse_args(arguments)
    return Options(found.once, found.interval, found.log_dir)


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _load_saved(path: Path) -> dict[str, Any] | None:
    """The saved window, None when there is none that can be read: the logs are then read from their beginning."""
    try:
        return read_json_object(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        LOGGER.warning("the event logs are read anew: %s", error)
        return None


if __name__ == "__main__":
    sys.exit(main())
