"""The one door to the state files: `load_all_state()`."""

import gc
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from state.aging import Snapshot, take_snapshot
from state.facts.environment import ENVIRON_KEYS
from state.facts.sources import Derived, Sources
from state.files.history import History, locate
from state.files.reading import Reading, Signature, find_directory_fault, is_coarse, read_surface
from state.files.recall import latest, newer_than, remember
from state.files.surfaces import BY_NAME, NAV, NAV_STATE, SURFACES, Surface
from state.files.transitions import LOCATION, Tape, read_tape
from state.normalize import normalize, unusable_state

DEFAULT_STATE_DIR = "logs/state"

_log = logging.getLogger(__name__)

# What a nav file of an unknown name is expected to be like.
_OTHER_NAV_CADENCE_S = 60.0

# Where a file system keeps whole seconds, a file may change within the second it was seen in and look the same.
COARSE_S = 2.0


class Loader:
    """The readings of one state directory, and what has to be remembered between loads. Safe for threads."""

    def __init__(self, directory: Path, history: History | None = None) -> None:
        self._directory = directory
        self._history = history or History(None)
        self._derived: Derived = {}
        self._paths = {item.name: os.path.join(directory, item.location) for item in SURFACES}  # noqa: PTH118
        self._tape_path = os.path.join(directory, LOCATION)  # noqa: PTH118
        self._watched = (*self._paths.values(), self._tape_path)
        self._tape = Tape()
        self._readings: dict[str, Reading] = {}
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._seen: list[Any] = []
        self._settled_s = 0.0

    def load(self, now: float, environ: Mapping[str, str]) -> dict[str, Any]:
        """Look at every surface; what is unchanged since the last load only ages."""
        with self._lock:
            looked: list[Any] = [*_look_at(self._watched), *map(environ.get, ENVIRON_KEYS)]
            if looked != self._seen:
                self._settled_s = time.monotonic() + (COARSE_S if any(map(is_coarse, looked[: len(SURFACES)])) else 0.0)
            elif self._snapshot is not None and self._is_settled() and self._snapshot.covers(now):
                return self._snapshot.at(now)
            with _paused_collector():
                state = self._load_changed(now, environ)
            self._seen, self._snapshot = looked, take_snapshot(state) if self._may_keep() else None
            return self._snapshot.at(now) if self._snapshot else state

    def _is_settled(self) -> bool:
        """Files that looked the same are the same, and no other process has seen more in them."""
        return time.monotonic() >= self._settled_s and not self._history.has_news()

    def _load_changed(self, now: float, environ: Mapping[str, str]) -> dict[str, Any]:
        self._history.open(now)
        self._readings = {
            surface.name: self._read(surface, path, now)
            for surface, path in (*zip(SURFACES, self._paths.values(), strict=True), *self._other_nav_files())
        }
        self._tape = read_tape(self._tape_path, self._tape)
        fault = find_directory_fault(str(self._directory))
        sources = Sources(self._readings, now, environ, self._history, self._derived, self._tape, directory_fault=fault)
        return self._normalize(sources)

    def _read(self, surface: Surface, path: str, now: float) -> Reading:
        """A look at one surface, beside what this or another process last saw of it."""
        own = self._readings.get(surface.name)
        if own is not None and own.status == "missing" and not os.path.lexists(path):
            return own
        previous = latest(surface, own, self._history)
        found = read_surface(path, surface, previous)
        is_broken = found.status not in ("ok", "missing")
        # A log is followed by what this process has read of it, however long ago that was.
        if is_broken and (newer := newer_than(previous, self._history)) is not None:
            previous, found = newer, read_surface(path, surface, newer)
        return remember(found, previous, self._history, now)

    def _may_keep(self) -> bool:
        """A file that could not be read may become readable, and an unknown nav file appear, without a new stamp."""
        readable = all(reading.status != "unreadable" for reading in self._readings.values())
        return readable and any(self._readings[name].data is not None for name in (NAV_STATE, NAV))

    def _normalize(self, sources: Sources) -> dict[str, Any]:
        try:
            return normalize(sources, str(self._directory))
        except Exception as error:  # noqa: BLE001 - a wall with one clear sentence beats a wall with a traceback
            _log.exception("the state could not be normalized")
            return unusable_state(sources.now, str(self._directory), f"{type(error).__name__}: {error}")

    def _other_nav_files(self) -> Iterator[tuple[Surface, str]]:
        """Any other nav file and its path, while neither of the known ones is there."""
        if any(os.path.exists(self._paths[name]) for name in (NAV_STATE, NAV)):  # noqa: PTH110
            return
        for path in sorted(self._directory.glob("nav*.json")):
            if path.name not in BY_NAME:
                yield Surface(path.name, _OTHER_NAV_CADENCE_S, required=False), str(path)


def _look_at(paths: Iterable[str]) -> list[Signature | None]:
    """What tells a file from its last version, or None where there is none; this runs at every tick."""
    looked: list[Signature | None] = []
    for path in paths:
        try:
            found = os.stat(path)  # noqa: PTH116
        except (OSError, ValueError):
            looked.append(None)
        else:
            looked.append((found.st_mtime_ns, found.st_size, found.st_ino))
    return looked


@contextmanager
def _paused_collector() -> Iterator[None]:
    """No search meanwhile, in the whole process; where it is off already it stays off.

    Parsed JSON has no cycles, and the search goes through all of it again and again as it grows: a third of the time
    that a universe of 5,000 symbols takes.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


_Place = tuple[str, str | None, bool]
_loaders: dict[_Place, Loader] = {}
_loaders_lock = threading.Lock()


def _add_loader(place: _Place) -> Loader:
    directory, cache, remembering = place
    with _loaders_lock:
        if place not in _loaders:
            environ = {"HEDGE_CACHE_DIR": cache} if cache else {}
            history = History(locate(directory, environ), read_only=not remembering)
            _loaders[place] = Loader(Path(directory), history)
        return _loaders[place]


def load_all_state(
    state_dir: str | os.PathLike[str] | None = None,
    *,
    now: float | None = None,
    environ: Mapping[str, str] | None = None,
    remember: bool = True,
) -> dict[str, Any]:
    """The normalized state of a directory, as docs/state-model.md describes it. Never raises.

    Args:
        state_dir: directory of the state files; `HEDGE_STATE_DIR`, else `logs/state`, by default.
        now: epoch seconds that ages are counted from; the system clock by default.
        environ: environment that says which environment this is, and where the history is kept (`HEDGE_CACHE_DIR`);
            the process's by default.
        remember: whether what is seen is kept for later loads and other processes; without, the history is only read.
    """
    surroundings = os.environ if environ is None else environ
    directory = os.fspath(state_dir or surroundings.get("HEDGE_STATE_DIR") or DEFAULT_STATE_DIR)
    # Where the history is kept is a matter of this process, whatever environment it is told to look from.
    cache = surroundings.get("HEDGE_CACHE_DIR") or os.environ.get("HEDGE_CACHE_DIR")
    place = (directory, cache, remember)
    loader = _loaders.get(place) or _add_loader(place)
    return loader.load(time.time() if now is None else now, surroundings)
