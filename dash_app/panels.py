"""The one table of the page: which renderer fills which property of which component."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dash_app import ids
from dash_app.figures.donut import build_donut
from dash_app.figures.nav_history import build_nav_history, build_nav_week
from dash_app.render import alerts, aum, footer, header, kpis, nav_history, overview, positions, symbols, tables
from dash_app.render.fleet import alert_line, rows, tiles, totals
from dash_app.render.freshness import render_ages
from dash_app.render.readings import StateDict, is_overview
from dash_app.settings import Settings


class Panel(NamedTuple):
    """A renderer and the property it fills."""

    component_id: str
    prop: str
    render: Callable[[StateDict], Any]


Place = tuple[str, str]


class Group(NamedTuple):
    """Panels that one callback draws, and the sections of the state they are drawn from.

    Of several desks the overview has panels of its own, some of which fill the same places.
    """

    name: str
    sections: tuple[str, ...]
    panels: tuple[Panel, ...]
    of_overview: tuple[Panel, ...] = ()

    @property
    def places(self) -> list[Place]:
        """Component and property of every panel, each once."""
        return list(dict.fromkeys((panel.component_id, panel.prop) for panel in (*self.panels, *self.of_overview)))

    def panels_of(self, state: StateDict) -> tuple[Panel, ...]:
        """Those that show this state."""
        return self.of_overview if is_overview(state) else self.panels

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
        Panel(ids.SYMBOLS_FOLD, "children", symbols.render_fold),
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

# With several desks: which page is on show, and the panels of the overview.
OVERVIEW_SECTIONS = ("desks", "totals", "alerts")
WITH_DESKS = (
    Group(
        CARDS.name,
        (*CARDS.sections, *OVERVIEW_SECTIONS),
        (
            *CARDS.panels,
            Panel(ids.SHOWN, "data-page", header.name_page),
            Panel(ids.SHOWN, "data-skew", header.read_skew),
        ),
        (
            Panel(ids.HEADER_NAV, "children", totals.render_nav),
            Panel(ids.HEADER_STATUS, "children", totals.render_status),
            Panel(ids.ALERT_LINE, "children", alert_line.render_alerts),
            Panel(ids.FLEET_TOTALS, "children", totals.render_totals),
            Panel(ids.FLEET_TILES, "children", tiles.render_tiles),
            Panel(ids.FLEET_TITLE, "children", rows.render_title),
            Panel(ids.SURFACE_CHIPS, "children", lambda _state: []),
            Panel(ids.CHECK_CHIPS, "children", alert_line.render_checks),
            Panel(ids.SHOWN, "data-page", header.name_page),
            Panel(ids.SHOWN, "data-skew", header.read_skew),
        ),
    ),
    CHARTS,
    Group(
        TABLES.name,
        (*TABLES.sections, "desks"),
        TABLES.panels,
        (
            Panel(ids.FLEET_TABLE, "data", tables.render_data(rows.build_rows)),
            Panel(ids.FLEET_TABLE, "tooltip_data", tables.render_tooltips(rows.build_rows)),
        ),
    ),
)


def groups_of(settings: Settings) -> tuple[Group, ...]:
    """What is drawn with these settings: one desk, or several with their overview."""
    return GROUPS if settings.desks_dir is None else WITH_DESKS


PANELS = tuple(panel for group in GROUPS for panel in group.panels)
