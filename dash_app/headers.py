"""Response headers: the server's clock and build for the scripts, and what a browser must not do."""

import time
from datetime import datetime

from dash import Dash
from flask import Response

from dash_app.settings import Settings

# Dash and its tables write <style> elements; its own two scripts are allowed by their hashes, nothing else inline is.
POLICY = (
    "default-src 'self'; script-src 'self' {scripts}; style-src-elem 'self' 'unsafe-inline'; style-src-attr 'none'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'"
)


def send_headers(app: Dash, settings: Settings, build: str) -> None:
    """Put the headers on every answer of the server."""
    fixed = {
        "X-Hedge-Build": build,
        "Content-Security-Policy": POLICY.format(scripts=" ".join(app.csp_hashes())),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }

    def add_headers(response: Response) -> Response:
        response.headers.update(fixed | clock_headers(settings, time.time()))
        if response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"  # a tab that reloads after a deploy must get the new page
        return response

    app.server.after_request(add_headers)


def clock_headers(settings: Settings, epoch: float) -> dict[str, str]:
    """The server's real time, and the offset and name its time zone has now (or at the fixed clock's time)."""
    moment = datetime.fromtimestamp(epoch if settings.now is None else settings.now, settings.zone)
    offset = moment.utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0
    return {"X-Hedge-Now": f"{epoch:.3f}", "X-Hedge-Zone": f"{seconds} {moment.tzname()}"}
