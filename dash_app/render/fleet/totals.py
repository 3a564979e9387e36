"""Sums over desks with what they leave out: a lower bound has its sign, and a sum of signed figures its count."""

from typing import Any

import dash_bootstrap_components as dbc

from dash_app.render import html, text
from dash_app.render.components import Child, card, field, line, span, told
from dash_app.render.header import badge, private_badges
from dash_app.render.readings import MASK, Format, StateDict, number_at, rows_at, text_at, value_at
from dash_app.render.theme import tone_of_amount
from state.formatting import fmt_number, fmt_plain, fmt_signed, fmt_usd

MOST_NAMES = 2
HEADLINE = "totals.0"
SIGNED = ("net", "pnl_today")


def render_nav(state: StateDict) -> list[html.Element]:
    """The NAV of all desks that are money, and which of them are not in it."""
    apart = [text.KINDS.get(text_at(row, "kind"), "?") for row in rows_at(state, "totals")[1:]]
    words = [*_said(state, HEADLINE, "nav"), *([f" • {', '.join(apart)} apart"] if apart else [])]
    figure = ["NAV: ", *_bound(state, f"{HEADLINE}.nav"), *_amount(state, f"{HEADLINE}.nav.usd", fmt_plain)]
    return [html.Div(figure, className="nav-figure"), line(*words, class_name="source-line")]


def render_status(state: StateDict) -> list[Child]:
    """How many desks there are, and that amounts are masked."""
    count = number_at(state, "meta.count")
    words = f"{fmt_number(count, 0)} DESK{'' if count == 1 else 'S'}"
    return [*private_badges(state), badge(span(words, **{"data-field": "meta.count"}), "count")]


def render_totals(state: StateDict) -> list[dbc.Card]:
    """Gross, net and PnL of the headline, and a card for each kind of desk that is totalled apart."""
    titles = {"gross": text.GROSS, "net": text.NET, "pnl_today": text.PNL_TODAY}
    cards = [_card(state, title, name) for name, title in titles.items()]
    return [*cards, *(_apart(state, f"totals.{index}") for index in range(1, len(rows_at(state, "totals"))))]


def _card(state: StateDict, title: str, name: str) -> dbc.Card:
    path = f"{HEADLINE}.{name}"
    figure = [*_bound(state, path), *_amount(state, f"{path}.usd", fmt_signed if name in SIGNED else fmt_usd)]
    return card(title, html.Div(figure, className="figure"), line(*_said(state, HEADLINE, name)))


def _apart(state: StateDict, path: str) -> dbc.Card:
    kind = text.KINDS.get(text_at(state, f"{path}.kind"), "?")
    figure = [*_bound(state, f"{path}.nav"), *_amount(state, f"{path}.nav.usd", fmt_usd)]
    pnl = [" · PnL today ", *_amount(state, f"{path}.pnl_today.usd", fmt_signed, unit="")]
    title = f"{kind[:1].upper()}{kind[1:]}, totalled apart"
    return card(title, html.Div(figure, className="figure"), line(*_said(state, path, "nav"), *pnl))


def _amount(state: StateDict, path: str, fmt: Format, unit: str = " USD") -> list[Child]:
    tone = tone_of_amount(number_at(state, path)) if path.endswith("pnl_today.usd") else ""
    known = number_at(state, path) is not None or value_at(state, path) == MASK
    return [field(state, path, fmt, class_name=tone), *([span(unit, "unit")] if unit and known else [])]


def _bound(state: StateDict, path: str) -> list[Child]:
    return ["≥ "] if value_at(state, f"{path}.is_lower_bound") is True else []


def _said(state: StateDict, path: str, name: str) -> list[Child]:
    """`lower bound: 1 of 7 live desks unknown, beta silent`; of signed sums `6 of 7 live desks, without beta`."""
    total = f"{path}.{name}"
    of, counted = (int(number_at(state, at) or 0) for at in (f"{path}.desks", f"{total}.counted"))
    kind = text.KINDS.get(text_at(state, f"{path}.kind"), "?")
    desks = f"{kind} desk{'' if of == 1 else 's'}"
    out, lacking = rows_at(state, f"{total}.out"), _lacking(state, total)
    if not out:
        return [f"{of} {desks}", *lacking]
    names = [f"{text_at(row, 'desk')} {text_at(row, 'reason')}" for row in out]
    if value_at(state, f"{total}.is_lower_bound") is True:
        return [f"lower bound: {len(out)} of {of} {desks} not in it, ", _names(names), *lacking]
    return [f"{counted} of {of} {desks}, without ", _names(names), *lacking]


def _lacking(state: StateDict, path: str) -> list[Child]:
    """Desks whose NAV is itself a lower bound."""
    names: Any = value_at(state, f"{path}.lacking")
    found = [str(name) for name in names] if isinstance(names, list) else []
    return [" · no price for a coin of ", _names(found)] if found else []


def _names(names: list[str]) -> html.Element:
    rest = len(names) - MOST_NAMES
    shown = ", ".join(names[:MOST_NAMES]) + (f" +{rest} more" if rest > 0 else "")
    return span(shown, "", **(told(", ".join(names)) if rest > 0 else {}))
