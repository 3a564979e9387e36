"""A log that nobody can fill from outside, and that has no token in it, whoever writes it."""

import logging
import re
import time
from collections.abc import Callable
from typing import Any

LONGEST = 300
PER_PERIOD = 20
PERIOD_S = 60.0
ALIKE = 24  # messages that begin with the same so many characters count together
MOST_KINDS = 100


class RateLimitFilter(logging.Filter):
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


# A query string as a whole, however it is written; a token wherever else it stands, such as in a header gone wrong.
SECRETS = re.compile(r"(\?|\b(?:token|key)=)[^\s'\"]+|[A-Za-z0-9_-]{32,}")


def redact(text: str) -> str:
    """The text without query strings and tokens."""
    return SECRETS.sub(lambda found: f"{found[1] or ''}[redacted]", text)


class RedactedRecord(logging.LogRecord):
    """A record for `logging.setLogRecordFactory`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info:
            self.exc_text = redact(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> str:  # noqa: N802 - the name that logging gives it
        """The message, redacted."""
        return redact(super().getMessage())
