"""The words around the NAV history: its span, its first and last value, and a high above the writer's peak."""

from dash import html

from dash_app.figures.nav_history import series_points
from dash_app.render.components import Child, field, span
from dash_app.render.readings import NOT_IN_STATE, StateDict, mapping_at, reason_at, value_at
from dash_app.render.text import history_above_peak
from dash_app.render.theme import tone_of_amount
from state.formatting import fmt_clock, fmt_signed, fmt_usd


def render_span(state: StateDict) -> str:
    """`last 3 h`, as far as the series goes back."""
    points = series_points(state)
    return f", last {_fmt_span(points[-1][1][0] - points[0][1][0])}" if len(points) > 1 else ""


def render_caption(state: StateDict) -> list[html.Span]:
    """First and last value with their times, in the places where the line begins and ends."""
    points = series_points(state)
    if len(points) < 2:
        reason = reason_at(state, "nav.series") or NOT_IN_STATE
        return [span(f"NAV history n/a: {reason}", "unknown", **{"data-field": "nav.series", "data-unknown": reason})]
    (first, (start, before)), (last, (end, after)) = points[0], points[-1]
    unit = "index " if value_at(state, "meta.private") is True else ""
    values: list[Child] = [unit, _value(state, first), " → ", _value(state, last), *_change(before, after)]
    above = history_above_peak(mapping_at(state, "nav"))
    return [_moment(start), span([*values, *([f" · {above}"] if above else [])]), _moment(end)]


def _moment(at: float) -> html.Span:
    """A time of day, which the browser puts into its own zone."""
    return span(fmt_clock(at), "moment", **{"data-at": str(at)})


def _value(state: StateDict, index: int) -> html.Span:
    return field(state, f"nav.series.{index}.1", fmt_usd, class_name="strong")


def _change(before: float, after: float) -> list[Child]:
    """In percent of what there was; of a debt there is no such figure."""
    if before <= 0:
        return []
    return [" (", span(f"{fmt_signed(100 * (after / before - 1))} %", tone_of_amount(after - before)), ")"]


def _fmt_span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{seconds / 3600:.1f}".removesuffix(".0") + " h" if minutes < 60 * 48 else f"{round(seconds / 86400)} d"
