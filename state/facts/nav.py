"""The NAV block: value, age, drawdown, exposure and whether the exchange stands behind it."""

from typing import Any, NamedTuple

from state.facts.aum import owed_coins
from state.facts.drawdown import Drawdown, realized_today, why_no_drawdown, why_no_realized
from state.facts.exchange import CONFIGURED_SOURCES, Exchange
from state.facts.fx import Rate
from state.facts.marks import find_marks
from state.facts.nav_files import Nav, claim_of
from state.facts.nav_leaps import WHY, logged_leaps
from state.facts.nav_week import CHANGES, build_changes, build_week
from state.facts.positions import Exposure
from state.facts.series import NavHistory, find_deepest, find_history_high
from state.facts.sources import Sources
from state.facts.standing import Claim, choose, mark_stale
from state.files.stamps import age_of
from state.files.surfaces import NAV, NAV_STATE, RISK_SNAPSHOT
from state.files.values import number
from state.formatting import fmt_moment
from state.sentences import Part, amount, join

CHANGE_FIELDS = tuple(f"change_{span}_{unit}" for span in CHANGES for unit in ("usd", "pct"))
FIELDS = (
    "nav_usd", "nav_zar", "fx_usd_zar", "fx_updated_at", "age_s", "updated_at", "dd_state", "atr_regime", "source",
    "peak_usd", "drawdown_pct", "drawdown_abs_usd", "gross_exposure_usd", "net_exposure_usd",
    "realized_pnl_today_usd", "unrealized_pnl_usd", "series", "gaps", "source_note", "is_lower_bound", "unpriced",
    "series_7d", "gaps_7d", "marks", "deepest_drawdown_pct", "deepest_drawdown_at", *CHANGE_FIELDS,
)  # fmt: skip
# What is computed from the NAV, and as old as it.
OF_THE_NAV = (
    "nav.nav_usd", "nav.nav_zar", "nav.drawdown_pct", "nav.drawdown_abs_usd", "nav.peak_usd",
    "kpis.risk.drawdown_pct", "kpis.risk.dd_state", "nav.dd_state", "aum.total_usd", "aum.total_zar",
    *(f"nav.{field}" for field in CHANGE_FIELDS),
)  # fmt: skip


class NavInputs(NamedTuple):
    """What other sections found that the NAV block shows too. `risk` is the KPI block of that name."""

    nav: Nav
    rate: Rate
    exchange: Exchange
    drawdown: Drawdown
    exposure: Exposure
    history: NavHistory
    risk: dict[str, Any]


def build_nav(sources: Sources, inputs: NavInputs) -> dict[str, Any]:
    """The block, or an empty dict when no nav file can be read."""
    nav = inputs.nav
    if nav.file is None:
        sources.unknown.note_all(["nav", *(f"nav.{field}" for field in FIELDS)], nav.unknown or "")
        return {}
    _mark_old(sources, inputs)
    block: dict[str, Any] = {
        **_value(sources, nav, nav.file, inputs.rate),
        **_risk(sources, inputs.risk),
        **_show_drawdown(sources, inputs.drawdown, nav),
        **_exposure(sources, inputs.exchange, inputs.exposure),
        **build_changes(sources, nav),
        **_deepest(sources, inputs.history),
        "exchange": _exchange(sources, inputs.exchange),
    }
    sources.unknown.fill("nav", block, "no file carries it")
    # Points are numbers, hundreds of them: there is nothing to explain in them.
    marks = find_marks(sources.tape.rows, sources.now)
    week = build_week(sources)
    leaps = [leap.at for leap in (*inputs.history.leaps, *logged_leaps(sources).found)]
    return block | _history(inputs, week["series_7d"], max(leaps, default=None), sources.now) | week | {"marks": marks}


