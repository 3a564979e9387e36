"""The static skeleton of the page: containers, the clockwork and the store, without any data."""

from datetime import datetime
from html import escape
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.dash_table.DataTable import DataTable
from dash.development.base_component import Component

from dash_app import ids
from dash_app.panels import GROUPS
from dash_app.render import text
from dash_app.render.tables import tone_styles
from dash_app.render.theme import TEMPLATE
from dash_app.settings import Settings

# What fits on a 1920x1080 wall without scrolling.
POSITIONS_PER_PAGE = 12
SYMBOLS_PER_PAGE = 8

# A word that follows a number needs some distance from it.
TEXT_COLUMNS = {"symbol": "0.25rem", "side": "0.4375rem", "dd_state": "0.875rem", "atr_regime": "0.875rem"}

# The table writes its own defaults into each cell, so the looks of a cell cannot all come from the style sheet.
CELL_STYLE = {
    "textAlign": "right",
    "padding": "0 0.4375rem",
    "height": "2rem",
    "lineHeight": "1.25rem",
    "border": "none",
    "borderBottom": "1px solid var(--hue-hairline)",
    "backgroundColor": "transparent",
    "fontFamily": "var(--font-page)",
}
HEADER_STYLE = {
    "color": "var(--hue-secondary)",
    "fontSize": "var(--size-small)",
    "whiteSpace": "normal",
    "lineHeight": "1rem",
}


def build_layout(*, refresh_ms: int, title: str) -> Component:
    """The page before its first state."""
    left = html.Div([_kpis(), _overview(), _charts()], className="column left")
    right = html.Div([_positions(), _changes(), _symbols()], className="column right")
    return html.Div(
        [
            *_clockwork(refresh_ms),
            _header(title),
            html.Div(id=ids.ALERT_LINE),
            html.Main([left, right], className="main"),
            _footer(),
        ],
        id=ids.PAGE,
    )


def _clockwork(refresh_ms: int) -> list[Component]:
    tick = dcc.Interval(id=ids.TICK, interval=refresh_ms)
    address = dcc.Location(id=ids.ADDRESS, refresh=False)
    drawn = [html.Span(id=group.drawn, hidden=True) for group in GROUPS]
    return [tick, address, dcc.Store(id=ids.STATE, storage_type="memory"), *drawn]


def _header(title: str) -> html.Header:
    clocks = html.Div([html.Span(id=ids.CONNECTION), html.Span(id=ids.CLOCK)], className="clocks")
    status = html.Div(
        [html.Span(id=ids.HEADER_STATUS), clocks, html.Div(id=ids.ZONE_NOTE), html.Div(id=ids.FIXED_CLOCK)],
        className="header-status",
    )
    nav = html.Div(id=ids.HEADER_NAV, className="header-nav")
    return html.Header([html.H1(title), nav, status], className="page-header")


def _kpis() -> html.Section:
    cards = html.Div(id=ids.KPI_CARDS, className="cards kpi-cards")
    return html.Section([html.H2(text.KPIS_HEADING), cards], className="section")


def _overview() -> html.Section:
    cards = html.Div(id=ids.OVERVIEW_CARDS, className="cards overview-cards")
    return html.Section([html.H2(text.OVERVIEW_HEADING), cards], className="section")


def _charts() -> html.Div:
    total = html.Div(
        id=ids.AUM_TOTAL, className="donut-centre position-absolute top-50 start-50 translate-middle text-center"
    )
    donut = html.Div([_graph(ids.AUM_DONUT), total], className="donut")
    legend = html.Div(id=ids.AUM_LEGEND, className="legend")
    aum = _card("aum", [text.AUM_HEADING, ids.AUM_AGES], [donut, legend])
    caption = html.Div(id=ids.NAV_CAPTION, className="nav-caption")
    nav = _card(
        "nav-history",
        [text.NAV_HEADING, ids.NAV_SPAN, ids.NAV_AGES],
        [_graph(ids.NAV_HISTORY), _graph(ids.NAV_WEEK), caption],
    )
    return html.Div([aum, nav], className="charts")


