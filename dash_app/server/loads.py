"""The one way from this package to the state: one load at a time, timed, and none waits long for a disk that hangs."""

import time
from threading import Lock
from typing import Any

from flask import abort, g, has_request_context

from dash_app.server.metrics import COUNTS
from dash_app.settings import Settings
from state import load_all_state
from state.desks.overview import tell_absent
from state.fleet import load_desk, load_fleet

LOCK_TIMEOUT_S = 2.0  # while one load hangs, the others must not take all threads with them

_lock = Lock()
_started: list[float] = []  # when the load that is on its way began


def load_state(settings: Settings, desk: str = "") -> dict[str, Any]:
    """The normalized state of the directory, by the clock and in the environment of the settings.

    Of several desks the state of the named one, else the overview, which says so where no desk has the name. One load
    serves a whole request, so that all that is said to it is of the same moment. While a load hangs, a request gets
    503 instead.
    """
    if not has_request_context():
        return _load(settings, desk)
    states: dict[str, dict[str, Any]] = g.setdefault("states", {})
    if desk not in states:
        states[desk] = _load(settings, desk)
    return states[desk]


def _load(settings: Settings, desk: str) -> dict[str, Any]:
    if not _lock.acquire(timeout=0.0 if _is_stuck() else LOCK_TIMEOUT_S):
        abort(503, "The state directory does not answer.")
    began = time.monotonic()
    _started[:] = [began]
    try:
        return _ask(settings, desk)
    finally:
        _started.clear()
        _lock.release()
        COUNTS.add_load(time.monotonic() - began)


def _ask(settings: Settings, desk: str) -> dict[str, Any]:
    # What is seen under a fixed clock is no history of the desk.
    view: Any = {"now": settings.now, "environ": settings.environ, "remember": settings.now is None}
    if settings.desks_dir is None:
        return load_all_state(settings.state_dir, **view)
    state = load_desk(settings.desks_dir, desk, **view) if desk else None
    if state is not None:
        return state
    overview = load_fleet(settings.desks_dir, expected=settings.desks, **view)
    return tell_absent(overview, desk) if desk else overview


def _is_stuck() -> bool:
    return any(time.monotonic() - began > LOCK_TIMEOUT_S for began in _started.copy())