def _mark_old(sources: Sources, inputs: NavInputs) -> None:
    """An old NAV, and what is computed from it, never looks live."""
    exchange = inputs.exchange
    if inputs.nav.stale is not None:
        sources.stale.note_all(OF_THE_NAV, inputs.nav.stale)
    elif exchange.frozen:
        at = f" of {fmt_moment(exchange.confirmed_at, sources.now)}" if exchange.confirmed_at else ""
        sources.stale.note_all(OF_THE_NAV, f"the NAV repeats the last confirmed value{at}")


def _value(sources: Sources, nav: Nav, file: str, rate: Rate) -> dict[str, Any]:
    unknown, nav_zar = sources.unknown, rate.zar(nav.usd)
    no_nav = nav.unknown or ""
    unknown.known("nav.nav_usd", nav.usd, no_nav)
    unknown.known("nav.nav_zar", nav_zar, no_nav if nav.usd is None else rate.reason)
    unknown.known("nav.fx_usd_zar", rate.usd_zar, rate.reason)
    unknown.known("nav.fx_updated_at", rate.updated_at, rate.reason)
    updated_at, no_stamp = sources.readings[file].updated_at, f"no time stamp in {file}"
    ahead = f"the time stamp of {file} lies {sources.readings[file].ahead_words(updated_at)}"
    age_s = unknown.known("nav.age_s", sources.age(file), no_stamp if updated_at is None else ahead)
    unknown.known("nav.updated_at", updated_at, no_stamp)
    return {
        "nav_usd": nav.usd,
        "nav_zar": 0.0 if nav_zar is None else nav_zar,
        "fx_usd_zar": rate.usd_zar,
        "fx_updated_at": rate.updated_at,
        "age_s": age_s,
        "updated_at": updated_at,
        "source": file,
        "source_note": "; ".join(nav.passed),
        "is_lower_bound": bool(nav.unpriced) and not owed_coins(sources, nav),
        "unpriced": list(nav.unpriced),
    }


def _risk(sources: Sources, risk: dict[str, Any]) -> dict[str, Any]:
    """The words of the KPI block, with their reasons and ages."""
    for key in ("dd_state", "atr_regime"):
        for notes in (sources.unknown, sources.stale):
            if (reason := notes.reasons.get(f"kpis.risk.{key}")) is not None:
                notes.note(f"nav.{key}", reason)
    return {key: risk[key] for key in ("dd_state", "atr_regime")}


def _show_drawdown(sources: Sources, drawdown: Drawdown, nav: Nav) -> dict[str, Any]:
    """Percent, amount and peak of one source, with the reason where there is none."""
    reason, figures = why_no_drawdown(sources, drawdown, nav), drawdown.figures
    shown = {
        "peak_usd": figures.peak_usd,
        "drawdown_pct": figures.pct,
        "drawdown_abs_usd": figures.abs_usd,
    }
    if drawdown.choice.claim is not None and figures.pct is not None:
        reason = f"{drawdown.choice.claim.name} does not carry it beside its drawdown"
    for key, value in shown.items():
        sources.unknown.known(f"nav.{key}", value, reason)
    mark_stale(sources, drawdown.choice, *(f"nav.{key}" for key in shown))
    return shown


def _exposure(sources: Sources, exchange: Exchange, exposure: Exposure) -> dict[str, Any]:
    unknown, realized = sources.unknown, realized_today(sources)
    mark_stale(sources, realized, "nav.realized_pnl_today_usd")
    return {
        "gross_exposure_usd": unknown.known("nav.gross_exposure_usd", exposure.gross_usd, exposure.reason),
        "net_exposure_usd": unknown.known("nav.net_exposure_usd", exposure.net_usd, exposure.net_reason),
        "realized_pnl_today_usd": unknown.known(
            "nav.realized_pnl_today_usd", realized.value, why_no_realized(sources, realized)
        ),
        "unrealized_pnl_usd": _unrealized(sources, exchange, exposure),
    }


