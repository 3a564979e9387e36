"""One line over all desks, each alert with the name of its desk; and the chips of what lies between desks and wall."""

from typing import Any

import dash_bootstrap_components as dbc

from dash_app.render import html, text
from dash_app.render.alerts import rank_alert, tell_alerts
from dash_app.render.components import span
from dash_app.render.footer import show_check
from dash_app.render.readings import StateDict, number_at, rows_at, text_at
from state.formatting import fmt_number


def render_alerts(state: StateDict) -> dbc.Alert:
    """The worst with its effect and for how long; of the others the titles, with the rest within reach."""
    first, *others = sorted(rows_at(state, "alerts"), key=rank_alert) or [{}]
    rows = [first, *map(_shorten, others)] if first else []
    quiet = f"{_count(state, 'meta.quiet')} of {_count(state, 'meta.count')} desks quiet"
    return tell_alerts(state, rows, [span(quiet, "alert-quiet")], is_known=bool(rows_at(state, "desks")))


def _shorten(row: dict[str, Any]) -> dict[str, Any]:
    words = [text_at(row, name) for name in ("text", "detail")]
    return {**row, "text": "", "detail": ". ".join(word for word in words if word)}


def _count(state: StateDict, path: str) -> str:
    return fmt_number(number_at(state, path), 0)


def render_checks(state: StateDict) -> list[html.Element]:
    """A chip for each thing that was looked at, well or not."""
    return [show_check(row) for row in rows_at(state, "meta.checks")] or [span(text.NOTHING_LOADED, "chip badge")]
