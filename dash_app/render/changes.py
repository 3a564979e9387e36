"""The tape: what changed and when, newest first. The browser adds what it noticed itself."""

from dash import html

from dash_app.render.components import block, field, span
from dash_app.render.readings import State, number_at, reason_at, rows_at, text_at
from dash_app.render.text import CHANGES_UNKNOWN, NOTHING_CHANGED
from dash_app.render.theme import tone_of
from state.formatting import fmt_moment

NEWEST = 12  # what does not fit below one another is not seen


def render_changes(state: State) -> list[html.Div]:
    """One line a change, in the order of the state."""
    count = len(rows_at(state, "transitions"))
    return [_line(state, f"transitions.{index}") for index in range(min(count, NEWEST))] or [_nothing(state)]


def _line(state: State, path: str) -> html.Div:
    at = number_at(state, f"{path}.at")
    now = number_at(state, "meta.loaded_at") or 0.0
    marks = {} if at is None else {"data-at": str(at)}
    time = span(fmt_moment(at, now), "change-time moment", **marks)
    tone = tone_of(text_at(state, f"{path}.after"))
    return block([time, field(state, f"{path}.text", class_name=f"change-text {tone}".strip())], "change", **marks)


def _nothing(state: State) -> html.Div:
    reason = reason_at(state, "transitions")
    words = f"{CHANGES_UNKNOWN}: {reason}" if reason else NOTHING_CHANGED
    return block(words, "change-none")
