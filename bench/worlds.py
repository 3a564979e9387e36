"""State directories to load: copies of the corpus, and its universe made smaller or larger."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from state.files import surfaces
from state.files.transitions import LOCATION

CORPUS = Path(__file__).parents[1] / "tests" / "fixtures" / "corpus" / "v7.1"
NOW_S = 1_764_197_100.0
ENVIRON = {"ENV": "dev", "BINANCE_TESTNET": "0"}

UNIVERSE = 60


def copy_world(scenario: str, target: Path) -> Path:
    """Copy the surfaces of a corpus scenario to `target`; returns the state directory."""
    state_dir = target / "state"
    state_dir.mkdir(parents=True)
    for surface in surfaces.SURFACES:
        source = CORPUS / scenario / "logs" / "state" / surface.location
        if source.exists():
            shutil.copyfile(source, state_dir / surface.location)
    return state_dir


def scale_universe(target: Path, symbols: int) -> Path:
    """A state directory of `symbols` symbols, two thirds of them held, as in the corpus's universe of 60."""
    state_dir = copy_world("large_universe", target)
    for path in state_dir.glob("*.json"):
        content = json.loads(path.read_bytes())
        path.write_text(json.dumps(_scale(content, symbols)))
    return state_dir


def lengthen_series(target: Path, points: int) -> Path:
    """A state directory whose nav_state.json carries a series of `points` minutes."""
    state_dir = copy_world("healthy", target)
    path = state_dir / surfaces.NAV_STATE
    content = json.loads(path.read_bytes())
    row = content["series"][-1]
    content["series"] = [
        {**row, "total_equity": row["total_equity"] + index % 97, "t": _iso(NOW_S - 60 * (points - index))}
        for index in range(points)
    ]
    path.write_text(json.dumps(content))
    return state_dir


def paths_of(state_dir: Path) -> list[str]:
    """Every file a load looks at: the surfaces, and the tape of transitions."""
    return [str(state_dir / location) for location in (*(item.location for item in surfaces.SURFACES), LOCATION)]


def contents_of(state_dir: Path) -> list[bytes]:
    """The bytes of each surface that is there."""
    return [path.read_bytes() for path in map(Path, paths_of(state_dir)) if path.exists()]


def _scale(value: Any, symbols: int) -> Any:
    """A copy with each table of symbols repeated or cut to the new size."""
    if isinstance(value, list) and _is_table(value):
        wanted = max(1, round(len(value) * symbols / UNIVERSE))
        return [{**value[index % len(value)], "symbol": _rename(value, index)} for index in range(wanted)]
    if isinstance(value, dict) and len(value) == UNIVERSE:
        names, wanted = list(value), symbols
        return {
            _name(names[index % UNIVERSE], index // UNIVERSE): value[names[index % UNIVERSE]] for index in range(wanted)
        }
    if isinstance(value, dict):
        return {key: _scale(item, symbols) for key, item in value.items()}
    return value


def _is_table(rows: list[Any]) -> bool:
    return bool(rows) and all(isinstance(row, dict) and "symbol" in row for row in rows)


def _rename(rows: list[dict[str, Any]], index: int) -> str:
    return _name(str(rows[index % len(rows)]["symbol"]), index // len(rows))


def _name(symbol: str, copy: int) -> str:
    return f"{copy}{symbol}" if copy else symbol


def _iso(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat()
