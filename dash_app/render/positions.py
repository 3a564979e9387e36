"""The open positions, or why there are none to show."""

from dash import html

from dash_app.render import text
from dash_app.render.components import Child, block, field, line, show, span
from dash_app.render.readings import (
    Format,
    Reading,
    StateDict,
    mapping_at,
    number_at,
    read,
    reason_at,
    rows_at,
    stale_at,
)
from dash_app.render.tables import Cell, Row, with_default, worst_first
from dash_app.render.theme import tone_of, tone_of_amount
from state.formatting import fmt_clock, fmt_number, fmt_qty, fmt_signed, fmt_usd

SIDE_TONES = {"LONG": "gain", "SHORT": "loss"}
NET = "nav.net_exposure_usd"


def render_title(state: StateDict) -> list[Child]:
    """How many, how large, and what they have gained."""
    count = len(rows_at(state, "positions"))
    if not count:
        return []
    pnl_tone = tone_of_amount(number_at(state, "nav.unrealized_pnl_usd"))
    pnl = field(state, "nav.unrealized_pnl_usd", fmt_signed, class_name=pnl_tone)
    return [f" · {count}", *_sides(state), " USD · ", span(["PnL ", pnl], "text-nowrap")]


def _sides(state: StateDict) -> list[Child]:
    """Long, short and net in whole dollars; gross is the sum of both sides, and net what lies between them."""
    gross, old = number_at(state, "nav.gross_exposure_usd"), stale_at(state, NET)

    def half(sign: int) -> Format:
        return lambda net: fmt_number(None if gross is None or net is None else (gross + sign * net) / 2, 0)

    formats = {"long": half(1), "short": half(-1), "net": lambda net: fmt_signed(net, 0)}
    shown = [(f" · {name} ", show(read(state, NET, fmt), old)) for name, fmt in formats.items()]
    return [part for pair in shown for part in pair]


def render_empty(state: StateDict) -> list[html.Div]:
    """Flat and unknown are different things."""
    if rows_at(state, "positions"):
        return []
    if "positions" not in mapping_at(state, "meta.unknown"):
        return [block(text.NO_POSITIONS, "empty-title", **{"data-field": "positions"})]
    reason = reason_at(state, "positions")
    marks = {"data-field": "positions", "data-unknown": reason, "title": reason}
    words: list[Child] = [
        span(text.POSITIONS_UNKNOWN, "empty-title fail"),
        span(": ", "visually-hidden"),
        html.Div(reason, className="empty-reason"),
    ]
    return [block(words, "empty-unknown", **marks), *_last_book(state)]


def _last_book(state: StateDict) -> list[html.Div]:
    if not mapping_at(state, "meta.last_book"):
        return []
    at = fmt_clock(number_at(state, "meta.last_book.at"))
    count = field(state, "meta.last_book.count", lambda value: fmt_number(value, 0))
    gross = field(state, "meta.last_book.gross_usd", fmt_usd)
    return [line(f"Last known at {at}: ", count, " positions, gross ", gross, " USD.")]


def build_rows(state: StateDict) -> list[Row]:
    """One row a position."""
    rows = [_row(state, f"positions.{index}") for index in range(len(rows_at(state, "positions")))]
    return worst_first(state, rows)


def _row(state: StateDict, path: str) -> Row:
    side = read(state, f"{path}.side")
    dd_state = read(state, f"{path}.dd_state", default=text.DEFAULT_DD_STATE)
    regime = read(state, f"{path}.atr_regime", default=text.DEFAULT_ATR_REGIME)
    return {
        "symbol": Cell(read(state, f"{path}.symbol")),
        "side": Cell(Reading(text.SIDE_MARKS.get(side.text, side.text), side.reason), SIDE_TONES.get(side.text, "")),
        "qty": Cell(read(state, f"{path}.qty", fmt_qty)),
        "notional_fmt": Cell(_formatted(state, path, "notional")),
        "pnl_fmt": Cell(_formatted(state, path, "pnl"), tone_of_amount(number_at(state, f"{path}.pnl"))),
        "dd_state": Cell(dd_state, tone_of(dd_state.text)),
        "dd_today_pct": Cell(with_default(read(state, f"{path}.dd_today_pct", fmt_number), dd_state)),
        "atr_ratio": Cell(read(state, f"{path}.atr_ratio", fmt_number)),
        "atr_regime": Cell(regime, tone_of(regime.text)),
    }


def _formatted(state: StateDict, path: str, name: str) -> Reading:
    """The state's own text of an amount, with the reason of the amount itself."""
    text, reason = read(state, f"{path}.{name}_fmt")
    return Reading(text, reason_at(state, f"{path}.{name}") or reason)
