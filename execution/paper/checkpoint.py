"""The simulated world between two runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from execution.atomic_json import write_json_atomic

if TYPE_CHECKING:
    from pathlib import Path

CHECKPOINT = "paper_state.json"
SCHEMA = 1


def save_checkpoint(cache_dir: Path, world: dict[str, Any]) -> None:
    """Write the world whole."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    write_json_atomic(cache_dir / CHECKPOINT, {"schema": SCHEMA, **world})


def load_checkpoint(cache_dir: Path) -> dict[str, Any] | None:
    """The world of the last run; None when there was none.

    Raises:
        ValueError: the file is damaged or of another version; delete it to begin a new account.
    """
    path = cache_dir / CHECKPOINT
    try:
        saved = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); delete it to begin a new account") from error
    if not isinstance(saved, dict) or saved.get("schema") != SCHEMA:
        raise ValueError(f"{path} is not of schema {SCHEMA}; delete it to begin a new account")
    return saved
