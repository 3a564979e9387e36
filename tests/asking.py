"""Requests as a tab makes them."""

from typing import Any

from dash_app import ids
from dash_app.panels import GROUPS, Group
from dash_app.server.warmup import request_of

Json = dict[str, Any]

ENDPOINT = "/_dash-update-component"

DRAWN = [{"id": group.drawn, "property": "data-drawn"} for group in GROUPS]
TICK = {"id": ids.TICK, "property": "n_intervals"}
ADDRESS = {"id": ids.ADDRESS, "property": "search"}


def poll_of(search: str | None = "", drawn: Json | None = None, tick: int | None = 1) -> Json:
    """The poll of a tab with this address that has drawn so much; `{"cards-drawn.data-drawn": digest, ...}`."""
    values = {"tick.n_intervals": tick, "address.search": search, **(drawn or {})}
    return request_of({"output": f"{ids.STATE}.data", "inputs": [TICK, ADDRESS], "state": DRAWN}, values)


FIRST_POLL = poll_of()


def drawing_of(state: Any, group: Group = GROUPS[0], drawn: str | None = None) -> Json:
    """The request that has a state drawn by one group."""
    word = f"{group.drawn}.data-drawn"
    outputs = [*map(".".join, group.places), word]
    callback = {
        "output": f"..{'...'.join(outputs)}..",
        "inputs": [{"id": ids.STATE, "property": "data"}],
        "state": [{"id": group.drawn, "property": "data-drawn"}],
    }
    return request_of(callback, {"state.data": state, **({word: drawn} if drawn is not None else {})})
