"""What the simulated desk holds beside its account."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from execution.surfaces.aum import Holding, Holdings, read_holdings

if TYPE_CHECKING:
    from pathlib import Path

LOGGER = logging.getLogger("executor")

# Held while no config file says otherwise.
PAPER_HOLDINGS = (Holding("BTC", 0.035, 88_000.0), Holding("USDC", 2098.96, 1.0), Holding("PAXG", 0.25, 3910.0))


def find_holdings(path: Path) -> Holdings:
    """What the file at `path` says, the paper desk's own where there is none; what is refused is logged."""
    try:
        found = read_holdings(path) if path.exists() else Holdings(list(PAPER_HOLDINGS), [])
    except (OSError, ValueError) as error:
        LOGGER.error("%s; what is held elsewhere is unknown", error)
        return Holdings([], [], complete=False)
    for sentence in found.refused:
        LOGGER.error("%s; it is taken as unknown", sentence)
    return found
