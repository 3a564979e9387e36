"""What executor and daemon read of the environment: where the logs are. A misspelt name is an error, not a default."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG_DIR = "HEDGE_LOG_DIR"
DEFAULT_LOG_DIR = "logs"
PREFIX = "HEDGE_"
LIKENESS = 0.6  # HEDGE_LOG is as near as this to HEDGE_LOG_DIR; the dashboard's HEDGE_CACHE_DIR is not


def read_log_dir(environ: Mapping[str, str]) -> Path:
    """The directory of all logs and state; an empty variable counts as not set.

    Raises:
        SystemExit: a variable is there that looks like a misspelt one; the sentence has the right name.
    """
    for name, value in environ.items():
        if value and name.startswith(PREFIX) and name != LOG_DIR and _is_like(name, LOG_DIR):
            raise SystemExit(f"{name} is no setting. Did you mean {LOG_DIR}?")
    return Path(environ.get(LOG_DIR) or DEFAULT_LOG_DIR)


def _is_like(name: str, known: str) -> bool:
    rests = name.removeprefix(PREFIX), known.removeprefix(PREFIX)
    return difflib.SequenceMatcher(None, *rests).ratio() >= LIKENESS
