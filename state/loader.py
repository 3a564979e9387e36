"""The one door to the state files: `load_all_state()`."""

import logging
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from state.aging import Snapshot, take_snapshot
from state.environment import ENVIRON_KEYS
from state.normalize import normalize, unusable_state
from state.reading import Reading, read_surface
from state.sources import Memory, Sources
from state.surfaces import NAV, NAV_STATE, SURFACES, Surface
from state.transitions import LOCATION, Tape, read_tape

DEFAULT_STATE_DIR = "logs/state"

_log = logging.getLogger(__name__)

# What a nav file of an unknown name is expected to be like.
_OTHER_NAV_CADENCE_S = 60.0


class Loader:
    """The readings of one state directory, and what has to be remembered between loads. Safe for threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        locations = (*(surface.location for surface in SURFACES), LOCATION)
        self._paths = [os.path.join(directory, location) for location in locations]  # noqa: PTH118
        self._tape = Tape()
        self._readings: dict[str, Reading] = {}
        self._memory = Memory()
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._seen: tuple[object, ...] = ()

    def load(self, now: float, environ: Mapping[str, str]) -> dict[str, Any]:
        """Look at every surface; what is unchanged since the last load only ages."""
        with self._lock:
            looked = (*map(_signature, self._paths), *map(environ.get, ENVIRON_KEYS))
            if self._snapshot is not None and looked == self._seen and self._snapshot.covers(now):
                return self._snapshot.at(now)
            state = self._load_changed(now, environ)
            self._seen, self._snapshot = looked, take_snapshot(state) if self._may_keep() else None
            return self._snapshot.at(now) if self._snapshot else state

    def _load_changed(self, now: float, environ: Mapping[str, str]) -> dict[str, Any]:
        self._readings = {
            surface.name: read_surface(self._directory, surface, self._readings.get(surface.name))
            for surface in self._surfaces()
        }
        self._tape = read_tape(self._paths[-1], self._tape)
        return self._normalize(Sources(self._readings, now, environ, self._memory, self._tape))

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

    def _surfaces(self) -> tuple[Surface, ...]:
        """The table, and any other nav file while neither of the known ones is there."""
        if any((self._directory / name).exists() for name in (NAV_STATE, NAV)):
            return SURFACES
        known = {surface.name for surface in SURFACES}
        others = sorted(path.name for path in self._directory.glob("nav*.json") if path.name not in known)
        return SURFACES + tuple(Surface(name, _OTHER_NAV_CADENCE_S, required=False) for name in others)


def _signature(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - this runs at every tick
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


_loaders: dict[str, Loader] = {}
_loaders_lock = threading.Lock()


def _add_loader(directory: str) -> Loader:
    with _loaders_lock:
        return _loaders.setdefault(directory, Loader(Path(directory)))


def load_all_state(
    state_dir: str | os.PathLike[str] | None = None,
    *,
    now: float | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The normalized state of a directory, as docs/state-model.md describes it. Never raises.

    Args:
        state_dir: directory of the state files; `HEDGE_STATE_DIR`, else `logs/state`, by default.
        now: epoch seconds that ages are counted from; the system clock by default.
        environ: environment that says which environment this is; the process's by default.
    """
    surroundings = os.environ if environ is None else environ
    directory = os.fspath(state_dir or surroundings.get("HEDGE_STATE_DIR") or DEFAULT_STATE_DIR)
    return (_loaders.get(directory) or _add_loader(directory)).load(time.time() if now is None else now, surroundings)
