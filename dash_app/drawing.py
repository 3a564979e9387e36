"""Drawing a group of panels so that one that fails blanks itself and no other."""

import logging
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
    key = (f"{panel.component_id}.{panel.prop}", repr(error)[:200])
    if key not in _reported and len(_reported) < 100:
        _reported.add(key)
        LOGGER.error("panel %s failed", key[0], exc_info=error)


def failed_value(prop: str) -> Any:
    """What stands in the place of a failed panel: words, and never the numbers from before."""
    return FAILED_VALUES.get(prop, no_update)
