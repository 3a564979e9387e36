"""All callbacks: one loads the state, one per group of panels draws it."""

from typing import Any

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from dash_app import ids
from dash_app.address import read_address, show_as
from dash_app.drawing import draw_panels
from dash_app.loads import load_state
from dash_app.panels import GROUPS, Panel
from dash_app.settings import Settings

DRAWN = {"cards": ids.DRAWN_CARDS, "charts": ids.DRAWN_CHARTS, "tables": ids.DRAWN_TABLES}


def register_callbacks(app: Dash, settings: Settings) -> None:
    """Interval -> load -> Store -> one callback per group, each with its panels and the version it drew."""
    app.callback(
        Output(ids.STATE, "data"),
        Input(ids.TICK, "n_intervals"),
        Input(ids.ADDRESS, "search"),
        *(State(drawn, "data") for drawn in DRAWN.values()),
    )(_loader(settings))
    for group, panels in GROUPS.items():
        app.callback(
            *(Output(panel.component_id, panel.prop) for panel in panels),
            Output(DRAWN[group], "data"),
            Input(ids.STATE, "data"),
            prevent_initial_call=True,
        )(_drawer(panels))


def _loader(settings: Settings) -> Any:
    def load(_tick: int | None, search: str | None, *drawn: str | None) -> dict[str, Any]:
        # A tab asks once before it has read its own address: it must not get what the address says to mask.
        if search is None:
            raise PreventUpdate
        state = load_state(settings)
        # A tab that failed to draw has another version in one of its stores, and gets the state again.
        if all(version == state["meta"]["version"] for version in drawn):
            raise PreventUpdate
        return show_as(state, read_address(search))

    return load


def _drawer(panels: tuple[Panel, ...]) -> Any:
    def draw(state: dict[str, Any] | None) -> list[Any]:
        if not state:
            raise PreventUpdate
        return [*draw_panels(panels, state), state["meta"]["version"]]

    return draw
