"""The desks for which there is no tile: one row each, the worst first."""

from dash_app.render import html, text
from dash_app.render.columns import FLEET
from dash_app.render.components import Child
from dash_app.render.readings import (
    Format,
    Reading,
    StateDict,
    fmt_upper,
    number_at,
    read,
    rows_at,
    stale_at,
    text_at,
    value_at,
)
from dash_app.render.tables import Cell, Row
from dash_app.render.theme import tone_of, tone_of_amount
from state.desks.overview import MOST_TILES
from state.formatting import UNKNOWN_TEXT, fmt_moment, fmt_pct, fmt_signed, fmt_usd


def render_title(state: StateDict) -> list[Child | html.Element]:
    """Which desks the table has; nothing where each has a tile, and then there is no table either."""
    count = len(rows_at(state, "desks"))
    return [f"{count - MOST_TILES} more desks"] if count > MOST_TILES else []


def build_rows(state: StateDict) -> list[Row]:
    """One row a desk."""
    return [_row(state, f"desks.{index}") for index in range(MOST_TILES, len(rows_at(state, "desks")))]


def _row(state: StateDict, path: str) -> Row:
    dd_state = read(state, f"{path}.dd_state", default=text.DEFAULT_DD_STATE)
    environment = "TESTNET" if value_at(state, f"{path}.testnet") is True else ""
    cells = {
        "name": Cell(read(state, f"{path}.name")),
        "trouble": _trouble(state, path),
        "environment": Cell(
            Reading(environment, "")
            if environment
            else read(state, f"{path}.environment", fmt_upper, text.DEFAULT_ENVIRONMENT)
        ),
        "nav_usd": _number(state, f"{path}.nav_usd", fmt_usd),
        "change_24h_pct": _signed(state, f"{path}.change_24h_pct"),
        "pnl_today_usd": _signed(state, f"{path}.pnl_today_usd"),
        "dd_state": Cell(dd_state, tone_of(dd_state.text)),
        "drawdown_pct": _number(state, f"{path}.drawdown_pct", fmt_pct),
        "stops": _stops(state, path),
        "confirmed_at": _moment(state, f"{path}.confirmed_at"),
    }
    return {column.key: cells[column.key] for column in FLEET}


def _trouble(state: StateDict, path: str) -> Cell:
    severity = text_at(state, f"{path}.severity")
    first = next(iter(rows_at(state, f"{path}.alerts")), {})
    return (
        Cell(Reading(text_at(first, "title"), ""), severity)
        if severity and first
        else Cell(Reading(text.ALL_QUIET, ""))
    )


def _number(state: StateDict, path: str, fmt: Format) -> Cell:
    """An old figure says so as one that is unknown does: it is not of now."""
    shown = read(state, path, fmt)
    return Cell(Reading(shown.text, shown.reason or stale_at(state, path)), number=number_at(state, path))


def _signed(state: StateDict, path: str) -> Cell:
    cell = _number(state, path, fmt_signed)
    return cell._replace(tone=tone_of_amount(cell.number))


def _stops(state: StateDict, path: str) -> Cell:
    held, of = (number_at(state, f"{path}.stops.{name}") for name in ("held", "of"))
    if held is None or of is None:
        return Cell(Reading(UNKNOWN_TEXT, "no file tells which positions have a stop"))
    return Cell(Reading(f"{held:.0f} of {of:.0f}", ""), number=held - of)


def _moment(state: StateDict, path: str) -> Cell:
    """A time of day, which stays true while the row stands."""
    at = number_at(state, path)
    words = fmt_moment(at, number_at(state, "meta.loaded_at") or 0.0)
    return Cell(Reading(words, "" if at is not None else "no file says when the exchange confirmed the NAV"), number=at)
