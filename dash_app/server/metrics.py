"""Prometheus metrics: the state of one load, absent where it is unknown, and what this server counts of itself."""

import mmap
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import accumulate
from operator import itemgetter
from threading import Lock
from typing import Any, NamedTuple

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from dash_app.render.readings import StateDict
from state.trust.readiness import find_obstacles

FRESHNESS = ("fresh", "late", "stale", "unknown")
CHECK_STATUS = ("ok", "warn", "fail", "not_comparable")


class Gauge(NamedTuple):
    """One metric, and how its value is read; None leaves the sample out."""

    name: str
    help: str
    read: Callable[[Any], float | None]
    amount: bool = False  # what a private key does not get


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


class StateCollector(Collector):
    """The metrics of one normalized state; private, without those that are amounts of money."""

    def __init__(self, state: StateDict, *, private: bool = False) -> None:
        self._state = state
        self._private = private

    def collect(self) -> Iterator[Metric]:
        """Each metric with its HELP line, also when it has no sample now."""
        surfaces, checks = self._state["meta"]["surfaces"], self._state["meta"]["checks"]
        for gauge in self._given(OF_STATE):
            yield _family(gauge.name, gauge.help, (), [((), gauge.read(self._state))])
        for gauge in self._given(OF_SURFACE):
            yield _family(gauge.name, gauge.help, ("surface",), [((row["name"],), gauge.read(row)) for row in surfaces])
        for gauge in self._given(OF_CHECK):
            yield _family(gauge.name, gauge.help, ("check",), [((row["name"],), gauge.read(row)) for row in checks])
        yield _enum("surface", "freshness", FRESHNESS, surfaces)
        yield _enum("check", "status", CHECK_STATUS, checks)

    def _given(self, gauges: Iterable[Gauge]) -> Iterator[Gauge]:
        return (gauge for gauge in gauges if not (self._private and gauge.amount))


def _enum(kind: str, key: str, words: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> Metric:
    """One sample a word, 1 for the one that holds: `hedge_check_status{check="nav",status="ok"} 1`."""
    samples = [((row["name"], word), float(row[key] == word)) for row in rows for word in words]
    return _family(f"hedge_{kind}_{key}", f"1 for the {key} that the {kind} has.", (kind, key), samples)


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
