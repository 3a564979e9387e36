"""The first requests of a worker, made by itself."""

import logging
from typing import Any

from flask import Flask

from dash_app import ids
from dash_app.access.guard import inside_client
from dash_app.panels import GROUPS

LOGGER = logging.getLogger(__name__)

CALLBACKS = "/_dash-update-component"

FIRST_POLL: dict[str, Any] = {
    "output": f"{ids.STATE}.data",
    "outputs": {"id": ids.STATE, "property": "data"},
    "inputs": [
        {"id": ids.TICK, "property": "n_intervals", "value": 0},
        {"id": ids.ADDRESS, "property": "search", "value": ""},
    ],
    "changedPropIds": [],
    "state": [{"id": ids.DRAWN, "property": "data"}],
}


def drawing_of(state: dict[str, Any] | None) -> dict[str, Any]:
    """The request that has a state drawn."""
    outputs = [(panel.component_id, panel.prop) for panels in GROUPS.values() for panel in panels]
    outputs.append((ids.DRAWN, "data"))
    return {
        "output": f"..{'...'.join('.'.join(output) for output in outputs)}..",
        "outputs": [{"id": component_id, "property": prop} for component_id, prop in outputs],
        "inputs": [{"id": ids.STATE, "property": "data", "value": state}],
        "changedPropIds": [f"{ids.STATE}.data"],
    }


def warm_up(server: Flask) -> None:
    """Set up Dash, fill the loader's cache and draw once before the worker takes its first browser.

    Dash marks itself as set up before it has registered its callbacks, so two early requests at once can fail.
    """
    client = inside_client(server)
    answers = [client.get(path) for path in ("/", "/_dash-layout", "/_dash-dependencies")]
    polled = client.post(CALLBACKS, json=FIRST_POLL)
    answers.append(polled)
    if polled.status_code == 200:
        answers.append(client.post(CALLBACKS, json=drawing_of(polled.get_json()["response"][ids.STATE]["data"])))
    for answer in answers:
        if answer.status_code >= 400:
            LOGGER.error("warm-up: %s answered %s", answer.request.path, answer.status)
