"""The open positions, or why there are none to show."""

from collections.abc import Callable

from dash_app.render import html, text
from dash_app.render.columns import FURTHER_POSITIONS, POSITIONS, Column
from dash_app.render.components import REACHABLE, Child, block, field, line, show, span
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
    text_at,
    value_at,
)
from dash_app.render.tables import Cell, Row, align_points, has_any, tone_rank, with_default, worst_first
from dash_app.render.theme import tone_of, tone_of_amount, tone_of_symbol
from state.formatting import fmt_moment, fmt_number, fmt_qty, fmt_signed, fmt_usd

# Long and short have no colour; what stands on its base belongs to severity.
SIDE_WORDS = {"LONG": "↗ LONG", "SHORT": "↘ SHORT"}
NO_STOP = "none"
ALIGNED = ("qty", "entry_price", "mark_price", "liquidation_price")
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


def render_empty(state: StateDict) -> list[html.Element]:
    """Flat and unknown are different things."""
    if rows_at(state, "positions"):
        return []
    if "positions" not in mapping_at(state, "meta.unknown"):
        return [block(text.NO_POSITIONS, "empty-title", **{"data-field": "positions"})]
    reason = reason_at(state, "positions")
    marks = {"data-field": "positions", "data-unknown": reason, **REACHABLE}
    words: list[Child] = [
        span(text.POSITIONS_UNKNOWN, "empty-title fail"),
        span(": ", "visually-hidden"),
        html.Div(reason, className="empty-reason"),
    ]
    return [block(words, "empty-unknown", **marks), *_last_book(state)]


def _last_book(state: StateDict) -> list[html.Element]:
    if not mapping_at(state, "meta.last_book"):
        return []
    at = fmt_moment(number_at(state, "meta.last_book.at"), number_at(state, "meta.loaded_at") or 0.0)
    count = field(state, "meta.last_book.count", lambda value: fmt_number(value, 0))
    gross = field(state, "meta.last_book.gross_usd", fmt_usd)
    return [line(f"Last known at {at}: ", count, " positions, gross ", gross, " USD.")]


def find_columns(state: StateDict) -> list[Column]:
    """The owner's nine, and of the others those for which a row of the book has a value."""
    rows = rows_at(state, "positions")
    fields = {"stop_pct": ("stop_pct", "has_stop")}
    return [*POSITIONS, *(one for one in FURTHER_POSITIONS if has_any(rows, fields.get(one.key, (one.key,))))]


def build_rows(state: StateDict) -> list[Row]:
    """One row a position, with the columns that are there."""
    further = [column.key for column in find_columns(state)[len(POSITIONS) :]]
    rows = [_row(state, f"positions.{index}", further) for index in range(len(rows_at(state, "positions")))]
    return worst_first(state, align_points(rows, ALIGNED), _badness)


def _badness(row: Row) -> tuple[bool, bool, float]:
    """Rows that call for an act, then losses, the largest first; a result that is not known comes before gains."""
    naked = "stop_pct" in row and row["stop_pct"].tone in ("warn", "fail")
    return not naked, tone_rank(row) > 0, row["pnl_fmt"].number or 0.0


def _row(state: StateDict, path: str, further: list[str]) -> Row:
    side = read(state, f"{path}.side")
    dd_state = read(state, f"{path}.dd_state", default=text.DEFAULT_DD_STATE)
    regime = read(state, f"{path}.atr_regime", default=text.DEFAULT_ATR_REGIME)
    today = _number(state, f"{path}.dd_today_pct", fmt_number)
    return {
        "symbol": Cell(read(state, f"{path}.symbol")),
        "side": Cell(Reading(SIDE_WORDS.get(side.text, side.text), side.reason)),
        "qty": _number(state, f"{path}.qty", fmt_qty),
        "notional_fmt": _notional(state, path),
        "pnl_fmt": _amount(state, f"{path}.pnl"),
        "dd_state": Cell(dd_state, tone_of_symbol(dd_state.text)),
        "dd_today_pct": today._replace(reading=with_default(today.reading, dd_state)),
        "atr_ratio": _number(state, f"{path}.atr_ratio", fmt_number),
        "atr_regime": Cell(regime, tone_of(regime.text)),
        **{name: FURTHER[name](state, f"{path}.{name}") for name in further},
    }


def _number(state: StateDict, path: str, fmt: Format) -> Cell:
    return Cell(read(state, path, fmt), number=number_at(state, path))


def _amount(state: StateDict, path: str) -> Cell:
    """A gain with its plus, a loss with its minus, and nothing between them in neither tone."""
    number = number_at(state, path)
    return Cell(read(state, path, fmt_signed), tone_of_amount(number), number)


def _notional(state: StateDict, path: str) -> Cell:
    """The state's own text of the amount, with the reason of the amount itself."""
    words, reason = read(state, f"{path}.notional_fmt")
    amount = f"{path}.notional"
    return Cell(Reading(words, reason_at(state, amount) or reason), number=number_at(state, amount))


def _times(state: StateDict, path: str) -> Cell:
    return _number(state, path, lambda value: fmt_number(value) if value is None else f"{fmt_qty(value)}×")


def _stop(state: StateDict, path: str) -> Cell:
    """The way to the stop; that there is none is said, and is as bad as the rest of the desk is."""
    if value_at(state, f"{path.rpartition('.')[0]}.has_stop") is False:
        return Cell(Reading(NO_STOP, ""), "fail" if _is_bad_day(state) else "warn")
    return _number(state, path, lambda value: fmt_signed(value, 1))


def _is_bad_day(state: StateDict) -> bool:
    """The executor has halted, or the portfolio is in a drawdown that calls for an act."""
    halted = value_at(state, "kpis.risk.circuit_breaker") is True or tone_of(text_at(state, "kpis.risk.mode")) == "fail"
    return halted or tone_of(text_at(state, "kpis.risk.dd_state")) == "fail"


def _price(state: StateDict, path: str) -> Cell:
    return _number(state, path, fmt_qty)


FURTHER: dict[str, Callable[[StateDict, str], Cell]] = {
    "entry_price": _price,
    "mark_price": _price,
    "leverage": _times,
    "pnl_pct": _amount,
    "stop_pct": _stop,
    "liquidation_price": _price,
    "funding_usd": _amount,
}