def _positions() -> dbc.Card:
    empty = html.Div(id=ids.POSITIONS_EMPTY, className="empty")
    table = _table(ids.POSITIONS_TABLE, text.POSITION_COLUMNS, POSITIONS_PER_PAGE)
    return _card("positions", [text.POSITIONS_HEADING, ids.POSITIONS_TITLE, ids.POSITIONS_AGES], [empty, table])


def _changes() -> dbc.Card:
    """Two boxes: the lines of the state, and those that the browser fills in itself."""
    boxes = [html.Div(id=ids.CHANGES), html.Div(id=ids.BROWSER_CHANGES)]
    return _card("changes", [text.CHANGES_HEADING], [html.Div(boxes, className="tape")])


def _symbols() -> dbc.Card:
    empty = html.Div(id=ids.SYMBOLS_EMPTY, className="empty")
    table = _table(ids.SYMBOLS_TABLE, text.SYMBOL_COLUMNS, SYMBOLS_PER_PAGE)
    return _card("symbols", [text.SYMBOLS_HEADING, ids.SYMBOLS_TITLE, ids.SYMBOLS_AGES], [empty, table])


def _card(class_name: str, header: list[str], body: list[Component]) -> dbc.Card:
    """A card; its header is a heading and the ids of what callbacks put beside it."""
    heading, *beside = header
    title = dbc.CardHeader([html.H2(heading), *(html.Span(id=container) for container in beside)])
    return dbc.Card([title, dbc.CardBody(body)], className=class_name)


def _footer() -> html.Footer:
    surfaces = html.Div(id=ids.SURFACE_CHIPS, className="chips")
    checks = html.Div(id=ids.CHECK_CHIPS, className="chips checks")
    return html.Footer([surfaces, checks], className="page-footer")


def _graph(component_id: str) -> dcc.Graph:
    empty: dict[str, Any] = {"data": [], "layout": {"template": TEMPLATE}}
    config: Any = {"displayModeBar": False, "responsive": True}
    return dcc.Graph(id=component_id, figure=empty, config=config, responsive=True, className="graph")


def _table(component_id: str, columns: dict[str, str], page_size: int) -> html.Div:
    """A table whose texts are final: no sorting by text, no selection, no markdown."""
    table = DataTable(
        id=component_id,
        columns=[{"id": column, "name": name, "type": "text"} for column, name in columns.items()],
        data=[],
        tooltip_data=[],
        tooltip_delay=200,
        tooltip_duration=None,
        page_action="native",
        page_size=page_size,
        cell_selectable=False,
        style_cell=CELL_STYLE,
        style_header=HEADER_STYLE,
        style_cell_conditional=[
            {"if": {"column_id": column}, "textAlign": "left", "paddingLeft": distance}
            for column, distance in TEXT_COLUMNS.items()
        ],
        style_header_conditional=[{"if": {"column_id": "dd_today_pct"}, "minWidth": "4.75rem"}],
        style_data_conditional=tone_styles(columns),
    )
    return html.Div(table, className="table-box")


def html_attributes(settings: Settings, build: str) -> str:
    """What the scripts need to know, for the `<html>` around the app."""
    attributes = {
        "lang": "en",
        "data-bs-theme": "dark",
        "data-refresh-ms": str(settings.refresh_ms),
        "data-build": build,
    }
    attributes |= _fixed_clock(settings)
    if settings.reload_at:
        attributes["data-reload-at"] = settings.reload_at
    return " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())


def _fixed_clock(settings: Settings) -> dict[str, str]:
    if settings.now is None:
        return {}
    moment = datetime.fromtimestamp(settings.now, settings.zone)
    words = f"clock fixed at {moment:%Y-%m-%d %H:%M:%S} {moment.tzname()}"
    return {"data-fixed-now": repr(settings.now), "data-fixed-words": words}
