"""What the sync daemon says in nav_state.json: kept while the executor's mirror stands there in its place."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

from state.facts.series_rows import MOMENT, ROUNDING_USD, SAME_MOMENT_S, Rows, read_series
from state.facts.sources import Sources
from state.files.nav_log import LogPoint
from state.files.stamps import FUTURE_TOLERANCE_S, SAME_LOOP_S, ahead_of_writing
from state.files.surfaces import BY_NAME, LEADERBOARD, NAV, NAV_LOG, NAV_STATE, POSITIONS_SYNC
from state.files.values import JsonDict, first_numeric, mapping, number, printable, text

NAV_KEYS = ("total_equity", "nav", "nav_usd")
DRAWDOWN_KEYS = ("drawdown_pct", "drawdown")
PEAK_KEY = "peak_equity"
# What is kept of it, under which key, and so much of what is no number.
FIGURES = (*NAV_KEYS, *DRAWDOWN_KEYS, "drawdown_abs", PEAK_KEY)
KEPT = "nav_daemon"
LONGEST = 40


class DaemonWord(NamedTuple):
    """The `figures` under the names of the file, written `at` (epoch).

    Its NAV is the last point of its history, which is of `points_to`. `nothing_yet` says why a zero is none yet.
    """

    figures: JsonDict
    at: float
    points_to: float | None
    nothing_yet: str | None

    @property
    def is_left_behind(self) -> bool:
        """Whether the history had ended long before: the executor writes a point in each of its loops."""
        return self.points_to is not None and self.at - self.points_to > BY_NAME[NAV].stale_after_s


def is_daemons(payload: JsonDict) -> bool:
    """Whether nav_state.json is in the sync daemon's shape, and not the executor's mirror of nav.json."""
    return "total_equity" in payload or "series" in payload


def find_daemon_word(sources: Sources) -> DaemonWord | None:
    """What stands in its file, or what a daemon that lives last wrote there; None without, and with a wrong clock."""
    data, stamp = sources.data(NAV_STATE), sources.stamp(NAV_STATE)
    if not is_daemons(data):
        return _recall(sources) if data else None
    if stamp is None:
        return None
    rows = sources.derive(read_series, NAV_STATE)
    figures = {key: _plain(data[key]) for key in FIGURES if data.get(key) is not None}
    word = DaemonWord(figures, stamp, _last_point(data, rows, _logged(sources), stamp), _why_nothing_yet(rows))
    sources.history.keep(KEPT, word._asdict(), stamp)
    return word


def why_clock_is_off(sources: Sources) -> str | None:
    """In words, that the clock of a daemon that lives is ahead, by the files that only it writes; else None."""
    readings = [sources.readings[name] for name in (POSITIONS_SYNC, LEADERBOARD) if sources.has(name)]
    wrong = [reading for reading in readings if reading.ahead_s(sources.now) is not None]
    since = sources.now - BY_NAME[POSITIONS_SYNC].stale_after_s
    living = (reading for reading in wrong if (reading.written_at or 0.0) >= since)
    return next((f"is stamped {reading.ahead_words(reading.updated_at)}" for reading in living), None)


def has_yet_to_follow(sources: Sources, word: DaemonWord) -> bool:
    """Whether the log goes on after a pause, and the daemon has not had a cycle since."""
    points = _logged(sources)
    following = bisect_right(points, (word.points_to or word.at) + SAME_MOMENT_S, key=MOMENT)
    return following < len(points) and points[following].t > word.at - SAME_LOOP_S


def _recall(sources: Sources) -> DaemonWord | None:
    at, kept = sources.history.at(KEPT), mapping(sources.history.get(KEPT))
    if at is None or not kept or sources.now - at > BY_NAME[NAV_STATE].stale_after_s:
        return None
    # No later than the mirror that stands in its place, by the time of that file.
    at -= ahead_of_writing(at, sources.readings[NAV_STATE].written_at) or 0.0
    return DaemonWord(mapping(kept.get("figures")), at, number(kept.get("points_to")), text(kept.get("nothing_yet")))


def _plain(value: object) -> float | str:
    """A number, or the text of what is none and goes on being none."""
    found = number(value)
    return printable(str(value))[:LONGEST] if found is None else found


def _last_point(data: JsonDict, rows: Rows, logged: Sequence[LogPoint], stamp: float) -> float | None:
    """The last moment of its series; of the log where the series has none and the log ends in the daemon's very NAV.

    What is later than the file itself is no point that it was made from.
    """
    own = [points[end - 1][0] for points in rows[:2] if (end := _count_until(points, stamp))]
    if own:
        return max(own)
    end, nav_usd = _count_until(logged, stamp), first_numeric(data, *NAV_KEYS)
    at, logged_usd, _ = logged[end - 1] if end else (None, None, None)
    is_repeated = logged_usd is not None and nav_usd is not None and abs(logged_usd - nav_usd) <= ROUNDING_USD
    return at if is_repeated else None


def _count_until(points: Sequence[Any], stamp: float) -> int:
    """How many of the points are no later, but for the difference of two clocks."""
    return bisect_right(points, stamp + FUTURE_TOLERANCE_S, key=MOMENT)


def _why_nothing_yet(rows: Rows) -> str | None:
    """Of a zero beside a history that does not end in one, or beside none: the daemon has just started."""
    known, zeros, unread = rows
    if known and (not zeros or zeros[-1] < known[-1]):
        return "beside a history that does not end there"
    return None if known or zeros or unread else "without any history"


def _logged(sources: Sources) -> Sequence[LogPoint]:
    """The points of nav_log.json in order."""
    points: list[LogPoint] = sources.data(NAV_LOG).get("series") or []
    return points
