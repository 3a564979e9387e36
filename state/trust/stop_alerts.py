"""Positions without a stop: by the executor's ledger where there is one, else by its registry of exits."""

from collections.abc import Iterator

from state.facts.executor_word import Word
from state.trust.severity import stops_kind
from state.trust.surface_alerts import Alert, State, alert, name_some


def stop_alerts(state: State, said: Word, old: str) -> Iterator[Alert]:
    """At most one alert; `old` says that the executor's word is an old one."""
    rows = state["positions"]
    bare = [index for index, row in enumerate(rows) if row["has_stop"] is False]
    kind = stops_kind(said.mode, state["kpis"]["risk"]["dd_state"])
    if bare:
        names = name_some([f"{rows[index]['symbol']} {rows[index]['side'] or ''}".strip() for index in bare])
        outdated = state["meta"]["stale"].get(f"positions.{bare[0]}.has_stop")
        aside = f" ({outdated})" if outdated else ""
        registry = f"; {_counts(said)}{old}" if _is_mismatch(said) else ""
        yield alert(kind, f"{len(bare)} of {len(rows)} positions without a stop", f"{names}{aside}{registry}")
    elif _is_mismatch(said):
        yield _mismatch(said, kind, old)


def _is_mismatch(said: Word) -> bool:
    """The registry of stops and targets against the positions; `false` is a default, and the counts say more."""
    if (said.positions, said.exits) == (0, 0):
        return False
    return bool(said.mismatch) or (_missing(said) > 0 and said.exits is not None)


def _missing(said: Word) -> int:
    return (said.positions or 0) - (said.exits or 0)


def _mismatch(said: Word, kind: str, old: str) -> Alert:
    missing, text = _missing(said), f"{_counts(said)}{old}"
    if missing <= 0:
        return alert("exits_mismatch", "EXITS DO NOT MATCH POSITIONS", text)
    return alert(kind, f"{missing} POSITION{'S' if missing > 1 else ''} WITHOUT EXITS", text)


def _counts(said: Word) -> str:
    counts = f"{_number(said.exits)} exits are registered for {_number(said.positions)} positions"
    return f"{counts} (stops and targets, tp_sl_registry)"


def _number(value: int | None) -> str:
    return "an unknown number of" if value is None else str(value)
