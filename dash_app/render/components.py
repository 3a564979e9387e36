"""The few building blocks of every panel."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dash_app.render.readings import Format, State, fmt_word, is_number, number_at, read, stale_at
from state.formatting import UNKNOWN_TEXT, fmt_age

Child = Component | str
Children = Sequence[Child]


def field(
    state: State,
    path: str,
    fmt: Format = fmt_word,
    *,
    default: str = UNKNOWN_TEXT,
    class_name: str = "",
    **attributes: str,
) -> html.Span:
    """One value of the state, addressed by its path, with the reason on hover when it is unknown or old."""
    text, reason = read(state, path, fmt, default)
    marks, old = {"data-field": path, **attributes}, stale_at(state, path)
    if reason:
        marks |= {"data-unknown": reason, "title": reason}
        return span(text, f"{class_name} unknown".strip(), **marks)
    if old:
        # An old value never looks live, wherever it stands.
        marks |= {"data-stale": old, "title": old}
        return span(text, f"{class_name} old".strip(), **marks)
    return span(text, class_name, **marks)


def age_field(state: State, age_path: str, stamp_path: str, fmt: Format, age_format: str) -> html.Span:
    """An age that the browser keeps ticking from its stamp, as long as both are known."""
    stamp = number_at(state, stamp_path)
    if stamp is None or number_at(state, age_path) is None:
        return field(state, age_path, fmt)
    ticking = {"data-stamp": str(stamp), "data-age-format": age_format}
    return field(state, age_path, fmt, class_name="age", **ticking)


def elapsed(state: State, stamp: Any) -> html.Span | None:
    """The time since a stamp, ticking on in the browser; None when either end is unknown."""
    now = number_at(state, "meta.loaded_at")
    if now is None or not is_number(stamp):
        return None
    return span(fmt_age(now - stamp), "age", **{"data-stamp": str(stamp), "data-age-format": "words"})


def span(children: Child | Children, class_name: str = "", **attributes: str) -> html.Span:
    """A span with data attributes."""
    marks: dict[str, Any] = dict(attributes)
    return html.Span(children, className=class_name or None, **marks)


def block(children: Child | Children, class_name: str = "", **attributes: str) -> html.Div:
    """A block with data attributes."""
    marks: dict[str, Any] = dict(attributes)
    return html.Div(children, className=class_name or None, **marks)


def line(*children: Child, class_name: str = "caption") -> html.Div:
    """One line of a card."""
    return html.Div(list(children), className=class_name)


def card(title: Child | Children, *body: Child, class_name: str = "") -> dbc.Card:
    """A titled card."""
    return dbc.Card([html.H3(title, className="card-label"), *body], className=f"panel {class_name}".strip())
