"""The header: the NAV, where it comes from and how old it is, and the environment."""

from typing import Any
from urllib.parse import urlencode

import dash_bootstrap_components as dbc

from dash_app.render import html
from dash_app.render.components import Child, age_field, field, line, sign, span, told
from dash_app.render.freshness import ages
from dash_app.render.readings import StateDict, fmt_upper, is_overview, number_at, read, stale_at, text_at, value_at
from dash_app.render.text import DEFAULT_ENVIRONMENT, DEFAULT_SOURCE
from state.formatting import UNKNOWN_TEXT, fmt_age, fmt_number, fmt_plain


def render_nav(state: StateDict) -> list[html.Element]:
    """The large NAV and its source line."""
    return [
        _nav(state),
        line(*_frozen(state), *_source(state), *_note(state), class_name="source-line"),
        *ages(state, "nav", frozen=False),
    ]


def render_status(state: StateDict) -> list[Child]:
    """The environment, a second badge on testnet, one that says that amounts are masked; of several desks its name."""
    private = [*_desk(state), *private_badges(state)]
    environment, reason = read(state, "meta.environment", default=DEFAULT_ENVIRONMENT)
    is_testnet = value_at(state, "meta.testnet") is True
    if is_testnet and "testnet" in environment.lower():
        return [*private, _testnet_badge("meta.environment")]
    kind = "unknown" if reason else "known"
    shown = badge(field(state, "meta.environment", fmt_upper, default=DEFAULT_ENVIRONMENT), kind)
    return [*private, _testnet_badge("meta.testnet"), shown] if is_testnet else [*private, shown]


def name_page(state: StateDict) -> str:
    """Which of the two pages shows this state: that of one desk or the overview."""
    return "fleet" if is_overview(state) else "desk"


def read_skew(state: StateDict) -> str:
    """By how many seconds the clock of the desk on show is ahead of the wall's: ages are counted on the desk's."""
    return str(number_at(state, "meta.skew_s") or 0.0)


def desk_link(state: StateDict, name: str, children: Child | list[Child], class_name: str) -> html.Element:
    """A plain link to a desk, or without a name to the overview; the view of this tab stays what it is."""
    asked = {"desk": name} if name else {}
    asked |= {"kiosk": "1"} if value_at(state, "meta.worst_first") is True else {}
    asked |= {"privacy": "1"} if value_at(state, "meta.private") is True else {}
    marks: dict[str, Any] = {"data-desk": name}
    return html.A(children, href=f"?{urlencode(asked)}", className=class_name, **marks)


def private_badges(state: StateDict) -> list[Child]:
    """That amounts are masked, where they are."""
    return [_private_badge()] if value_at(state, "meta.private") is True else []


def _desk(state: StateDict) -> list[Child]:
    """The way back and the name of the desk, where there are several."""
    name = text_at(state, "meta.desk")
    if not name:
        return []
    count = fmt_number(number_at(state, "meta.desks"), 0)
    return [
        desk_link(state, "", f"‹ {count} desks", "to-overview"),
        span(name, "desk-name", **{"data-field": "meta.desk"}),
    ]


def is_frozen(state: StateDict) -> bool:
    """True when the NAV on show is an old one, repeated or left behind."""
    return value_at(state, "nav.exchange.frozen") is True or bool(stale_at(state, "nav.nav_usd"))


def _nav(state: StateDict) -> html.Element:
    parts: list[Child] = ["NAV: ", field(state, "nav.nav_usd", fmt_plain)]
    if number_at(state, "nav.nav_usd") is not None:
        parts.append(" USD")
    return html.Div(parts, className="nav-figure frozen" if is_frozen(state) else "nav-figure")


def _frozen(state: StateDict) -> list[Child]:
    if value_at(state, "nav.exchange.frozen") is not True:
        return []
    age = age_field(state, "nav.exchange.confirmed_age_s", "nav.exchange.confirmed_at", fmt_age, "words")
    return [*sign("fail"), span(["frozen, confirmed ", age, " ago"], "fail"), " · "]


def _note(state: StateDict) -> list[Child]:
    """Why the file that is asked first is not the one on show."""
    note = text_at(state, "nav.source_note")
    unpriced = value_at(state, "nav.unpriced")
    lacks = ", ".join(map(str, unpriced)) if isinstance(unpriced, list) else ""
    return [
        *([" · ", *sign("warn"), span(note, "warn", **{"data-field": "nav.source_note"})] if note else []),
        *([" · ", *sign("warn"), span(f"at least: {lacks} has no price", "warn")] if lacks else []),
    ]


def _source(state: StateDict) -> list[Child]:
    age = age_field(state, "nav.age_s", "nav.updated_at", _fmt_seconds, "seconds")
    unit = [] if number_at(state, "nav.age_s") is None else ["s"]
    return ["Source: ", field(state, "nav.source", default=DEFAULT_SOURCE), " • Age: ", age, *unit]


def _fmt_seconds(value: float | None) -> str:
    return UNKNOWN_TEXT if value is None else fmt_number(value, 1).replace(",", "")


def _testnet_badge(path: str) -> dbc.Badge:
    return badge(span("TESTNET", **{"data-field": path}), "testnet")


def _private_badge() -> dbc.Badge:
    return badge(span("PRIVATE", **told("amounts are masked; percentages, ratios and words are not")), "private")


def badge(content: html.Element, kind: str) -> dbc.Badge:
    """A badge of the header or of a tile."""
    return dbc.Badge(content, color="", className=f"env-badge env-{kind}")
