"""The executor's own word as alerts: a halt, a breaker, a mode, an anomaly, missing exits, an exchange error."""

from collections.abc import Iterator

from state.facts.drawdown import Drawdown
from state.facts.executor_word import Word
from state.formatting import fmt_moment, fmt_number
from state.sentences import quoted
from state.trust.severity import mode_kind
from state.trust.stop_alerts import stop_alerts
from state.trust.surface_alerts import Alert, State, alert

# What the executor is expected to say of itself, in a title.
MUTE = {"mode": "RISK MODE", "breaker": "CIRCUIT BREAKER"}


def executor_alerts(state: State, said: Word, drawdown: Drawdown) -> Iterator[Alert]:
    """In the executor's own words, before anything that is derived here."""
    now = state["meta"]["loaded_at"]
    old = f" (said at {fmt_moment(said.at, now)}; {said.stale})" if said.stale else ""
    yield from _mode(said, old)
    if said.breaker:
        limit = "" if said.limit_pct is None else f"its limit is {fmt_number(said.limit_pct)} % below the peak; "
        yield alert("breaker", "CIRCUIT BREAKER ACTIVE", f"{limit}the executor opens nothing{old}")
    if said.unread is not None:
        yield alert(
            "breaker_unread", "CIRCUIT BREAKER UNKNOWN", "it says ", quoted(said.unread), f", neither on nor off{old}"
        )
    if said.mode_unread is not None:
        yield alert("risk_unknown", "RISK MODE UNKNOWN", "it says ", quoted(said.mode_unread), f", no word{old}")
    if said.mute:
        names = " AND ".join(MUTE[what] for what, _ in said.mute)
        which, why = "neither" if len(said.mute) > 1 else "none", said.mute[0][1]
        yield alert("risk_unknown", f"{names} UNKNOWN", f"risk_snapshot.json carries {which}, {why}{old}")
    for anomaly in said.anomalies:
        yield alert("anomaly", "Anomaly", quoted(anomaly), old)
    for reason in drawdown.disowned:
        yield alert(
            "drawdown_not_usable",
            "Drawdown not usable",
            f"the executor {reason.removeprefix('its writer ')} in its files",
        )
    yield from stop_alerts(state, said, old)
    yield from _error(said, now)


def _mode(said: Word, old: str) -> Iterator[Alert]:
    kind = mode_kind(said.mode, slip=said.slip)
    if kind is None:
        return
    score = "" if said.score is None else f", score {fmt_number(said.score)}"
    slip = "; its reason reads a percentage as a fraction" if said.slip else ""
    reason = quoted(said.reason) if said.reason else "no reason given"
    yield alert(kind, f"Risk mode {said.mode}", reason, f"{score}{slip}{old}")


def _error(said: Word, now: float) -> Iterator[Alert]:
    error = said.error
    if error is not None:
        code = "" if error.code is None else f" ({error.code})"
        yield alert(
            "exchange_error",
            "Exchange error",
            f"{error.symbol} at {fmt_moment(error.at, now)}: ",
            quoted(error.message),
            code,
        )
