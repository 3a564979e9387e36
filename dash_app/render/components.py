"""The few building blocks of every panel."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash.development.base_component import Component

from dash_app.render import html
from dash_app.render.readings import (
    Format,
    Reading,
    StateDict,
    fmt_word,
    is_number,
    number_at,
    read,
    reason_at,
    stale_at,
    text_at,
)
from dash_app.render.theme import MARKS, mark_of, tone_of
from state.formatting import UNKNOWN_TEXT, fmt_age

Child = Component | html.Element | str
Children = Sequence[Child]

REACHABLE = {"tabIndex": "0"}
TROUBLE = ("fail", "warn")  # worst first


def field(
    state: StateDict,
    path: str,
    fmt: Format = fmt_word,
    *,
    default: str = UNKNOWN_TEXT,
    class_name: str = "",
    **attributes: str,
) -> html.Element:
    """One value of the state, addressed by its path, with the reason within reach when it is unknown or old."""
    marks = {"data-field": path, **attributes}
    return show(read(state, path, fmt, default), stale_at(state, path), class_name, **marks)


def show(reading: Reading, old: str = "", class_name: str = "", **marks: str) -> html.Element:
    """A reading, with the reason within reach when it is unknown or, as `old` says, not of now."""
    if reading.reason:
        marks |= {"data-unknown": reading.reason, **REACHABLE}
        return span(reading.text, f"{class_name} unknown".strip(), **marks)
    if old:
        # An old value never looks live, wherever it stands.
        marks |= {"data-stale": old, **REACHABLE}
        return span(reading.text, f"{class_name} old".strip(), **marks)
    return span(reading.text, class_name, **marks)


def told(words: str) -> dict[str, str]:
    """The attributes of what says more to whoever points at it, touches it or comes to it by key."""
    return {"data-tell": words, **REACHABLE} if words else {}


def word_field(state: StateDict, path: str, default: str) -> html.Element:
    """A state word in its tone."""
    return field(state, path, default=default, class_name=tone_of(text_at(state, path)))


def mark(tone: str) -> html.Element:
    """The mark of a tone, for eyes only: whoever hears the page hears the word."""
    return span(MARKS[tone], f"sign {tone}", **{"aria-hidden": "true"})


def sign(tone: str) -> list[Child]:
    """The mark in front of words of a tone; nothing in front of words without one."""
    return [mark(tone), " "] if tone in MARKS else []


def big_word(state: StateDict, path: str, default: str, tone: str | None = None) -> html.Element:
    """The word of a card behind its mark; what is unknown or old has none, since it says nothing about now."""
    said = text_at(state, path)
    tone = tone_of(said) if tone is None else tone
    known = not reason_at(state, path) and not stale_at(state, path) and said
    word = field(state, path, default=default, class_name=tone)
    return html.Div([*sign(tone or mark_of(said)), word] if known else word, className="big")


def age_field(state: StateDict, age_path: str, stamp_path: str, fmt: Format, age_format: str) -> html.Element:
    """An age that the browser keeps ticking from its stamp, as long as both are known."""
    stamp = number_at(state, stamp_path)
    if stamp is None or number_at(state, age_path) is None:
        return field(state, age_path, fmt)
    ticking = {"data-stamp": str(stamp), "data-age-format": age_format}
    return field(state, age_path, fmt, class_name="age", **ticking)


def amended(element: html.Element, class_name: str, **marks: str) -> html.Element:
    """The same element with a further class and further data attributes: one element is less to draw than two."""
    props = element["props"]
    return {**element, "props": {**props, **marks, "className": f"{class_name} {props.get('className', '')}".rstrip()}}


def age_limits(surface: dict[str, Any]) -> dict[str, str]:
    """The ages from which the browser calls a file late and stale, as data attributes."""
    limits = {f"data-{word}-after": number_at(surface, f"{word}_after_s") for word in ("late", "stale")}
    return {name: str(limit) for name, limit in limits.items() if limit is not None}


def graded(surface: dict[str, Any]) -> dict[str, str]:
    """How bad the alert line says that a file is, and whether its being late alone would be: as data attributes."""
    severity = surface.get("severity")
    marks = {"data-severity": severity} if isinstance(severity, str) and severity else {}
    return marks if surface.get("required") else {**marks, "data-optional": "1"}


def elapsed(state: StateDict, stamp: Any) -> html.Element | None:
    """The time since a stamp, ticking on in the browser; None when either end is unknown."""
    now = number_at(state, "meta.loaded_at")
    if now is None or not is_number(stamp):
        return None
    return span(fmt_age(now - stamp), "age", **{"data-stamp": str(stamp), "data-age-format": "words"})


def span(children: Child | Children, class_name: str = "", **attributes: Any) -> html.Element:
    """A span with data attributes."""
    return html.Span(children, className=class_name, **attributes)


def block(children: Child | Children, class_name: str = "", **attributes: Any) -> html.Element:
    """A block with data attributes."""
    return html.Div(children, className=class_name, **attributes)


def line(*children: Child, class_name: str = "caption", **attributes: Any) -> html.Element:
    """One line of a card."""
    return html.Div(list(children), className=class_name, **attributes)


def card(title: Child | Children, *body: Child, tone: str = "") -> dbc.Card:
    """A titled card; one in trouble, `warn` or `fail`, has an edge."""
    edge = f"edge {tone}" if tone in TROUBLE else None
    return dbc.Card([dbc.CardHeader(html.H3(title)), dbc.CardBody(list(body))], className=edge)


def worst_tone(*tones: str) -> str:
    """The worst of some tones."""
    return next((tone for tone in TROUBLE if tone in tones), "")
