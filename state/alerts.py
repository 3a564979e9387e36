"""What an operator has to know at once, worst first, in the same words wherever it is said."""

from collections.abc import Iterator
from typing import Any

from state.exchange import REPEATING_SOURCES, Exchange
from state.formatting import fmt_moment, fmt_pct
from state.surfaces import EXECUTOR, SURFACES, SYNC_DAEMON

SEVERITIES = ("fail", "warn", "info")

WRITERS = {surface.name: surface.writer for surface in SURFACES}

Alert = dict[str, Any]
State = dict[str, Any]


def build_alerts(state: State, exchange: Exchange) -> list[Alert]:
    """Alerts of a normalized state, the cause before its effects. `since` is an epoch where an alert has a duration."""
    found = [
        *_no_files(state),
        *_exchange_unreachable(state, exchange),
        *_silent_writers(state),
        *_nav_not_confirmed(state, exchange),
        *_unreadable(state),
        *_frozen_content(state),
        *_overdue(state),
        *_missing(state),
        *_risk(state),
        *_checks(state),
        *_symbols(state),
        *_drift(state),
    ]
    return sorted(found, key=lambda alert: SEVERITIES.index(alert["severity"]))


def _alert(severity: str, title: str, text: str = "", since: float | None = None) -> Alert:
    return {"severity": severity, "title": title, "text": text, "since": since}


def _required(state: State) -> list[dict[str, Any]]:
    return [surface for surface in state["meta"]["surfaces"] if surface["required"]]


def _present(state: State) -> list[dict[str, Any]]:
    return [surface for surface in state["meta"]["surfaces"] if surface["status"] != "missing"]


def _names(surfaces: list[dict[str, Any]]) -> str:
    return ", ".join(surface["name"] for surface in surfaces)


def _no_files(state: State) -> Iterator[Alert]:
    if not _present(state):
        yield _alert("fail", "NO STATE FILES", f"nothing to read in {state['meta']['state_dir']}")


def _exchange_unreachable(state: State, exchange: Exchange) -> Iterator[Alert]:
    if exchange.frozen and _repeats(exchange):
        yield _alert("fail", "EXCHANGE UNREACHABLE", _frozen_words(state, exchange), exchange.confirmed_at)


def _nav_not_confirmed(state: State, exchange: Exchange) -> Iterator[Alert]:
    if exchange.frozen and not _repeats(exchange):
        yield _alert("fail", "NAV NOT CONFIRMED", _frozen_words(state, exchange), exchange.confirmed_at)


def _repeats(exchange: Exchange) -> bool:
    return exchange.source in REPEATING_SOURCES or exchange.fresh is False


def _frozen_words(state: State, exchange: Exchange) -> str:
    confirmed = fmt_moment(exchange.confirmed_at, state["meta"]["loaded_at"])
    at = f" of {confirmed}" if exchange.confirmed_at else ""
    book = " · positions unknown" if "positions" in state["meta"]["unknown"] else ""
    return f"NAV repeats the last confirmed value{at}{book}"


def _silent(state: State) -> dict[str, list[dict[str, Any]]]:
    """Files by silent writer; a process is silent when each file that only it writes is stale."""
    found = {}
    for writer in (EXECUTOR, SYNC_DAEMON):
        own = [surface for surface in _present(state) if WRITERS.get(surface["name"]) == writer]
        if own and all(surface["freshness"] == "stale" for surface in own):
            found[writer] = own
    return found


def _silent_writers(state: State) -> Iterator[Alert]:
    for writer, own in _silent(state).items():
        newest = max(surface["updated_at"] for surface in own)
        written = fmt_moment(newest, state["meta"]["loaded_at"])
        yield _alert("fail", f"{writer.upper()} SILENT", f"last wrote at {written}: {_names(own)}", newest)


def _unreadable(state: State) -> Iterator[Alert]:
    for surface in state["meta"]["surfaces"]:
        if surface["status"] in ("malformed", "unreadable"):
            yield _alert("fail", f"{surface['name']} {surface['status']}", surface["error"])
        elif surface["error"]:
            yield _alert("fail", f"{surface['name']} has a wrong clock", surface["error"])


def _frozen_content(state: State) -> Iterator[Alert]:
    for surface in state["meta"]["surfaces"]:
        since = surface["frozen_since"]
        if since is not None:
            moment = fmt_moment(since, state["meta"]["loaded_at"])
            text = f"it is still written, but nothing in it has changed after {moment}"
            yield _alert("fail", f"{surface['name']} FROZEN", text, since)


def _overdue(state: State) -> Iterator[Alert]:
    """Files that are late or silent by themselves, their writer not being silent as a whole."""
    required = _required(state)
    explained = {surface["name"] for own in _silent(state).values() for surface in own}
    for freshness, severity, phrase in (("stale", "fail", "silent"), ("late", "warn", "late")):
        named = [item for item in required if item["freshness"] == freshness and item["name"] not in explained]
        if named:
            oldest = min(item["updated_at"] for item in named)
            written = fmt_moment(oldest, state["meta"]["loaded_at"])
            title = f"{len(named)} of {len(required)} files {phrase}: {_names(named)}"
            yield _alert(severity, title, f"last written at {written}", oldest)


def _missing(state: State) -> Iterator[Alert]:
    required = _required(state)
    missing = [item for item in required if item["status"] == "missing"]
    if missing and _present(state):
        yield _alert("warn", f"{len(missing)} of {len(required)} files missing", _names(missing))


def _risk(state: State) -> Iterator[Alert]:
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


def _checks(state: State) -> Iterator[Alert]:
    for check in state["meta"]["checks"]:
        # A frozen NAV has its own, louder line.
        if check["status"] in ("fail", "warn") and check["name"] != "nav_live":
            yield _alert("warn", f"{check['label']} check", check["detail"])


def _symbols(state: State) -> Iterator[Alert]:
    symbols = state["kpis"]["symbols"]
    panicking = sorted(symbol for symbol, row in symbols.items() if row.get("atr_regime") == "panic")
    if panicking:
        yield _alert("info", "ATR panic", ", ".join(panicking))
    if state["aum"]["unpriced"]:
        yield _alert("info", "No price", ", ".join(state["aum"]["unpriced"]))


def _drift(state: State) -> Iterator[Alert]:
    for item in state["meta"]["drift"]:
        since = fmt_moment(item["since"], state["meta"]["loaded_at"])
        severity = "info" if item["path"] else "warn"
        yield _alert(severity, item["text"], f"last published at {since}", item["since"])
