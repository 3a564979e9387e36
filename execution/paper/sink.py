"""Where the simulation's events go: one bounded log per kind."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from execution.storage.error_log import ErrorLog
from execution.storage.event_log import EventLog
from execution.storage.event_writer import EventWriter
from execution.storage.writer_lock import claim_writer

if TYPE_CHECKING:
    from pathlib import Path

LOGS = ("orders_attempted", "orders_executed", "order_metrics", "risk_vetoes", "sync_heartbeats", "funding")


class EventSink:
    """Appends events; after a crash it leaves out those that the logs already have."""

    def __init__(self, directory: Path) -> None:
        """Open the logs in `directory`."""
        self.directory = directory
        self.step = 0
        self._writers = {name: EventWriter(directory / f"{name}.jsonl") for name in LOGS}
        self._already = dict.fromkeys(LOGS, 0)
        self._errors = ErrorLog(logging.getLogger("executor"))

    def emit(self, log_name: str, record: dict[str, Any]) -> None:
        """Append one event of the current step."""
        if self._already[log_name]:
            self._already[log_name] -= 1
            return
        # The simulated world goes on while the disk is full: its events are lost, its account stays whole.
        writer = self._writers[log_name]
        with self._errors.guard(writer.path.name):
            claim_writer(writer.path)
            writer.append(record | {"seq": self.step})

    def resume_after(self, step: int) -> None:
        """The world starts again after `step`: what the logs have of later steps will come a second time."""
        for name in LOGS:
            records = EventLog(self.directory / f"{name}.jsonl").read_new()
            self._already[name] = sum(1 for record in records if _step_of(record) > step)

    def close(self) -> None:
        """Close the logs."""
        for writer in self._writers.values():
            writer.close()


def _step_of(record: dict[str, Any]) -> int:
    step = record.get("seq")
    return step if isinstance(step, int) else 0
