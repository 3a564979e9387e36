"""Which of its known shapes a file has, and which fields it publishes."""

from collections.abc import Callable
from typing import Any

from state.facts.daemon_word import is_daemons
from state.facts.kpis_shape import is_nested
from state.facts.sources import Sources
from state.files.rows import ROW_LISTS, has_row_list
from state.files.surfaces import (
    KPIS,
    NAV,
    NAV_STATE,
    POSITIONS,
    POSITIONS_STATE,
    RISK_SNAPSHOT,
    ROUTER_HEALTH,
    SYNCED_STATE,
)
from state.files.values import JsonDict, mapping, text

UNRECOGNISED = "not recognised"
DAEMONS = "daemon's"


def find_shape(sources: Sources, name: str) -> str:
    """A word for the shape of a file; `not recognised` where nothing the loader looks for is there."""
    recognise = RECOGNISERS.get(name)
    return sources.derive(recognise, name) if recognise else "object"


def find_fields(sources: Sources, name: str) -> list[str]:
    """Dotted paths of the fields of a file that carry something.

    Only of two levels: deeper a file holds lists of the world (symbols, assets), not fields of the schema.
    """
    return sources.derive(_list_fields, name)


# Blocks whose keys are fields of the schema. Of any other the keys are names of the world: symbols, assets, strategies,
# which come and go with the market in any case and script.
SCHEMA_BLOCKS = frozenset(
    {
        "atr", "aum", "circuit_breaker", "dd_state", "drawdown", "exec_stats", "fee_pnl", "fx", "nav", "nav_detail",
        "nav_health", "nav_snapshot", "performance", "risk", "risk_config_meta", "router", "router_stats", "summary",
        "tp_sl_registry",
    }
)  # fmt: skip


def _list_fields(data: JsonDict) -> list[str]:
    fields = []
    for key, value in _carrying(data):
        fields.append(key)
        if isinstance(value, dict) and key in SCHEMA_BLOCKS:
            fields += [f"{key}.{inner}" for inner, _ in _carrying(value)]
    return fields


def _carrying(block: JsonDict) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in block.items() if value is not None]


def _kpis(data: JsonDict) -> str:
    if is_nested(data):
        return "nested"
    return "flat" if "dd_state" in data or "router_stats" in data or "atr" in data else UNRECOGNISED


def _positions(data: JsonDict) -> str:
    lists = [key for key in ROW_LISTS if isinstance(data.get(key), list)]
    parts = [*lists, "exec_stats" if "exec_stats" in data else "", _source(data.get("nav_snapshot"))]
    return " ".join(part for part in parts if part) if has_row_list(data) else UNRECOGNISED


def _nav(data: JsonDict) -> str:
    if is_daemons(data):
        return DAEMONS
    named = "nav" in data or "nav_usd" in data
    return f"executor's {_source(data.get('nav_detail'))}".strip() if named else UNRECOGNISED


def _source(detail: object) -> str:
    """A cached NAV carries other fields than a live one."""
    return text(mapping(detail).get("source")) or ""


def _router(data: JsonDict) -> str:
    if mapping(data.get("router_health")):
        return "scores"
    return "ratios" if isinstance(data.get("symbols"), list) else UNRECOGNISED


def _risk(data: JsonDict) -> str:
    """The engine's fallback has symbols only; what is missing then, the executor's word says."""
    return "object" if isinstance(data.get("symbols"), list) or mapping(data.get("dd_state")) else UNRECOGNISED


RECOGNISERS: dict[str, Callable[[JsonDict], str]] = {
    NAV_STATE: _nav,
    NAV: _nav,
    POSITIONS_STATE: _positions,
    POSITIONS: _positions,
    SYNCED_STATE: _positions,
    KPIS: _kpis,
    ROUTER_HEALTH: _router,
    RISK_SNAPSHOT: _risk,
}
