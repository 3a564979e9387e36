"""Entries of the history in memory: which of two stands, what is not written yet, and how much is kept at all."""

import json
import math
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

MAX_VALUE_BYTES = 1024 * 1024
MAX_TOTAL_BYTES = 32 * 1024 * 1024
MAX_ENTRIES = 512
MAX_FORGOTTEN = 8 * MAX_ENTRIES


@dataclass(slots=True)
class Entry:
    """A value as it is stored: JSON text or raw bytes, the epoch it belongs to, and a checksum of all that."""

    at: float
    content: bytes
    is_json: bool
    checksum: int
    _value: Any = field(default=None, compare=False, repr=False)

    def value(self) -> Any:
        """The value, decoded once; nobody may change it. None for JSON that is nested too deep to be read here."""
        if not self.is_json:
            return self.content
        if self._value is None:
            with suppress(ValueError, RecursionError):
                self._value = json.loads(self.content)
        return self._value


def make_entry(name: str, content: bytes, is_json: bool, at: float) -> Entry:
    """An entry with its checksum."""
    return Entry(at, content, is_json, zlib.crc32(content, zlib.crc32(f"{name} {at!r} {is_json}".encode())))


def escape_key(key: str) -> str:
    """The name of an entry: its key in ASCII, whatever characters a symbol or a file name may have."""
    return key.replace("\\", "\\\\").encode("ascii", "backslashreplace").decode("ascii")


def _encode(value: Any) -> bytes | None:
    """Bytes as they are, else JSON; None for what is no JSON."""
    if isinstance(value, bytes):
        return value
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        return None


class Entries:
    """Entries by name. What is later than `latest` is held, since its time may come, but counts for nothing."""

    def __init__(self) -> None:
        """Nothing is known, and nothing too late."""
        self.latest = math.inf
        self.known: dict[str, Entry] = {}
        self.unsaved: dict[str, bool] = {}  # by name, whether it replaces a newer one
        self.forgotten: dict[str, float] = {}  # by name, up to which epoch

    def find(self, name: str) -> Entry | None:
        """The entry that counts."""
        entry = self.known.get(name)
        return entry if entry is not None and entry.at <= self.latest else None

    def keep(self, name: str, value: Any, at: float, replace: bool) -> None:
        """Put a value, unless a newer one is there; what cannot be stored leaves nothing older in its place."""
        at, content, present = float(at) + 0.0, _encode(value), self.find(name)
        if not math.isfinite(at) or at > self.latest or (present is not None and at < present.at and not replace):
            return
        if content is None or len(content) > MAX_VALUE_BYTES:
            self.forget(name)
            return
        is_json = not isinstance(value, bytes)
        if present is not None and (present.at, present.content, present.is_json) == (at, content, is_json):
            return
        self.unsaved[name] = replace or self.unsaved.get(name, False) or name in self.forgotten
        self.forgotten.pop(name, None)
        self.known[name] = make_entry(name, content, is_json, at)

    def forget(self, name: str) -> None:
        """Drop an entry, here and, up to its epoch, wherever it is stored."""
        entry = self.known.pop(name, None)
        self.unsaved.pop(name, None)
        if entry is not None:
            self.forgotten[name] = entry.at
            if len(self.forgotten) > MAX_FORGOTTEN:
                del self.forgotten[next(iter(self.forgotten))]

    def limit(self) -> None:
        """Forget the oldest beyond the limits, and before them what lies in the future."""
        size = sum(len(entry.content) for entry in self.known.values())
        if len(self.known) <= MAX_ENTRIES and size <= MAX_TOTAL_BYTES:
            return
        for name, entry in sorted(self.known.items(), key=lambda item: (item[1].at <= self.latest, item[1].at)):
            if len(self.known) <= MAX_ENTRIES and size <= MAX_TOTAL_BYTES:
                return
            self.forget(name)
            size -= len(entry.content)

    def merge(self, stored: dict[str, Entry]) -> None:
        """Take what is stored, but for what is newer here and not written yet."""
        for name, replace in self.unsaved.items():
            mine, theirs = self.known[name], stored.get(name)
            if theirs is None or replace or not mine.at < theirs.at <= self.latest:
                stored[name] = mine
        for name, at in self.forgotten.items():
            if name in stored and stored[name].at <= at:
                del stored[name]
        self.unsaved = {name: how for name, how in self.unsaved.items() if stored[name] is self.known[name]}
        self.forgotten = {name: at for name, at in self.forgotten.items() if name not in stored}
        self.known = stored

    def mark_unsaved(self) -> None:
        """All of it has to be written, to another place than before."""
        self.unsaved = dict.fromkeys(self.known, False) | self.unsaved

    def mark_saved(self) -> None:
        """Nothing has to be written."""
        self.unsaved.clear()
        self.forgotten.clear()
