"""The risk table by symbol."""

from collections import Counter
from typing import Any

from dash_app.render import html, text
from dash_app.render.columns import FURTHER_SYMBOLS, SYMBOLS, Column
from dash_app.render.components import REACHABLE, Child, block, sign, span
from dash_app.render.readings import Reading, StateDict, is_number, mapping_at, reading_of, reason_at, reason_for
from dash_app.render.tables import Cell, Row, has_any, tone_rank, with_default, worst_first
from dash_app.render.theme import tone_of, tone_of_symbol
from state.formatting import UNKNOWN_TEXT, fmt_number, fmt_signed

NUMBERS = ("dd_today_pct", "atr_ratio", "maker_fill_rate", "fallback_ratio", "slip_q50_bps")
COLUMNS = ("dd_state", "atr_regime", *NUMBERS)
LOUDEST = ("panic",)
BADLY = ("degraded", "poor", "broken")


def render_title(state: StateDict) -> list[Child]:
    """How many symbols."""
    count = len(mapping_at(state, "kpis.symbols"))
    return [f" · {count}"] if count else []


def render_fold(state: StateDict) -> list[Child]:
    """The table in one line, for a phone: how many symbols, and the words of the worst of them."""
    rows = [row for row in mapping_at(state, "kpis.symbols").values() if isinstance(row, dict)]
    words = Counter(str(row.get(key)).lower() for row in rows for key in ("atr_regime", "dd_state"))
    amiss = [f"{words[word]} {word}" for word in sorted(words, key=_loudness) if tone_of(word)]
    unknown = sum(reading_of(row.get("atr_regime"), "").text in (UNKNOWN_TEXT, text.DEFAULT_ATR_REGIME) for row in rows)
    said: list[Child] = [*sign("warn"), " · ".join(amiss)] if amiss else [f"{unknown} unknown" if unknown else ""]
    return [*render_title(state), span(said, "fold-worst warn" if amiss else "fold-worst")]


def _loudness(word: str) -> tuple[bool, str]:
    return word not in LOUDEST, word


def render_empty(state: StateDict) -> list[html.Element]:
    """Why there is no symbol to show."""
    if mapping_at(state, "kpis.symbols"):
        return []
    reason = reason_at(state, "kpis.symbols")
    words = f"{text.SYMBOLS_UNKNOWN}: {reason}" if reason else text.NO_SYMBOLS
    marks = {"data-unknown": reason, **REACHABLE} if reason else {}
    return [block(words, "empty-reason", **{"data-field": "kpis.symbols", **marks})]


def find_columns(state: StateDict) -> list[Column]:
    """Risk of every symbol, and beside it the router where it has measured any of them."""
    rows = [row for row in mapping_at(state, "kpis.symbols").values() if isinstance(row, dict)]
    return [*SYMBOLS, *(FURTHER_SYMBOLS if has_any(rows, [column.key for column in FURTHER_SYMBOLS]) else ())]


def build_rows(state: StateDict) -> list[Row]:
    """One row a symbol, with the columns that are there."""
    keys = [column.key for column in find_columns(state)]
    symbols = mapping_at(state, "kpis.symbols")
    rows = [_row(state, symbol, row if isinstance(row, dict) else {}, keys) for symbol, row in symbols.items()]
    silent = {symbol for symbol, row in symbols.items() if not isinstance(row, dict) or not has_any([row], NUMBERS)}
    degraded = _degraded(symbols)

    def badness(row: Row) -> tuple[int, bool, bool, float]:
        symbol = row["symbol"].reading.text
        return tone_rank(row), symbol not in degraded, symbol not in silent, -(row["atr_ratio"].number or 0.0)

    return worst_first(state, rows, badness)


def _degraded(symbols: dict[str, Any]) -> set[str]:
    """Symbols whose orders the router fills badly."""
    words = {symbol: row.get("router_quality") for symbol, row in symbols.items() if isinstance(row, dict)}
    return {symbol for symbol, word in words.items() if isinstance(word, str) and word.strip().lower() in BADLY}


def _row(state: StateDict, symbol: str, row: dict[str, Any], keys: list[str]) -> Row:
    reasons = {column: reason_for(state, f"kpis.symbols.{symbol}.{column}", row.get(column)) for column in COLUMNS}
    dd_state = reading_of(row.get("dd_state"), reasons["dd_state"], default=text.DEFAULT_DD_STATE)
    regime = reading_of(row.get("atr_regime"), reasons["atr_regime"], default=text.DEFAULT_ATR_REGIME)
    cells = {column: _number(column, row.get(column), reasons[column]) for column in NUMBERS}
    today = cells["dd_today_pct"]
    cells["dd_today_pct"] = today._replace(reading=with_default(today.reading, dd_state))
    cells |= {
        "symbol": Cell(Reading(symbol, "")),
        "dd_state": Cell(dd_state, tone_of_symbol(dd_state.text)),
        "atr_regime": Cell(regime, tone_of(regime.text)),
    }
    return {key: cells[key] for key in keys}


def _number(column: str, value: Any, reason: str) -> Cell:
    """Slippage against us has its plus."""
    fmt = fmt_signed if column == "slip_q50_bps" else fmt_number
    number = value if is_number(value) and not reason else None
    return Cell(reading_of(value, reason, fmt), number=number)
