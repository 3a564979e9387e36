"""The simulated world between two runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from execution.paper.simulation import Simulation
from execution.storage.atomic_json import write_json_atomic
from execution.storage.reading import read_json
from execution.storage.writer_lock import claim_writer
from execution.utils.numbers import describe
from execution.utils.timestamps import plausible_epoch_s

if TYPE_CHECKING:
    from pathlib import Path

CHECKPOINT = "paper_state.json"
SCHEMA = 1


def save_checkpoint(cache_dir: Path, world: dict[str, Any]) -> None:
    """Write the world whole."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    claim_writer(cache_dir / CHECKPOINT)
    write_json_atomic(cache_dir / CHECKPOINT, {"schema": SCHEMA, **world})


def load_checkpoint(cache_dir: Path) -> dict[str, Any] | None:
    """The world of the last run; None when there was none.

    Raises:
        ValueError: the file is damaged or of another version; delete it to begin a new account.
    """
    path = cache_dir / CHECKPOINT
    try:
        saved = read_json(path)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise damaged(cache_dir, error) from error
    if not isinstance(saved, dict) or saved.get("schema") != SCHEMA:
        raise ValueError(f"{path} is not of schema {SCHEMA}; delete it to begin a new account")
    return saved


def check_world(world: dict[str, Any]) -> None:
    """See that the world of a checkpoint can take a step: better known before anything of it is published.

    Raises:
        whatever its damage brings about; see `error_log.SURVIVABLE`.
    """
    if world["now_s"] and plausible_epoch_s(world["now_s"]) is None:
        raise ValueError(f"now_s is {describe(world['now_s'])}; expected epoch seconds")
    trial = Simulation(0, lambda *_: None)
    trial.restore(json.loads(json.dumps(world)))
    trial.advance(trial.now_s)


def damaged(cache_dir: Path, error: Exception) -> ValueError:
    """The error for a world that cannot be taken up, with what to do about it."""
    return ValueError(f"{cache_dir / CHECKPOINT} is damaged ({error}); delete it to begin a new account")
