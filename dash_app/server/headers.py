"""Response headers: the server's clock and build for the scripts, and what a browser must not do."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from zoneinfo import ZoneInfo

from dash import Dash
from flask import Request, Response, request

from dash_app.settings import Settings

# Dash and its tables write <style> elements; its own two scripts are allowed by their hashes, nothing else inline is.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' {scripts}; style-src-elem 'self' 'unsafe-inline'; style-src-attr 'none'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'"
)

# What no part of the page uses; a wall may keep its screen awake.
UNUSED = ("camera", "microphone", "geolocation", "payment", "usb", "midi", "display-capture", "fullscreen")
PERMISSIONS = ", ".join(["screen-wake-lock=(self)", *(f"{feature}=()" for feature in UNUSED)])

VIEWS_OWN = ("Content-Security-Policy", "Referrer-Policy")

# Files of the program itself, the same for everybody: a browser may keep them, a proxy may not.
PROGRAM_FILES = ("/_dash-component-suites/", "/assets/", "/bootstrap/", "/login/")


def send_headers(app: Dash, settings: Settings, build: str) -> None:
    """Put the headers on every answer of the server; a view's own policy stays."""

    def limit_keeping(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"  # a tab that reloads after a deploy must get the new page
        if settings.has_access:
            keep_private(response, request)
        return response

    app.server.after_request(limit_keeping)
    policy = CONTENT_SECURITY_POLICY.format(scripts=" ".join(app.csp_hashes()))
    app.server.wsgi_app = _with_headers(app.server.wsgi_app, settings, build, policy)


def _with_headers(serve: WSGIApplication, settings: Settings, build: str, policy: str) -> WSGIApplication:
    """Around all views, since there they cost a tick a twentieth of what they do in a response of Flask's."""
    fixed = [
        ("X-Hedge-Build", build),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", PERMISSIONS),
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", "no-referrer"),
    ]
    # Browsers complain about this one where there is no TLS.
    isolated = [*fixed, ("Cross-Origin-Opener-Policy", "same-origin")]

    def serve_with_headers(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Callable[[bytes], object]:
            own = {name for name, _ in headers if name in VIEWS_OWN}
            ours = isolated if environ["wsgi.url_scheme"] == "https" else fixed
            added = [item for item in ours if item[0] not in own] if own else ours
            return start_response(status, [*headers, *added, *clock_headers(settings, time.time()).items()], *failure)

        return serve(environ, start)

    return serve_with_headers


def keep_private(response: Response, asked: Request) -> None:
    """What needs a token is not kept by anything on the way, and what is not of the program itself by nobody."""
    if response.status_code >= 300 or not asked.path.startswith(PROGRAM_FILES):
        response.headers["Cache-Control"] = "no-store"
    else:
        response.headers["Cache-Control"] = response.headers.get("Cache-Control", "no-cache").replace(
            "public", "private"
        )


def clock_headers(settings: Settings, epoch: float) -> dict[str, str]:
    """The server's real time, and the offset and name its time zone has now (or at the fixed clock's time)."""
    shown = epoch if settings.now is None else settings.now
    return {"X-Hedge-Now": f"{epoch:.3f}", "X-Hedge-Zone": _read_zone(settings.zone, int(shown // 60))}


@lru_cache(maxsize=8)
def _read_zone(zone: ZoneInfo, minute: int) -> str:
    """No zone changes within a minute."""
    moment = datetime.fromtimestamp(60 * minute, zone)
    offset = moment.utcoffset()
    return f"{int(offset.total_seconds()) if offset else 0} {moment.tzname()}"
