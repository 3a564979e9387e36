"""The alert line: the worst first and loud, or one calm line when all is well."""

from typing import Any

from dash import html

from dash_app.render.components import Child, elapsed, span
from dash_app.render.footer import is_on_show
from dash_app.render.readings import State, rows_at
from dash_app.render.text import ALL_QUIET, NOTHING_LOADED, SEVERITY_MARKS

FURTHER_ALERTS = 4


def render_alerts(state: State) -> html.Div:
    """One line: alarms when there are any, else what is known to be well."""
    alerts = rows_at(state, "meta.alerts")
    loud = [alert for alert in alerts if alert.get("severity") in ("fail", "warn")]
    if loud:
        return _alarm(state, loud[0], [alert for alert in alerts if alert is not loud[0]])
    if not rows_at(state, "meta.surfaces"):
        return _line("warn", [span(f"▲ {NOTHING_LOADED}", "alert-title")], NOTHING_LOADED)
    return _line("calm", [*_calm(state), *(_further(alert, _in_full(alert)) for alert in alerts)], ALL_QUIET)


def _alarm(state: State, worst: dict[str, Any], others: list[dict[str, Any]]) -> html.Div:
    severity = str(worst.get("severity"))
    parts: list[Child] = [
        span([f"{SEVERITY_MARKS[severity]} {_text(worst, 'title')}", *_since(state, worst)], "alert-title"),
        span(_text(worst, "text"), "alert-text"),
        # Beside an alarm there is room for the facts, not for their explanation.
        *(_further(alert, _text(alert, "title")) for alert in others[:FURTHER_ALERTS]),
    ]
    hidden = others[FURTHER_ALERTS:]
    if hidden:
        titles = " · ".join(_text(alert, "title") for alert in hidden)
        parts.append(span(f"+{len(hidden)} more", "alert-further", title=titles))
    return _line(severity, [*parts, *_not_comparable(state)], _text(worst, "title"))


def _since(state: State, alert: dict[str, Any]) -> list[Child]:
    duration = elapsed(state, alert.get("since"))
    return [" for ", duration] if duration else []


def _calm(state: State) -> list[Child]:
    surfaces = [row for row in rows_at(state, "meta.surfaces") if is_on_show(row)]
    checks = rows_at(state, "meta.checks")
    fresh = sum(row.get("freshness") == "fresh" for row in surfaces)
    agree = sum(row.get("status") == "ok" for row in checks)
    differ = sum(row.get("status") in ("warn", "fail") for row in checks)
    parts: list[Child] = [
        span(f"● {ALL_QUIET}", "alert-title"),
        span(f"{fresh} of {len(surfaces)} surfaces fresh", "" if fresh == len(surfaces) else "warn"),
        span(f"{agree} of {agree + differ} checks agree", "warn" if differ else ""),
    ]
    return [*parts, *_not_comparable(state)]


def _not_comparable(state: State) -> list[Child]:
    count = sum(row.get("status") == "not_comparable" for row in rows_at(state, "meta.checks"))
    checks = "check" if count == 1 else "checks"
    return [span(f"{count} {checks} not comparable", "alert-aside")] if count else []


def _further(alert: dict[str, Any], words: str) -> html.Span:
    severity = str(alert.get("severity"))
    kind = severity if severity in SEVERITY_MARKS else "info"
    return span(f"{SEVERITY_MARKS[kind]} {words}", f"alert-further {kind}", title=_in_full(alert))


def _in_full(alert: dict[str, Any]) -> str:
    return ": ".join(words for words in (_text(alert, "title"), _text(alert, "text")) if words)


def _line(severity: str, parts: list[Child], worst: str) -> html.Div:
    """The line; its worst in a few words goes into the title of the tab."""
    separated = [part for child in parts for part in (child, span(" · ", "alert-gap"))][:-1]
    marks: dict[str, Any] = {"data-severity": severity, "data-worst": worst}
    return html.Div(separated, className=f"alert-line alert-{severity}", role="status", **marks)


def _text(alert: dict[str, Any], key: str) -> str:
    value = alert.get(key)
    return value if isinstance(value, str) else ""
