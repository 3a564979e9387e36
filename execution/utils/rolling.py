"""Sums over the last seconds of a stream, kept up to date at a cost that does not grow with the window."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from execution.utils.timestamps import restore_time

# Integers of 1e-12 USD: a running float sum would drift after a million additions and removals.
UNITS_PER_USD = 10**12

# Beyond this many entries, those that are settled are merged into minutes: a busy week costs what a quiet one does.
MAX_ENTRIES = 20_000
SETTLED_AFTER_S = 3600.0
BUCKET_S = 60.0

# 10^18 USD, and more keys than a week can have: beyond, what was saved is damaged.
LARGEST_UNITS = 10**30
MOST_KEYS = 10**12


class Entry(NamedTuple):
    """Value of one key, or of all keys of one minute; `epoch_s` is the newest of them."""

    epoch_s: float
    units: int
    keys: int


class RollingSum:
    """Sum of the latest value of each key over the last `window_s` seconds."""

    def __init__(self, window_s: float) -> None:
        """Start empty."""
        self.window_s = window_s
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._total_units = 0
        self._count = 0
        self._merge_at = MAX_ENTRIES

    def put(self, key: str, epoch_s: float, value_usd: float) -> None:
        """Set the value of `key`; an earlier value of the same key, not older than an hour, no longer counts."""
        self._remove(key)
        entry = Entry(epoch_s, round(value_usd * UNITS_PER_USD), 1)
        self._entries[key] = entry
        self._total_units += entry.units
        self._count += 1
        if len(self._entries) > self._merge_at:
            self._merge(epoch_s - SETTLED_AFTER_S)

    def expire(self, now_s: float) -> None:
        """Forget what is older than the window; events may be out of order by seconds only."""
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if entry.epoch_s >= now_s - self.window_s:
                return
            self._remove(key)

    @property
    def total_usd(self) -> float:
        """The sum, in the unit that was put."""
        return self._total_units / UNITS_PER_USD

    def __len__(self) -> int:
        """Number of keys in the window."""
        return self._count

    def save(self) -> list[list[Any]]:
        """Entries as JSON, oldest first."""
        return [[key, *entry] for key, entry in self._entries.items()]

    def restore(self, saved: list[list[Any]]) -> None:
        """Take over the entries of `save()`.

        Raises:
            ValueError, TypeError: `saved` is of another shape, or has numbers that no sum can have.
        """
        self._entries = OrderedDict((str(key), _restore(*entry)) for key, *entry in saved)
        self._total_units = sum(entry.units for entry in self._entries.values())
        self._count = sum(entry.keys for entry in self._entries.values())

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry:
            self._total_units -= entry.units
            self._count -= entry.keys

    def _merge(self, settled_before_s: float) -> None:
        """One entry per minute of everything settled; sum and count stay what they are."""
        merged: OrderedDict[str, Entry] = OrderedDict()
        for key, entry in self._entries.items():
            settled = entry.epoch_s < settled_before_s
            name = f"minute {int(entry.epoch_s // BUCKET_S)}" if settled else key
            before = merged.get(name, Entry(entry.epoch_s, 0, 0))
            merged[name] = Entry(
                max(before.epoch_s, entry.epoch_s), before.units + entry.units, before.keys + entry.keys
            )
        self._entries = merged
        # A rate that fills the last hour alone must not merge at every entry.
        self._merge_at = max(MAX_ENTRIES, 2 * len(merged))


def _restore(epoch_s: object, units: object, keys: object) -> Entry:
    if type(units) is not int or type(keys) is not int or abs(units) > LARGEST_UNITS or not 0 <= keys <= MOST_KEYS:
        raise ValueError("units or keys of a sum are no numbers that a sum can have")
    return Entry(restore_time(epoch_s), units, keys)
