"""A wall's mirror: every desk of the store as a directory that the loader reads as ever, and a sign of its own life."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from execution.fleet.beat import describe_skew
from execution.fleet.desk_copy import DeskCopy, Moment
from execution.fleet.outage import Outage
from execution.fleet.placing import place_json
from execution.fleet.store import Store, StoreError
from execution.storage.error_log import ErrorLog
from execution.storage.reading import read_json_object
from execution.storage.writer_lock import claim_writer
from execution.utils.numbers import finite_number
from state.files.fleet_files import FORMAT, MIRROR_FILE

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path

PERIOD_S = 1.0
NAMES_EVERY_PERIODS = 5
CLOCK_EVERY_PERIODS = 10

LOGGER = logging.getLogger("fleet")


class Mirror:
    """Looks at the store once a period. `names` are the desks to mirror; without them all that are there."""

    def __init__(self, store: Store, directory: Path, *, names: Sequence[str] = (), period_s: float = PERIOD_S) -> None:
        """Become the one mirror of this directory.

        Raises:
            SecondWriterError: another process is.
            OSError: the directory cannot be written.
        """
        self.store, self.directory, self.period_s = store, directory, period_s
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / MIRROR_FILE
        claim_writer(self._path)
        self.outage = Outage(LOGGER, store.address.shown)
        self._errors = ErrorLog(LOGGER)
        self._wanted, self._names = list(names), list(names)
        self._desks: dict[str, DeskCopy] = {}
        self._local: set[str] = set()
        self._offset_s: float | None = None
        self._steps = 0
        self._up, self._since = _recall(self._path, store.now())

    def run(self, stop: threading.Event) -> None:
        """Mirror until told to stop."""
        while not stop.is_set():
            began_s = time.monotonic()
            self.step()
            stop.wait(max(0.0, self.period_s - (time.monotonic() - began_s)))
        self.store.close()

    def step(self) -> None:
        """One look at the store, and the sign of life, whatever came of the look."""
        if self.outage.wants_a_try:
            try:
                self._look()
            except StoreError as error:
                self.outage.begin(str(error))
            else:
                self.outage.end()
        self._write_sign()

    def _look(self) -> None:
        if self._steps % CLOCK_EVERY_PERIODS == 0 or self._offset_s is None:
            self._offset_s = self.store.measure_offset()
        if not self._wanted and self._steps % NAMES_EVERY_PERIODS == 0:
            self._names = self.store.find_names()
        desks = [desk for desk in map(self._desk, self._names) if desk.name not in self._local]
        beats = self.store.read_beats([desk.name for desk in desks])
        moment = Moment(self.store.now(), self._offset_s)
        for desk, beat in zip(desks, beats, strict=True):
            with self._errors.guard(desk.name):
                desk.note_beat(beat, moment)
        for name, fields in self.store.read_files([desk.name for desk in desks if desk.wants_files]):
            with self._errors.guard(f"{name}'s files"):
                self._desks[name].note_files(fields)
        self._steps += 1

    def _desk(self, name: str) -> DeskCopy:
        if name not in self._desks:
            desk = self._desks[name] = DeskCopy(self.directory, name)
            if desk.is_local:
                LOGGER.error("%s is not mirrored: %s is a desk of this machine", name, desk.directory)
                self._local.add(name)
        return self._desks[name]

    def _write_sign(self) -> None:
        now, up = self.store.now(), self.outage.error is None
        if up != self._up:
            self._up, self._since = up, now
        skew = describe_skew(self._offset_s or 0.0, "the wall's clock", "the store's")
        content = {
            "format": FORMAT,
            "written_at": now,
            "period_s": self.period_s,
            "store": {
                "url": self.store.address.shown,
                "up": up,
                "since": self._since,
                "error": self.outage.error or skew,
            },
        }
        with self._errors.guard(MIRROR_FILE):
            claim_writer(self._path)
            place_json(self._path, content)


def _recall(path: Path, now: float) -> tuple[bool | None, float]:
    """Whether the store answered the last mirror of this directory, and since when it did or did not."""
    try:
        store = read_json_object(path)["store"]
        up, since = store["up"], finite_number(store["since"])
    except (OSError, ValueError, LookupError, TypeError):
        return None, now
    return (up, since) if isinstance(up, bool) and since is not None and since <= now else (None, now)
