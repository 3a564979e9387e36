"""All event logs of a directory, read on into one window."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from execution.storage.event_log import EventLog
from execution.utils.event_window import LOG_NAMES, EventWindow
from execution.utils.timestamps import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOGGER = logging.getLogger("event_logs")

# What a record may raise whose fields are of another type, size or depth than any writer's.
DAMAGE = (ValueError, TypeError, ArithmeticError, RecursionError)


class FeedStopped(Exception):  # noqa: N818 - asked for, not a failure
    """The logs were not read to their end, because the process is told to end."""


class EventFeed:
    """The window over logs/execution/*.jsonl; window and cursors are saved as one, so that no event counts twice."""

    def __init__(
        self, directory: Path, saved: dict[str, Any] | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Continue where `saved` (of `save()`) ended; begin anew when it is none or of another shape.

        Once `stopped` says so nothing more is read: a first catch-up with gigabytes may take minutes.
        """
        self.directory = directory
        self.stopped = stopped
        self._told: set[str] = set()
        self.window, self.logs = self._begin({})
        if saved:
            self._restore(saved)

    def poll(self, now_s: float) -> EventWindow:
        """The window as of `now_s` (epoch seconds), with everything appended since the last call.

        Lines that are no records are skipped; that they are is logged once for each log.

        Raises:
            FeedStopped: before the end. What was read is in the window, which lacks the rest.
            OSError: a log cannot be read; the window lacks its events until a later call.
        """
        # A time beyond tomorrow would stay for ever, and keep all that come after it.
        self.window.horizon_s = now_s + DAY_S
        for name, log in self.logs.items():
            self._read(name, log)
            if self.stopped():
                raise FeedStopped
        self.window.expire(now_s)
        return self.window

    def _read(self, name: str, log: EventLog) -> None:
        for record in log.read_new(self.stopped):
            try:
                log.malformed += not self.window.add(name, record)
            except DAMAGE:
                log.malformed += 1
        if log.malformed and name not in self._told:
            self._told.add(name)
            LOGGER.warning("%s has lines that are no records of an event; they are skipped", log.path)

    @property
    def malformed(self) -> int:
        """Lines that were skipped since the start."""
        return sum(log.malformed for log in self.logs.values())

    def save(self) -> dict[str, Any]:
        """Window and cursors as JSON."""
        return {"window": self.window.save(), "cursors": {name: log.save() for name, log in self.logs.items()}}

    def _begin(self, cursors: dict[str, Any]) -> tuple[EventWindow, dict[str, EventLog]]:
        logs = {name: EventLog(self.directory / f"{name}.jsonl", cursors.get(name)) for name in LOG_NAMES}
        return EventWindow(), logs

    def _restore(self, saved: dict[str, Any]) -> None:
        try:
            window, logs = self._begin(saved["cursors"])
            window.restore(saved["window"])
            # With a lost cursor its log would be read from the beginning, and count a second time.
            lost = [name for name in LOG_NAMES if saved["cursors"][name] and logs[name].cursor is None]
            if lost:
                raise ValueError(f"the cursor of {lost[0]} is unusable")
        except (LookupError, AttributeError, *DAMAGE) as error:
            LOGGER.warning(
                "the saved window is damaged (%s: %.200s); the event logs are read anew", type(error).__name__, error
            )
            return
        self.window, self.logs = window, logs
