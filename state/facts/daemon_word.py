"""What the sync daemon says in nav_state.json: kept while the executor's mirror stands there in its place."""

from typing import NamedTuple

from state.facts.series_rows import MOMENT, Rows, read_series
from state.facts.sources import Sources
from state.files.surfaces import BY_NAME, NAV, NAV_STATE
from state.files.values import JsonDict, mapping, number, printable, text

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
    word = DaemonWord(figures, stamp, _last_point(rows), _why_nothing_yet(rows))
    sources.history.keep(KEPT, word._asdict(), stamp)
    return word


def _recall(sources: Sources) -> DaemonWord | None:
    at, kept = sources.history.at(KEPT), mapping(sources.history.get(KEPT))
    if at is None or not kept or sources.now - at > BY_NAME[NAV_STATE].stale_after_s:
        return None
    return DaemonWord(mapping(kept.get("figures")), at, number(kept.get("points_to")), text(kept.get("nothing_yet")))


def _plain(value: object) -> float | str:
    """A number, or the text of what is none and goes on being none."""
    found = number(value)
    return printable(str(value))[:LONGEST] if found is None else found


def _last_point(rows: Rows) -> float | None:
    return max((MOMENT(points[-1]) for points in rows[:2] if points), default=None)


def _why_nothing_yet(rows: Rows) -> str | None:
    """Of a zero beside a history that does not end in one, or beside none: the daemon has just started."""
    known, zeros, unread = rows
    if known and (not zeros or zeros[-1] < known[-1]):
        return "beside a history that does not end there"
    return None if known or zeros or unread else "without any history"
