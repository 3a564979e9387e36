"""Which of its known shapes a file has, and which fields it publishes."""

from collections.abc import Iterator

from state.kpis_shape import is_nested
from state.rows import ROW_LISTS, has_row_list
from state.surfaces import KPIS, NAV, NAV_STATE, POSITIONS, POSITIONS_STATE, ROUTER_HEALTH, SYNCED_STATE
from state.values import JsonDict, mapping, text

UNRECOGNISED = "not recognised"

# Deeper than this a file holds lists of the world (symbols, assets), not fields of the schema.
DEPTH = 2


def recognise(name: str, data: JsonDict) -> str:
    """A word for the shape; `not recognised` where nothing the loader looks for is there."""
    if name == KPIS:
        return _kpis(data)
    if name in (POSITIONS, POSITIONS_STATE, SYNCED_STATE):
        return _positions(data)
    if name in (NAV, NAV_STATE):
        return _nav(data)
    if name == ROUTER_HEALTH:
        return _router(data)
    return "object"


def published_fields(data: JsonDict, prefix: str = "", depth: int = DEPTH) -> Iterator[str]:
    """Dotted paths of the fields that carry something, down to the schema's depth."""
    for key, value in data.items():
        # Symbols and assets are written in capitals; they come and go with the market.
        if value is None or key.isupper():
            continue
        yield f"{prefix}{key}"
        if isinstance(value, dict) and depth > 1:
            yield from published_fields(value, f"{prefix}{key}.", depth - 1)


def _kpis(data: JsonDict) -> str:
    if is_nested(data):
        return "nested"
    return "flat" if "dd_state" in data or "router_stats" in data or "atr" in data else UNRECOGNISED


def _positions(data: JsonDict) -> str:
    lists = [key for key in ROW_LISTS if isinstance(data.get(key), list)]
    parts = [*lists, "exec_stats" if "exec_stats" in data else "", _source(data.get("nav_snapshot"))]
    return " ".join(part for part in parts if part) if has_row_list(data) else UNRECOGNISED


def _nav(data: JsonDict) -> str:
    if "total_equity" in data or "series" in data:
        return "daemon's"
    named = "nav" in data or "nav_usd" in data
    return f"executor's {_source(data.get('nav_detail'))}".strip() if named else UNRECOGNISED


def _source(detail: object) -> str:
    """A cached NAV carries other fields than a live one."""
    return text(mapping(detail).get("source")) or ""


def _router(data: JsonDict) -> str:
    if mapping(data.get("router_health")):
        return "scores"
    return "ratios" if isinstance(data.get("symbols"), list) else UNRECOGNISED
