"""Positions without a stop: by the executor's ledger where there is one, else by its registry of exits."""

from collections.abc import Iterator

from state.facts.executor_word import Word
from state.facts.stops import NO_STOP, NOT_THERE, UNREGISTERED
from state.trust.severity import stops_kind
from state.trust.surface_alerts import Alert, State, alert, name_some

MISSES = "THE REGISTRY OF EXITS MISSES POSITIONS"


def stop_alerts(state: State, said: Word, old: str) -> Iterator[Alert]:
    """At most one alert; `old` says that the executor's word is an old one."""
    kind = stops_kind(said.mode, state["kpis"]["risk"]["dd_state"])
    rows, unknown = state["positions"], state["meta"]["unknown"]
    reasons = [unknown.get(f"positions.{index}.stop_price") for index in range(len(rows))]
    bare = [index for index, row in enumerate(rows) if row["has_stop"] is False]
    lost = [index for index in _living(state) if reasons[index] == NOT_THERE]
    registry = f"; {_counts(said)}{old}" if _is_mismatch(said) else _unregistered(said, rows)
    if bare:
        title = f"{len(bare)} of {len(rows)} positions without a stop"
        yield alert(kind, title, "; ".join(_words(state, bare, lost, reasons)), registry)
    elif lost:
        title = f"{len(lost)} of {len(rows)} positions unknown to the ledger of stops"
        yield alert(kind, title, f"{_names(rows, lost)}: {NOT_THERE}", registry)
    elif _is_mismatch(said):
        yield _mismatch(said, kind, old)
    elif any(reason is not None and reason.endswith(UNREGISTERED) for reason in reasons):
        yield alert(kind, MISSES, f"{_counts(said)}; {len(rows)} are open")
    elif registry:
        # Where the ledger has all stops, only the count is wrong.
        yield alert("exits_mismatch", MISSES, registry.removeprefix("; "))


def _unregistered(said: Word, rows: list[State]) -> str:
    """That the registry counts fewer positions than are open; none and none is a default."""
    return f"; {_counts(said)}, {len(rows)} are open" if said.unregistered and said.positions else ""


def _living(state: State) -> list[int]:
    """The rows of which no old ledger speaks."""
    stale = state["meta"]["stale"]
    return [index for index in range(len(state["positions"])) if f"positions.{index}.has_stop" not in stale]


def _words(state: State, bare: list[int], lost: list[int], reasons: list[str | None]) -> Iterator[str]:
    """Who has no stop, and why where it is not just so: only a part of it has one, or the price is past it."""
    rows = state["positions"]
    outdated = state["meta"]["stale"].get(f"positions.{bare[0]}.has_stop")
    yield _names(rows, bare) + (f" ({outdated})" if outdated else "")
    for reason in dict.fromkeys(reasons[index] for index in bare):
        if reason is not None and reason != NO_STOP:
            yield f"{_names(rows, [index for index in bare if reasons[index] == reason])}: {reason}"
    if lost:
        yield f"{_names(rows, lost)}: {NOT_THERE}"


def _names(rows: list[State], indices: list[int]) -> str:
    return name_some([f"{rows[index]['symbol']} {rows[index]['side'] or ''}".strip() for index in indices])


def _is_mismatch(said: Word) -> bool:
    """The registry of stops and targets against the positions; `false` is a default, and the counts say more."""
    if said.behind or (said.positions, said.exits) == (0, 0):
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
