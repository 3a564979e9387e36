"""Per-symbol risk and routing figures, merged over the files that carry them."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from state.facts.kpis_shape import find_payloads, is_nested, repeats_old_figures
from state.facts.sources import Sources
from state.facts.standing import why_not_alive
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
Reader = Callable[[JsonDict], dict[str, Any]]
Part = tuple[str, str, Reader, dict[str, JsonDict]]

FILES = (KPIS, RISK_SNAPSHOT, ROUTER_HEALTH, EXECUTION_HEALTH)

# In what was read of a symbol: why a figure that is written is not taken.
WHY = "why "

# What the writers put where there was no order.
NO_EVIDENCE = "ok"
NO_ORDER = f"the writers put {NO_EVIDENCE} where there was no order"

ALWAYS_WRITTEN = "the writers put normal and 0.00 here whatever the symbol does"


def build_symbols(sources: Sources) -> Table:
    """One row per symbol any file speaks of; a field comes from the first living file that has it."""
    dead = frozenset(name for name in FILES if _why_dead(sources, name))
    table, reasons, old = sources.derive(_reader(dead), *FILES)
    sources.unknown.note_reasons(reasons)
    for path, name in old.items():
        sources.stale.note(path, f"{name} {_why_dead(sources, name)}")
    return {symbol: row.copy() for symbol, row in table.items()}


def _why_dead(sources: Sources, name: str) -> str | None:
    if name == KPIS and repeats_old_figures(sources):
        return f"repeats {RISK_SNAPSHOT}, which {why_not_alive(sources, RISK_SNAPSHOT, sources.stamp(RISK_SNAPSHOT))}"
    return why_not_alive(sources, name, sources.stamp(name))


def router_entries(data: JsonDict) -> dict[str, JsonDict]:
    """The entries of router_health.json by symbol."""
    return rows_by_symbol(data.get("symbols")) or rows_by_symbol(data.get("per_symbol"))


@cache
def _reader(dead: frozenset[str]) -> Callable[..., tuple[Table, dict[str, str], dict[str, str]]]:
    """The reader for one set of dead files: the same function each time, since what it makes is kept by it."""

    def read(*contents: JsonDict) -> tuple[Table, dict[str, str], dict[str, str]]:
        return _read_symbols(dict(zip(FILES, contents, strict=True)), dead)

    return read


def _read_symbols(files: dict[str, JsonDict], dead: frozenset[str]) -> tuple[Table, dict[str, str], dict[str, str]]:
    """The rows, the reasons of what is unknown in them, and by path the dead file that an old value is from."""
    kpis = files[KPIS]
    passed_through = rows_by_symbol(kpis.get("symbols")) if is_nested(kpis) else {}
    parts: Table = {}
    old: dict[str, str] = {}
    for name, _, read, entries in sorted(symbol_parts(files, passed_through), key=lambda part: part[0] in dead):
        for symbol, entry in entries.items():
            _merge(parts.setdefault(symbol, {}), read(entry), symbol, name if name in dead else None, old)
    table, unknown = {}, Unknowns()
    quiet = _is_always_written(parts)
    for symbol, part in sorted(parts.items()):
        row = table[symbol] = sanitize(passed_through.get(symbol, {}), depth=1) | _row(symbol, part)
        _explain(unknown, symbol, row, quiet, part)
    unknown.fill("kpis.symbols", table, PASSED_THROUGH)
    return table, unknown.reasons, old


def _merge(known: dict[str, Any], found: dict[str, Any], symbol: str, dead: str | None, old: dict[str, str]) -> None:
    """The first file that speaks of a figure stands, also when it says that there is none."""
    for key, value in found.items():
        if key not in known:
            known[key] = value
            if dead is not None and value is not None:
                old[f"kpis.symbols.{symbol}.{key}"] = dead


def _is_always_written(parts: Table) -> bool:
    """Whether no symbol has a drawdown of its own: the writers of v7.1 to v8 never measure one."""
    words = {str(part.get("dd_state") or "normal").lower() for part in parts.values()}
    return words == {"normal"} and not any(part.get("dd_today_pct") for part in parts.values())


def rows_by_symbol(rows: Any) -> dict[str, JsonDict]:
    """The entries of a list, or of a table, by symbol."""
    if isinstance(rows, dict):
        rows = [{"symbol": symbol, **row} for symbol, row in rows.items() if isinstance(row, dict)]
    return {symbol: row for row in dicts(rows) if (symbol := text(row.get("symbol")))}


def symbol_parts(files: dict[str, JsonDict], passed_through: dict[str, JsonDict]) -> Iterator[Part]:
    """What speaks of symbols, in the order it is asked: file, place in it, how an entry is read, and the entries."""
    yield KPIS, "symbols", read_risk, passed_through
    for payload in find_payloads(files[KPIS], files[RISK_SNAPSHOT]):
        if not is_nested(payload.data):
            where = "atr.symbols" if payload.file == KPIS else "kpis_v7.atr.symbols"
            yield payload.file, where, _atr, rows_by_symbol(mapping(payload.data.get("atr")).get("symbols"))
    yield ROUTER_HEALTH, "symbols", _routing, router_entries(files[ROUTER_HEALTH])
    for name in (RISK_SNAPSHOT, EXECUTION_HEALTH):
        yield name, "symbols", _health, rows_by_symbol(files[name].get("symbols"))


def read_risk(row: JsonDict) -> dict[str, Any]:
    """Drawdown and ATR of one symbol, as the sync daemon writes them."""
    return _drawdown(row) | _atr(row)


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
        **_rate(entry, "maker_fill_rate", "maker_fill_rate", "maker_fill_ratio"),
        **_rate(entry, "fallback_ratio", "fallback_rate", "fallback_ratio"),
        "slip_q50_bps": first_number(entry, "slippage_p50", "slip_q50", "slip_q50_bps"),
    }


def _rate(entry: JsonDict, field: str, *keys: str) -> dict[str, Any]:
    """A rate, or None with the reason where it cannot be one."""
    written = first_number(entry, *keys)
    rate = fraction(written)
    impossible = {f"{WHY}{field}": f"a rate of {written} cannot be"} if written is not None and rate is None else {}
    return {field: rate, **impossible}


def _drawdown(row: JsonDict) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if (dd_state := word(row.get("dd_state"), "dd_state", "state")) is not None:
        found["dd_state"] = dd_state
    if (dd_today_pct := number(row.get("dd_today_pct"))) is not None:
        why = why_no_fall(dd_today_pct)
        found |= {"dd_today_pct": None, f"{WHY}dd_today_pct": why} if why else {"dd_today_pct": dd_today_pct}
    return found


def why_no_fall(pct: float | None) -> str | None:
    """Why a percentage of a day cannot be one: it is more than all there was."""
    return f"a fall of {pct} % in a day is more than all" if pct is not None and abs(pct) > 100 else None


def _atr(row: JsonDict) -> dict[str, Any]:
    """The pair of regime and ratio: a ratio of 0.0 beside an unknown regime is a null that was coerced."""
    regime, ratio = word(row.get("atr_regime"), "atr_regime"), number(row.get("atr_ratio"))
    if regime is None and ratio is None:
        return {}
    unmeasured = ratio is not None and (ratio < 0 or (ratio == 0.0 and regime in (None, "unknown")))
    impossible = ratio is not None and ratio < 0
    why = {f"{WHY}atr_ratio": f"an ATR ratio of {ratio} cannot be below zero"} if impossible else {}
    return {"atr_regime": regime, "atr_ratio": None if unmeasured else ratio} | why


def _quality(row: JsonDict, key: str) -> dict[str, Any]:
    quality = text(row.get(key)) or text(mapping(row.get("policy")).get("quality"))
    return {"router_quality": quality} if quality else {}


def _row(symbol: str, part: dict[str, Any]) -> dict[str, Any]:
    row = {"symbol": symbol} | {key: part.get(key) for key in FIELDS}
    row["atr_regime"] = row["atr_regime"] or "unknown"
    return row


def _explain(unknown: Unknowns, symbol: str, row: dict[str, Any], quiet: bool, part: dict[str, Any]) -> None:
    path = f"kpis.symbols.{symbol}"
    for key in FIELDS:
        if row[key] is None:
            unknown.note(f"{path}.{key}", part.get(f"{WHY}{key}") or _reason(symbol, key, row))
    if row["atr_regime"] == "unknown":
        unknown.note(f"{path}.atr_regime", _reason(symbol, "atr_ratio", row))
    if quiet and row["dd_state"] is not None:
        unknown.note(f"{path}.dd_state", ALWAYS_WRITTEN)
    if row["router_quality"] == NO_EVIDENCE and not _has_orders(row):
        unknown.note(f"{path}.router_quality", NO_ORDER)


def _has_orders(row: dict[str, Any]) -> bool:
    return any(row[name] is not None for name in ("maker_fill_rate", "fallback_ratio", "slip_q50_bps"))


def _reason(symbol: str, key: str, row: dict[str, Any]) -> str:
    if not _has_orders(row) and key in ("maker_fill_rate", "fallback_ratio"):
        return f"no orders of {symbol} in the router window"
    reasons = {
        "atr_ratio": f"too few own fills of {symbol} to measure its ATR",
        "maker_fill_rate": "no maker fill rate published",
        "fallback_ratio": "no maker order was started",
        "slip_q50_bps": f"no fills of {symbol} in the router window",
    }
    return reasons.get(key, f"no file carries this of {symbol}")
