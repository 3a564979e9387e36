"""What both tables have in common: texts, tones and reasons of a row, what it is sorted by, and points in one line."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from dash_app.render.columns import Column
from dash_app.render.readings import Reading, StateDict, value_at

# Columns that are not shown. Rows carry the tones of their cells, and what a column of numbers is sorted by: its texts
# are in the order of letters.
TONES = "tones"
SORT_KEY = "{}:key"

TONE_RANKS = {"fail": 0, "warn": 1}

# As wide as a digit and as a point.
FIGURE_SPACE = "\u2007"
POINT_SPACE = "\u2008"


class Cell(NamedTuple):
    """One cell: its reading, its tone when the value is known, and the number that it is sorted by."""

    reading: Reading
    tone: str = ""
    number: float | None = None


Row = dict[str, Cell]
BuildRows = Callable[[StateDict], list[Row]]


def render_columns(
    find_columns: Callable[[StateDict], Iterable[Column]],
) -> Callable[[StateDict], list[dict[str, str]]]:
    """The renderer of a table's `columns`: texts are final, nothing in them is markup."""
    return lambda state: describe_columns(find_columns(state))


def describe_columns(columns: Iterable[Column]) -> list[dict[str, str]]:
    """Columns as the table wants them."""
    return [{"id": column.key, "name": column.header, "type": "text"} for column in columns]


def render_data(build_rows: BuildRows) -> Callable[[StateDict], list[dict[str, Any]]]:
    """The renderer of a table's `data`."""
    return lambda state: [_data(row) for row in build_rows(state)]


def render_tooltips(build_rows: BuildRows) -> Callable[[StateDict], list[dict[str, dict[str, str]]]]:
    """The renderer of its `tooltip_data`: the reason of every unknown cell."""
    return lambda state: [_tooltips(row) for row in build_rows(state)]


def _data(row: Row) -> dict[str, Any]:
    """The texts of a row, the tones of its cells and the numbers behind them."""
    tones = ((column, _tone(cell)) for column, cell in row.items())
    marks = "".join(f"|{column}:{tone}|" for column, tone in tones if tone)
    keys = {SORT_KEY.format(column): cell.number for column, cell in row.items() if cell.number is not None}
    return {column: cell.reading.text for column, cell in row.items()} | {TONES: marks} | keys


def _tooltips(row: Row) -> dict[str, dict[str, str]]:
    """The reasons of a row, as plain text."""
    reasons = {column: cell.reading.reason for column, cell in row.items()}
    return {column: {"value": reason, "type": "text"} for column, reason in reasons.items() if reason}


def with_default(today: Reading, dd_state: Reading) -> Reading:
    """Today's drawdown of a symbol beside its state: where that is a default, the 0.00 is one too."""
    return Reading(today.text, today.reason or dd_state.reason)


def has_any(rows: Iterable[dict[str, Any]], fields: Iterable[str]) -> bool:
    """Whether any row has a value in one of the fields."""
    return any(row.get(name) is not None for row in rows for name in fields)


# --- points in one line ---


def align_points(rows: list[Row], columns: Iterable[str]) -> list[Row]:
    """The rows with the fractions of some columns padded, so that the points stand under each other."""
    widths = {column: max((_fraction(row[column]) for row in rows if column in row), default=0) for column in columns}
    return [row | {name: _padded(row[name], width) for name, width in widths.items() if name in row} for row in rows]


def _fraction(cell: Cell) -> int:
    """Digits after the point."""
    return len(cell.reading.text.partition(".")[2]) if cell.number is not None else 0


def _padded(cell: Cell, width: int) -> Cell:
    if cell.number is None or not width:
        return cell
    text, digits = cell.reading.text, _fraction(cell)
    point = "" if "." in text else POINT_SPACE
    return cell._replace(reading=Reading(text + point + FIGURE_SPACE * (width - digits), cell.reading.reason))


# --- what a wall shows first ---


def worst_first(state: StateDict, rows: list[Row], badness: Callable[[Row], Any]) -> list[Row]:
    """On a wall nobody turns to the page with the loss: the worst rows come first, the lowest `badness` of all."""
    return sorted(rows, key=badness) if value_at(state, "meta.worst_first") is True else rows


def tone_rank(row: Row) -> int:
    """0 with a red cell, 1 with an amber one, else 2."""
    return min((TONE_RANKS.get(_tone(cell), 2) for cell in row.values()), default=2)


def _tone(cell: Cell) -> str:
    return "unknown" if cell.reading.reason else cell.tone
