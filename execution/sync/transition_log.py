"""Append what changed to transitions.jsonl, over restarts neither twice nor never."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from execution.storage.atomic_json import encode_json, write_json_atomic
from execution.storage.error_log import SURVIVABLE, ErrorLog
from execution.storage.event_writer import MAX_LOG_BYTES, EventWriter
from execution.storage.log_parts import list_rotated
from execution.storage.reading import open_regular, read_json, read_json_object
from execution.storage.writer_lock import claim_writer
from execution.sync.book import read_legs
from execution.sync.transitions import TOPICS, Sighting, Transition, World, find_transitions
from execution.utils.numbers import describe, finite_number
from execution.utils.timestamps import plausible_epoch_s
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Content = dict[str, Any]

# Optional surfaces are not missed where they are silent.
WATCHED = tuple(surface.name for surface in surfaces.SURFACES if surface.required)
LOOKED_AT = (*WATCHED, surfaces.ENGINE_METADATA)
STAMP_KEYS = ("updated_at", "updated_ts", "updated", "ts", "generated_ts")
UNKNOWN = "unknown"

SAVE_EVERY_S = 60.0
TAIL_BYTES = 1 << 16

LOGGER = logging.getLogger("sync_state")


class TransitionLog:
    """The last world known, and the log of how it came about."""

    def __init__(self, log_dir: Path, max_bytes: int = MAX_LOG_BYTES) -> None:
        """Take up what the last run knew; nothing is written before something is known."""
        self.path = log_dir / "execution" / "transitions.jsonl"
        self.cache_path = log_dir / "cache" / "transitions_world.json"
        self.max_bytes = max_bytes
        self._files = _SurfaceFiles(log_dir / "state")
        world, pending = _load(self.cache_path)
        self._world = self._renew_stamps(world) if world.at_s else world
        self._pending = [row for row in pending if not self._is_written(row)]
        self._saved = World()

    def note(self, now_s: float, read: Mapping[str, Content], published: Mapping[str, Content]) -> None:
        """Append what has changed by `now_s` (epoch seconds), by the surfaces that were read and that were published.

        Raises:
            OSError: the log or the cache cannot be written; nothing is lost, the next call tries again.
        """
        others = {name: self._read(name, read) for name in LOOKED_AT if name not in published}
        # In two steps: first what had become of the world when this daemon looked at it again, then what it wrote.
        found = self._world.after(look(others), now_s)
        after = found.after(look(published), now_s)
        changes = [*find_transitions(self._world, found), *find_transitions(found, after)]
        self._keep(after, [change.as_row() for change in changes])
        self._flush()

    def _renew_stamps(self, world: World) -> World:
        """The saved stamps lag by a minute; the files tell when each was last renewed before this run."""
        alive = {name: self._files.read(name) for name in WATCHED if name not in world.silent}
        return replace(world, stamps={**world.stamps, **look(alive).stamps})

    def _read(self, name: str, read: Mapping[str, Content]) -> Content:
        return read[name] if name in read else self._files.read(name)

    def _keep(self, world: World, rows: list[Content]) -> None:
        """Save the world together with the rows it has brought about, before they are appended."""
        pending = [*self._pending, *rows]
        if rows or _differs(world, self._saved) or abs(world.at_s - self._saved.at_s) >= SAVE_EVERY_S:
            self.cache_path.parent.mkdir(parents=True, exist_ok=True)
            claim_writer(self.cache_path)
            write_json_atomic(self.cache_path, {"world": _fields(world), "pending": pending})
            self._saved = world
        self._world, self._pending = world, pending

    def _flush(self) -> None:
        if not self._pending:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        claim_writer(self.path)
        writer = EventWriter(self.path, self.max_bytes)
        try:
            while self._pending:
                writer.append(self._pending[0])
                del self._pending[0]
        finally:
            writer.close()

    def _is_written(self, row: Content) -> bool:
        """Whether a run that was killed between saving and appending had come to this row."""
        line = encode_json(self.path.name, row) + b"\n"
        return any(line in _read_tail(part) for part in (self.path, *list_rotated(self.path)))


def look(contents: Mapping[str, Content]) -> Sighting:
    """What these surfaces show; one that is empty shows nothing."""
    kpis, risk = contents.get(surfaces.KPIS, {}), contents.get(surfaces.RISK_SNAPSHOT, {})
    words = {
        "dd_state": kpis.get("dd_state"),
        "atr_regime": kpis.get("atr_regime"),
        "router_quality": kpis.get("router_quality"),
        "environment": contents.get(surfaces.ENGINE_METADATA, {}).get("env"),
        "testnet": _name_testnet(risk.get("risk_config_meta")),
    }
    stamps = {name: find_stamp(content) for name, content in contents.items() if name in WATCHED}
    return Sighting(
        # A word for not knowing is no news: what counts is the next word that is known.
        words={name: word for name, word in words.items() if isinstance(word, str) and word not in ("", UNKNOWN)},
        legs=read_legs(contents.get(surfaces.SYNCED_STATE, {}), contents.get(surfaces.NAV, {})),
        stamps={name: at_s for name, at_s in stamps.items() if at_s is not None},
    )


def find_stamp(content: Content) -> float | None:
    """When the writer says it wrote this, epoch seconds; None where it says nothing that can be a time."""
    stamps = (plausible_epoch_s(content.get(key)) for key in STAMP_KEYS)
    return next((at_s for at_s in stamps if at_s is not None), None)


def _name_testnet(block: object) -> str | None:
    active = block.get("testnet_overrides_active") if isinstance(block, dict) else None
    return {True: "on", False: "off"}[active] if isinstance(active, bool) else None


class _SurfaceFiles:
    """The surfaces on disk, each parsed when it has changed."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self._seen: dict[str, tuple[tuple[int, int, int], Content]] = {}
        self._errors = ErrorLog(LOGGER)

    def read(self, name: str) -> Content:
        """The content; empty when it is not there or cannot be read, which is logged when it begins."""
        path = self.state_dir / name
        with self._errors.guard(f"looking at {name}"):
            try:
                found = path.stat()
                signature = (found.st_mtime_ns, found.st_size, found.st_ino)
                if name not in self._seen or self._seen[name][0] != signature:
                    self._seen[name] = signature, read_json_object(path)
            except FileNotFoundError:
                return {}
            return self._seen[name][1]
        return {}


