"""Per-symbol risk and routing figures, merged over the files that carry them."""

from collections.abc import Iterator
from typing import Any

from state.kpis_shape import flat_payloads, nested_payload
from state.sources import Sources
from state.surfaces import EXECUTION_HEALTH, RISK_SNAPSHOT, ROUTER_HEALTH
from state.unknowns import Unknowns
from state.values import JsonDict, dicts, first_number, fraction, mapping, number, text, word

FIELDS = (
    "dd_state",
    "dd_today_pct",
    "atr_ratio",
    "atr_regime",
    "maker_fill_rate",
    "fallback_ratio",
    "slip_q50_bps",
    "router_quality",
)
RATIO_KEYS = ("maker_fill_rate", "maker_fill_ratio", "fallback_rate", "fallback_ratio", "slippage_p50", "slip_q50")

Table = dict[str, dict[str, Any]]


def build_symbols(sources: Sources) -> Table:
    """One row per symbol any file speaks of; a field comes from the first file that has it."""
    passed_through = _by_symbol(nested_payload(sources).get("symbols"))
    table: Table = {symbol: dict(row) for symbol, row in passed_through.items()}
    parts: Table = {}
    for symbol, part in _parts(sources, passed_through):
        _merge(parts.setdefault(symbol, {}), part)
    for symbol in sorted({*table, *parts}):
        table[symbol] = {**table.get(symbol, {}), **_row(symbol, parts.get(symbol, {}))}
        _explain(sources.unknown, symbol, table[symbol])
    return dict(sorted(table.items()))


def router_entries(sources: Sources) -> dict[str, JsonDict]:
    """The entries of router_health.json by symbol."""
    data = sources.data(ROUTER_HEALTH)
    return _by_symbol(data.get("symbols")) or _by_symbol(data.get("per_symbol"))


def health_entries(sources: Sources, name: str) -> dict[str, JsonDict]:
    """The entries of risk_snapshot.json or execution_health.json by symbol."""
    return _by_symbol(sources.data(name).get("symbols"))


def ratios_of(entry: JsonDict) -> dict[str, float | None] | None:
    """Maker, fallback and median slippage of one symbol; None when the entry does not speak of them."""
    if not any(key in entry for key in RATIO_KEYS):
        return None
    return {
        "maker_fill_rate": fraction(first_number(entry, "maker_fill_rate", "maker_fill_ratio")),
        "fallback_ratio": fraction(first_number(entry, "fallback_rate", "fallback_ratio")),
        "slip_q50_bps": first_number(entry, "slippage_p50", "slip_q50", "slip_q50_bps"),
    }


def _by_symbol(rows: Any) -> dict[str, JsonDict]:
    if isinstance(rows, dict):
        rows = [{"symbol": symbol, **row} for symbol, row in rows.items() if isinstance(row, dict)]
    return {symbol: row for row in dicts(rows) if (symbol := text(row.get("symbol")))}


def _parts(sources: Sources, passed_through: dict[str, JsonDict]) -> Iterator[tuple[str, dict[str, Any]]]:
    for symbol, row in passed_through.items():
        yield symbol, {**_drawdown(row), **_atr(row)}
    for flat in flat_payloads(sources):
        for symbol, row in _by_symbol(mapping(flat.data.get("atr")).get("symbols")).items():
            yield symbol, _atr(row)
    for symbol, row in router_entries(sources).items():
        yield symbol, {**(ratios_of(row) or {}), **_quality(row, "quality")}
    for name in (RISK_SNAPSHOT, EXECUTION_HEALTH):
        for symbol, row in health_entries(sources, name).items():
            router = mapping(row.get("router"))
            risk, vol = _drawdown(mapping(row.get("risk"))), _atr(mapping(row.get("vol")))
            yield symbol, {**risk, **vol, **(ratios_of(router) or {}), **_quality(router, "policy_quality")}


def _merge(row: dict[str, Any], part: dict[str, Any]) -> None:
    # The first file that speaks of a figure stands, also when it says that there is none.
    for key, value in part.items():
        row.setdefault(key, value)


def _drawdown(row: JsonDict) -> dict[str, Any]:
    found = {
        "dd_state": word(row.get("dd_state"), "dd_state", "state"),
        "dd_today_pct": number(row.get("dd_today_pct")),
    }
    return {key: value for key, value in found.items() if value is not None}


def _atr(row: JsonDict) -> dict[str, Any]:
    """The pair of regime and ratio: a ratio of 0.0 beside an unknown regime is a null that was coerced."""
    regime, ratio = word(row.get("atr_regime"), "atr_regime"), number(row.get("atr_ratio"))
    if regime is None and ratio is None:
        return {}
    unmeasured = ratio == 0.0 and regime in (None, "unknown")
    return {"atr_regime": regime, "atr_ratio": None if unmeasured else ratio}


def _quality(row: JsonDict, key: str) -> dict[str, Any]:
    quality = text(row.get(key)) or text(mapping(row.get("policy")).get("quality"))
    return {"router_quality": quality} if quality else {}


def _row(symbol: str, part: dict[str, Any]) -> dict[str, Any]:
    row = {"symbol": symbol} | {key: part.get(key) for key in FIELDS}
    row["atr_regime"] = row["atr_regime"] or "unknown"
    return row


def _explain(unknown: Unknowns, symbol: str, row: dict[str, Any]) -> None:
    path = f"kpis.symbols.{symbol}"
    missing = [key for key in FIELDS if row[key] is None]
    no_orders = all(row[key] is None for key in ("maker_fill_rate", "fallback_ratio", "slip_q50_bps"))
    reasons = {
        "atr_ratio": f"too few own fills of {symbol} to measure its ATR",
        "maker_fill_rate": f"no orders of {symbol} in the router window"
        if no_orders
        else "no maker fill rate published",
        "fallback_ratio": f"no orders of {symbol} in the router window" if no_orders else "no maker order was started",
        "slip_q50_bps": f"no fills of {symbol} in the router window",
    }
    for key in missing:
        unknown.note(f"{path}.{key}", reasons.get(key, f"no file carries this of {symbol}"))
    if row["atr_regime"] == "unknown":
        unknown.note(f"{path}.atr_regime", f"too few own fills of {symbol} to measure its ATR")
