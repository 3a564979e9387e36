"""The door to several desks: `load_fleet()` for all of them, `load_desk()` for the full state of one.

Each desk is a directory `NAME/logs/state`, read by `load_all_state()`. An overview of a hundred desks must cost hardly
more than one: a desk is loaded when its directory has changed, when a file of it passes a threshold, when one was
written in place, and else in its turn.
"""

import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from state.desks.brief import missing_desk
from state.desks.links import Hub, Link, judge_hub, publishing_stopped
from state.desks.member import Member, stat_of
from state.desks.overview import Overview, Scene, build_overview
from state.files.fleet_files import MIRROR_FILE, Mirror, is_desk_name, read_mirror
from state.files.values import printable
from state.trust.surface_alerts import Alert, alert

State = dict[str, Any]

SCAN_EVERY_S = 10.0
TURN_EVERY_S = 5.0  # one desk in each such span is loaded although nothing of it has changed
NAMED_IGNORED = 20

_log = logging.getLogger(__name__)


class Fleet:
    """The desks below one directory, and what was last seen of them. Safe for threads."""

    def __init__(self, root: str, *, remember: bool = True) -> None:
        self._root, self._remember = root, remember
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {}
        self._ignored: list[str] = []
        self._root_seen: Any = None
        self._scanned_s = self._turned_s = -SCAN_EVERY_S
        self._mirror: Mirror | None = None
        self._mirror_seen: Any = None
        self._made_of: Any = None
        self._overview: Overview = {}

    def load(self, now: float, environ: Mapping[str, str], expected: Sequence[str]) -> Overview:
        """The overview as of `now`."""
        with self._lock:
            hub = self._look(now)
            self._take_turn()
            for member in self._members.values():
                member.refresh(now, environ, hub)
            alerts = [*hub.alerts, *self._stopped(hub, now), *hub.notes]
            made_of = [member.brief for member in self._members.values()], alerts, hub.store_up, expected, self._ignored
            if self._made_of is None or not _same(made_of, self._made_of):
                self._overview, self._made_of = self._build(hub, alerts, expected), made_of
            overview = self._overview
            return {
                **{name: list(overview[name]) for name in ("desks", "totals", "alerts")},
                "meta": {**overview["meta"], "loaded_at": now},
            }

    def load_one(self, name: str, now: float, environ: Mapping[str, str]) -> State | None:
        """The state of one desk with what is between it and the wall; None where there is none of that name."""
        with self._lock:
            hub = self._look(now)
            member = self._members.get(name)
            if member is None:
                return None
            stopped = self._stopped(hub, now) if member.link.is_cut else []
            return member.load(now, environ, hub, stopped, len(self._members))

    def _look(self, now: float) -> Hub:
        """See which desks there are and how each is reached; where nobody mirrors, that is looked at now and then."""
        scanned = self._scan()
        seen = stat_of(os.path.join(self._root, MIRROR_FILE))  # noqa: PTH118
        if seen != self._mirror_seen:
            self._mirror_seen, self._mirror = seen, read_mirror(os.path.join(self._root, MIRROR_FILE))  # noqa: PTH118
        anew = scanned or self._mirror is not None
        mirrored = [member.look(now, anew=anew) for member in self._members.values()]
        return judge_hub(self._mirror, now, needed=any(mirrored))

    def _scan(self) -> bool:
        """The names below the root, when it has changed or now and then; whether they were looked at."""
        seen, clock_s = stat_of(self._root), time.monotonic()
        if seen == self._root_seen and clock_s - self._scanned_s < SCAN_EVERY_S:
            return False
        self._root_seen, self._scanned_s = seen, clock_s
        names = _list_directories(self._root)
        desks = [name for name in names if is_desk_name(name)]
        self._ignored = [printable(name) for name in names if not is_desk_name(name)][:NAMED_IGNORED]
        if desks != list(self._members):
            self._members = {
                name: self._members.get(name) or Member(self._root, name, remember=self._remember) for name in desks
            }
        return True

    def _take_turn(self) -> None:
        clock_s = time.monotonic()
        if self._members and clock_s - self._turned_s >= TURN_EVERY_S:
            self._turned_s = clock_s
            min(self._members.values(), key=lambda member: member.loaded_s).forget()

    def _stopped(self, hub: Hub, now: float) -> list[Alert]:
        links: Iterable[Link] = (member.link for member in self._members.values())
        return [] if hub.is_cut else publishing_stopped(links, now)

    def _build(self, hub: Hub, alerts: Sequence[Alert], expected: Sequence[str]) -> Overview:
        missing = [missing_desk(name, printable(self._root)) for name in expected if name not in self._members]
        if not self._members and not missing:
            alerts = [*alerts, alert("no_files", "NO DESKS", f"no directory below {printable(self._root)} is a desk")]
        books = {name: member.book for name, member in self._members.items()}
        briefs = [*missing, *(member.brief for member in self._members.values())]
        scene = Scene(printable(self._root), briefs, books, hub, alerts, expected, self._ignored)
        return build_overview(scene)


