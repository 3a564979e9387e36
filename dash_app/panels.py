"""The one table of the page: which renderer fills which property of which component."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dash_app import ids
from dash_app.figures.donut import build_donut
from dash_app.figures.nav_history import build_nav_history, build_nav_week
from dash_app.render import alerts, aum, footer, header, kpis, nav_history, overview, positions, symbols, tables
from dash_app.render.freshness import render_ages
from dash_app.render.readings import StateDict


class Panel(NamedTuple):
    """A renderer and the property it fills."""

    component_id: str
    prop: str
    render: Callable[[StateDict], Any]


class Group(NamedTuple):
    """Panels that one callback draws, and the sections of the state they are drawn from."""

    name: str
    sections: tuple[str, ...]
    panels: tuple[Panel, ...]

    @property
    def drawn(self) -> str:
        """The component whose `data-drawn` says what this group has drawn."""
        return f"{self.name}-drawn"


SECTIONS = ("nav", "aum", "kpis", "positions", "router", "transitions", "meta")

CARDS = Group(
    "cards",
    SECTIONS,
    (
        Panel(ids.HEADER_NAV, "children", header.render_nav),
        Panel(ids.HEADER_STATUS, "children", header.render_status),
        Panel(ids.ALERT_LINE, "children", alerts.render_alerts),
        Panel(ids.KPI_CARDS, "children", kpis.render_kpis),
        Panel(ids.OVERVIEW_CARDS, "children", overview.render_overview),
        Panel(ids.AUM_AGES, "children", render_ages("aum")),
        Panel(ids.AUM_TOTAL, "children", aum.render_total),
        Panel(ids.AUM_LEGEND, "children", aum.render_legend),
        Panel(ids.POSITIONS_AGES, "children", render_ages("positions")),
        Panel(ids.POSITIONS_TITLE, "children", positions.render_title),
        Panel(ids.POSITIONS_EMPTY, "children", positions.render_empty),
        Panel(ids.SYMBOLS_AGES, "children", render_ages("symbols")),
        Panel(ids.SYMBOLS_TITLE, "children", symbols.render_title),
        Panel(ids.SYMBOLS_EMPTY, "children", symbols.render_empty),
        Panel(ids.NAV_AGES, "children", render_ages("nav-history")),
        Panel(ids.CHANGES, "children", alerts.render_changes),
        Panel(ids.SURFACE_CHIPS, "children", footer.render_surfaces),
        Panel(ids.CHECK_CHIPS, "children", footer.render_checks),
    ),
)

CHARTS = Group(
    "charts",
    ("nav", "aum"),
    (
        Panel(ids.AUM_DONUT, "figure", build_donut),
        Panel(ids.NAV_HISTORY, "figure", build_nav_history),
        Panel(ids.NAV_WEEK, "figure", build_nav_week),
        Panel(ids.NAV_SPAN, "children", nav_history.render_span),
        Panel(ids.NAV_CAPTION, "children", nav_history.render_caption),
    ),
)

TABLES = Group(
    "tables",
    ("positions", "kpis"),
    (
        Panel(ids.POSITIONS_TABLE, "columns", tables.render_columns(positions.find_columns)),
        Panel(ids.POSITIONS_TABLE, "data", tables.render_data(positions.build_rows)),
        Panel(ids.POSITIONS_TABLE, "tooltip_data", tables.render_tooltips(positions.build_rows)),
        Panel(ids.SYMBOLS_TABLE, "columns", tables.render_columns(symbols.find_columns)),
        Panel(ids.SYMBOLS_TABLE, "data", tables.render_data(symbols.build_rows)),
        Panel(ids.SYMBOLS_TABLE, "tooltip_data", tables.render_tooltips(symbols.build_rows)),
    ),
)

GROUPS = (CARDS, CHARTS, TABLES)
PANELS = tuple(panel for group in GROUPS for panel in group.panels)
