"""The transitions as they are shown: newest first, and a class that goes to and fro in one line."""

from itertools import islice
from typing import Any

from state.files.stamps import FUTURE_TOLERANCE_S
from state.files.transitions import MOST, Row, Tape
from state.formatting import fmt_moment

# A class that changes back within this long flaps.
FLAP_S = 3600.0
# So many changes of one class between the same two words are one line.
LEAST_FLAPS = 3

TITLES = {
    "dd_state": "Drawdown state",
    "atr_regime": "ATR regime",
    "router_quality": "Router quality",
    "surface": "",
}

Key = tuple[str, str, frozenset[str]]


def show_transitions(tape: Tape, now: float) -> list[Row]:
    """At most 50 rows without those of the future; a folded one stands where its newest change was.

    A folded row has `count` and `since` (epoch of its oldest change) beside the fields of a row.
    """
    runs: list[list[Row]] = []
    open_runs: dict[tuple[str, str], list[Row]] = {}
    for row in tape.rows:
        if row["at"] > now + FUTURE_TOLERANCE_S:
            continue
        subject = (row["kind"], row["subject"])
        run = open_runs.get(subject)
        if run is not None and _goes_on(run, row):
            run.append(row)
        else:
            open_runs[subject] = [row]
            runs.append(open_runs[subject])
    shown = [row for run in runs for row in _fold(run, now)]
    return list(islice(sorted(shown, key=lambda row: -float(row["at"])), MOST))


def _goes_on(run: list[Row], row: Row) -> bool:
    """Whether the change before a run of changes is the same one, there or back, and not long before."""
    newer = run[-1]
    between = {newer["before"], newer["after"]} == {row["before"], row["after"]}
    return (
        row["kind"] in TITLES
        and between
        and None not in (row["before"], row["after"])
        and (newer["at"] - row["at"] <= FLAP_S)
    )


def _fold(run: list[Row], now: float) -> list[Row]:
    if len(run) < LEAST_FLAPS:
        return run
    newest, since = run[0], float(run[-1]["at"])
    topic = " ".join(filter(None, (TITLES[newest["kind"]], _subject(newest))))
    words = f"{newest['before']} ⇄ {newest['after']}, {len(run)} times since {fmt_moment(since, now)}"
    return [{**newest, "text": f"{topic} {words}"[:200], "count": len(run), "since": since}]


def _subject(row: dict[str, Any]) -> str:
    return "" if row["subject"] == "portfolio" else str(row["subject"])
