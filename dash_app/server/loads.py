"""The one way from this package to the state: one load at a time, timed, and none waits long for a disk that hangs."""

import time
from threading import Lock
from typing import Any

from flask import abort, g, has_request_context

from dash_app.server.metrics import COUNTS
from dash_app.settings import Settings
from state import load_all_state

LOCK_TIMEOUT_S = 2.0  # while one load hangs, the others must not take all threads with them

_lock = Lock()
_started: list[float] = []  # when the load that is on its way began


def load_state(settings: Settings) -> dict[str, Any]:
    """The normalized state of the directory, by the clock and in the environment of the settings.

    One load serves a whole request, so that all that is said to it is of the same moment. While a load hangs, a
    request gets 503 instead.
    """
    if not has_request_context():
        return _load(settings)
    if "state" not in g:
        g.state = _load(settings)
    state: dict[str, Any] = g.state
    return state


def _load(settings: Settings) -> dict[str, Any]:
    if not _lock.acquire(timeout=0.0 if _is_stuck() else LOCK_TIMEOUT_S):
        abort(503, "The state directory does not answer.")
    began = time.monotonic()
    _started[:] = [began]
    try:
        # What is seen under a fixed clock is no history of the desk.
        remember = settings.now is None
        return load_all_state(settings.state_dir, now=settings.now, environ=settings.environ, remember=remember)
    finally:
        _started.clear()
        _lock.release()
        COUNTS.add_load(time.monotonic() - began)


def _is_stuck() -> bool:
    return any(time.monotonic() - began > LOCK_TIMEOUT_S for began in _started.copy())
