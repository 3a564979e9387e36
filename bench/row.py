"""One line of the bench: a cost, what it is held against, and how far it may exceed it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = "s"
BYTES = "B"
COUNT = ""
CORES = "cores"

COLUMNS = f"{'row':<46} {'measured':>11} {'reference':>11} {'ratio':>7} {'target':>9} {'load':>5}"

# The largest unit first, in which a value of at least 1 is shown.
SCALES = {
    SECONDS: (("s", 1.0), ("ms", 1e3), ("us", 1e6)),
    BYTES: (("GB", 1e-9), ("MB", 1e-6), ("KB", 1e-3)),
    CORES: (("cores", 1.0), ("mcores", 1e3)),
}


def load_now() -> float:
    """The machine's load average over the last minute, in running processes."""
    return os.getloadavg()[0]


@dataclass(frozen=True, slots=True)
class Row:
    """Two best values in `unit`; without a reference the value stands for itself.

    `target` is the highest ratio allowed, the highest value where there is no reference, None for what is only told.
    """

    name: str
    measured: float
    reference: float | None = None
    target: float | None = None
    against: str = ""
    unit: str = SECONDS
    details: Mapping[str, float | str] = field(default_factory=dict)
    load_1m: float = field(default_factory=load_now)

    @property
    def ratio(self) -> float | None:
        """How many times the reference it costs."""
        return None if self.reference is None else self.measured / self.reference

    @property
    def missed(self) -> bool:
        """Whether the ratio, or else the value, is over its target."""
        held = self.measured if self.ratio is None else self.ratio
        return self.target is not None and held > self.target

    def as_json(self) -> dict[str, Any]:
        """The row for build/bench.json; values in `unit`."""
        return {
            "name": self.name,
            "unit": self.unit,
            "measured": self.measured,
            "reference": self.reference,
            "against": self.against,
            "ratio": self.ratio,
            "target": self.target,
            "missed": self.missed,
            "details": dict(self.details),
            "load_1m": self.load_1m,
        }

    def as_text(self) -> str:
        """The row as one line of the table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        values = f"{show(self.measured, self.unit):>11} {show(self.reference, self.unit):>11}"
        line = f"{self.name:<46} {values} {ratio:>7} {self._show_target():>9} {self.load_1m:>5.2f}"
        return f"{line}  {'MISSED ' if self.missed else ''}{self._show_words()}".rstrip()

    def _show_target(self) -> str:
        if self.target is None or self.reference is None:
            return show(self.target, self.unit)
        return f"{self.target:.2f}"

    def _show_words(self) -> str:
        details = [f"{name} {value}" for name, value in self.details.items()]
        return ", ".join([self.against] * bool(self.against) + details)


def show(value: float | None, unit: str) -> str:
    """A value in the unit it reads best in, nothing for None."""
    if value is None:
        return ""
    if unit == COUNT:
        return f"{value:,.0f}"
    for name, scale in SCALES[unit]:
        if abs(value) * scale >= 1.0:
            return f"{value * scale:.2f} {name}"
    return f"{value * 1e9:.0f} ns" if unit == SECONDS else f"{value:.0f} {unit}"


def build_report(rows: Sequence[Row], sizes: str) -> dict[str, Any]:
    """The content of build/bench.json; loads are averages over 1, 5 and 15 minutes."""
    return {
        "sizes": sizes,
        "cpus": os.cpu_count(),
        "load": list(os.getloadavg()),
        "missed": [row.name for row in rows if row.missed],
        "rows": [row.as_json() for row in rows],
    }
