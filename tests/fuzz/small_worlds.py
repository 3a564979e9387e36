"""The worlds that are damaged: the corpus, cut down to what one of each kind needs, so that a load is short."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from worlds import SCENARIOS, Scenario

from state.files.surfaces import SURFACES
from state.files.transitions import LOCATION

MOST_ITEMS = 3
ENVIRONS: tuple[dict[str, str], ...] = (
    {"ENV": "dev", "BINANCE_TESTNET": "0"},
    {},
    {"ENV": "prod", "BINANCE_TESTNET": "1"},
    {"ENV": "testnet", "BINANCE_TESTNET": "maybe"},
)


@dataclass(frozen=True)
class SmallWorld:
    """Files by their path relative to the state directory, and the time at which they are read."""

    name: str
    now: float
    files: dict[str, bytes]


@cache
def small_worlds() -> dict[str, SmallWorld]:
    """By the name of their scenario."""
    return {scenario.name: _cut_down(scenario) for scenario in SCENARIOS}


@cache
def known_keys() -> list[str]:
    """Every key of every file."""
    documents = [json.loads(content) for world in small_worlds().values() for content in _json_files(world)]
    return sorted({key for document in documents for key in _keys(document)})


def _json_files(world: SmallWorld) -> list[bytes]:
    return [content for name, content in world.files.items() if name.endswith(".json")]


def _cut_down(scenario: Scenario) -> SmallWorld:
    paths = {surface.location: scenario.state_dir / surface.location for surface in SURFACES}
    files = {
        name: json.dumps(shrink(json.loads(path.read_bytes()))).encode()
        for name, path in paths.items()
        if path.exists()
    }
    now = float(scenario.expected["now"])
    return SmallWorld(scenario.name, now, files | {LOCATION: _tape(now)})


def shrink(value: Any) -> Any:
    """The first items and the last of a long list, the first symbols of a long table."""
    if isinstance(value, list):
        kept = value if len(value) <= MOST_ITEMS else [*value[: MOST_ITEMS - 1], value[-1]]
        return [shrink(item) for item in kept]
    if isinstance(value, dict):
        symbols = [key for key in value if key.isupper()]
        return {key: shrink(item) for key, item in value.items() if key not in symbols[MOST_ITEMS:]}
    return value


def _tape(now: float) -> bytes:
    row = {
        "kind": "dd_state",
        "subject": "portfolio",
        "before": "normal",
        "after": "cautious",
        "text": "Drawdown cautious",
    }
    rows = [row | {"at": now - 60.0 * number, "ts": now - 60.0 * number} for number in (3, 2, 1)]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for item in value.values() for key in _keys(item)}
    return {key for item in value for key in _keys(item)} if isinstance(value, list) else set()
