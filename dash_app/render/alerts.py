"""The alert line, the worst first and loud, or one calm line when all is well; and what changed, newest first."""

import re
from collections.abc import Iterable
from typing import Any

import dash_bootstrap_components as dbc

from dash_app.render import html, text
from dash_app.render.components import TROUBLE, Child, block, elapsed, field, sign, span, told
from dash_app.render.executor import find_stops
from dash_app.render.footer import is_on_show
from dash_app.render.readings import StateDict, number_at, reason_at, rows_at, text_at
from state.formatting import fmt_moment

ALERT_COLORS = {"fail": "danger", "warn": "warning", "calm": "success"}
SEVERITIES = ("fail", "warn", "info")  # worst first
LONGEST_WORDS = 90  # of what is not the worst: the rest of its sentence is within reach
LONGEST_NAME = 40
MOST_NAMES = 12
NAME_ENDS = re.compile(r": | \(")
NEWEST_CHANGES = 12  # what does not fit below one another is not seen


def render_alerts(state: StateDict) -> dbc.Alert:
    """One line: everything that is amber or red, the worst first and loud; else what is known to be well."""
    rows = join_alike(sorted(rows_at(state, "meta.alerts"), key=rank_alert))
    return tell_alerts(state, rows, _calm(state), is_known=bool(rows_at(state, "meta.surfaces")), always=False)


def tell_alerts(
    state: StateDict, rows: list[dict[str, Any]], calm: list[Child], *, is_known: bool, always: bool = True
) -> dbc.Alert:
    """The line of these alerts, the worst first.

    Args:
        state: for the time that ages are counted from.
        rows: the alerts as they are told, worst first.
        calm: what is said beside "All quiet", and where `always` also below what is wrong.
        is_known: whether anything was looked at; else nothing is quiet.
        always: see `calm`.
    """
    if rows and rank_alert(rows[0]) < SEVERITIES.index("info"):
        return _alarm(state, rows[0], [*map(_further, rows[1:]), *(calm if always else [])])
    if not is_known:
        return _line("warn", [*sign("warn"), text.NOTHING_LOADED], text.NOTHING_LOADED, [])
    return _line("calm", [*sign("ok"), text.ALL_QUIET], text.ALL_QUIET, [*calm, *map(_further, rows)])


def rank_alert(alert: dict[str, Any]) -> int:
    """Where an alert stands by its severity, the worst first."""
    severity = alert.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def join_alike(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Alerts of one title are one, with the name that each begins with; what else they say is within reach."""
    alike: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in rows:
        alike.setdefault((rank_alert(row), text_at(row, "title")), []).append(row)
    return [group[0] if len(group) == 1 else _joined(title, group) for (_, title), group in alike.items()]


def _joined(title: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    sentences = [words for row in rows if (words := text_at(row, "text"))]
    names = list(dict.fromkeys(text.cut(NAME_ENDS.split(words, maxsplit=1)[0], LONGEST_NAME) for words in sentences))
    more = [f"+{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    count = f"{len(rows)} {text.PLURALS.get(title, f'× {title}')}"
    told_of_each = [text_at(row, "detail") for row in rows]
    detail = ". ".join(filter(None, [*sentences, *told_of_each]))
    named = ", ".join([*names[:MOST_NAMES], *more])
    return {"severity": rows[0].get("severity"), "title": count, "text": named, "detail": detail, "is_joined": True}


def _alarm(state: StateDict, worst: dict[str, Any], others: list[Child]) -> dbc.Alert:
    severity, title = str(worst.get("severity")), text_at(worst, "title")
    duration = elapsed(state, worst.get("since"))
    words: list[Child] = [*sign(severity), title]
    words += [" for ", duration] if duration else []
    reason = span(text_at(worst, "text"), "alert-text", **told(text_at(worst, "detail")))
    return _line(severity, words, title, [reason, *others])


def _calm(state: StateDict) -> list[Child]:
    surfaces = [row for row in rows_at(state, "meta.surfaces") if is_on_show(row)]
    checks = rows_at(state, "meta.checks")
    fresh = sum(row.get("freshness") == "fresh" for row in surfaces)
    agree = sum(row.get("status") == "ok" for row in checks)
    differ = sum(row.get("status") in ("warn", "fail") for row in checks)
    stops = find_stops(state)
    return [
        span(f"{fresh} of {len(surfaces)} files fresh"),
        span(f"{agree} of {agree + differ} checks agree"),
        *([span(f"{stops.held} of {stops.of} positions with a stop")] if stops and stops.of else []),
    ]


def _further(alert: dict[str, Any]) -> html.Element:
    """Its title and its effect; the rest of a long sentence and the words of whoever read the file are within reach."""
    severity = str(alert.get("severity"))
    kind = severity if severity in TROUBLE else "info"
    title, words, detail = (text_at(alert, name) for name in ("title", "text", "detail"))
    room = LONGEST_WORDS - len(title)
    shown = words if alert.get("is_joined") else text.cut(words, max(room, LONGEST_NAME))
    more = ". ".join(part for part in (words if shown != words else "", detail) if part)
    return span([*sign(kind), f"{title}: {shown}" if shown else title], f"alert-further {kind}", **told(more))


def _line(severity: str, words: list[Child], worst: str, others: list[Child]) -> dbc.Alert:
    """The line; its worst in a few words goes into the title of the tab."""
    title = span(words, "alert-title", **{"data-severity": severity, "data-worst": worst})
    separated = [part for child in others for part in (span(" · ", "alert-gap"), child)]
    name = "alert-line calm" if severity == "calm" else "alert-line"
    return dbc.Alert([title, *separated], color=ALERT_COLORS[severity], fade=False, className=name)


# --- what changed ---


def render_changes(state: StateDict) -> list[html.Element]:
    """One line a change, in the order of the state, which has put what flaps into one."""
    shown = range(min(len(rows_at(state, "transitions")), NEWEST_CHANGES))
    return [_change(state, f"transitions.{index}") for index in shown] or [_no_change(state)]


def _change(state: StateDict, path: str) -> html.Element:
    at = number_at(state, f"{path}.at")
    marks = {} if at is None else {"data-at": str(at)}
    time = span(fmt_moment(at, number_at(state, "meta.loaded_at") or 0.0), "change-time moment", **marks)
    return block([time, field(state, f"{path}.text", class_name="change-text")], "change", **marks)


def _no_change(state: StateDict) -> html.Element:
    reason = reason_at(state, "transitions")
    words = f"{text.CHANGES_UNKNOWN}: {reason}" if reason else text.NOTHING_CHANGED
    return block(words, "change-none")
