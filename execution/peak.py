"""The highest NAV ever seen and the fall from it; outlives restarts in a small file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from execution.atomic_json import write_json_atomic
from execution.utils.metrics import drawdown_pct

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Peak:
    """Highest NAV in USD and the epoch seconds it was seen at; 0 before the first."""

    nav_usd: float = 0.0
    at_s: float = 0.0

    def raised_to(self, nav_usd: float, at_s: float) -> Peak:
        """The higher of the two."""
        return Peak(nav_usd, at_s) if nav_usd > self.nav_usd else self


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Fall from the peak: percent 0..100, and USD."""

    peak_usd: float
    nav_usd: float

    @property
    def pct(self) -> float:
        """Percent of the peak."""
        return drawdown_pct(self.peak_usd, self.nav_usd)

    @property
    def abs_usd(self) -> float:
        """USD below the peak."""
        return max(0.0, self.peak_usd - self.nav_usd)


def load_peak(path: Path) -> Peak:
    """The peak saved at `path`; a new one when there is none or it cannot be read."""
    try:
        saved = json.loads(path.read_bytes())
        peak = Peak(float(saved["peak_nav"]), float(saved["peak_ts"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Peak()
    return peak if math.isfinite(peak.nav_usd) and math.isfinite(peak.at_s) else Peak()


def save_peak(path: Path, peak: Peak, drawdown: Drawdown) -> None:
    """Write peak_state.json; `dd_pct` is percent."""
    payload = {
        "peak": peak.nav_usd,
        "peak_nav": peak.nav_usd,
        "peak_equity": peak.nav_usd,
        "peak_ts": peak.at_s,
        "nav": drawdown.nav_usd,
        "dd_abs": drawdown.abs_usd,
        "dd_pct": drawdown.pct,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json_atomic(path, payload)
