"""Per-symbol risk and routing figures, merged over the files that carry them."""

from collections.abc import Callable, Iterator
from typing import Any

from state.facts.kpis_shape import find_payloads, is_nested
from state.facts.sources import Sources
from state.facts.unknowns import Unknowns
from state.files.surfaces import EXECUTION_HEALTH, KPIS, RISK_SNAPSHOT, ROUTER_HEALTH
from state.files.values import JsonDict, dicts, first_number, fraction, mapping, number, sanitize, text, word

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
RATIO_KEYS = frozenset(
    {"maker_fill_rate", "maker_fill_ratio", "fallback_rate", "fallback_ratio", "slippage_p50", "slip_q50"}
)

PASSED_THROUGH = "kpis_v7.json leaves it empty"

Table = dict[str, dict[str, Any]]


def build_symbols(sources: Sources) -> Table:
    """One row per symbol any file speaks of; a field comes from the first file that has it."""
    table, reasons = sources.derive(_read_symbols, KPIS, RISK_SNAPSHOT, ROUTER_HEALTH, EXECUTION_HEALTH)
    sources.unknown.note_reasons(reasons)
    return {symbol: row.copy() for symbol, row in table.items()}


def router_entries(data: JsonDict) -> dict[str, JsonDict]:
    """The entries of router_health.json by symbol."""
    return _by_symbol(data.get("symbols")) or _by_symbol(data.get("per_symbol"))


def _read_symbols(
    kpis: JsonDict, risk_snapshot: JsonDict, router_health: JsonDict, execution_health: JsonDict
) -> tuple[Table, dict[str, str]]:
    """The rows, and the reasons of what is unknown in them."""
    passed_through = _by_symbol(kpis.get("symbols")) if is_nested(kpis) else {}
    parts: Table = {symbol: _drawdown(row) | _atr(row) for symbol, row in passed_through.items()}
    flat = [payload.data for payload in find_payloads(kpis, risk_snapshot) if not is_nested(payload.data)]
    for read, entries in _further(flat, router_health, (risk_snapshot, execution_health)):
        for symbol, row in entries.items():
            known = parts.setdefault(symbol, {})
            # The first file that speaks of a figure stands, also when it says that there is none.
            if len(known) < len(FIELDS):
                parts[symbol] = read(row) | known
    table, unknown = {}, Unknowns()
    for symbol, part in sorted(parts.items()):
        row = table[symbol] = sanitize(passed_through.get(symbol, {}), depth=1) | _row(symbol, part)
        _explain(unknown, symbol, row)
    unknown.fill("kpis.symbols", table, PASSED_THROUGH)
    return table, unknown.reasons


def _by_symbol(rows: Any) -> dict[str, JsonDict]:
    if isinstance(rows, dict):
        rows = [{"symbol": symbol, **row} for symbol, row in rows.items() if isinstance(row, dict)]
    return {symbol: row for row in dicts(rows) if (symbol := text(row.get("symbol")))}


def _further(
    flat: list[JsonDict], router_health: JsonDict, health: tuple[JsonDict, ...]
) -> Iterator[tuple[Callable[[JsonDict], dict[str, Any]], dict[str, JsonDict]]]:
    """What else speaks of symbols, in the order it is asked: how an entry is read, and the entries."""
    for payload in flat:
        yield _atr, _by_symbol(mapping(payload.get("atr")).get("symbols"))
    yield _routing, router_entries(router_health)
    for data in health:
        yield _health, _by_symbol(data.get("symbols"))


def _routing(row: JsonDict) -> dict[str, Any]:
    return _ratios(row) | _quality(row, "quality")


def _health(row: JsonDict) -> dict[str, Any]:
    risk, vol, router = mapping(row.get("risk")), mapping(row.get("vol")), mapping(row.get("router"))
    return _drawdown(risk) | _atr(vol) | _ratios(router) | _quality(router, "policy_quality")


def _ratios(entry: JsonDict) -> dict[str, Any]:
    """Maker, fallback and median slippage of one symbol; nothing when the entry does not speak of them."""
    if RATIO_KEYS.isdisjoint(entry):
        return {}
    return {
        "maker_fill_rate": fraction(first_number(entry, "maker_fill_rate", "maker_fill_ratio")),
        "fallback_ratio": fraction(first_number(entry, "fallback_rate", "fallback_ratio")),
        "slip_q50_bps": first_number(entry, "slippage_p50", "slip_q50", "slip_q50_bps"),
    }


def _drawdown(row: JsonDict) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if (dd_state := word(row.get("dd_state"), "dd_state", "state")) is not None:
        found["dd_state"] = dd_state
    if (dd_today_pct := number(row.get("dd_today_pct"))) is not None:
        found["dd_today_pct"] = dd_today_pct
    return found


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
    for key in FIELDS:
        if row[key] is None:
            unknown.note(f"{path}.{key}", _reason(symbol, key, row))
    if row["atr_regime"] == "unknown":
        unknown.note(f"{path}.atr_regime", _reason(symbol, "atr_ratio", row))


def _reason(symbol: str, key: str, row: dict[str, Any]) -> str:
    no_orders = all(row[name] is None for name in ("maker_fill_rate", "fallback_ratio", "slip_q50_bps"))
    if no_orders and key in ("maker_fill_rate", "fallback_ratio"):
        return f"no orders of {symbol} in the router window"
    reasons = {
        "atr_ratio": f"too few own fills of {symbol} to measure its ATR",
        "maker_fill_rate": "no maker fill rate published",
        "fallback_ratio": "no maker order was started",
        "slip_q50_bps": f"no fills of {symbol} in the router window",
    }
    return reasons.get(key, f"no file carries this of {symbol}")
