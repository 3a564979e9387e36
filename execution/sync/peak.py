"""The highest NAV ever seen and the fall from it outlive restarts, in peak_state.json."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from execution.storage.atomic_json import write_json_atomic
from execution.storage.reading import read_json_object
from execution.storage.writer_lock import claim_writer
from execution.utils.metrics import Drawdown, Peak
from execution.utils.numbers import describe, finite_number, read_amount

if TYPE_CHECKING:
    from pathlib import Path

LOGGER = logging.getLogger("peak")


def load_peak(path: Path) -> Peak:
    """The peak saved at `path`; a new one when there is none, or when it cannot be read, which is logged."""
    try:
        saved = read_json_object(path)
    except FileNotFoundError:
        return Peak()
    except (OSError, ValueError) as error:
        LOGGER.warning("the peak begins anew: %s", error)
        return Peak()
    nav_usd, at_s = read_amount(saved.get("peak_nav")), finite_number(saved.get("peak_ts"))
    if nav_usd is None or nav_usd <= 0 or at_s is None:
        shown = f"peak_nav {describe(saved.get('peak_nav'))} and peak_ts {describe(saved.get('peak_ts'))}"
        LOGGER.warning("the peak begins anew: %s has %s; expected USD above 0 and a time", path, shown)
        return Peak()
    return Peak(nav_usd, at_s)


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
    claim_writer(path)
    write_json_atomic(path, payload)
