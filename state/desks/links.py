"""How the desks of other hosts are reached: the mirror, the store behind it, and the beat of each desk.

A desk without a `desk.json` is local: its directory is its own, and nothing is between it and the wall.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from state.files.fleet_files import (
    BEAT_LATE_S,
    BEAT_SILENT_S,
    FORMAT,
    MIRROR_FILE,
    SKEW_FAILS_S,
    SKEW_NAMED_S,
    Desk,
    Mirror,
)
from state.files.stamps import age_of
from state.formatting import fmt_moment, fmt_number
from state.trust.surface_alerts import Alert, alert

LOCAL, FRESH, LATE, SILENT, UNKNOWN = "local", "fresh", "late", "silent", "unknown"
CUT_OFF = frozenset({SILENT, UNKNOWN})  # what is shown of such a desk is its last state
KEPT = "last state kept"


class Hub(NamedTuple):
    """The way that all mirrored desks share. `store_up` is None where nobody can say; no `mirror` is none needed.

    `alerts` say what cuts all desks off, `notes` what else is wrong with it.
    """

    mirror: Mirror | None = None
    store_up: bool | None = None
    alerts: tuple[Alert, ...] = ()
    notes: tuple[Alert, ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether no desk can be heard, whatever it does."""
        return bool(self.alerts)


class Link(NamedTuple):
    """How one desk is reached, as of one moment; `skew_s` is the desk's clock less the wall's."""

    desk: Desk | None = None
    beat: str = LOCAL
    skew_s: float = 0.0

    @property
    def is_cut(self) -> bool:
        """Whether what is shown is the last state that came."""
        return self.beat in CUT_OFF

    @property
    def beat_seen_at(self) -> float | None:
        """Epoch of the wall's clock at which the last new beat was seen."""
        return self.desk.beat_seen_at if self.desk else None


def judge_hub(mirror: Mirror | None, now: float, *, needed: bool) -> Hub:
    """What is known of mirror and store; `needed` where there are desks that somebody must have mirrored."""
    if mirror is None:
        gone = alert("mirror_silent", "MIRROR SILENT", f"{MIRROR_FILE} is missing; of every desk the {KEPT}")
        return Hub(alerts=(gone,)) if needed else Hub()
    age_s = age_of(mirror.written_at, now)
    if mirror.fault or age_s is None:
        reason = mirror.fault or f"{MIRROR_FILE} is dated {fmt_moment(mirror.written_at, now)}, which is to come"
        return Hub(mirror, None, (alert("mirror_silent", "MIRROR UNKNOWN", f"{reason}; of every desk the {KEPT}"),))
    if age_s > mirror.silent_after_s:
        since = fmt_moment(mirror.written_at, now)
        text = f"since {since}; nobody knows of the store, of every desk the {KEPT}"
        return Hub(mirror, None, (alert("mirror_silent", "MIRROR SILENT", text, since=mirror.written_at),))
    if not mirror.store_up:
        return Hub(mirror, mirror.store_up, (_unreachable(mirror, now),))
    said = mirror.store_error
    return Hub(mirror, True, notes=(alert("mirror_problem", "Mirror has a problem", said),) if said else ())


def _unreachable(mirror: Mirror, now: float) -> Alert:
    since = f"since {fmt_moment(mirror.store_since, now)}; " if mirror.store_since else ""
    said = ": ".join(part for part in (mirror.store_url, mirror.store_error) if part)
    text = f"{since}of every desk the {KEPT}"
    return alert("store_unreachable", "STORE UNREACHABLE", text, since=mirror.store_since, detail=said)


def judge_link(desk: Desk | None, now: float) -> Link:
    """How a desk is reached now."""
    if desk is None:
        return Link()
    # The last digits of a clock's comparison are noise, and would make another state of each beat.
    return Link(desk, _judge_beat(desk, now), round(desk.skew_s or 0.0, 1) + 0.0)


def _judge_beat(desk: Desk, now: float) -> str:
    age_s = age_of(desk.beat_seen_at, now)
    if desk.fault or age_s is None:
        return UNKNOWN
    return SILENT if age_s > BEAT_SILENT_S else LATE if age_s > BEAT_LATE_S else FRESH


def publishing_stopped(links: Iterable[Link], now: float) -> list[Alert]:
    """All mirrored desks have fallen silent while the store answers: nobody publishes any more."""
    mirrored = [link for link in links if link.beat != LOCAL]
    if not mirrored or any(link.beat != SILENT for link in mirrored):
        return []
    newest = max(link.beat_seen_at or 0.0 for link in mirrored)
    text = f"the store answers and no desk has published since {fmt_moment(newest, now)}; of every desk the {KEPT}"
    return [alert("publishing_stopped", "PUBLISHING STOPPED", text, since=newest)]


def link_alerts(link: Link, hub: Hub, now: float) -> Iterator[Alert]:
    """What stands between a desk and the wall, for its own page and its tile."""
    desk = link.desk
    if desk is None:
        return
    if hub.is_cut:
        yield from hub.alerts
    elif link.beat == UNKNOWN:
        reason = desk.fault or "its beat is of a time to come"
        yield alert("desk_silent", "DESK UNKNOWN", f"{reason}; whether it still publishes nobody knows, {KEPT}")
    elif link.beat in (SILENT, LATE):
        yield _overdue(link, now)
    yield from _foreign(link, desk)
    yield from _skewed(link)


def _overdue(link: Link, now: float) -> Alert:
    text = f"last beat seen at {fmt_moment(link.beat_seen_at, now)}"
    if link.beat == LATE:
        return alert("beat_late", "Desk late", text, since=link.beat_seen_at)
    return alert("desk_silent", "DESK SILENT", f"{text}, {KEPT}", since=link.beat_seen_at)


def _foreign(link: Link, desk: Desk) -> Iterator[Alert]:
    """Another format, and what the mirror says is wrong beside what is said here already."""
    is_foreign = desk.format is not None and desk.format != FORMAT
    said = [*(["speaks format"] if is_foreign else []), *(["clock"] if abs(link.skew_s) > SKEW_NAMED_S else [])]
    parts = (desk.problem or "").split("; ")
    problem = "; ".join(part for part in parts if part and not any(word in part for word in said))
    if is_foreign:
        text = f"this wall reads format {FORMAT}; files are still read where they are known"
        yield alert("publisher", f"Publisher speaks format {desk.format}", text, detail=problem)
    elif problem:
        yield alert("publisher", "Publisher has a problem", problem)


def _skewed(link: Link) -> Iterator[Alert]:
    if abs(link.skew_s) <= SKEW_NAMED_S:
        return
    kind = "desk_clock_off" if abs(link.skew_s) > SKEW_FAILS_S else "desk_clock_differs"
    off = f"{fmt_number(abs(link.skew_s), 1)} s {'ahead' if link.skew_s > 0 else 'behind'}"
    yield alert(kind, f"Clock {off}", "of this wall's; ages are counted on the desk's own clock")
