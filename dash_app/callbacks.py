"""Both callbacks: one loads the state, one draws it."""

import logging
import traceback
from collections.abc import Iterable
from typing import Any, NamedTuple

from dash import Dash, Input, Output, html, no_update
from dash import State as Store
from dash.exceptions import PreventUpdate

from dash_app import ids
from dash_app.address import State, read_address, show_as
from dash_app.panels import GROUPS, Panel
from dash_app.render.readings import text_at
from dash_app.server.loads import load_state
from dash_app.server.metrics import DRAWS
from dash_app.settings import Settings

PANELS = tuple(panel for panels in GROUPS.values() for panel in panels)


class Asked(NamedTuple):
    """What a poll says of its tab: the address, once it has been read, and the version it has drawn."""

    search: str | None
    drawn: str | None


def register_callbacks(app: Dash, settings: Settings) -> None:
    """Interval -> load -> Store -> draw every panel, and the version that was drawn.

    One callback draws: what a change costs the server is mostly the number of requests, each of which sends the state
    back, and no tab ever shows a chart of another version than its numbers.
    """
    app.callback(
        Output(ids.STATE, "data"),
        Input(ids.TICK, "n_intervals"),
        Input(ids.ADDRESS, "search"),
        Store(ids.DRAWN, "data"),
    )(_loader(settings))
    app.callback(
        *(Output(panel.component_id, panel.prop) for panel in PANELS),
        Output(ids.DRAWN, "data"),
        Input(ids.STATE, "data"),
        prevent_initial_call=True,
    )(draw)


def find_news(settings: Settings, asked: Asked, environ: dict[str, Any] | None = None) -> State | None:
    """The state as loaded; None while the tab shows it already."""
    # A tab asks once before it has read its own address: it must not get what the address says to mask.
    if asked.search is None:
        return None
    state = load_state(settings, environ)
    # A tab that failed to draw still has another version, and gets the state again.
    return None if asked.drawn == state["meta"]["version"] else state


def draw(state: State | None) -> list[Any]:
    """The values of all panels, and the version they show."""
    if not state:
        raise PreventUpdate
    DRAWS.inc()
    return [*draw_panels(PANELS, state), text_at(state, "meta.version")]


def _loader(settings: Settings) -> Any:
    def load(_tick: int | None, search: str | None, drawn: str | None) -> State:
        state = find_news(settings, Asked(search, drawn))
        if state is None:
            raise PreventUpdate
        return show_as(state, read_address(search or ""))

    return load


LOGGER = logging.getLogger(__name__)
FAILED = "panel failed"

_WORDS = {"text": FAILED, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
_NO_AXIS = {"visible": False}

FAILED_VALUES: dict[str, Any] = {
    "children": html.Div(FAILED, className="panel-failed"),
    "figure": {"data": [], "layout": {"annotations": [_WORDS], "xaxis": _NO_AXIS, "yaxis": _NO_AXIS}},
    "data": [{"symbol": FAILED}],
    "tooltip_data": [],
}

MOST_REPORTS = 100
DEEPEST_FRAMES = 10
LONGEST_WORDS = 200  # of what an error says: it may quote the state, and the state may be a client's

_reported: set[tuple[str, str]] = set()  # what the log has had: a failure comes back with every change of the state


def draw_panels(panels: Iterable[Panel], state: dict[str, Any]) -> list[Any]:
    """The value of each panel, in order."""
    return [_draw(panel, state) for panel in panels]


def _draw(panel: Panel, state: dict[str, Any]) -> Any:
    try:
        return panel.render(state)
    except Exception as error:  # noqa: BLE001 - whatever a renderer raises, the other panels must live
        _report(panel, error)
        return failed_value(panel.prop)


def _report(panel: Panel, error: Exception) -> None:
    """Say where it failed, once for each place in the code."""
    place = "".join(traceback.format_tb(error.__traceback__, limit=-DEEPEST_FRAMES))
    key = (f"{panel.component_id}.{panel.prop}", place)
    if key not in _reported and len(_reported) < MOST_REPORTS:
        _reported.add(key)
        words = ascii(str(error)[:LONGEST_WORDS])
        LOGGER.error("panel %s failed: %s %s\n%s", key[0], type(error).__name__, words, place)


def failed_value(prop: str) -> Any:
    """What stands in the place of a failed panel: words, and never the numbers from before."""
    return FAILED_VALUES.get(prop, no_update)
