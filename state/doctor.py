"""`python -m state doctor`: one table, file by file, in the words of the page; exit codes of a monitoring plugin."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from state.files.values import printable
from state.fleet import load_fleet
from state.formatting import UNKNOWN_TEXT, fmt_age, fmt_moment, fmt_signed
from state.loader import load_all_state
from state.summary import CHECK_MARKS

EXIT_CODES = {"fail": 2, "warn": 1, "info": 0}
WORDS = {0: "OK", 1: "WARNING", 2: "CRITICAL"}

COLUMNS = ("file", "status", "shape", "freshness", "content", "written", "changed", "unknown", "error")
WIDTHS = (24, 12, 18, 11, 14, 14, 14, 9, 0)


DESK_COLUMNS = ("desk", "verdict", "env", "beat", "clock", "confirmed", "not ready", "worst")
DESK_WIDTHS = (34, 10, 10, 10, 10, 14, 11, 0)


def run(state_dir: str | None, now: float | None, watch_s: float | None, desks_dir: str | None = None) -> int:
    """Print the table, with `watch_s` again and again until interrupted; the exit code of the last one.

    With `desks_dir` that of several desks.
    """
    code = 0
    try:
        while True:
            code, lines = _examine(state_dir, now) if desks_dir is None else _examine_desks(desks_dir, now)
            print("\n".join(map(printable, lines)), flush=True)
            if watch_s is None:
                return code
            time.sleep(watch_s)
            print()
    except KeyboardInterrupt:
        return code


def _examine(state_dir: str | None, now: float | None) -> tuple[int, Iterator[str]]:
    state = load_all_state(state_dir, now=now, remember=False)
    return exit_code(state), report(state)


def _examine_desks(desks_dir: str, now: float | None) -> tuple[int, Iterator[str]]:
    overview = load_fleet(desks_dir, now=now, remember=False)
    return _code_of(overview["alerts"]), report_desks(overview)


def exit_code(state: dict[str, Any]) -> int:
    """0 when nothing is wrong, 1 for warnings, 2 for failures: the worst of the alerts."""
    return _code_of(state["meta"]["alerts"])


def _code_of(alerts: Iterable[dict[str, Any]]) -> int:
    return max((EXIT_CODES[alert["severity"]] for alert in alerts), default=0)


def report(state: dict[str, Any]) -> Iterator[str]:
    """The lines: verdict, alerts, files, what is unknown, checks."""
    code = exit_code(state)
    fresh = sum(item["freshness"] == "fresh" for item in state["meta"]["surfaces"])
    yield f"{WORDS[code]}: {fresh} of {len(state['meta']['surfaces'])} files fresh in {state['meta']['state_dir']}"
    for alert in state["meta"]["alerts"]:
        yield f"  {alert['severity']:<5} {alert['title']}: {alert['text']}"
    yield ""
    yield _row(COLUMNS)
    for item in state["meta"]["surfaces"]:
        yield _row(_cells(state, item))
    yield ""
    for check in state["meta"]["checks"]:
        yield f"{CHECK_MARKS[check['status']]} {check['label']:<18}{check['detail']}"
    yield from _unknown(state)


def report_desks(overview: dict[str, Any]) -> Iterator[str]:
    """The same of several desks: verdict, alerts, one line a desk, and what lies between them and the wall."""
    meta, desks = overview["meta"], overview["desks"]
    yield f"{WORDS[_code_of(overview['alerts'])]}: {meta['quiet']} of {meta['count']} desks quiet in {meta['root']}"
    for alert in overview["alerts"]:
        yield f"  {alert['severity']:<5} {alert['title']}: {alert['text']}"
    yield ""
    yield _row(DESK_COLUMNS, DESK_WIDTHS)
    for desk in desks:
        yield _row(_desk_cells(desk, meta["loaded_at"]), DESK_WIDTHS)
    yield ""
    for check in meta["checks"]:
        yield f"{CHECK_MARKS[check['status']]} {check['label']}"


def _desk_cells(desk: dict[str, Any], now: float) -> tuple[str, ...]:
    """Ages are counted on the desk's own clock."""
    confirmed_at, skew_s = desk["confirmed_at"], desk["skew_s"]
    return (
        desk["name"],
        WORDS[_code_of(desk["alerts"])],
        "testnet" if desk["testnet"] else desk["environment"] or UNKNOWN_TEXT,
        desk["beat"],
        f"{fmt_signed(skew_s, 1)} s" if desk["beat"] != "local" else "",
        UNKNOWN_TEXT if confirmed_at is None else _ago(now + skew_s - confirmed_at),
        str(len(desk["obstacles"]) or ""),
        desk["alerts"][0]["title"] if desk["alerts"] else "",
    )


def _row(cells: Sequence[str], widths: Sequence[int] = WIDTHS) -> str:
    return "".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cells(state: dict[str, Any], item: dict[str, Any]) -> tuple[str, ...]:
    now = state["meta"]["loaded_at"]
    named = sum(item["name"] in reason for reason in state["meta"]["unknown"].values())
    clocks = (item["updated_at"], item["mtime"], item["changed_at"])
    content, written, changed = (UNKNOWN_TEXT if at is None else f"{_ago(now - at)}" for at in clocks)
    frozen = "" if item["frozen_since"] is None else f"frozen since {fmt_moment(item['frozen_since'], now)}"
    return (
        item["name"],
        item["status"],
        item["shape"] or UNKNOWN_TEXT,
        item["freshness"],
        content,
        written,
        changed,
        str(named or ""),
        item["error"] or frozen,
    )


def _ago(seconds: float) -> str:
    return f"in {fmt_age(-seconds)}" if seconds <= -1 else fmt_age(seconds)


def _unknown(state: dict[str, Any]) -> Iterator[str]:
    unknown = state["meta"]["unknown"]
    if unknown:
        yield ""
        yield f"unknown ({len(unknown)})"
    for path, reason in unknown.items():
        yield f"  {path}: {reason}"