def _same(made: Any, before: Any) -> bool:
    """Summaries that have not changed are the same objects."""
    briefs, *rest = made
    known, *others = before
    return len(briefs) == len(known) and all(map(_is, briefs, known)) and rest == others


def _is(one: object, other: object) -> bool:
    return one is other


def _list_directories(root: str) -> list[str]:
    """Directories that may be desks, in the order of their names; one that begins with a dot never is."""
    try:
        with os.scandir(root) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except (OSError, ValueError):
        return []


_fleets: dict[tuple[str, bool], Fleet] = {}
_fleets_lock = threading.Lock()


def _fleet_of(root: str | os.PathLike[str], *, remember: bool) -> Fleet:
    place = os.fspath(root), remember
    with _fleets_lock:
        if place not in _fleets:
            _fleets[place] = Fleet(place[0], remember=remember)
        return _fleets[place]


def expected_desks(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The names in HEDGE_DESKS, each once, in the order they are named."""
    names = (name.strip() for name in environ.get("HEDGE_DESKS", "").split(","))
    return tuple(dict.fromkeys(name for name in names if is_desk_name(name)))


def load_fleet(
    root: str | os.PathLike[str],
    *,
    now: float | None = None,
    environ: Mapping[str, str] | None = None,
    expected: Sequence[str] | None = None,
    remember: bool = True,
) -> Overview:
    """All desks below a directory, as docs/state-model.md describes it. Never raises.

    Args:
        root: the directory with one directory for each desk.
        now: epoch seconds of the wall's clock; the system's by default.
        environ: of local desks, as for `load_all_state`; the process's by default. Mirrored desks have their own words.
        expected: names that must be there; those in HEDGE_DESKS by default.
        remember: as for `load_all_state`.
    """
    surroundings = os.environ if environ is None else environ
    names = tuple(expected_desks(surroundings) if expected is None else expected)
    moment = time.time() if now is None else now
    try:
        return _fleet_of(root, remember=remember).load(moment, surroundings, names)
    except Exception as error:  # noqa: BLE001 - a wall with one clear sentence beats a wall with a traceback
        _log.exception("the desks could not be summed up")
        return _unusable(os.fspath(root), moment, f"{type(error).__name__}: {error}")


def load_desk(
    root: str | os.PathLike[str],
    name: str,
    *,
    now: float | None = None,
    environ: Mapping[str, str] | None = None,
    remember: bool = True,
) -> State | None:
    """The state of one desk, as `load_all_state` has it, with `meta.desk`; None where there is no such desk.

    A mirrored desk is loaded by its own clock and in its own environment; its alerts say what cuts it off.
    """
    surroundings = os.environ if environ is None else environ
    fleet = _fleet_of(root, remember=remember)
    return fleet.load_one(name, time.time() if now is None else now, surroundings)


def _unusable(root: str, now: float, reason: str) -> Overview:
    line = alert("state_unreadable", "DESKS CANNOT BE READ", f"the loader failed on {root}: {reason}")
    scene = Scene(printable(root), [], {}, Hub(), [line], (), ())
    overview = build_overview(scene)
    return {**overview, "meta": {**overview["meta"], "loaded_at": now}}
