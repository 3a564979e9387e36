"""What this server counts of itself, over all its workers."""

import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

# From a load in which nothing changed to one that parses a large universe on a busy machine.
BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_OWN = CollectorRegistry()
LOADS = Counter("hedge_loads", "Loads of the state since the server started, over all workers.", registry=_OWN)
LOAD_SECONDS = Histogram("hedge_load_seconds", "Time a load of the state took.", buckets=BUCKETS_S, registry=_OWN)
DRAWS = Counter("hedge_draws", "States that were drawn, and not answered with what was drawn before.", registry=_OWN)
REFUSALS = Counter(
    "hedge_refusals", "Callback requests that were refused before they were run.", ["reason"], registry=_OWN
)


def own_counts() -> Collector:
    """Counts of all workers where they share a directory (prometheus-client reads this very variable), else our own."""
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return WorkerCounts(Path(directory)) if directory else _OWN


class WorkerCounts(Collector):
    """The sums over the files in which the workers count, those of dead ones included."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        """A worker that starts makes its file empty and fills it a moment later; merge() would trip over it."""
        filled = [str(path) for path in self._directory.glob("*.db") if path.stat().st_size]
        merged: Iterable[Metric] = MultiProcessCollector.merge(filled)  # type: ignore[no-untyped-call]
        return merged
