"""The NAV block: value, age, drawdown, exposure and whether the exchange stands behind it."""

from typing import Any, NamedTuple

from state.facts.drawdown import Drawdown, realized_today
from state.facts.exchange import CONFIGURED_SOURCES, Exchange
from state.facts.fx import NO_RATE, Rate
from state.facts.nav_files import nav_of, nav_payloads
from state.facts.positions import Exposure
from state.facts.series import build_series
from state.facts.sources import Sources
from state.files.stamps import age_of
from state.files.surfaces import KPIS, NAV, NAV_STATE, RISK_SNAPSHOT
from state.files.values import number

FIELDS = (
    "nav_usd", "nav_zar", "fx_usd_zar", "fx_updated_at", "age_s", "updated_at", "dd_state", "atr_regime", "source",
    "peak_usd", "drawdown_pct", "drawdown_abs_usd", "gross_exposure_usd", "net_exposure_usd",
    "realized_pnl_today_usd", "unrealized_pnl_usd", "series",
)  # fmt: skip


def pick_nav(sources: Sources) -> tuple[str | None, float | None]:
    """(source file, NAV in USD); the first readable file even when none has a NAV, (None, None) without a nav file."""
    payloads = nav_payloads(sources)
    for name, payload in payloads:
        nav_usd = nav_of(payload)
        if nav_usd is not None:
            return name, nav_usd
    return (payloads[0][0], None) if payloads else (None, None)


class NavInputs(NamedTuple):
    """What other sections found that the NAV block shows too. `risk` is the KPI block of that name."""

    rate: Rate
    exchange: Exchange
    drawdown: Drawdown
    exposure: Exposure
    risk: dict[str, Any]


def build_nav(sources: Sources, inputs: NavInputs) -> dict[str, Any]:
    """The block, or an empty dict when no nav file can be read."""
    source, nav_usd = pick_nav(sources)
    if source is None:
        reason = sources.lacks("NAV", NAV_STATE, NAV)
        sources.unknown.note_all(["nav", *(f"nav.{field}" for field in FIELDS)], reason)
        return {}
    block: dict[str, Any] = {
        **_value(sources, source, nav_usd, inputs.rate),
        **_risk(sources, inputs.risk),
        **_drawdown(sources, inputs.drawdown),
        **_exposure(sources, inputs.exchange, inputs.exposure),
        "exchange": _exchange(sources, inputs.exchange),
    }
    series = build_series(sources)
    sources.unknown.fill("nav", block, "no file carries it")
    return block | {"series": series}


def _value(sources: Sources, source: str, nav_usd: float | None, rate: Rate) -> dict[str, Any]:
    unknown, nav_zar = sources.unknown, rate.zar(nav_usd)
    no_nav = f"{source} is there but carries no NAV (zero means not written)"
    unknown.known("nav.nav_usd", nav_usd, no_nav)
    unknown.known("nav.nav_zar", nav_zar, no_nav if nav_usd is None else NO_RATE)
    unknown.known("nav.fx_usd_zar", rate.usd_zar, NO_RATE)
    unknown.known("nav.fx_updated_at", rate.updated_at, NO_RATE)
    updated_at, no_stamp = sources.readings[source].updated_at, f"no time stamp in {source}"
    ahead = f"the time stamp of {source} lies in the future"
    age_s = unknown.known("nav.age_s", sources.age(source), no_stamp if updated_at is None else ahead)
    unknown.known("nav.updated_at", updated_at, no_stamp)
    return {
        "nav_usd": nav_usd,
        "nav_zar": 0.0 if nav_zar is None else nav_zar,
        "fx_usd_zar": rate.usd_zar,
        "fx_updated_at": rate.updated_at,
        "age_s": age_s,
        "updated_at": updated_at,
        "source": source,
    }


def _risk(sources: Sources, risk: dict[str, Any]) -> dict[str, Any]:
    """The words of the KPI block, with their reasons."""
    for key in ("dd_state", "atr_regime"):
        reason = sources.unknown.reasons.get(f"kpis.risk.{key}")
        if reason:
            sources.unknown.note(f"nav.{key}", reason)
    return {key: risk[key] for key in ("dd_state", "atr_regime")}


def _drawdown(sources: Sources, drawdown: Drawdown) -> dict[str, Any]:
    unknown, names = sources.unknown, (NAV_STATE, KPIS, RISK_SNAPSHOT)
    return {
        "peak_usd": unknown.known("nav.peak_usd", drawdown.peak_usd, sources.lacks("peak NAV", *names)),
        "drawdown_pct": unknown.known("nav.drawdown_pct", drawdown.pct, sources.lacks("drawdown", *names)),
        "drawdown_abs_usd": unknown.known("nav.drawdown_abs_usd", drawdown.abs_usd, sources.lacks("drawdown", *names)),
    }


def _exposure(sources: Sources, exchange: Exchange, exposure: Exposure) -> dict[str, Any]:
    unknown = sources.unknown
    realized = realized_today(sources)
    return {
        "gross_exposure_usd": unknown.known("nav.gross_exposure_usd", exposure.gross_usd, exposure.reason),
        "net_exposure_usd": unknown.known("nav.net_exposure_usd", exposure.net_usd, exposure.reason),
        "realized_pnl_today_usd": unknown.known(
            "nav.realized_pnl_today_usd", realized, sources.lacks("realised PnL of today", NAV_STATE)
        ),
        "unrealized_pnl_usd": _unrealized(sources, exchange, exposure),
    }


def _unrealized(sources: Sources, exchange: Exchange, exposure: Exposure) -> float | None:
    """The daemon's figure, else the sum over the rows; unknown while the NAV is frozen (the file then says 0.0)."""
    path = "nav.unrealized_pnl_usd"
    if exchange.frozen:
        return sources.unknown.known(path, None, "the NAV is frozen, and the files then write 0.0 for the open PnL")
    written = number(sources.data(NAV_STATE).get("unrealized_pnl"))
    # 0.0 also stands for a missing key; over rows with a PnL of their own it was not written.
    if written is None or (written == 0.0 and exposure.pnl_usd is not None):
        written = exposure.pnl_usd
    return sources.unknown.known(path, written, sources.lacks("unrealized PnL", NAV_STATE) + f"; {exposure.reason}")


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
