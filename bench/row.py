"""One line of the bench: a cost, what it is held against, and how far it may exceed it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = f"{'row':<46} {'measured':>11} {'reference':>11} {'ratio':>7} {'target':>7} {'load':>5}"


def load_now() -> float:
    """The machine's load average over the last minute, in running processes."""
    return os.getloadavg()[0]


@dataclass(frozen=True, slots=True)
class Row:
    """Two best times in seconds; `target` is the highest ratio allowed, None for a figure that is only told."""

    name: str
    measured_s: float
    reference_s: float
    target: float | None = None
    against: str = ""
    load_1m: float = field(default_factory=load_now)

    @property
    def ratio(self) -> float:
        """How many times the reference it costs."""
        return self.measured_s / self.reference_s

    @property
    def missed(self) -> bool:
        """Whether the ratio is over its target."""
        return self.target is not None and self.ratio > self.target

    def as_json(self) -> dict[str, Any]:
        """The row for build/bench.json; times in seconds."""
        return {
            "name": self.name,
            "measured_s": self.measured_s,
            "reference_s": self.reference_s,
            "against": self.against,
            "ratio": self.ratio,
            "target": self.target,
            "missed": self.missed,
            "load_1m": self.load_1m,
        }

    def as_text(self) -> str:
        """The row as one line of the table."""
        target = "" if self.target is None else f"{self.target:.2f}"
        times = f"{show_time(self.measured_s):>11} {show_time(self.reference_s):>11}"
        line = f"{self.name:<46} {times} {self.ratio:>7.2f} {target:>7} {self.load_1m:>5.2f}"
        return f"{line}  {'MISSED ' if self.missed else ''}{self.against}".rstrip()


def show_time(duration_s: float) -> str:
    """A duration in the unit it reads best in."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if duration_s * scale >= 1.0:
            return f"{duration_s * scale:.2f} {unit}"
    return f"{duration_s * 1e9:.0f} ns"


def build_report(rows: Sequence[Row], sizes: str) -> dict[str, Any]:
    """The content of build/bench.json; loads are averages over 1, 5 and 15 minutes."""
    return {
        "sizes": sizes,
        "cpus": os.cpu_count(),
        "load": list(os.getloadavg()),
        "missed": [row.name for row in rows if row.missed],
        "rows": [row.as_json() for row in rows],
    }
