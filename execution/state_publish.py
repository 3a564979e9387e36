"""Publish the state surfaces: checked against their schema, one writer per file, replaced whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from execution.storage.atomic_json import remove_orphans, write_json_atomic
from execution.storage.writer_lock import SecondWriterError, claim_writer
from execution.surfaces.kpis import KpiInputs, build_kpis_v7
from execution.surfaces.schema import SurfaceError, check_surface
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DEFAULT_STATE_DIR",
    "KpiInputs",
    "SecondWriterError",
    "SurfaceError",
    "build_kpis_v7",
    "open_state_dir",
    "publish_surface",
    "write_engine_metadata",
    "write_execution_health_state",
    "write_kpis_v7_state",
    "write_leaderboard_state",
    "write_nav",
    "write_nav_state",
    "write_positions",
    "write_positions_state",
    "write_risk_snapshot_state",
    "write_router_health_state",
    "write_synced_state",
]

DEFAULT_STATE_DIR = Path("logs/state")


def open_state_dir(state_dir: Path) -> Path:
    """Make the directory and remove what killed writers left in it; call it once at start."""
    state_dir.mkdir(parents=True, exist_ok=True)
    remove_orphans(state_dir)
    return state_dir


def publish_surface(name: str, payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Check `payload` and replace the surface `name` by it.

    Raises:
        SurfaceError: the payload breaks the schema; the message names the field.
        ValueError, TypeError: a value has no JSON form; the message names the field.
        SecondWriterError: another process writes this file.
        OSError: the file cannot be written; the old one stays.
    """
    path = Path(state_dir) / name
    check_surface(name, payload)
    path.parent.mkdir(parents=True, exist_ok=True)
    claim_writer(path)
    write_json_atomic(path, payload)


def write_nav(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace nav.json, as `nav.build_nav` makes it."""
    publish_surface(surfaces.NAV, payload, state_dir)


def write_nav_state(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace nav_state.json, as `nav.build_nav_state` makes it."""
    publish_surface(surfaces.NAV_STATE, payload, state_dir)


def write_positions(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace positions.json, as `positions.build_positions` makes it."""
    publish_surface(surfaces.POSITIONS, payload, state_dir)


def write_positions_state(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace positions_state.json, as `positions.build_positions_state` makes it."""
    publish_surface(surfaces.POSITIONS_STATE, payload, state_dir)


def write_synced_state(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace synced_state.json, as `positions.build_synced_state` makes it."""
    publish_surface(surfaces.SYNCED_STATE, payload, state_dir)


def write_leaderboard_state(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace leaderboard_state.json, as `positions.build_leaderboard_state` makes it."""
    publish_surface(surfaces.LEADERBOARD, payload, state_dir)


def write_router_health_state(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace router_health.json, as `router_metrics.build_router_health` makes it."""
    publish_surface(surfaces.ROUTER_HEALTH, payload, state_dir)


def write_risk_snapshot_state(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace risk_snapshot.json, as `risk_snapshot.build_risk_snapshot` makes it."""
    publish_surface(surfaces.RISK_SNAPSHOT, payload, state_dir)


def write_execution_health_state(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace execution_health.json, as `execution_health.build_execution_health` makes it."""
    publish_surface(surfaces.EXECUTION_HEALTH, payload, state_dir)


def write_kpis_v7_state(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace kpis_v7.json, as `build_kpis_v7` makes it."""
    publish_surface(surfaces.KPIS, payload, state_dir)


def write_engine_metadata(payload: Mapping[str, Any], state_dir: Path | str = DEFAULT_STATE_DIR) -> None:
    """Replace engine_metadata.json."""
    publish_surface(surfaces.ENGINE_METADATA, payload, state_dir)
