"""The first requests of a worker, made by itself."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from dash_app.access.guard import internal_client
from dash_app.server.sharing import ENDPOINT

LOGGER = logging.getLogger(__name__)

Json = dict[str, Any]


def warm_up(server: Flask) -> None:
    """Set up Dash, fill the loader's cache and draw once before the worker takes its first browser.

    Dash marks itself as set up before it has registered its callbacks, so two early requests at once can fail.
    """
    for answer in _first_answers(server):
        if answer.status_code >= 400:
            LOGGER.error("warm-up: %s answered %s", answer.request.path, answer.status)


def _first_answers(server: Flask) -> Iterator[TestResponse]:
    """The page, and its callbacks in their order, each with what those before it have answered."""
    client = internal_client(server)
    yield from (client.get(path) for path in ("/", "/_dash-layout"))
    dependencies = client.get("/_dash-dependencies")
    yield dependencies
    values: Json = {"tick.n_intervals": 0, "address.search": ""}
    for callback in dependencies.get_json(silent=True) or []:
        answer = client.post(ENDPOINT, json=request_of(callback, values))
        yield answer
        for name, props in (answer.get_json(silent=True) or {}).get("response", {}).items():
            values |= {f"{name}.{prop}": value for prop, value in props.items()}


def request_of(callback: Json, values: Mapping[str, Any]) -> Json:
    """The request that a browser makes of a callback.

    Args:
        callback: as `/_dash-dependencies` has it.
        values: what the page has, by `id.property`; what it has not is left out.
    """
    output = callback["output"]
    outputs = [_split(name) for name in output.removeprefix("..").removesuffix("..").split("...")]
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": [_with_value(part, values) for part in callback["inputs"]],
        "changedPropIds": [_name_of(part) for part in callback["inputs"]][:1],
        "state": [_with_value(part, values) for part in callback["state"]],
    }


def _split(name: str) -> Json:
    component, _, prop = name.rpartition(".")
    return {"id": component, "property": prop}


def _name_of(part: Json) -> str:
    return f"{part['id']}.{part['property']}"


def _with_value(part: Json, values: Mapping[str, Any]) -> Json:
    known = {"value": values[_name_of(part)]} if _name_of(part) in values else {}
    return {"id": part["id"], "property": part["property"], **known}
