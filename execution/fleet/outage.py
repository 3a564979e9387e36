"""A store that does not answer: said once, asked less and less often, and said once when it is back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 5.0


class Outage:
    """Whether one is on; `error` says why, None while the store answers."""

    def __init__(self, logger: logging.Logger, store: str) -> None:
        """None is on."""
        self.error: str | None = None
        self._logger, self._store = logger, store
        self._pause_s, self._began_s, self._next_s = 0.0, 0.0, 0.0

    @property
    def wants_a_try(self) -> bool:
        """Whether the pause since the last failure is over."""
        return self.error is None or time.monotonic() >= self._next_s

    def begin(self, error: str) -> None:
        """A try has failed."""
        if self.error is None:
            self._logger.warning("%s: %s; trying on", self._store, error)
            self._pause_s, self._began_s = FIRST_PAUSE_S / 2, time.monotonic()
        self.error = error
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._next_s = time.monotonic() + self._pause_s

    def end(self) -> None:
        """A try has succeeded."""
        if self.error is not None:
            self._logger.info("%s answers again after %.1f s", self._store, time.monotonic() - self._began_s)
            self.error = None
