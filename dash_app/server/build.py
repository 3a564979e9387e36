"""The build id: what a browser tab has to have been loaded from to work with this server."""

import hashlib
import json
from pathlib import Path

import dash
from dash import Dash
from plotly.utils import PlotlyJSONEncoder


def build_id(app: Dash, assets: Path) -> str:
    """A digest of all that a tab keeps from its page load: Dash, layout, callbacks and assets."""
    callbacks = sorted(app.callback_map)
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in assets.iterdir())
    kept = json.dumps([dash.__version__, app.layout, callbacks, files], cls=PlotlyJSONEncoder, sort_keys=True)
    return hashlib.sha256(kept.encode()).hexdigest()[:12]
