"""Drawing a group of panels so that one that fails blanks itself and no other."""

import logging
import traceback
from collections.abc import Iterable
from typing import Any

from dash import html, no_update

from dash_app.panels import Panel

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
