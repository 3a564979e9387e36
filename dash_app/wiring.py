"""Both callbacks: one loads the state, one draws it."""

from typing import Any, NamedTuple

from dash import Dash, Input, Output
from dash import State as Store
from dash.exceptions import PreventUpdate

from dash_app import ids
from dash_app.address import State, read_address, show_as
from dash_app.counts import DRAWS
from dash_app.drawing import draw_panels
from dash_app.loads import load_state
from dash_app.panels import GROUPS
from dash_app.readings import text_at
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
