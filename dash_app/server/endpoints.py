"""What programs ask for: readiness, metrics and the state itself, each from one load."""

import json

from dash.exceptions import DependencyException
from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from werkzeug.exceptions import ServiceUnavailable

from dash_app.access.guard import must_mask
from dash_app.address import LONGEST_NAME
from dash_app.privacy import mask_state
from dash_app.render.readings import StateDict, is_overview
from dash_app.server.loads import load_state
from dash_app.server.metrics import COUNTS, FleetCollector, StateCollector
from dash_app.server.sharing import ENDPOINT
from dash_app.settings import Settings
from state.desks.overview import find_fleet_obstacles
from state.trust.readiness import find_obstacles

# What the clock alone changes.
OF_NAV, OF_EXCHANGE, OF_SURFACE, OF_META = "age_s", "confirmed_age_s", "age_s", ("loaded_at", "data_age_s")


def register_endpoints(server: Flask, settings: Settings) -> None:
    """/readyz, /metrics and /api/state; of several desks of all, or of `?desk=NAME`."""

    def load() -> StateDict:
        return load_state(settings, asked_desk(settings))

    def readyz() -> Response:
        state = load()
        reasons = find_fleet_obstacles(state) if is_overview(state) else find_obstacles(state)
        return _json({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    def metrics() -> Response:
        text = generate_latest(_collect(settings))
        return Response(text, headers={"Cache-Control": "no-store"}, content_type=CONTENT_TYPE_LATEST)

    def api_state() -> Response:
        state = load()
        if "asked" in state["meta"]:
            return _json(_name_desks(state), status=404)
        answer = _json(leave_out_clock(mask_state(state) if must_mask() else state))
        answer.add_etag()
        answer.headers["Cache-Control"] = "no-cache"
        answer.make_conditional(request)
        return answer

    def unavailable(error: ServiceUnavailable) -> Response:
        return _json({"ready": False, "reasons": [error.description]}, status=503)

    server.register_error_handler(ServiceUnavailable, unavailable)
    for path, view in (("/readyz", readyz), ("/metrics", metrics), ("/api/state", api_state)):
        server.add_url_rule(path, view_func=view)
    # Else the page itself would be the answer, as to any path that nobody knows.
    server.add_url_rule(ENDPOINT, "only-post", lambda: Response(status=405, headers={"Allow": "POST"}), methods=["GET"])
    # A script that is not there is no failure of the server.
    server.register_error_handler(DependencyException, lambda _error: Response(status=404))


def asked_desk(settings: Settings) -> str:
    """The desk that a request is about, where there are several; empty for all."""
    return request.args.get("desk", "")[:LONGEST_NAME] if settings.desks_dir is not None else ""


def _name_desks(overview: StateDict) -> StateDict:
    """That there is no such desk, and which there are."""
    there = [row["name"] for row in overview["desks"] if row["kind"]]
    return {"error": f"no desk is called {overview['meta']['asked']!r}", "desks": there}


def _collect(settings: Settings) -> CollectorRegistry:
    registry = CollectorRegistry()
    state = load_state(settings)
    if is_overview(state):
        registry.register(FleetCollector(state))
    registry.register(StateCollector(_states_of(settings, state), private=must_mask()))
    registry.register(COUNTS)
    return registry


def _states_of(settings: Settings, state: StateDict) -> dict[str, StateDict]:
    """The only desk without a name, or each of several by its name."""
    if not is_overview(state):
        return {"": state}
    states = {row["name"]: load_state(settings, row["name"]) for row in state["desks"] if row["kind"]}
    return {name: found for name, found in states.items() if not is_overview(found)}


def leave_out_clock(state: StateDict) -> StateDict:
    """The state without its ages, so that its tag, a digest, stays; the stamps that ages need are in it."""
    if is_overview(state):
        return {**state, "meta": _without(state["meta"], *OF_META)}
    nav, meta = _without(state["nav"], OF_NAV), _without(state["meta"], *OF_META)
    if nav:
        nav["exchange"] = _without(nav["exchange"], OF_EXCHANGE)
    meta["surfaces"] = [_without(surface, OF_SURFACE) for surface in meta["surfaces"]]
    return {**state, "nav": nav, "meta": meta}


def _without(block: StateDict, *keys: str) -> StateDict:
    return {key: value for key, value in block.items() if key not in keys}


def _json(content: StateDict, status: int = 200) -> Response:
    body = json.dumps(content, allow_nan=False)
    return Response(body, status, headers={"Cache-Control": "no-store"}, content_type="application/json")
