"""Prometheus metrics: the state of one load, absent where it is unknown, and what this server counts of itself."""

import mmap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import itemgetter
from threading import Lock
from typing import Any, NamedTuple

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from dash_app.render.readings import StateDict
from state.desks.overview import find_fleet_obstacles
from state.trust.readiness import find_obstacles

FRESHNESS = ("fresh", "late", "stale", "unknown")
CHECK_STATUS = ("ok", "warn", "fail", "not_comparable")


class Gauge(NamedTuple):
    """One metric, and how its value is read; None leaves the sample out."""

    name: str
    help: str
    read: Callable[[Any], float | None]
    amount: bool = False  # what a private token does not get


def _drawdown_ratio(state: StateDict) -> float | None:
    percent = _of_nav("drawdown_pct")(state)
    return None if percent is None else percent / 100.0


def _positions(state: StateDict) -> int | None:
    return None if "positions" in state["meta"]["unknown"] else len(state["positions"])


def _of_nav(name: str) -> Callable[[StateDict], float | None]:
    """A figure of the NAV block; nothing while it is an old one."""
    return lambda state: None if f"nav.{name}" in state["meta"]["stale"] else state["nav"].get(name)


OF_SURFACE = (
    Gauge("hedge_surface_age_seconds", "Age of a state file by its own stamp.", itemgetter("age_s")),
    Gauge("hedge_surface_mtime_timestamp_seconds", "Modification time of a state file.", itemgetter("mtime")),
    Gauge("hedge_surface_changed_timestamp_seconds", "When its content last really changed.", itemgetter("changed_at")),
    Gauge("hedge_surface_read_ok", "0 when it is missing, unreadable or malformed.", lambda row: row["status"] == "ok"),
    Gauge("hedge_surface_required", "1 when the desk is not whole without the file.", itemgetter("required")),
)
OF_CHECK = (
    Gauge("hedge_check_residual", "Left less right side, in the unit of the check.", itemgetter("residual"), True),
    Gauge("hedge_check_tolerance", "The residual a check allows, in its unit.", itemgetter("tolerance"), True),
)
FROZEN = "1 when the NAV is an old one repeated; absent when nothing tells."
OF_STATE = (
    Gauge("hedge_ready", "1 when /readyz answers 200.", lambda state: not find_obstacles(state)),
    Gauge("hedge_nav_usd", "Net asset value.", _of_nav("nav_usd"), True),
    Gauge("hedge_nav_age_seconds", "Age of the file the NAV is from.", _of_nav("age_s")),
    Gauge("hedge_nav_frozen", FROZEN, lambda state: state["nav"].get("exchange", {}).get("frozen")),
    Gauge("hedge_drawdown_ratio", "Drawdown from the peak, 0 to 1.", _drawdown_ratio),
    Gauge("hedge_gross_exposure_usd", "Sum of the open notionals.", _of_nav("gross_exposure_usd"), True),
    Gauge("hedge_net_exposure_usd", "Open notionals, long less short.", _of_nav("net_exposure_usd"), True),
    Gauge("hedge_positions", "Open positions; absent while the book is unknown.", _positions),
)


RowsOf = Callable[[StateDict], list[dict[str, Any]]]


class StateCollector(Collector):
    """The metrics of normalized states by the name of their desk; private, without those that are amounts of money.

    A desk without a name is the only one, and its metrics have no label for it.
    """

    def __init__(self, states: Mapping[str, StateDict], *, private: bool = False) -> None:
        self._states = states
        self._private = private
        self._labels = () if "" in states else ("desk",)

    def collect(self) -> Iterator[Metric]:
        """Each metric with its HELP line, also when it has no sample now."""
        for gauge in self._given(OF_STATE):
            samples = [(desk, gauge.read(state)) for desk, state in self._each()]
            yield _family(gauge.name, gauge.help, self._labels, samples)
        for kind, rows_of, gauges in (("surface", _surfaces, OF_SURFACE), ("check", _checks, OF_CHECK)):
            rows = [((*desk, row["name"]), row) for desk, state in self._each() for row in rows_of(state)]
            labels = (*self._labels, kind)
            for gauge in self._given(gauges):
                yield _family(gauge.name, gauge.help, labels, [(values, gauge.read(row)) for values, row in rows])
        yield self._enum("surface", "freshness", FRESHNESS, _surfaces)
        yield self._enum("check", "status", CHECK_STATUS, _checks)

    def _each(self) -> Iterator[tuple[tuple[str, ...], StateDict]]:
        return (((name,) if self._labels else (), state) for name, state in self._states.items())

    def _given(self, gauges: Iterable[Gauge]) -> Iterator[Gauge]:
        return (gauge for gauge in gauges if not (self._private and gauge.amount))

    def _enum(self, kind: str, key: str, words: tuple[str, ...], rows_of: RowsOf) -> Metric:
        """One sample a word, 1 for the one that holds: `hedge_check_status{check="nav",status="ok"} 1`."""
        rows = [(desk, row) for desk, state in self._each() for row in rows_of(state)]
        samples = [((*desk, row["name"], word), float(row[key] == word)) for desk, row in rows for word in words]
        return _family(
            f"hedge_{kind}_{key}", f"1 for the {key} that the {kind} has.", (*self._labels, kind, key), samples
        )


