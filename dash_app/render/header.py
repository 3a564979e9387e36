"""The header: the NAV, where it comes from and how old it is, and the environment."""

import dash_bootstrap_components as dbc
from dash import html

from dash_app.render.components import Child, age_field, field, line, sign, span, told
from dash_app.render.freshness import ages
from dash_app.render.readings import StateDict, fmt_upper, number_at, read, stale_at, text_at, value_at
from dash_app.render.text import DEFAULT_ENVIRONMENT, DEFAULT_SOURCE
from state.formatting import UNKNOWN_TEXT, fmt_age, fmt_number, fmt_plain


def render_nav(state: StateDict) -> list[html.Div]:
    """The large NAV and its source line."""
    return [
        _nav(state),
        line(*_frozen(state), *_source(state), *_note(state), class_name="source-line"),
        *ages(state, "nav", frozen=False),
    ]


def render_status(state: StateDict) -> list[dbc.Badge]:
    """The environment, a second badge on testnet, and one that says that amounts are masked."""
    private = [_private_badge()] if value_at(state, "meta.private") is True else []
    environment, reason = read(state, "meta.environment", default=DEFAULT_ENVIRONMENT)
    is_testnet = value_at(state, "meta.testnet") is True
    if is_testnet and "testnet" in environment.lower():
        return [*private, _testnet_badge("meta.environment")]
    kind = "unknown" if reason else "known"
    badge = _badge(field(state, "meta.environment", fmt_upper, default=DEFAULT_ENVIRONMENT), kind)
    return [*private, _testnet_badge("meta.testnet"), badge] if is_testnet else [*private, badge]


def is_frozen(state: StateDict) -> bool:
    """True when the NAV on show is an old one, repeated or left behind."""
    return value_at(state, "nav.exchange.frozen") is True or bool(stale_at(state, "nav.nav_usd"))


def _nav(state: StateDict) -> html.Div:
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
    return _badge(span("TESTNET", **{"data-field": path}), "testnet")


def _private_badge() -> dbc.Badge:
    return _badge(span("PRIVATE", **told("amounts are masked; percentages, ratios and words are not")), "private")


def _badge(content: html.Span, kind: str) -> dbc.Badge:
    return dbc.Badge(content, color="", className=f"env-badge env-{kind}")
