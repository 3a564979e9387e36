"""The HTML around the Dash app; what the scripts need to know stands as data attributes on `<html>`."""

from datetime import datetime
from html import escape

from dash_app.settings import Settings

PAGE = """<!DOCTYPE html>
<html lang="en" data-bs-theme="dark"{attributes}>
    <head>
        {{%metas%}}
        <title>{{%title%}}</title>
        {{%favicon%}}
        {{%css%}}
    </head>
    <body>
        {{%app_entry%}}
        <footer>
            {{%config%}}
            {{%scripts%}}
            {{%renderer%}}
        </footer>
    </body>
</html>
"""


def index_page(settings: Settings, build: str) -> str:
    """The index string of the app."""
    attributes = {"data-refresh-ms": str(settings.refresh_ms), "data-build": build} | _fixed_clock(settings)
    if settings.reload_at:
        attributes["data-reload-at"] = settings.reload_at
    return PAGE.format(attributes="".join(f' {name}="{escape(value)}"' for name, value in attributes.items()))


def _fixed_clock(settings: Settings) -> dict[str, str]:
    if settings.now is None:
        return {}
    moment = datetime.fromtimestamp(settings.now, settings.zone)
    words = f"clock fixed at {moment:%Y-%m-%d %H:%M:%S} {moment.tzname()}"
    return {"data-fixed-now": repr(settings.now), "data-fixed-words": words}
