"""The first requests of a worker, made by itself."""

import logging
from typing import Any

from flask import Flask

from dash_app import ids

LOGGER = logging.getLogger(__name__)

FIRST_POLL: dict[str, Any] = {
    "output": f"{ids.STATE}.data",
    "outputs": {"id": ids.STATE, "property": "data"},
    "inputs": [
        {"id": ids.TICK, "property": "n_intervals", "value": 0},
        {"id": ids.ADDRESS, "property": "search", "value": ""},
    ],
    "changedPropIds": [],
    "state": [{"id": drawn, "property": "data"} for drawn in (ids.DRAWN_CARDS, ids.DRAWN_CHARTS, ids.DRAWN_TABLES)],
}


def warm_up(server: Flask) -> None:
    """Set up Dash and fill the loader's cache before the worker takes its first browser.

    Dash marks itself as set up before it has registered its callbacks, so two early requests at once can fail.
    """
    client = server.test_client()
    answers = [client.get(path) for path in ("/", "/_dash-layout", "/_dash-dependencies")]
    answers.append(client.post("/_dash-update-component", json=FIRST_POLL))
    for answer in answers:
        if answer.status_code >= 400:
            LOGGER.error("warm-up: %s answered %s", answer.request.path, answer.status)
