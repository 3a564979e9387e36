"""The alert line, the worst first and loud, or one calm line when all is well; and what changed, newest first."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from dash_app.render import text
from dash_app.render.components import Child, block, elapsed, field, span
from dash_app.render.footer import is_on_show
from dash_app.render.readings import StateDict, number_at, reason_at, rows_at, text_at
from dash_app.render.theme import tone_of
from state.formatting import fmt_moment

ALERT_COLORS = {"fail": "danger", "warn": "warning", "calm": "success"}
FURTHER_ALERTS = 4
NEWEST_CHANGES = 12  # what does not fit below one another is not seen


def render_alerts(state: StateDict) -> dbc.Alert:
    """One line: alarms when there are any, else what is known to be well."""
    alerts = rows_at(state, "meta.alerts")
    loud = [alert for alert in alerts if alert.get("severity") in ("fail", "warn")]
    if loud:
        return _alarm(state, loud[0], [alert for alert in alerts if alert is not loud[0]])
    if not rows_at(state, "meta.surfaces"):
        return _line("warn", ["▲ ", text.NOTHING_LOADED], text.NOTHING_LOADED, [])
    further = [_further(alert, _in_full(alert)) for alert in alerts]
    return _line("calm", ["● ", text.ALL_QUIET], text.ALL_QUIET, [*_calm(state), *further])


def _alarm(state: StateDict, worst: dict[str, Any], others: list[dict[str, Any]]) -> dbc.Alert:
    severity, title = str(worst.get("severity")), text_at(worst, "title")
    parts: list[Child] = [
        span(text_at(worst, "text"), "alert-text"),
        # Beside an alarm there is room for the facts, not for their explanation.
        *(_further(alert, text_at(alert, "title")) for alert in others[:FURTHER_ALERTS]),
    ]
    hidden = others[FURTHER_ALERTS:]
    if hidden:
        titles = " · ".join(text_at(alert, "title") for alert in hidden)
        parts.append(span(f"+{len(hidden)} more", "alert-further", title=titles))
    duration = elapsed(state, worst.get("since"))
    words: list[Child] = [f"{text.SEVERITY_MARKS[severity]} {title}"]
    words += [" for ", duration] if duration else []
    return _line(severity, words, title, [*parts, *_not_comparable(state)])


def _calm(state: StateDict) -> list[Child]:
    surfaces = [row for row in rows_at(state, "meta.surfaces") if is_on_show(row)]
    checks = rows_at(state, "meta.checks")
    fresh = sum(row.get("freshness") == "fresh" for row in surfaces)
    agree = sum(row.get("status") == "ok" for row in checks)
    differ = sum(row.get("status") in ("warn", "fail") for row in checks)
    parts: list[Child] = [
        span(f"{fresh} of {len(surfaces)} surfaces fresh", "" if fresh == len(surfaces) else "warn"),
        span(f"{agree} of {agree + differ} checks agree", "warn" if differ else ""),
    ]
    return [*parts, *_not_comparable(state)]


def _not_comparable(state: StateDict) -> list[Child]:
    count = sum(row.get("status") == "not_comparable" for row in rows_at(state, "meta.checks"))
    checks = "check" if count == 1 else "checks"
    return [span(f"{count} {checks} not comparable", "alert-aside")] if count else []


def _further(alert: dict[str, Any], words: str) -> html.Span:
    severity = str(alert.get("severity"))
    kind = severity if severity in text.SEVERITY_MARKS else "info"
    return span(f"{text.SEVERITY_MARKS[kind]} {words}", f"alert-further {kind}", title=_in_full(alert))


def _in_full(alert: dict[str, Any]) -> str:
    return ": ".join(words for words in (text_at(alert, "title"), text_at(alert, "text")) if words)


def _line(severity: str, words: list[Child], worst: str, others: list[Child]) -> dbc.Alert:
    """The line; its worst in a few words goes into the title of the tab."""
    title = span(words, "alert-title", **{"data-severity": severity, "data-worst": worst})
    separated = [part for child in others for part in (span(" · ", "alert-gap"), child)]
    return dbc.Alert([title, *separated], color=ALERT_COLORS[severity], fade=False, className="alert-line")


# --- what changed ---


def render_changes(state: StateDict) -> list[html.Div]:
    """One line a change, in the order of the state."""
    newest = range(len(rows_at(state, "transitions")[:NEWEST_CHANGES]))
    return [_change(state, f"transitions.{index}") for index in newest] or [_no_change(state)]


def _change(state: StateDict, path: str) -> html.Div:
    at = number_at(state, f"{path}.at")
    now = number_at(state, "meta.loaded_at") or 0.0
    marks = {} if at is None else {"data-at": str(at)}
    time = span(fmt_moment(at, now), "change-time moment", **marks)
    tone = tone_of(text_at(state, f"{path}.after"))
    return block([time, field(state, f"{path}.text", class_name=f"change-text {tone}".strip())], "change", **marks)


def _no_change(state: StateDict) -> html.Div:
    reason = reason_at(state, "transitions")
    words = f"{text.CHANGES_UNKNOWN}: {reason}" if reason else text.NOTHING_CHANGED
    return block(words, "change-none")
