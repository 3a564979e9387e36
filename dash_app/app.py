"""The Dash application, built from settings."""

import hashlib
import json
from pathlib import Path

import dash
from dash import Dash
from flask_bootstrap import Bootstrap5
from plotly.io.json import config as json_config
from plotly.utils import PlotlyJSONEncoder

from dash_app import ids
from dash_app.access.peers import trust_proxies
from dash_app.access.signin import register_access
from dash_app.callbacks import register_callbacks, version_of_poll
from dash_app.layout import build_layout, html_attributes
from dash_app.render.text import PAGE_TITLE
from dash_app.server.endpoints import register_endpoints
from dash_app.server.headers import send_headers
from dash_app.server.sharing import cache_answers
from dash_app.settings import Settings

BOOTSTRAP_CSS = "bootstrap/static/css/bootstrap.min.css"
ASSETS = Path(__file__).with_name("assets")


def create_app(settings: Settings) -> Dash:
    """A complete application; reading the state and opening the port are left to the server."""
    # Where ccxt is installed orjson is too, which Dash would take: the page is the same with it and without.
    json_config.default_engine = "json"
    app = Dash(
        __name__,
        title=PAGE_TITLE,
        update_title="",
        serve_locally=True,
        assets_folder=str(ASSETS),
        # Browsers ask below the prefix; what stands in front of this server takes it off.
        requests_pathname_prefix=settings.prefix,
        routes_pathname_prefix="/",
        external_stylesheets=[settings.prefix + BOOTSTRAP_CSS],
        health_endpoint="healthz",
        enable_mcp=False,
    )
    Bootstrap5(app.server)
    several = settings.desks_dir is not None
    app.layout = build_layout(refresh_ms=settings.refresh_ms, title=PAGE_TITLE, several=several)
    register_callbacks(app, settings)
    cache_answers(app, f"{ids.STATE}.data", version_of_poll(settings))
    register_endpoints(app.server, settings)
    register_access(app.server, settings, str(ASSETS))
    build = build_id(app)
    # Dash keeps its scripts in a footer, and the page has one of its own.
    app.index_string = app.index_string.replace("<footer>", "<div>").replace("</footer>", "</div>")
    app.index_string = app.index_string.replace("<html>", f"<html {html_attributes(settings, build)}>")
    send_headers(app, settings, build)
    app.server.wsgi_app = trust_proxies(app.server.wsgi_app, settings.trusted_proxies)
    return app


def build_id(app: Dash) -> str:
    """What a tab has to have been loaded from: a digest of all that it keeps, Dash, layout, callbacks and assets."""
    callbacks = sorted(app.callback_map)
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in ASSETS.iterdir())
    kept = json.dumps([dash.__version__, app.layout, callbacks, files], cls=PlotlyJSONEncoder, sort_keys=True)
    return hashlib.sha256(kept.encode()).hexdigest()[:12]
