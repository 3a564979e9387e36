"""Errors that come back every cycle are logged when they begin and when they end, not in between."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from execution.storage.writer_lock import SecondWriterError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

# What a publisher has to survive: a full disk, another writer, a payload or an input of a wrong shape or depth.
SURVIVABLE = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    SecondWriterError,
)


class ErrorLog:
    """What is wrong at the moment, by the name of what it is about: errors, and warnings of what was done without."""

    def __init__(self, logger: logging.Logger) -> None:
        """Nothing is on."""
        self.logger = logger
        self.current: dict[str, str] = {}
        self.warnings: dict[str, str] = {}

    @contextlib.contextmanager
    def guard(self, name: str) -> Iterator[None]:
        """Keep an error of the block from the rest of the cycle."""
        try:
            yield
        except SURVIVABLE as error:
            self._begin(name, f"{type(error).__name__}: {error}")
        else:
            if self.current.pop(name, None):
                self.logger.info("%s works again", name)

    def warn(self, name: str, sentence: str | None) -> None:
        """Say what of an input is done without; None when there is nothing to say."""
        if sentence is None:
            if self.warnings.pop(name, None):
                self.logger.info("%s is whole again", name)
        elif self.warnings.get(name) != sentence:
            self.logger.warning("%s", sentence)
            self.warnings[name] = sentence

    def _begin(self, name: str, message: str) -> None:
        if self.current.get(name) != message:
            self.logger.error("%s failed: %s", name, message)
        self.current[name] = message
