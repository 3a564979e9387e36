"""What an operator has to know at once, worst first, in the same words wherever it is said."""

from collections.abc import Iterator

from state.facts.exchange import REPEATING_SOURCES, Exchange
from state.formatting import fmt_moment, fmt_pct
from state.trust.surface_alerts import Alert, State, alert, present, silent_writers, troubled_files

SEVERITIES = ("fail", "warn", "info")


def build_alerts(state: State, exchange: Exchange) -> list[Alert]:
    """Alerts of a normalized state, the cause before its effects. `since` is an epoch where an alert has a duration."""
    found = [
        *_no_files(state),
        *_exchange_unreachable(state, exchange),
        *silent_writers(state),
        *_nav_not_confirmed(state, exchange),
        *_nav_unknown(state, exchange),
        *troubled_files(state),
        *_risk(state),
        *_checks(state),
        *_symbols(state),
        *_drift(state),
    ]
    return sorted(found, key=lambda alert: SEVERITIES.index(alert["severity"]))


def _no_files(state: State) -> Iterator[Alert]:
    if not present(state):
        yield alert("fail", "NO STATE FILES", f"nothing to read in {state['meta']['state_dir']}")


def _exchange_unreachable(state: State, exchange: Exchange) -> Iterator[Alert]:
    if exchange.frozen and _repeats(exchange):
        yield alert("fail", "EXCHANGE UNREACHABLE", _frozen_words(state, exchange), exchange.confirmed_at)


def _nav_not_confirmed(state: State, exchange: Exchange) -> Iterator[Alert]:
    if exchange.frozen and not _repeats(exchange):
        yield alert("fail", "NAV NOT CONFIRMED", _frozen_words(state, exchange), exchange.confirmed_at)


def _nav_unknown(state: State, exchange: Exchange) -> Iterator[Alert]:
    if not present(state):
        return
    if state["nav"].get("nav_usd") is None:
        yield alert("fail", "NAV UNKNOWN", state["meta"]["unknown"]["nav.nav_usd"])
    elif exchange.frozen is None:
        yield alert("warn", "NAV NOT KNOWN TO BE LIVE", "nothing says whether the NAV is live")


def _repeats(exchange: Exchange) -> bool:
    return exchange.source in REPEATING_SOURCES or exchange.fresh is False


def _frozen_words(state: State, exchange: Exchange) -> str:
    confirmed = fmt_moment(exchange.confirmed_at, state["meta"]["loaded_at"])
    at = f" of {confirmed}" if exchange.confirmed_at else ""
    book = " · positions unknown" if "positions" in state["meta"]["unknown"] else ""
    return f"NAV repeats the last confirmed value{at}{book}"


def _risk(state: State) -> Iterator[Alert]:
    risk, unknown = state["kpis"]["risk"], state["meta"]["unknown"]
    dd_state = risk["dd_state"]
    if dd_state.lower() not in ("normal", "unknown"):
        severity = "fail" if dd_state.lower() in ("defensive", "halted") else "warn"
        yield alert(severity, f"Drawdown {dd_state}", f"{fmt_pct(risk['drawdown_pct'])} below the peak")
    if "kpis.risk.atr_regime" not in unknown and risk["atr_regime"] in ("hot", "panic"):
        yield alert("warn", f"ATR {risk['atr_regime']}", "portfolio")
    quality = state["router"]["quality"]
    if quality in ("poor", "broken"):
        yield alert("info", f"Router {quality}", ", ".join(state["router"]["worst"]) or "portfolio")


def _checks(state: State) -> Iterator[Alert]:
    for check in state["meta"]["checks"]:
        # A frozen NAV has its own, louder line.
        if check["status"] in ("fail", "warn") and check["name"] != "nav_live":
            yield alert("warn", f"{check['label']} check", check["detail"])


def _symbols(state: State) -> Iterator[Alert]:
    symbols = state["kpis"]["symbols"]
    panicking = sorted(symbol for symbol, row in symbols.items() if row.get("atr_regime") == "panic")
    if panicking:
        yield alert("info", "ATR panic", ", ".join(panicking))
    if state["aum"]["unpriced"]:
        yield alert("info", "No price", ", ".join(state["aum"]["unpriced"]))


def _drift(state: State) -> Iterator[Alert]:
    for item in state["meta"]["drift"]:
        since = fmt_moment(item["since"], state["meta"]["loaded_at"])
        severity = "info" if item["path"] else "warn"
        yield alert(severity, item["text"], f"last published at {since}", item["since"])
