"""What both tables have in common: texts, tones and reasons of a row."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from dash_app.render.readings import Reading, StateDict, value_at

# Rows carry their tones in a column that is not shown, because a table styles cells by what is in the row.
TONES = "tones"

TONE_COLORS = {
    "ok": "var(--hue-ok)",
    "warn": "var(--hue-attention)",
    "fail": "var(--hue-failure)",
    "gain": "var(--hue-gain)",
    "loss": "var(--hue-loss)",
    "unknown": "var(--hue-muted)",
}


TONE_RANKS = {"fail": 0, "warn": 1}


class Cell(NamedTuple):
    """One cell: its reading, and its tone when the value is known."""

    reading: Reading
    tone: str = ""


Row = dict[str, Cell]
BuildRows = Callable[[StateDict], list[Row]]


def render_data(build_rows: BuildRows) -> Callable[[StateDict], list[dict[str, str]]]:
    """The renderer of a table's `data`."""
    return lambda state: [_data(row) for row in build_rows(state)]


def render_tooltips(build_rows: BuildRows) -> Callable[[StateDict], list[dict[str, dict[str, str]]]]:
    """The renderer of its `tooltip_data`: the reason of every unknown cell."""
    return lambda state: [_tooltips(row) for row in build_rows(state)]


def _data(row: Row) -> dict[str, str]:
    """The texts of a row, and the tones of its cells."""
    tones = ((column, _tone(cell)) for column, cell in row.items())
    marks = "".join(f"|{column}:{tone}|" for column, tone in tones if tone)
    return {column: cell.reading.text for column, cell in row.items()} | {TONES: marks}


def _tooltips(row: Row) -> dict[str, dict[str, str]]:
    """The reasons of a row, as plain text."""
    reasons = {column: cell.reading.reason for column, cell in row.items()}
    return {column: {"value": reason, "type": "text"} for column, reason in reasons.items() if reason}


def with_default(today: Reading, dd_state: Reading) -> Reading:
    """Today's drawdown of a symbol beside its state: where that is a default, the 0.00 is one too."""
    return Reading(today.text, today.reason or dd_state.reason)


def worst_first(state: StateDict, rows: list[Row]) -> list[Row]:
    """On a wall nobody turns to the page with the panic: the rows with the worst words come first."""
    if value_at(state, "meta.worst_first") is not True:
        return rows
    return sorted(rows, key=lambda row: sorted(TONE_RANKS.get(_tone(cell), 2) for cell in row.values()))


def tone_styles(columns: Iterable[str]) -> list[dict[str, Any]]:
    """Conditional styles that colour the cells by their tones."""
    return [_tone_style(column, tone, color) for column in columns for tone, color in TONE_COLORS.items()]


def _tone_style(column: str, tone: str, color: str) -> dict[str, Any]:
    condition = {"column_id": column, "filter_query": f'{{{TONES}}} contains "|{column}:{tone}|"'}
    return {"if": condition, "color": color, "fontWeight": "600" if tone == "fail" else "inherit"}


def _tone(cell: Cell) -> str:
    return "unknown" if cell.reading.reason else cell.tone
