"""The footer: one chip per state file with its age, one per reconciliation check."""

from typing import Any

from dash_app.render import html, text
from dash_app.render.components import TROUBLE, Child, Children, age_field, age_limits, graded, span, told
from dash_app.render.header import is_frozen
from dash_app.render.readings import StateDict, is_number, number_at, rows_at, text_at, value_at
from state.formatting import fmt_age, fmt_number

# Nobody acts on these one by one.
FOLDED = {"ok": "checks agree", "not_comparable": "not comparable"}
FEWEST_ALIKE = 3  # that one chip stands for, where a wall has no room for each
CHECK_TONES = {"ok": "ok", "warn": "warn", "fail": "warn"}


def render_surfaces(state: StateDict) -> list[html.Element]:
    """A chip for every file that is there or has to be, and one for those that are as badly off: either is on show."""
    rows = [(index, row) for index, row in enumerate(rows_at(state, "meta.surfaces")) if is_on_show(row)]
    alike: dict[tuple[str, ...], list[int]] = {}
    for index, row in rows:
        if row.get("severity") in TROUBLE:
            alike.setdefault((_kind(row), text_at(row, "status"), text_at(row, "severity")), []).append(index)
    groups = {kind: group for kind, group in alike.items() if len(group) >= FEWEST_ALIKE}
    joined = {index for group in groups.values() for index in group}
    chips = [_surface_chip(state, index, row, " joined" if index in joined else "") for index, row in rows]
    return [*(_joint_chip(state, group) for group in groups.values()), *chips]


def render_checks(state: StateDict) -> list[html.Element]:
    """A chip for every check that differs, with both numbers within reach; those that agree are one chip."""
    rows = rows_at(state, "meta.checks")
    named = [row for row in rows if _status(row) not in FOLDED]
    groups = [(status, [row for row in rows if _status(row) == status]) for status in FOLDED]
    frozen = is_frozen(state)
    return [*map(show_check, named), *(_folded_chip(status, quiet, frozen) for status, quiet in groups if quiet)]


def is_on_show(surface: dict[str, Any]) -> bool:
    """A file that may be absent is not missed, and one that is no source of any value is not shown."""
    return bool(surface.get("required")) or (surface.get("status") != "missing" and surface.get("listed") is not False)


def _kind(row: dict[str, Any]) -> str:
    return "broken" if row.get("status") != "ok" else text_at(row, "freshness") or "unknown"


def _surface_chip(state: StateDict, index: int, row: dict[str, Any], joined: str) -> html.Element:
    path = f"meta.surfaces.{index}"
    name = text_at(state, f"{path}.name")
    parts = [name.removesuffix(".json"), " ", *_condition(state, index)]  # they all end alike
    # Where the browser moves the chip on to late and to stale; a broken file stays broken.
    limits = {} if row.get("status") != "ok" or row.get("age_s") is None else age_limits(row)
    marks = {**limits, **graded(row), "data-surface": name}
    return _chip(parts, text_at(state, f"{path}.error"), f"surface {_kind(row)}{joined}", **marks)


def _joint_chip(state: StateDict, indices: list[int]) -> html.Element:
    """`8 files up to 25 m 05 s`, of the oldest, with their names within reach."""
    rows = rows_at(state, "meta.surfaces")
    oldest = max(indices, key=lambda index: number_at(rows[index], "age_s") or 0.0)
    has_age = number_at(rows[oldest], "age_s") is not None
    words = f"{len(indices)} files {'up to ' if has_age else ''}"
    names = ", ".join(text_at(rows[index], "name") for index in indices)
    marks = graded(rows[oldest])
    return _chip([words, *_condition(state, oldest)], names, f"surface {_kind(rows[oldest])} joint", **marks)


def _condition(state: StateDict, index: int) -> list[Child]:
    """The age of a file, and what is wrong with it."""
    path = f"meta.surfaces.{index}"
    broken = value_at(state, f"{path}.status") != "ok"
    parts: list[Child] = []
    if number_at(state, f"{path}.age_s") is not None or not broken:
        parts.append(age_field(state, f"{path}.age_s", f"{path}.updated_at", fmt_age, "words"))
    if broken:
        status = text_at(state, f"{path}.status") or "unknown"
        parts += [" ", span(status, "chip-word", **{"data-field": f"{path}.status"})]
    return parts


def _folded_chip(status: str, rows: list[dict[str, Any]], frozen: bool) -> html.Element:
    """`19 checks agree`, with each of them within reach; what agrees about an old NAV is no good news."""
    label = FOLDED[status] if len(rows) > 1 else FOLDED[status].replace("checks agree", "check agrees")
    title = " · ".join(f"{row.get('label') or row.get('name')}: {row.get('detail')}" for row in rows)
    label = f"{label} on an old NAV" if frozen and status == "ok" else label
    return _chip([f"{len(rows)} {label} ", _sign(status, "muted" if frozen else "")], title)


def _status(row: dict[str, Any]) -> str:
    """A check that says nothing compared nothing."""
    return str(row.get("status") or "not_comparable")


def show_check(row: dict[str, Any]) -> html.Element:
    """The chip of one check, with what was compared within reach."""
    status = _status(row)
    label = str(row.get("label") or row.get("name") or "check")
    title = " · ".join([str(row.get("detail") or text.CHECK_WORDS.get(status, status)), *_measures(row)])
    # Amber as its alert, whatever the distance; what says that the NAV is not of now is red, as the line that says so.
    red = status == "fail" and row.get("name") == "nav_live"
    return _chip([label, " ", _sign(status, "fail" if red else "")], title)


def _sign(status: str, tone: str = "") -> html.Element:
    return span(text.CHECK_MARKS.get(status, "?"), f"chip-mark {tone or CHECK_TONES.get(status, 'muted')}")


def _chip(children: Child | Children, more: str, class_name: str = "", **marks: str) -> html.Element:
    """A badge of bootstrap's looks; its component takes no key."""
    return span(children, f"chip badge {class_name}".rstrip(), **marks, **told(more))


def _measures(row: dict[str, Any]) -> list[str]:
    """How far apart the two sides are, how far they may be, and how far apart their files were written."""
    words = {"residual": "residual {}", "tolerance": "tolerance {}", "skew_s": "files {} s apart"}
    return [text.format(fmt_number(row[key])) for key, text in words.items() if is_number(row.get(key))]
