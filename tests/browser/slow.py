"""The server of this repository at the end of a slow line: every update takes longer than the interval."""

import time

from flask import request

from dash_app.wsgi import server

DELAY_S = 1.2


def delay_updates() -> None:
    """A slow line, not a wait: what the tests wait for is on the page."""
    if request.path == "/_dash-update-component":
        time.sleep(DELAY_S)


server.before_request(delay_updates)
