"""What an operator has to know at once, worst first, in the same words wherever it is said."""

from collections.abc import Iterator
from typing import Any

from state.exchange import REPEATING_SOURCES, Exchange
from state.formatting import fmt_clock, fmt_pct

SEVERITIES = ("fail", "warn", "info")

Alert = dict[str, Any]


def build_alerts(state: dict[str, Any], exchange: Exchange) -> list[Alert]:
    """Alerts of a normalized state. `since` is an epoch where the alert has a duration, else None."""
    found = [
        *_no_files(state),
        *_frozen_nav(state, exchange),
        *_surfaces(state),
        *_risk(state),
        *_checks(state),
        *_symbols(state),
    ]
    return sorted(found, key=lambda alert: SEVERITIES.index(alert["severity"]))


def _alert(severity: str, title: str, text: str = "", since: float | None = None) -> Alert:
    return {"severity": severity, "title": title, "text": text, "since": since}


def _present(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [surface for surface in state["meta"]["surfaces"] if surface["status"] != "missing"]


def _no_files(state: dict[str, Any]) -> Iterator[Alert]:
    if not _present(state):
        yield _alert("fail", "NO STATE FILES", f"nothing to read in {state['meta']['state_dir']}")


def _frozen_nav(state: dict[str, Any], exchange: Exchange) -> Iterator[Alert]:
    if not exchange.frozen:
        return
    unreachable = exchange.source in REPEATING_SOURCES or exchange.fresh is False
    at = f" of {fmt_clock(exchange.confirmed_at)}" if exchange.confirmed_at else ""
    book = " · positions unknown" if "positions" in state["meta"]["unknown"] else ""
    title = "EXCHANGE UNREACHABLE" if unreachable else "NAV NOT CONFIRMED"
    yield _alert("fail", title, f"NAV repeats the last confirmed value{at}{book}", exchange.confirmed_at)


def _surfaces(state: dict[str, Any]) -> Iterator[Alert]:
    if not _present(state):
        return
    surfaces = state["meta"]["surfaces"]
    for surface in surfaces:
        if surface["status"] in ("malformed", "unreadable"):
            yield _alert("fail", f"{surface['name']} {surface['status']}", surface["error"])
        elif surface["error"]:
            yield _alert("fail", f"{surface['name']} has a wrong clock", surface["error"])
    for freshness, severity, phrase in (("stale", "fail", "silent"), ("late", "warn", "late")):
        named = [item for item in surfaces if item["freshness"] == freshness and item["required"]]
        if named:
            names, oldest = ", ".join(item["name"] for item in named), min(item["updated_at"] for item in named)
            title = f"{len(named)} of {len(surfaces)} files {phrase}: {names}"
            yield _alert(severity, title, f"last written {fmt_clock(oldest)}", oldest)
    missing = [item["name"] for item in surfaces if item["status"] == "missing" and item["required"]]
    if missing:
        yield _alert("warn", f"{len(missing)} of {len(surfaces)} files missing", ", ".join(missing))


def _risk(state: dict[str, Any]) -> Iterator[Alert]:
    risk, unknown = state["kpis"]["risk"], state["meta"]["unknown"]
    dd_state = risk["dd_state"]
    if dd_state.lower() not in ("normal", "unknown"):
        severity = "fail" if dd_state.lower() in ("defensive", "halted") else "warn"
        yield _alert(severity, f"Drawdown {dd_state}", f"{fmt_pct(risk['drawdown_pct'])} below the peak")
    if "kpis.risk.atr_regime" not in unknown and risk["atr_regime"] in ("hot", "panic"):
        yield _alert("warn", f"ATR {risk['atr_regime']}", "portfolio")
    quality = state["router"]["quality"]
    if quality in ("poor", "broken"):
        yield _alert("info", f"Router {quality}", ", ".join(state["router"]["worst"]) or "portfolio")


def _checks(state: dict[str, Any]) -> Iterator[Alert]:
    for check in state["meta"]["checks"]:
        # A frozen NAV has its own, louder line.
        if check["status"] in ("fail", "warn") and check["name"] != "nav_live":
            yield _alert("warn", f"{check['label']} check", check["detail"])


def _symbols(state: dict[str, Any]) -> Iterator[Alert]:
    symbols = state["kpis"]["symbols"]
    panicking = sorted(symbol for symbol, row in symbols.items() if row.get("atr_regime") == "panic")
    if panicking:
        yield _alert("info", "ATR panic", ", ".join(panicking))
    if state["aum"]["unpriced"]:
        yield _alert("info", "No price", ", ".join(state["aum"]["unpriced"]))
