"""Collecting the reason of every value that is unknown or defaulted."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class Unknowns:
    """Reasons by dotted path; the first reason given for a path stands."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def note(self, path: str, reason: str) -> None:
        """Say why the value at `path` is unknown or a default."""
        self.reasons.setdefault(path, reason)

    def known(self, path: str, value: T | None, reason: str) -> T | None:
        """Pass a value through, with the reason noted when there is none."""
        if value is None:
            self.note(path, reason)
        return value

    def default(self, path: str, value: T | None, default: T, reason: str) -> T:
        """A value, or its default with the reason noted."""
        if value is None:
            self.note(path, reason)
            return default
        return value

    def note_all(self, paths: Iterable[str], reason: str) -> None:
        """The same reason for several paths."""
        for path in paths:
            self.note(path, reason)

    def note_reasons(self, reasons: Mapping[str, str]) -> None:
        """Reasons found elsewhere, by path."""
        for path, reason in reasons.items():
            self.note(path, reason)

    def fill(self, path: str, value: object, reason: str) -> None:
        """Give every None below `path` that has no reason yet this one."""
        if value is None:
            self.note(path, reason)
        elif isinstance(value, dict):
            self._fill_below(path, value.items(), reason)
        elif isinstance(value, list):
            self._fill_below(path, enumerate(value), reason)

    def _fill_below(self, path: str, items: Iterable[tuple[object, object]], reason: str) -> None:
        # Most values are numbers and words: they need no path.
        for key, item in items:
            if item is None or isinstance(item, dict | list):
                self.fill(f"{path}.{key}", item, reason)
