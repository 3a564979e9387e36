"""One desk of a directory of desks: what was last seen of it, and whether that still holds."""

import logging
import math
import os
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from state.aging import find_next_threshold
from state.desks.brief import Brief, alerts_of, brief_desk
from state.desks.links import Hub, Link, judge_link
from state.files.fleet_files import DESK_FILE, STATE_PATH, Desk, read_desk
from state.files.surfaces import SURFACES
from state.files.transitions import LOCATION
from state.loader import COARSE_S, load_all_state
from state.normalize import digest, unusable_state
from state.trust.severity import rank_of
from state.trust.surface_alerts import Alert

State = dict[str, Any]

DEEP_LOOK_EVERY_S = 10.0  # at files that somebody writes in place, which leaves their directory as it was
LONGEST_S = 600.0  # by the clock that ages are counted from; it may be set
DAY_S = 86400.0

# What is old of a desk that is cut off: everything with a figure in it.
SECTIONS = ("nav", "aum", "kpis.risk", "kpis.pnl", "router")

_log = logging.getLogger(__name__)


def stat_of(path: str) -> tuple[int, int, int] | None:
    """What tells a file or a directory from what it was; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Member:
    """Not locked: the lock of the fleet guards every call."""

    def __init__(self, root: str, name: str, *, remember: bool) -> None:
        self.name = name
        self._desk_path = os.path.join(root, name, DESK_FILE)  # noqa: PTH118
        self._state_dir = os.path.join(root, name, STATE_PATH)  # noqa: PTH118
        locations = (*(item.location for item in SURFACES), LOCATION)
        self._files = [os.path.join(self._state_dir, location) for location in locations]  # noqa: PTH118
        self._remember = remember
        self._share = zlib.crc32(name.encode()) % 10 / 10
        self.link = Link()
        self.brief: Brief = {}
        self.book: frozenset[Any] | None = None
        self.loaded_s = -math.inf
        self._desk: Desk | None = None
        self._desk_seen: Any = None
        self._seen: Any = None
        self._deep_seen: Any = None
        self._looked_s = self._settled_s = -math.inf
        self._state: State | None = None
        self._due_at = -math.inf
        self._briefed: Any = None

    def look(self, now: float, *, anew: bool) -> bool:
        """See how it is reached; whether a mirror has brought it. `anew`: also if it was local until now."""
        if anew or self._desk is not None:
            seen = stat_of(self._desk_path)
            if seen != self._desk_seen:
                before = self._words()
                self._desk_seen, self._desk = seen, read_desk(self._desk_path)
                if self._words() != before:
                    self.forget()
        self.link = judge_link(self._desk, now)
        return self._desk is not None

    def _words(self) -> Mapping[str, str] | None:
        """Its own words about its environment, where they came with it."""
        return None if self._desk is None else self._desk.environ

    def forget(self) -> None:
        """Have it loaded with the next look."""
        self._due_at = -math.inf

    def refresh(self, now: float, environ: Mapping[str, str], hub: Hub) -> None:
        """Bring the summary up to date; the same object while nothing has changed."""
        there = now + self.link.skew_s
        if self._is_due(there):
            # Looked at before it is read: what is written meanwhile is seen the next time. Not all desks at once.
            self._deep_seen = list(map(stat_of, self._files))
            self._looked_s = time.monotonic() - DEEP_LOOK_EVERY_S * self._share
            self._state = self._load(there, environ)
            self._due_at = min(find_next_threshold(self._state), there + LONGEST_S)
            self.loaded_s = time.monotonic()
        assert self._state is not None  # noqa: S101 - what was never loaded is due
        version = self._state["meta"]["version"]
        made_of = version, self.link, hub.alerts if self.link.desk else (), int(now // DAY_S)
        if made_of != self._briefed:
            self._brief(now, hub)
            self._briefed = made_of

    def load(self, now: float, environ: Mapping[str, str], hub: Hub, stopped: Sequence[Alert], desks: int) -> State:
        """Its full state, with what is between it and the wall."""
        skew_s = self.link.skew_s
        state = self._load(now + skew_s, environ)
        alerts = sorted([*stopped, *alerts_of(state, self.link, hub, now)], key=lambda item: rank_of(item["kind"]))
        meta = state["meta"] | {"desk": self.name, "desks": desks, "skew_s": skew_s}
        # The page counts in the clock of the desk.
        meta["alerts"] = [
            item if item["since"] is None else {**item, "since": item["since"] + skew_s} for item in alerts
        ]
        if self.link.is_cut:
            meta["stale"] = _all_old(state) | meta["stale"]
        said = digest([meta["sections"]["meta"], self.name, desks, skew_s, meta["alerts"], meta["stale"]])
        meta["sections"] = {**meta["sections"], "meta": said}
        return {**state, "meta": meta | {"version": digest(meta["sections"])}}

    def _is_due(self, now: float) -> bool:
        """Whether anything may have changed; a directory that was changed a moment ago may be changed again unseen."""
        seen, clock_s = stat_of(self._state_dir), time.monotonic()
        if seen != self._seen:
            self._seen, self._settled_s = seen, clock_s + COARSE_S
            return True
        if self._state is None or clock_s < self._settled_s or not self._covers(now):
            return True
        if clock_s - self._looked_s < DEEP_LOOK_EVERY_S:
            return False
        self._looked_s = clock_s
        return bool(list(map(stat_of, self._files)) != self._deep_seen)

    def _covers(self, now: float) -> bool:
        return self._state is not None and self._state["meta"]["loaded_at"] <= now < self._due_at

    def _load(self, now: float, environ: Mapping[str, str]) -> State:
        """By the desk's own clock, and never in the wall's environment where it has its own."""
        words = self._words()
        surroundings = environ if words is None else words
        return load_all_state(self._state_dir, now=now, environ=surroundings, remember=self._remember)

    def _brief(self, now: float, hub: Hub) -> None:
        state = self._state or {}
        try:
            self.brief, self.book = brief_desk(self.name, state, self.link, hub, now), _book_of(state)
        except Exception as error:  # noqa: BLE001 - one desk that cannot be summed up must not hide the others
            _log.exception("desk %s could not be summed up", self.name)
            failed = unusable_state(now, self._state_dir, f"{type(error).__name__}: {error}")
            self.brief, self.book = brief_desk(self.name, failed, self.link, hub, now), None


def _book_of(state: State) -> frozenset[Any] | None:
    """The legs of a known book, to be compared with another desk's."""
    if "positions" in state["meta"]["unknown"]:
        return None
    return frozenset((row["symbol"], row["side"], row["qty"]) for row in state["positions"])


def _all_old(state: State) -> dict[str, str]:
    found: dict[str, str] = {}
    for section in SECTIONS:
        name, _, block = section.partition(".")
        values = state[name].get(block, {}) if block else state[name]
        found |= {f"{section}.{key}": "last state that came before the desk was cut off" for key in values}
    return found
