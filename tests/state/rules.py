"""What the tables of the truth policy are made of: a corpus world, changes to its files, and what has to hold after."""

import copy
import json
import os
from typing import Any

from case_claims import Claim, holds
from case_desk import shifted
from worlds import State, World

from state.files.history import History, locate
from state.loader import Loader

Changes = dict[str, Any]
HOUR_S = 3600.0
GONE = object()  # in place of a value or a file: it is not there
# What the healthy world of v7.1 has to say of its market is no fault of its files.
QUIET: Claim = {"no_alert": "^(?!Router poor|ATR panic|Fees exceed)", "severity": ["warn", "fail"]}


def change(world: World, changes: Changes) -> World:
    """`{"nav.json nav_detail.fresh": False, "kpis_v7.json": {}}`: values at dotted paths, or whole files."""
    for place, value in changes.items():
        name, _, path = place.partition(" ")
        if not path:
            _replace(world, name, value)
        elif value is GONE:
            world.write(name, _without(world.read(name), path.split(".")))
        else:
            world.edit(name, path, value)
    return world


def _replace(world: World, name: str, content: Any) -> None:
    if content is GONE:
        world.remove(name)
    elif isinstance(content, bytes):
        world.write_bytes(name, content)
    else:
        world.write(name, content)


def _without(content: Any, path: list[str]) -> Any:
    spot = content
    for key in path[:-1]:
        spot = spot[int(key) if isinstance(spot, list) else key]
    del spot[int(path[-1]) if isinstance(spot, list) else path[-1]]
    return content


def shift(world: World, seconds: float, *names: str) -> World:
    """Move every time stamp in these files (all by default), as if they had been written so much later."""
    for name in names or sorted(path.name for path in world.directory.iterdir()):
        world.write(name, shifted(world.read(name), seconds))
    return world


def write_log(world: World, points: list[tuple[Any, ...]]) -> World:
    """nav_log.json beside the directory; points are (epoch, NAV, open PnL or nothing)."""
    keys = ("t", "nav", "unrealized_pnl")
    rows = [dict(zip(keys, point, strict=False)) for point in points]
    (world.directory.parent / "nav_log.json").write_text(json.dumps(rows), encoding="utf-8")
    return world


def load_elsewhere(world: World, now: float | None = None) -> State:
    """What a process says that has just started, with the history of the others."""
    loader = Loader(world.directory, History(locate(world.directory, os.environ)))
    return copy.deepcopy(loader.load(world.now if now is None else now, world.environ))


def wrong(state: State, claims: list[Claim]) -> list[str]:
    """The claims that do not hold."""
    return [json.dumps(claim) for claim in claims if not holds(claim, [state])]


def is_nav(value: float) -> Claim:
    """This NAV, or openly none."""
    return near("nav.nav_usd", value)


def near(path: str, value: float, rel: float = 1e-4) -> Claim:
    """This figure, or openly none."""
    return {"any": [[{"path": path, "near": value, "rel": rel}], [{"path": path, "unknown": True}]]}


def told(regex: str) -> Claim:
    """An alert (warn or fail) or a failed check says so."""
    return {
        "any": [
            [{"alert": regex, "severity": ["warn", "fail"]}],
            [{"check": "*", "status": ["warn", "fail"], "about": regex}],
        ]
    }
