"""The static skeleton of the page: containers, the clockwork and the store, without any data."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.dash_table.DataTable import DataTable
from dash.development.base_component import Component

from dash_app import ids
from dash_app.panels import GROUPS
from dash_app.render import columns, text
from dash_app.render.columns import Column, list_leaving
from dash_app.render.tables import describe_columns
from dash_app.render.theme import TEMPLATE
from dash_app.settings import Settings

# What the page begins with; the browser asks for fewer rows where there is no room for them.
POSITIONS_PER_PAGE = 10
SYMBOLS_PER_PAGE = 8
DESKS_PER_PAGE = 5

DOTTED = "grey dotted = default or unknown"

# The table writes its own defaults into each cell, so the looks of a cell cannot all come from the style sheet.
CELL_STYLE = {
    "textAlign": "right",
    "padding": "0 var(--cell-space)",
    "height": "var(--row-height)",
    "border": "none",
    "borderBottom": "1px solid var(--hue-hairline)",
    "backgroundColor": "transparent",
    "fontFamily": "var(--font-page)",
}
HEADER_STYLE = {
    "color": "var(--hue-secondary)",
    "fontSize": "var(--size-small)",
    "whiteSpace": "normal",
    "height": "auto",
    "verticalAlign": "bottom",
}


def build_layout(*, refresh_ms: int, title: str, several: bool = False) -> Component:
    """The page before its first state; the style sheet gives each panel its place.

    With `several` desks their overview stands beside the page of one, and what is shown says which is on show.
    """
    panels = [_kpis(), _symbols(), _positions(), _changes(), _overview(), _aum(), _nav_history()]
    return html.Div(
        [
            *_clockwork(refresh_ms),
            *([html.Span(id=ids.SHOWN, hidden=True)] if several else []),
            _header(title),
            html.Div(id=ids.ALERT_LINE),
            html.Main(panels, className="main"),
            *([_overview_of_desks()] if several else []),
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


def _overview_of_desks() -> html.Main:
    totals, tiles = html.Div(id=ids.FLEET_TOTALS, className="cards fleet-totals"), html.Div(id=ids.FLEET_TILES)
    back, on = _turn("‹", "-1", "previous tiles", "tile-turn"), _turn("›", "1", "next tiles", "tile-turn")
    pager = html.Div([back, html.Span(className="tiles-of"), on], className="tile-pager", hidden=True)
    table = _table(ids.FLEET_TABLE, columns.FLEET, (), DESKS_PER_PAGE)
    header = html.H2(id=ids.FLEET_TITLE)
    rest = dbc.Card([dbc.CardHeader([header, *_table_notes("desks")]), dbc.CardBody([table])], className="fleet-rest")
    return html.Main(
        [html.H2(text.ALL_DESKS, className="visually-hidden"), totals, tiles, pager, rest], className="fleet"
    )


def _kpis() -> html.Section:
    cards = html.Div(id=ids.KPI_CARDS, className="cards kpi-cards")
    return html.Section([html.H2(text.KPIS_HEADING), cards], className="section kpis")


def _overview() -> html.Section:
    cards = html.Div(id=ids.OVERVIEW_CARDS, className="cards overview-cards")
    return html.Section([html.H2(text.OVERVIEW_HEADING), cards], className="section overview")


def _aum() -> dbc.Card:
    total = html.Div(
        id=ids.AUM_TOTAL, className="donut-centre position-absolute top-50 start-50 translate-middle text-center"
    )
    donut = html.Div([_graph(ids.AUM_DONUT), total], className="donut")
    legend = html.Div(id=ids.AUM_LEGEND, className="legend")
    return _card("aum", [text.AUM_HEADING, ids.AUM_AGES], [donut, legend], [html.Span(className="left-out")])


def _nav_history() -> dbc.Card:
    caption = html.Div(id=ids.NAV_CAPTION, className="nav-caption")
    graphs = [_graph(ids.NAV_HISTORY), _graph(ids.NAV_WEEK)]
    return _card("nav-history", [text.NAV_HEADING, ids.NAV_SPAN, ids.NAV_AGES], [*graphs, caption])


def _positions() -> dbc.Card:
    empty = html.Div(id=ids.POSITIONS_EMPTY, className="empty")
    table = _table(ids.POSITIONS_TABLE, columns.POSITIONS, columns.FURTHER_POSITIONS, POSITIONS_PER_PAGE)
    header = [text.POSITIONS_HEADING, ids.POSITIONS_TITLE, ids.POSITIONS_AGES]
    return _card("positions", header, [empty, table], _table_notes("positions"))


def _changes() -> dbc.Card:
    """Two boxes: the lines of the state, and those that the browser fills in itself."""
    boxes = [html.Div(id=ids.CHANGES), html.Div(id=ids.BROWSER_CHANGES)]
    return _card("changes", [text.CHANGES_HEADING], [html.Div(boxes, className="tape")])


def _symbols() -> dbc.Card:
    empty = html.Div(id=ids.SYMBOLS_EMPTY, className="empty")
    table = _table(ids.SYMBOLS_TABLE, columns.SYMBOLS, columns.FURTHER_SYMBOLS, SYMBOLS_PER_PAGE)
    header = [text.SYMBOLS_HEADING, ids.SYMBOLS_TITLE, ids.SYMBOLS_AGES]
    notes = [html.Span(DOTTED, className="dotted-key"), *_table_notes("symbols")]
    card = _card("symbols", header, [empty, table], notes)
    return dbc.Card([_fold(), *card.children], className="symbols")


def _fold() -> html.Details:
    """On a phone the table is one line until it is opened; what it opens stands beside it. Wider screens have none."""
    line = [html.H2(text.SYMBOLS_HEADING), html.Span(id=ids.SYMBOLS_FOLD)]
    return html.Details(html.Summary(line), className="fold")


def _table_notes(what: str) -> list[Component]:
    """What the browser says and does about a table: the columns that left, and its pages."""
    back, on = _turn("‹", "-1", f"previous page of {what}"), _turn("›", "1", f"next page of {what}")
    pager = html.Span([back, html.Span(className="page-of"), on], className="pager", hidden=True)
    return [html.Span(className="left-out"), pager]


def _turn(sign: str, step: str, words: str, class_name: str = "turn") -> html.Button:
    told: dict[str, Any] = {"data-turn": step, "aria-label": words}
    return html.Button(sign, type="button", className=class_name, **told)


def _card(class_name: str, header: list[str], body: list[Component], notes: Sequence[Component] = ()) -> dbc.Card:
    """A card; its header is a heading, the ids of what callbacks put beside it, and notes at its other end."""
    heading, *beside = header
    title = [html.H2(heading), *(html.Span(id=container) for container in beside)]
    return dbc.Card([dbc.CardHeader([*title, *notes]), dbc.CardBody(body)], className=class_name)


def _footer() -> html.Footer:
    surfaces = html.Div(id=ids.SURFACE_CHIPS, className="chips")
    checks = html.Div(id=ids.CHECK_CHIPS, className="chips checks")
    return html.Footer([surfaces, checks], className="page-footer")


def _graph(component_id: str) -> dcc.Graph:
    empty: dict[str, Any] = {"data": [], "layout": {"template": TEMPLATE}}
    config: Any = {"displayModeBar": False, "responsive": True}
    return dcc.Graph(id=component_id, figure=empty, config=config, responsive=True, className="graph")


def _table(component_id: str, own: Sequence[Column], further: Sequence[Column], page_size: int) -> html.Div:
    """A table whose texts are final: no selection, no markdown; it is sorted by what a row carries unseen."""
    described: list[Any] = list(describe_columns(own))
    table = DataTable(
        id=component_id,
        columns=described,
        data=[],
        tooltip_data=[],
        tooltip_delay=200,
        tooltip_duration=None,
        page_action="native",
        page_size=page_size,
        sort_action="native",
        cell_selectable=False,
        style_cell=CELL_STYLE,
        style_header=HEADER_STYLE,
        style_cell_conditional=[
            {"if": {"column_id": column.key}, "textAlign": "left"} for column in own if column.is_word
        ],
    )
    return html.Div(table, className="table-box", **_told(own, further))


def _told(own: Sequence[Column], further: Sequence[Column]) -> dict[str, Any]:
    """What the browser has to know of the columns, as data attributes."""
    every = (*own, *further)
    lists = {
        "data-leaving": list_leaving(every),
        "data-further": [column.key for column in further],
        "data-words": [column.key for column in every if column.is_word],
    }
    return {name: " ".join(keys) for name, keys in lists.items()}


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
