"""The risk table by symbol."""

from typing import Any

from dash import html

from dash_app.render import text
from dash_app.render.components import Child, block
from dash_app.render.readings import Reading, StateDict, mapping_at, reading_of, reason_at, reason_for
from dash_app.render.tables import Cell, Row, with_default, worst_first
from dash_app.render.theme import tone_of
from state.formatting import fmt_number

NUMBERS = ("dd_today_pct", "atr_ratio", "maker_fill_rate", "fallback_ratio", "slip_q50_bps")
COLUMNS = ("dd_state", "atr_regime", *NUMBERS)


def render_title(state: StateDict) -> list[Child]:
    """How many symbols."""
    count = len(mapping_at(state, "kpis.symbols"))
    return [f" · {count}"] if count else []


def render_empty(state: StateDict) -> list[html.Div]:
    """Why there is no symbol to show."""
    if mapping_at(state, "kpis.symbols"):
        return []
    reason = reason_at(state, "kpis.symbols")
    words = f"{text.SYMBOLS_UNKNOWN}: {reason}" if reason else text.NO_SYMBOLS
    marks = {"data-unknown": reason, "title": reason} if reason else {}
    return [block(words, "empty-reason", **{"data-field": "kpis.symbols", **marks})]


def build_rows(state: StateDict) -> list[Row]:
    """One row a symbol."""
    symbols = mapping_at(state, "kpis.symbols")
    rows = [_row(state, symbol, row if isinstance(row, dict) else {}) for symbol, row in symbols.items()]
    return worst_first(state, rows)


def _row(state: StateDict, symbol: str, row: dict[str, Any]) -> Row:
    reasons = {column: reason_for(state, f"kpis.symbols.{symbol}.{column}", row.get(column)) for column in COLUMNS}
    dd_state = reading_of(row.get("dd_state"), reasons["dd_state"], default=text.DEFAULT_DD_STATE)
    regime = reading_of(row.get("atr_regime"), reasons["atr_regime"], default=text.DEFAULT_ATR_REGIME)
    cells = {column: Cell(reading_of(row.get(column), reasons[column], fmt_number)) for column in NUMBERS}
    cells["dd_today_pct"] = Cell(with_default(cells["dd_today_pct"].reading, dd_state))
    return {
        "symbol": Cell(Reading(symbol, "")),
        "dd_state": Cell(dd_state, tone_of(dd_state.text)),
        "atr_regime": Cell(regime, tone_of(regime.text)),
        **cells,
    }
