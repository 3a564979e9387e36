"""The open positions, or why there are none to show."""

from dash import html

from dash_app.render.components import Child, block, field, line, span
from dash_app.render.readings import Reading, State, mapping_at, number_at, read, reason_at, rows_at
from dash_app.render.tables import Cell, Row, row_data, row_tooltips, with_default, worst_first
from dash_app.render.text import DEFAULT_ATR_REGIME, DEFAULT_DD_STATE, NO_POSITIONS, POSITIONS_UNKNOWN, SIDE_MARKS
from dash_app.render.theme import tone_of, tone_of_amount
from state.formatting import fmt_clock, fmt_number, fmt_qty, fmt_signed, fmt_usd

SIDE_TONES = {"LONG": "gain", "SHORT": "loss"}


def render_data(state: State) -> list[dict[str, str]]:
    """The rows of the table."""
    return [row_data(row) for row in _rows(state)]


def render_tooltips(state: State) -> list[dict[str, dict[str, str]]]:
    """The reason of every unknown cell."""
    return [row_tooltips(row) for row in _rows(state)]


def render_title(state: State) -> list[Child]:
    """How many, how large, and what they have gained."""
    count = len(rows_at(state, "positions"))
    if not count:
        return []
    pnl_tone = tone_of_amount(number_at(state, "nav.unrealized_pnl_usd"))
    gross = field(state, "nav.gross_exposure_usd", fmt_usd)
    pnl = field(state, "nav.unrealized_pnl_usd", fmt_signed, class_name=pnl_tone)
    return [f" · {count} · gross ", gross, " USD · PnL ", pnl]


def render_empty(state: State) -> list[html.Div]:
    """Flat and unknown are different things."""
    if rows_at(state, "positions"):
        return []
    unknown, reason = _unknown_reason(state)
    if not unknown:
        return [block(NO_POSITIONS, "empty-title", **{"data-field": "positions"})]
    marks = {"data-field": "positions", "data-unknown": reason, "title": reason}
    words: list[Child] = [
        span(POSITIONS_UNKNOWN, "empty-title fail"),
        span(": ", "visually-hidden"),
        html.Div(reason, className="empty-reason"),
    ]
    return [block(words, "empty-unknown", **marks), *_last_book(state)]


def _unknown_reason(state: State) -> tuple[bool, str]:
    known = "positions" not in mapping_at(state, "meta.unknown")
    return (False, "") if known else (True, reason_at(state, "positions"))


def _last_book(state: State) -> list[html.Div]:
    if not mapping_at(state, "meta.last_book"):
        return []
    at = fmt_clock(number_at(state, "meta.last_book.at"))
    count = field(state, "meta.last_book.count", lambda value: fmt_number(value, 0))
    gross = field(state, "meta.last_book.gross_usd", fmt_usd)
    return [line(f"Last known at {at}: ", count, " positions, gross ", gross, " USD.")]


def _rows(state: State) -> list[Row]:
    rows = [_row(state, f"positions.{index}") for index in range(len(rows_at(state, "positions")))]
    return worst_first(state, rows)


def _row(state: State, path: str) -> Row:
    side = read(state, f"{path}.side")
    dd_state = read(state, f"{path}.dd_state", default=DEFAULT_DD_STATE)
    regime = read(state, f"{path}.atr_regime", default=DEFAULT_ATR_REGIME)
    return {
        "symbol": Cell(read(state, f"{path}.symbol")),
        "side": Cell(Reading(SIDE_MARKS.get(side.text, side.text), side.reason), SIDE_TONES.get(side.text, "")),
        "qty": Cell(read(state, f"{path}.qty", fmt_qty)),
        "notional_fmt": Cell(_formatted(state, path, "notional")),
        "pnl_fmt": Cell(_formatted(state, path, "pnl"), tone_of_amount(number_at(state, f"{path}.pnl"))),
        "dd_state": Cell(dd_state, tone_of(dd_state.text)),
        "dd_today_pct": Cell(with_default(read(state, f"{path}.dd_today_pct", fmt_number), dd_state)),
        "atr_ratio": Cell(read(state, f"{path}.atr_ratio", fmt_number)),
        "atr_regime": Cell(regime, tone_of(regime.text)),
    }


def _formatted(state: State, path: str, name: str) -> Reading:
    """The state's own text of an amount, with the reason of the amount itself."""
    text, reason = read(state, f"{path}.{name}_fmt")
    return Reading(text, reason_at(state, f"{path}.{name}") or reason)
