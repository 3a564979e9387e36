"""The executor's own word as alerts: a halt, a breaker, a mode, an anomaly, missing exits, an exchange error."""

from collections.abc import Iterator

from state.facts.drawdown import Drawdown
from state.facts.executor_word import Word
from state.formatting import fmt_moment, fmt_number
from state.sentences import quoted
from state.trust.surface_alerts import Alert, State, alert

CALM_MODES = frozenset({"ok", "normal", "healthy"})
# What each mode means for the desk: entries stopped, or fewer of them.
MODE_SEVERITIES = {"halted": "fail", "defensive": "warn", "warn": "warn"}


def executor_alerts(state: State, said: Word, drawdown: Drawdown) -> Iterator[Alert]:
    """In the executor's own words, before anything that is derived here."""
    now = state["meta"]["loaded_at"]
    old = f" (said at {fmt_moment(said.at, now)}; {said.stale})" if said.stale else ""
    yield from _mode(said, old)
    if said.breaker:
        limit = "" if said.limit_pct is None else f"its limit is {fmt_number(said.limit_pct)} % below the peak; "
        yield alert("fail", "CIRCUIT BREAKER ACTIVE", f"{limit}the executor opens nothing{old}", since=None)
    for anomaly in said.anomalies:
        yield alert("warn", "Anomaly", quoted(anomaly), old)
    for reason in drawdown.disowned:
        yield alert("warn", "Drawdown not usable", f"the executor {reason.removeprefix('its writer ')} in its files")
    yield from _exits(said, old)
    yield from _error(said, now)


def _mode(said: Word, old: str) -> Iterator[Alert]:
    mode = said.mode or ""
    if not mode or mode.lower() in CALM_MODES:
        return
    score = "" if said.score is None else f", score {fmt_number(said.score)}"
    slip = "; its reason reads a percentage as a fraction" if said.slip else ""
    severity = "warn" if said.slip else MODE_SEVERITIES.get(mode.lower(), "warn")
    reason = quoted(said.reason) if said.reason else "no reason given"
    yield alert(severity, f"Risk mode {mode}", reason, f"{score}{slip}{old}")


def _exits(said: Word, old: str) -> Iterator[Alert]:
    """The registry of stops and targets against the positions; `false` is a default, and the counts say more."""
    missing = (said.positions or 0) - (said.exits or 0)
    nothing_open = (said.positions, said.exits) == (0, 0)
    if nothing_open or not (said.mismatch or (missing > 0 and said.exits is not None)):
        return
    counts = f"{_number(said.exits)} exits are registered for {_number(said.positions)} positions"
    title = f"{missing} POSITIONS WITHOUT EXITS" if missing > 0 else "EXITS DO NOT MATCH POSITIONS"
    title = title.replace("1 POSITIONS", "1 POSITION") if missing == 1 else title
    yield alert("warn", title, f"{counts} (stops and targets, tp_sl_registry){old}")


def _number(value: int | None) -> str:
    return "an unknown number of" if value is None else str(value)


def _error(said: Word, now: float) -> Iterator[Alert]:
    error = said.error
    if error is not None:
        code = "" if error.code is None else f" ({error.code})"
        yield alert(
            "warn", "Exchange error", f"{error.symbol} at {fmt_moment(error.at, now)}: ", quoted(error.message), code
        )