def _surfaces(state: StateDict) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = state["meta"]["surfaces"]
    return rows


def _checks(state: StateDict) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = state["meta"]["checks"]
    return rows


OF_DESK = (
    Gauge("hedge_desk_present", "0 when the desk is expected and not there.", lambda row: row["kind"] is not None),
    Gauge("hedge_desk_beat_age_seconds", "Since the mirror saw a new beat of the desk.", itemgetter("beat_age_s")),
    Gauge("hedge_desk_skew_seconds", "Clock of the desk less that of the wall.", itemgetter("mirrored_skew_s")),
)


class FleetCollector(Collector):
    """What lies between several desks and the wall; absent for desks that no mirror brings."""

    def __init__(self, overview: StateDict) -> None:
        self._overview = overview

    def collect(self) -> Iterator[Metric]:
        """The store, all desks together, and how each of them is reached."""
        store = self._overview["meta"]["store"]
        up = None if store is None else store["up"]
        yield _family("hedge_store_up", "1 when the mirror reaches the store.", (), [((), up)])
        ready = not find_fleet_obstacles(self._overview)
        yield _family("hedge_fleet_ready", "1 when /readyz answers 200.", (), [((), ready)])
        rows = [((row["name"],), self._reach(row)) for row in self._overview["desks"]]
        for gauge in OF_DESK:
            yield _family(gauge.name, gauge.help, ("desk",), [(desk, gauge.read(row)) for desk, row in rows])

    def _reach(self, row: dict[str, Any]) -> dict[str, Any]:
        seen_at = row["beat_seen_at"]
        beat_age_s = None if seen_at is None else max(self._overview["meta"]["loaded_at"] - seen_at, 0.0)
        mirrored = row["skew_s"] if row["beat"] != "local" else None
        return {"kind": row["kind"], "beat_age_s": beat_age_s, "mirrored_skew_s": mirrored}


def _family(
    name: str, text: str, labels: Sequence[str], samples: Iterable[tuple[Sequence[str], float | None]]
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in samples:
        if number is not None:
            family.add_metric([_utf8(value) for value in values], float(number))
    return family


def _utf8(value: str) -> str:
    """The name of a file need not be text: what is not is shown by its code."""
    return value.encode("utf-8", "backslashreplace").decode()


# --- what the server counts of itself, over all its workers ---

# From a load in which nothing changed to one that parses a large universe on a busy machine.
BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, float("inf"))
COUNTED = {
    "draws": "Groups of panels that were drawn, and not answered with what was drawn before.",
    "refusals": "Callback requests that were refused, or that no page sends.",
}
COLUMNS = (*COUNTED, "load_seconds", *BUCKETS_S)
ROWS = 128  # workers at a time, the old and the new of a reload


class Counts(Collector):
    """What all workers count together: a row each, in memory that they have from the process they are forked from.

    No file can be full, removed or read-only. A row goes on counting for the worker that comes after its own.
    """

    def __init__(self) -> None:
        self._cells = memoryview(mmap.mmap(-1, 8 * ROWS * len(COLUMNS))).cast("d")
        self._lock = Lock()
        self.row = 0

    def free_row(self, taken: Collection[int]) -> int:
        """A row that none of these is."""
        return next((row for row in range(ROWS) if row not in taken), 0)

    def add(self, column: str | float, amount: float = 1.0) -> None:
        """Count something."""
        with self._lock:
            self._cells[self.row * len(COLUMNS) + COLUMNS.index(column)] += amount

    def add_load(self, seconds: float) -> None:
        """Count a load of the state, and the time it took."""
        self.add("load_seconds", seconds)
        self.add(next(bound for bound in BUCKETS_S if seconds <= bound))

    def total(self, column: str | float) -> float:
        """The sum over all workers."""
        return sum(self._cells[COLUMNS.index(column) :: len(COLUMNS)])

    def collect(self) -> Iterator[Metric]:
        """The sums as metrics."""
        for name, words in COUNTED.items():
            yield CounterMetricFamily(f"hedge_{name}", words, value=self.total(name))
        loads = list(accumulate(self.total(bound) for bound in BUCKETS_S))
        yield CounterMetricFamily("hedge_loads", "Loads of the state, over all workers.", value=loads[-1])
        yield HistogramMetricFamily(
            "hedge_load_seconds",
            "Time a load of the state took.",
            buckets=[(str(bound).replace("inf", "+Inf"), count) for bound, count in zip(BUCKETS_S, loads, strict=True)],
            sum_value=self.total("load_seconds"),
        )


COUNTS = Counts()
