"""The alert line, the worst first and loud, or one calm line when all is well; and what changed, newest first."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from dash_app.render import text
from dash_app.render.components import TROUBLE, Child, block, elapsed, field, sign, span, told
from dash_app.render.executor import find_stops
from dash_app.render.footer import is_on_show
from dash_app.render.readings import StateDict, number_at, reason_at, rows_at, text_at
from state.formatting import fmt_moment

ALERT_COLORS = {"fail": "danger", "warn": "warning", "calm": "success"}
SEVERITIES = ("fail", "warn", "info")  # worst first
LONGEST_WORDS = 90  # of what is not the worst: the rest of its sentence is within reach
NEWEST_CHANGES = 12  # what does not fit below one another is not seen
FLAPS_WITHIN_S = 3600.0


def render_alerts(state: StateDict) -> dbc.Alert:
    """One line: everything that is amber or red, the worst first and loud; else what is known to be well."""
    alerts = sorted(rows_at(state, "meta.alerts"), key=_rank)
    if alerts and _rank(alerts[0]) < SEVERITIES.index("info"):
        return _alarm(state, alerts[0], alerts[1:])
    if not rows_at(state, "meta.surfaces"):
        return _line("warn", [*sign("warn"), text.NOTHING_LOADED], text.NOTHING_LOADED, [])
    notes = [*_calm(state), *map(_further, alerts)]
    return _line("calm", [*sign("ok"), text.ALL_QUIET], text.ALL_QUIET, notes)


def _rank(alert: dict[str, Any]) -> int:
    severity = alert.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _alarm(state: StateDict, worst: dict[str, Any], others: list[dict[str, Any]]) -> dbc.Alert:
    severity, title = str(worst.get("severity")), text_at(worst, "title")
    duration = elapsed(state, worst.get("since"))
    words: list[Child] = [*sign(severity), title]
    words += [" for ", duration] if duration else []
    reason = span(text_at(worst, "text"), "alert-text", **told(text_at(worst, "detail")))
    return _line(severity, words, title, [reason, *map(_further, others)])


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


def _further(alert: dict[str, Any]) -> html.Span:
    """Its title and its effect; a long sentence and the words of whoever read the file are within reach."""
    severity = str(alert.get("severity"))
    kind = severity if severity in TROUBLE else "info"
    title, words, detail = (text_at(alert, name) for name in ("title", "text", "detail"))
    is_long = len(title) + len(words) > LONGEST_WORDS
    shown = title if is_long or not words else f"{title}: {words}"
    more = ". ".join(part for part in (words if is_long else "", detail) if part)
    return span([*sign(kind), shown], f"alert-further {kind}", **told(more))


def _line(severity: str, words: list[Child], worst: str, others: list[Child]) -> dbc.Alert:
    """The line; its worst in a few words goes into the title of the tab."""
    title = span(words, "alert-title", **{"data-severity": severity, "data-worst": worst})
    separated = [part for child in others for part in (span(" · ", "alert-gap"), child)]
    return dbc.Alert([title, *separated], color=ALERT_COLORS[severity], fade=False, className="alert-line")


# --- what changed ---


def render_changes(state: StateDict) -> list[html.Div]:
    """One line a change, in the order of the state; what flaps is one line with a count."""
    folded = list(_fold(state).items())[:NEWEST_CHANGES]
    return [_change(state, f"transitions.{index}", repeats) for index, repeats in folded] or [_no_change(state)]


def _fold(state: StateDict) -> dict[int, list[int]]:
    """The index of each line and of the changes of the same thing before it, each within an hour of the next."""
    lines: dict[int, list[int]] = {}
    newest: dict[tuple[str, str], int] = {}
    for index, row in enumerate(rows_at(state, "transitions")):
        subject = (text_at(row, "kind"), text_at(row, "subject"))
        first = newest.get(subject)
        # What was opened, closed and flipped is news each time.
        if first is not None and subject[0] != "position" and _is_flap(state, [first, *lines[first]][-1], index):
            lines[first].append(index)
        else:
            newest[subject] = index
            lines[index] = []
    return lines


def _is_flap(state: StateDict, later: int, earlier: int) -> bool:
    times = [number_at(state, f"transitions.{index}.at") for index in (later, earlier)]
    return times[0] is not None and times[1] is not None and times[0] - times[1] <= FLAPS_WITHIN_S


def _change(state: StateDict, path: str, repeats: list[int]) -> html.Div:
    at = number_at(state, f"{path}.at")
    now = number_at(state, "meta.loaded_at") or 0.0
    marks = {} if at is None else {"data-at": str(at)}
    time = span(fmt_moment(at, now), "change-time moment", **marks)
    words = field(state, f"{path}.text", class_name="change-text")
    return block([time, words, *_count(state, repeats, now)], "change", **marks)


def _count(state: StateDict, repeats: list[int], now: float) -> list[Child]:
    """` · 3 changes since 20:31:00 UTC`, with the earlier ones within reach."""
    if not repeats:
        return []
    earlier = [(number_at(state, f"transitions.{index}.at"), f"transitions.{index}.text") for index in repeats]
    since = fmt_moment(earlier[-1][0], now)
    words = "; ".join(f"{fmt_moment(at, now)} {text_at(state, path)}" for at, path in earlier)
    return [span(f"{len(repeats) + 1} changes since {since}", "change-count", **told(words))]


def _no_change(state: StateDict) -> html.Div:
    reason = reason_at(state, "transitions")
    words = f"{text.CHANGES_UNKNOWN}: {reason}" if reason else text.NOTHING_CHANGED
    return block(words, "change-none")
