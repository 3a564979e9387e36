"""The highest NAV ever seen and the fall from it outlive restarts, in peak_state.json."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from execution.storage.atomic_json import write_json_atomic
from execution.storage.reading import read_json_object
from execution.storage.writer_lock import claim_writer
from execution.utils.metrics import Drawdown, Peak
from execution.utils.numbers import describe, finite_number, read_amount

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from execution.surfaces.nav import NavPoint

LOGGER = logging.getLogger("peak")

# Between two snapshots of a source a NAV moves by less, unless money came or went.
LARGEST_MOVE = 0.01


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


def take_peak(block: Mapping[str, Any], last: NavPoint) -> tuple[Peak, Drawdown | None]:
    """The peak of a source that knows its transfers, and the fall of the last point from it; None where it is unknown.

    So it is while the NAV has jumped since: until the source has looked that may be money that came or went.
    """
    peak_usd, nav_usd = read_amount(block.get("peak")), read_amount(block.get("nav"))
    if not peak_usd or not nav_usd or abs(last.nav_usd - nav_usd) > LARGEST_MOVE * abs(nav_usd):
        return Peak(), None
    peak = Peak(peak_usd, last.at_s).raised_to(last.nav_usd, last.at_s)
    return peak, Drawdown(peak.nav_usd, last.nav_usd)


def save_peak(path: Path, peak: Peak, drawdown: Drawdown | None) -> None:
    """Write peak_state.json; `dd_pct` is percent, and None while it is unknown."""
    payload = {
        "peak": peak.nav_usd,
        "peak_nav": peak.nav_usd,
        "peak_equity": peak.nav_usd,
        "peak_ts": peak.at_s,
        "nav": drawdown.nav_usd if drawdown else None,
        "dd_abs": drawdown.abs_usd if drawdown else None,
        "dd_pct": drawdown.pct if drawdown else None,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    claim_writer(path)
    write_json_atomic(path, payload)
