"""The footer: one chip per state file with its age, one per reconciliation check."""

from typing import Any

from dash import html

from dash_app.render.components import Child, age_field, span
from dash_app.render.readings import StateDict, is_number, number_at, rows_at, text_at
from dash_app.render.text import CHECK_MARKS, CHECK_WORDS
from state.formatting import fmt_age, fmt_number

# Nobody acts on these one by one.
FOLDED = {"ok": "checks agree", "not_comparable": "not comparable"}
CHECK_TONES = {"ok": "ok", "warn": "warn", "fail": "fail"}


def render_surfaces(state: StateDict) -> list[html.Span]:
    """A chip for every file that is there or has to be."""
    rows = rows_at(state, "meta.surfaces")
    return [_surface_chip(state, index, row) for index, row in enumerate(rows) if is_on_show(row)]


def render_checks(state: StateDict) -> list[html.Span]:
    """A chip for every check that differs, with both numbers on hover; those that agree are one chip."""
    rows = rows_at(state, "meta.checks")
    told = [row for row in rows if _status(row) not in FOLDED]
    groups = [(status, [row for row in rows if _status(row) == status]) for status in FOLDED]
    return [*map(_check_chip, told), *(_folded_chip(status, quiet) for status, quiet in groups if quiet)]


def is_on_show(surface: dict[str, Any]) -> bool:
    """A file that may be absent is not missed, and one that is no source of any value is not shown."""
    return bool(surface.get("required")) or (surface.get("status") != "missing" and surface.get("listed") is not False)


def _surface_chip(state: StateDict, index: int, row: dict[str, Any]) -> html.Span:
    path = f"meta.surfaces.{index}"
    broken = row.get("status") != "ok"
    parts: list[Child] = [span(text_at(state, f"{path}.name"), "chip-name"), " "]
    if number_at(state, f"{path}.age_s") is not None or not broken:
        parts.append(age_field(state, f"{path}.age_s", f"{path}.updated_at", fmt_age, "words"))
    if broken:
        parts += [
            " ",
            span(text_at(state, f"{path}.status") or "unknown", "chip-word", **{"data-field": f"{path}.status"}),
        ]
    title = text_at(state, f"{path}.error")
    kind = "broken" if broken else text_at(state, f"{path}.freshness") or "unknown"
    return span(parts, f"chip surface {kind}", **_limits(row), **({"title": title} if title else {}))


def _limits(row: dict[str, Any]) -> dict[str, str]:
    """Where the browser moves the chip on to late and to stale; a broken file stays broken."""
    if row.get("status") != "ok" or row.get("age_s") is None:
        return {}
    limits = {"data-late-after": row.get("late_after_s"), "data-stale-after": row.get("stale_after_s")}
    return {name: str(value) for name, value in limits.items() if value is not None}


def _folded_chip(status: str, rows: list[dict[str, Any]]) -> html.Span:
    """`19 checks agree`, with each of them on hover."""
    label = FOLDED[status] if len(rows) > 1 else FOLDED[status].replace("checks agree", "check agrees")
    mark = span(CHECK_MARKS[status], f"chip-mark {CHECK_TONES.get(status, 'muted')}")
    title = " · ".join(f"{row.get('label') or row.get('name')}: {row.get('detail')}" for row in rows)
    return span([f"{len(rows)} {label} ", mark], "chip check", title=title, **{"data-status": status})


def _status(row: dict[str, Any]) -> str:
    """A check that says nothing compared nothing."""
    return str(row.get("status") or "not_comparable")


def _check_chip(row: dict[str, Any]) -> html.Span:
    status = _status(row)
    label = str(row.get("label") or row.get("name") or "check")
    mark = span(CHECK_MARKS.get(status, "?"), f"chip-mark {CHECK_TONES.get(status, 'muted')}")
    title = " · ".join([str(row.get("detail") or CHECK_WORDS.get(status, status)), *_measures(row)])
    return span(
        [label, " ", mark], "chip check", title=title, **{"data-check": str(row.get("name")), "data-status": status}
    )


def _measures(row: dict[str, Any]) -> list[str]:
    """How far apart the two sides are, how far they may be, and how far apart their files were written."""
    words = {"residual": "residual {}", "tolerance": "tolerance {}", "skew_s": "files {} s apart"}
    return [text.format(fmt_number(row[key])) for key, text in words.items() if is_number(row.get(key))]
