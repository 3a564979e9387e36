"""A log that nobody can fill from outside."""

import logging
import time
from collections.abc import Callable

LONGEST = 300
PER_PERIOD = 20
PERIOD_S = 60.0
ALIKE = 24  # messages that begin with the same so many characters count together
MOST_KINDS = 100


class Sparing(logging.Filter):
    """Warnings are cut short, and of those that begin alike only the first few of each minute pass."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._period = -1
        self._counts: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is written; the last one of a period says that others follow."""
        if record.levelno < logging.WARNING:
            return True
        if record.exc_info and isinstance(record.exc_info[1], BlockingIOError):
            return False  # a client that stalled and was dropped
        text = record.getMessage()
        count = self._count(text[:ALIKE])
        more = " (more like this within a minute are not logged)" if count == PER_PERIOD else ""
        record.msg, record.args = "%s%s", (text[:LONGEST], more)
        return count <= PER_PERIOD

    def _count(self, kind: str) -> int:
        period = int(self._clock() // PERIOD_S)
        if period != self._period or len(self._counts) > MOST_KINDS:
            self._period, self._counts = period, {}
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]