def _differs(world: World, other: World) -> bool:
    return (world.words, world.legs, world.silent) != (other.words, other.legs, other.silent)


def _fields(world: World) -> Content:
    return {
        "at_s": world.at_s,
        "words": dict(world.words),
        "legs": world.legs,
        "stamps": dict(world.stamps),
        "silent": sorted(world.silent),
    }


def _load(path: Path) -> tuple[World, list[Content]]:
    """What was saved; an unknown world when there is none or when it cannot be read, which is logged."""
    try:
        saved: Any = read_json(path)
        return _restore(saved["world"]), [_restore_row(row) for row in saved["pending"]]
    except FileNotFoundError:
        return World(), []
    except SURVIVABLE as error:
        LOGGER.warning("what changes is told from now on: %s is damaged (%s: %s)", path, type(error).__name__, error)
        return World(), []


def _restore(saved: Content) -> World:
    legs, stamps = saved["legs"], saved["stamps"]
    return World(
        at_s=_finite(saved["at_s"]),
        words={name: str(word) for name, word in saved["words"].items() if name in TOPICS},
        legs=None if legs is None else {symbol: _restore_sides(sides) for symbol, sides in legs.items()},
        stamps={name: _finite(at_s) for name, at_s in stamps.items() if name in WATCHED},
        silent=frozenset(name for name in saved["silent"] if name in stamps and name in WATCHED),
    )


def _restore_sides(sides: Mapping[str, object]) -> dict[str, float]:
    return {side: _finite(qty) for side, qty in sides.items()}


def _restore_row(row: Content) -> Content:
    before, after = (None if row[name] is None else str(row[name]) for name in ("before", "after"))
    kind, subject, text = (str(row[name]) for name in ("kind", "subject", "text"))
    return Transition(_finite(row["at"]), kind, subject, before, after, text).as_row()


def _finite(value: object) -> float:
    number = finite_number(value)
    if number is None:
        raise ValueError(f"{describe(value)} is not a finite number")
    return number


def _read_tail(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            return file.read()
    except OSError:
        return b""
