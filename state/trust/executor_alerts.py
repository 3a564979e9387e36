"""The executor's own word as alerts: a halt, a breaker, a mode, an anomaly, symbols that are off, an exchange error."""

from collections.abc import Iterator, Sequence

from state.facts.drawdown import Drawdown
from state.facts.executor_word import Word
from state.facts.symbol_flags import DD_WARNING, DISABLED, Flag
from state.formatting import fmt_moment, fmt_number
from state.sentences import Part, quoted
from state.trust.severity import CALM_STATES, mode_kind
from state.trust.stop_alerts import stop_alerts
from state.trust.surface_alerts import NAMED, Alert, State, alert

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
    if said.status is not None:
        yield alert("engine_status", "Executor not running", "engine_metadata.json says ", quoted(said.status))
    for anomaly in said.anomalies:
        yield alert("anomaly", "Anomaly", quoted(anomaly), old)
    yield from _flags(state, said)
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


def _flags(state: State, said: Word) -> Iterator[Alert]:
    """The symbols that the executor has switched off, and then those it has flagged otherwise."""
    now, old = state["meta"]["loaded_at"], f" ({said.flags_stale})" if said.flags_stale else ""
    off = [flag for flag in said.flags if flag.word == DISABLED]
    others = [flag for flag in said.flags if flag.word != DISABLED and not _is_told(state, flag)]
    for flags, how in ((off, "disabled"), (others, "flagged")):
        if flags:
            count = len({flag.symbol for flag in flags})
            title = f"{count} SYMBOL{'S' if count > 1 else ''} {how.upper()} BY THE EXECUTOR"
            yield alert("symbol_flags", title, *_named(flags, now), old)


def _is_told(state: State, flag: Flag) -> bool:
    """Whether the symbol's drawdown state, which has a line of its own, says the same."""
    dd_state = state["kpis"]["symbols"].get(flag.symbol, {}).get("dd_state")
    return flag.word == DD_WARNING and isinstance(dd_state, str) and dd_state.lower() not in CALM_STATES


def _named(flags: Sequence[Flag], now: float) -> Iterator[Part]:
    """`BTCUSDT (dd_cap_hit, until 23:00:00 UTC), ETHUSDT dd_warning`."""
    for index, flag in enumerate(flags[:NAMED]):
        yield f"{', ' if index else ''}{flag.symbol}"
        if flag.word != DISABLED:
            yield " "
            yield quoted(flag.word)
        until = "" if flag.until is None else f"until {fmt_moment(flag.until, now)}"
        if flag.reason:
            yield " ("
            yield quoted(flag.reason)
            yield f", {until})" if until else ")"
        elif until:
            yield f" ({until})"
    if len(flags) > NAMED:
        yield f" +{len(flags) - NAMED} more"


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
