"""A desk's publisher: its raw files into the store as soon as they change, and a beat that says it is there."""

from __future__ import annotations

import hashlib
import logging
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from execution.fleet.beat import Beat, describe_skew, join_problems, pick_environ
from execution.fleet.desk_files import DeskFiles
from execution.fleet.outage import Outage
from execution.fleet.packing import VERSION, Fields, make_fields
from execution.fleet.store import HeldError, Store, StoreError
from state.files.fleet_files import LONGEST_TEXT, SKEW_FAILS_S

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

LOOK_EVERY_S = 0.5
BEAT_EVERY_S = 5.0
MACHINE_ID = Path("/etc/machine-id")

LOGGER = logging.getLogger("fleet")


class RefusedError(Exception):
    """This publisher may not go on; the message says why."""


class Publisher:
    """Sends one desk. Only one publisher of a name gets through: it holds a lease while it lives."""

    def __init__(self, store: Store, name: str, state_dir: Path, environ: Mapping[str, str]) -> None:
        """Nothing is read or sent yet."""
        self.store, self.name = store, name
        self.files = DeskFiles(state_dir)
        self.identity = identify(state_dir)
        self.outage = Outage(LOGGER, store.address.shown)
        self._environ = pick_environ(environ)
        self._fields: Fields | None = None
        self._is_sent = False
        self._offset_s: float | None = None
        self._beat_s = float("-inf")
        self._said: str | None = None
        self._is_skewed = False

    def run(self, stop: threading.Event) -> None:
        """Publish until told to stop, then give up the lease.

        Raises:
            RefusedError: another publisher has this name, or the clocks are too far apart.
        """
        try:
            while not stop.is_set():
                self.step()
                stop.wait(LOOK_EVERY_S)
        finally:
            self.release()

    def step(self) -> None:
        """Look at the files, and send them where they have changed, or a beat where one is due.

        Raises:
            RefusedError: as `run`.
        """
        if self.files.look() or self._fields is None:
            self._fields, self._is_sent = make_fields(self.files.packed), False
        if (self._is_sent and time.monotonic() - self._beat_s < BEAT_EVERY_S) or not self.outage.wants_a_try:
            return
        try:
            self._send(self._fields)
        except HeldError as error:
            holder = str(error).partition("#")[0]
            raise RefusedError(f"{self.name} is already published by {holder}: one publisher a desk") from None
        except StoreError as error:
            self.outage.begin(str(error))
        else:
            self.outage.end()

    def release(self) -> None:
        """Let another publisher begin at once."""
        try:
            self.store.release(self.name, self.identity)
        except StoreError as error:
            LOGGER.warning("the lease of %s runs out by itself: %s", self.name, error)
        self.store.close()

    def _send(self, fields: Fields) -> None:
        offset_s = self._measure()
        beat = Beat(
            publisher=self.identity.partition("#")[0],
            sent_at=self.store.now() - offset_s,
            offset_s=offset_s,
            version=fields[VERSION].decode(),
            environ=self._environ,
            problem=self._find_problem(),
        )
        self.store.send(self.name, self.identity, beat.encode(), fields, self._is_sent)
        self._is_sent, self._beat_s = True, time.monotonic()

    def _measure(self) -> float:
        if self._offset_s is None or time.monotonic() - self._beat_s >= BEAT_EVERY_S:
            self._offset_s = self.store.measure_offset()
            self._check_clock(self._offset_s)
        return self._offset_s

    def _check_clock(self, offset_s: float) -> None:
        words = describe_skew(offset_s, "the clock of this host", "that of the store")
        if abs(offset_s) > SKEW_FAILS_S:
            raise RefusedError(f"{words}; expected at most {SKEW_FAILS_S:.0f} s: let both be set over the network")
        if words and not self._is_skewed:
            LOGGER.warning("%s; walls correct it", words)
        self._is_skewed = words is not None

    def _find_problem(self) -> str | None:
        problem = join_problems(*self.files.problems)
        if problem and problem != self._said:
            LOGGER.warning("%s: %s", self.name, problem)
        self._said = problem
        return problem


def identify(state_dir: Path) -> str:
    """`host:directory#machine`: who may take a lease over that was not given up, as after a crash.

    Two hosts may bear one name and the same directories; what stands behind the # tells them apart.
    """
    try:
        machine = MACHINE_ID.read_bytes()
    except OSError:
        machine = b""
    digest = hashlib.sha256(b"hedge" + machine).hexdigest()[:8]
    return f"{socket.gethostname()}:{state_dir.resolve()}"[:LONGEST_TEXT] + f"#{digest}"
