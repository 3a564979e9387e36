"""All event logs of a directory, read on into one window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from execution.utils.event_log import EventLog
from execution.utils.event_window import LOG_NAMES, EventWindow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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
        self.window, self.logs = self._begin({})
        if saved:
            self._restore(saved)

    def poll(self, now_s: float) -> EventWindow:
        """The window as of `now_s` (epoch seconds), with everything appended since the last call.

        Raises:
            FeedStopped: before the end. What was read is in the window, which lacks the rest.
        """
        for name, log in self.logs.items():
            for record in log.read_new(self.stopped):
                self.window.add(name, record)
            if self.stopped():
                raise FeedStopped
        self.window.expire(now_s)
        return self.window

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
        except (KeyError, TypeError, ValueError, AttributeError):
            return
        self.window, self.logs = window, logs
