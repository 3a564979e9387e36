"""How old what a panel shows is: a tag in its heading, out of sight until its source is late.

The browser moves a tag on to late and stale by itself; a panel with a tag in sight is dimmed by the style sheet.
"""

from collections.abc import Callable
from typing import Any

from dash_app.render import html
from dash_app.render.components import age_field, age_limits, amended, block, elapsed, graded, span, told
from dash_app.render.readings import StateDict, mapping_at, number_at, rows_at, stale_at, text_at, value_at
from state.files import surfaces
from state.formatting import fmt_age

Sources = Callable[[StateDict], list[str]]


def _files(*names: str) -> Sources:
    return lambda _state: list(names)


def _nav_file(state: StateDict) -> list[str]:
    return [text_at(state, "nav.source")]


def _pnl_files(state: StateDict) -> list[str]:
    """The files that told the figures of today and of the window."""
    named = {text_at(state, f"kpis.pnl.{name}_source") for name in ("today", "window")} - {""}
    return sorted(named) or [surfaces.KPIS, surfaces.RISK_SNAPSHOT]


def _history_file(state: StateDict) -> list[str]:
    there = [row.get("name") for row in rows_at(state, "meta.surfaces") if row.get("status") != "missing"]
    return [surfaces.NAV_STATE if surfaces.NAV_STATE in there else surfaces.NAV_LOG]


def _book_files(state: StateDict) -> list[str]:
    """The files that priced the rows; an empty book is as old as the newest of the files that could have had rows."""
    named = sorted({str(row.get("price_source")) for row in rows_at(state, "positions") if row.get("price_source")})
    return named or [_newest(state, (surfaces.POSITIONS, surfaces.SYNCED_STATE, surfaces.POSITIONS_STATE))]


def _kpi_and_book_files(state: StateDict) -> list[str]:
    """Gross and net stand beside the drawdown, and are sums over the rows of the book."""
    return [surfaces.KPIS, surfaces.RISK_SNAPSHOT, *_book_files(state)]


def _newest(state: StateDict, names: tuple[str, ...]) -> str:
    ages = {text_at(row, "name"): number_at(row, "age_s") for row in rows_at(state, "meta.surfaces")}
    known = [(age, name) for name in names if (age := ages.get(name)) is not None]
    return min(known)[1] if known else names[0]


# Which files each panel shows. What is made of the NAV (`FROZEN`) is as old as its last confirmation.
SOURCES: dict[str, Sources] = {
    "nav": _nav_file,
    "aum": _nav_file,
    "nav-history": _history_file,
    "drawdown": _files(surfaces.KPIS, surfaces.RISK_SNAPSHOT),
    "atr": _files(surfaces.KPIS, surfaces.RISK_SNAPSHOT),
    "fees": _files(surfaces.KPIS, surfaces.RISK_SNAPSHOT),
    "pnl": _pnl_files,
    "executor": _files(surfaces.RISK_SNAPSHOT),
    "dd-atr": _kpi_and_book_files,
    "router": _files(surfaces.ROUTER_HEALTH, surfaces.KPIS),
    "symbols": _files(surfaces.RISK_SNAPSHOT, surfaces.ROUTER_HEALTH),
    "positions": _book_files,
}
FROZEN = ("nav", "aum", "drawdown", "dd-atr", "pnl", "nav-history")


def render_ages(panel: str) -> Callable[[StateDict], list[html.Element]]:
    """The renderer of a panel's tags, for a container of its own."""
    return lambda state: ages(state, panel)


def ages(state: StateDict, panel: str, *, frozen: bool = True) -> list[html.Element]:
    """The tags of a panel, the oldest source first; none when nothing is known of its files."""
    wanted = SOURCES[panel](state)
    rows = [(index, row) for index, row in enumerate(rows_at(state, "meta.surfaces")) if row.get("name") in wanted]
    tags = [tag for index, _ in sorted(rows, key=_oldest_first) for tag in _tag(state, index)]
    first = _frozen(state) if frozen and panel in FROZEN else []
    return [block([*first, *tags], "source-ages")] if first or tags else []


def _oldest_first(numbered: tuple[int, dict[str, Any]]) -> float:
    age = numbered[1].get("age_s")
    return -age if isinstance(age, int | float) else 0.0


def _tag(state: StateDict, index: int) -> list[html.Element]:
    """One file: fresh and hidden, late, stale, of unknown age, or broken with its last good content on show."""
    path = f"meta.surfaces.{index}"
    status = text_at(state, f"{path}.status")
    if status == "missing":
        return []
    kind = "broken" if status != "ok" else text_at(state, f"{path}.freshness") or "unknown"
    moving = {} if kind in HELD else age_limits(mapping_at(state, path))
    marks = {**moving, **graded(mapping_at(state, path)), **told(text_at(state, f"{path}.name"))}
    age = age_field(state, f"{path}.age_s", f"{path}.updated_at", fmt_age, "words")
    if kind == "broken":
        known = number_at(state, f"{path}.age_s") is not None
        return [span([status, " · ", age] if known else status, f"source-age {kind}", **marks)]
    if "data-stamp" in age["props"]:
        return [amended(age, f"source-age {kind}", **marks)]
    return [span(age, f"source-age {kind}", **marks)]


HELD = ("broken", "unknown")  # these do not become fresh by themselves


def _frozen(state: StateDict) -> list[html.Element]:
    if value_at(state, "nav.exchange.frozen") is True:
        age = elapsed(state, value_at(state, "nav.exchange.confirmed_at"))
        return [span(["NAV frozen · ", age] if age else "NAV frozen", "source-age frozen-age")]
    old = stale_at(state, "nav.nav_usd")
    return [span("old NAV", "source-age frozen-age", **told(old))] if old else []
