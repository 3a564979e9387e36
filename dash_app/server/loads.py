"""The one way from this package to the state, counted and timed over all workers."""

from typing import Any

from flask import has_request_context, request

from dash_app.server.metrics import LOAD_SECONDS, LOADS
from dash_app.settings import Settings
from state import load_all_state

LOADED = "hedge.state"  # key of the WSGI environment, which no header can set


def load_state(settings: Settings, environ: dict[str, Any] | None = None) -> dict[str, Any]:
    """The normalized state of the directory, by the clock and in the environment of the settings.

    One load serves a whole request, so that all that is said to it is of the same moment.

    Args:
        settings: where the state is, and the clock.
        environ: the WSGI environment of the request, where it is not the one that Flask has at hand.
    """
    if environ is None:
        environ = request.environ if has_request_context() else {}
    if LOADED not in environ:
        environ[LOADED] = _load(settings)
    state: dict[str, Any] = environ[LOADED]
    return state


def _load(settings: Settings) -> dict[str, Any]:
    LOADS.inc()
    with LOAD_SECONDS.time():
        return load_all_state(settings.state_dir, now=settings.now, environ=settings.environ)
