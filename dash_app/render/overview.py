"""The overview: NAV and AUM, drawdown and ATR, router fill and fallback."""

import dash_bootstrap_components as dbc

from dash_app.render import html, text
from dash_app.render.components import Child, card, elapsed, field, line, span, told, word_field
from dash_app.render.freshness import ages
from dash_app.render.header import is_frozen
from dash_app.render.readings import StateDict, is_number, mapping_at, number_at, reason_at, text_at, value_at
from dash_app.render.theme import tone_of_amount
from state.formatting import UNKNOWN_TEXT, fmt_number, fmt_pct, fmt_signed, fmt_usd


def render_overview(state: StateDict) -> list[dbc.Card]:
    """NAV and AUM, drawdown and ATR, router; and what was gained, where the files carry it."""
    pnl = _pnl(state)
    return [_nav_and_aum(state, has_pnl=bool(pnl)), *pnl, _dd_and_atr(state), _router(state)]


def lower_bound_mark(state: StateDict) -> list[Child]:
    """A total that misses a price is at least what it says."""
    return ["≥ "] if value_at(state, "aum.total_usd_is_lower_bound") is True else []


def _nav_and_aum(state: StateDict, *, has_pnl: bool) -> dbc.Card:
    nav, zar = field(state, "nav.nav_usd", fmt_usd), field(state, "nav.nav_zar", fmt_usd)
    rate = field(state, "nav.fx_usd_zar", lambda value: fmt_number(value, 4))
    aum_usd, aum_zar = _plain(state, "aum.total_usd"), field(state, "aum.total_zar", fmt_usd)
    unrealized, realized = _amount(state, "nav.unrealized_pnl_usd"), _amount(state, "nav.realized_pnl_today_usd")
    return card(
        [text.NAV_AND_AUM, *ages(state, "nav")],
        html.Div([nav, " USD"], className="figure frozen" if is_frozen(state) else "figure"),
        line(zar, " ZAR at ", rate, *_rate_age(state)),
        line("AUM ", *lower_bound_mark(state), aum_usd, " USD · ", aum_zar, " ZAR"),
        *([] if has_pnl else [line("PnL open ", unrealized, " · today ", realized)]),
    )


def _pnl(state: StateDict) -> list[dbc.Card]:
    """Realized as written, today and over the window; what is open, and what the NAV did, transfers included."""
    paths = ("kpis.pnl.today_usd", "kpis.pnl.window_usd", "nav.change_24h_pct", "nav.change_7d_pct")
    if all(value_at(state, path) is None for path in paths):
        return []
    today, window, day, week = paths
    days = field(state, "kpis.pnl.window_days", lambda value: fmt_number(value, 0))
    title: list[Child] = [text.PNL_TODAY] if value_at(state, window) is None else [text.PNL_TODAY, " / ", days, " d"]
    figure = [_amount(state, path) for path in (today, window) if path == today or value_at(state, path) is not None]
    return [
        card(
            [span(title), *ages(state, "pnl")],
            html.Div([part for value in figure for part in (" / ", value)][1:], className="figure"),
            line("open ", _amount(state, "nav.unrealized_pnl_usd"), " USD"),
            line("NAV 24 h ", _change(state, day), " · 7 d ", _change(state, week), **told(text.WITH_TRANSFERS)),
        )
    ]


def _change(state: StateDict, path: str) -> html.Element:
    shown = field(state, path, fmt_signed, class_name=tone_of_amount(number_at(state, path)))
    return shown if number_at(state, path) is None else span([shown, " %"], tone_of_amount(number_at(state, path)))


def _rate_age(state: StateDict) -> list[Child]:
    """The last rate seen is kept, so it has to say how old it is."""
    age = elapsed(state, number_at(state, "nav.fx_updated_at"))
    return [" · ", age, " old"] if age else []


def _dd_and_atr(state: StateDict) -> dbc.Card:
    drawdown, ratio = field(state, "nav.drawdown_pct", fmt_pct), field(state, "kpis.risk.atr_ratio", fmt_number)
    dd_state = word_field(state, "nav.dd_state", text.DEFAULT_DD_STATE)
    regime = word_field(state, "nav.atr_regime", text.DEFAULT_ATR_REGIME)
    gross = _plain(state, "nav.gross_exposure_usd")
    net = field(state, "nav.net_exposure_usd", fmt_signed, class_name="strong")
    return card(
        [text.DD_AND_ATR, *ages(state, "dd-atr")],
        html.Div([drawdown, " / ", ratio], className="figure"),
        line(dd_state, " / ", regime, " · ", _plain(state, "nav.drawdown_abs_usd"), " USD below peak now"),
        line("gross ", gross, " · net ", net, " USD"),
    )


def _router(state: StateDict) -> dbc.Card:
    median, low, high = (field(state, f"router.slip_{part}_bps", fmt_signed) for part in ("q50", "q25", "q75"))
    return card(
        [text.ROUTER_FILL, *ages(state, "router")],
        html.Div(_ratios(state), className="figure"),
        _basis(state),
        line("slippage ", median, " bps median (", low, " … ", high, ")"),
    )


def _ratios(state: StateDict) -> list[Child]:
    """Both ratios, or the one there is, or that there were no orders to take one from."""
    paths = {"maker": "router.maker_fill_rate", "fallback": "router.fallback_ratio"}
    known = [name for name, path in paths.items() if number_at(state, path) is not None]
    if not known:
        return [field(state, paths["maker"], fmt_number, default=_no_ratio(state))]
    pairs: list[list[Child]] = [[f"{name} ", field(state, paths[name], fmt_number)] for name in known]
    # A pair stays in one piece when the line is too long for the card.
    first: list[Child] = [part for pair in pairs[:-1] for part in (span([*pair, " /"], "text-nowrap"), " ")]
    return [*first, span(pairs[-1], "text-nowrap")]


def _no_ratio(state: StateDict) -> str:
    """Only a state that says so has had no orders; any other absence is just unknown."""
    said = number_at(state, "router.orders") == 0 or text.NO_ORDERS in reason_at(state, "router.maker_fill_rate")
    return text.NO_ORDERS if said else UNKNOWN_TEXT


def _basis(state: StateDict) -> html.Element:
    """What the ratios are taken over, or why there are none."""
    basis = text.BASIS.get(text_at(state, "router.basis"), "")
    if number_at(state, "router.orders"):
        count = field(state, "router.orders", lambda orders: fmt_number(orders, 0))
        return line("of ", count, f" orders{', ' if basis else ''}", basis)
    if basis and text_at(state, "router.basis") == "symbols":
        return line(f"{basis}: {_symbols_with_a_ratio(state)}")
    return line(basis) if basis else line(reason_at(state, "router.maker_fill_rate"), class_name="caption reason")


def _symbols_with_a_ratio(state: StateDict) -> str:
    rows = [row for row in mapping_at(state, "kpis.symbols").values() if isinstance(row, dict)]
    known = sum(is_number(row.get("maker_fill_rate")) for row in rows)
    return f"{known} of {len(rows)} have one"


def _plain(state: StateDict, path: str) -> html.Element:
    return field(state, path, fmt_usd, class_name="strong")


def _amount(state: StateDict, path: str) -> html.Element:
    return field(state, path, fmt_signed, class_name=tone_of_amount(number_at(state, path)))