def _unrealized(sources: Sources, exchange: Exchange, exposure: Exposure) -> float | None:
    """The daemon's figure, else the sum over the rows; unknown while the NAV is frozen or the book is."""
    path = "nav.unrealized_pnl_usd"
    if exchange.frozen:
        return sources.unknown.known(path, None, "the NAV is frozen, and the files then write 0.0 for the open PnL")
    if exposure.in_doubt:
        return sources.unknown.known(path, None, exposure.reason)
    claims = [
        claim_of(sources, NAV_STATE, value) for value in [_written_unrealized(sources, exposure)] if value is not None
    ]
    if exposure.pnl_usd is not None and exposure.source is not None:
        claims.append(Claim(exposure.pnl_usd, exposure.source, sources.stamp(exposure.source)))
    choice = choose(sources, claims)
    mark_stale(sources, choice, path)
    lacking = exposure.foreign or sources.lacks("unrealized PnL", NAV_STATE)
    return sources.unknown.known(path, choice.value, f"{lacking}; {exposure.reason}")


def _written_unrealized(sources: Sources, exposure: Exposure) -> float | None:
    """0.0 also stands for a missing key; over rows with a PnL of their own it was not written. What is added up over
    rows of another money, or of one that nobody knows, is no figure in US dollars.
    """
    if exposure.foreign:
        return None
    written = number(sources.data(NAV_STATE).get("unrealized_pnl"))
    return None if written == 0.0 and exposure.pnl_usd is not None else written


def _deepest(sources: Sources, history: NavHistory) -> dict[str, float | None]:
    """The deepest fall within the history, which is not the drawdown of now."""
    percent, at = (None if history.leaps else find_deepest(history.points)) or (None, None)
    reason = f"the NAV history leaps {WHY}" if history.leaps else "no NAV history above zero to fall from"
    return {
        "deepest_drawdown_pct": sources.unknown.known("nav.deepest_drawdown_pct", percent, reason),
        "deepest_drawdown_at": sources.unknown.known("nav.deepest_drawdown_at", at, reason),
    }


def _history(inputs: NavInputs, week: list[list[float]], leapt_at: float | None, now: float) -> dict[str, Any]:
    """Points and gaps; and only where it is so, when they leapt, else that those of a day or a week were higher than
    the peak, and that they end in zeros.
    """
    history, peak_usd = inputs.history, inputs.drawdown.figures.peak_usd
    shown: dict[str, Any] = {"series": history.points, "gaps": history.gaps}
    if leapt_at is not None:
        shown["history_leap_at"] = leapt_at
    elif high := find_history_high([*history.points, *week], peak_usd):
        shown |= _above_peak(*high, peak_usd, now)
    if history.zeros_since is not None:
        shown["history_zeros_since"] = history.zeros_since
    return shown


def _above_peak(high_usd: float, at: float, peak_usd: float | None, now: float) -> dict[str, Any]:
    """One sentence, for the card and for the chart."""
    words = f" at {fmt_moment(at, now)}, above the writer's peak of "
    parts: list[Part] = ["history was higher: ", amount(high_usd), words, amount(peak_usd)]
    said = {"history_high_text": join(parts), "history_high_parts": parts}
    return {"history_high_usd": high_usd, "history_high_at": at, **said}


def _exchange(sources: Sources, exchange: Exchange) -> dict[str, Any]:
    unknown = sources.unknown
    configured = exchange.source in CONFIGURED_SOURCES
    never = f"the NAV is a {exchange.source} figure that no exchange confirms" if configured else None
    nothing = sources.lacks("evidence of the exchange", NAV, RISK_SNAPSHOT)
    for key in ("source", "fresh", "frozen"):
        unknown.known(f"nav.exchange.{key}", getattr(exchange, key), nothing)
    for key in ("confirmed_at", "confirmed_age_s"):
        unknown.known(f"nav.exchange.{key}", exchange.confirmed_at, never or nothing)
    return {
        "source": exchange.source,
        "fresh": exchange.fresh,
        "confirmed_at": exchange.confirmed_at,
        "confirmed_age_s": age_of(exchange.confirmed_at, sources.now),
        "frozen": exchange.frozen,
    }
