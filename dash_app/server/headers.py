"""Response headers: the server's clock and build for the scripts, and what a browser must not do."""

import time
from datetime import datetime
from functools import lru_cache
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
    fixed = [
        ("X-Hedge-Build", build),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", PERMISSIONS),
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY.format(scripts=" ".join(app.csp_hashes()))),
        ("Referrer-Policy", "no-referrer"),
    ]
    # Browsers complain about this one where there is no TLS.
    isolated = [*fixed, ("Cross-Origin-Opener-Policy", "same-origin")]

    def add_headers(response: Response) -> Response:
        own = {name for name in VIEWS_OWN if name in response.headers}
        # No view sets any other of these; to look for each first would take longer than everything else here.
        response.headers.extend([item for item in (isolated if request.is_secure else fixed) if item[0] not in own])
        response.headers.extend(clock_headers(settings, time.time()))
        if response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"  # a tab that reloads after a deploy must get the new page
        if settings.has_access:
            keep_private(response, request)
        return response

    app.server.after_request(add_headers)


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
