"""`python -m state doctor`: one table, file by file, in the words of the page; exit codes of a monitoring plugin."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from state.files.values import printable
from state.formatting import UNKNOWN_TEXT, fmt_age, fmt_moment
from state.loader import load_all_state
from state.summary import CHECK_MARKS

EXIT_CODES = {"fail": 2, "warn": 1, "info": 0}
WORDS = {0: "OK", 1: "WARNING", 2: "CRITICAL"}

COLUMNS = ("file", "status", "shape", "freshness", "content", "written", "changed", "unknown", "error")
WIDTHS = (24, 12, 18, 11, 14, 14, 14, 9, 0)


def run(state_dir: str | None, now: float | None, watch_s: float | None) -> int:
    """Print the table, with `watch_s` again and again until interrupted; the exit code of the last one."""
    code = 0
    try:
        while True:
            state = load_all_state(state_dir, now=now, remember=False)
            code = exit_code(state)
            print("\n".join(map(printable, report(state))), flush=True)
            if watch_s is None:
                return code
            time.sleep(watch_s)
            print()
    except KeyboardInterrupt:
        return code


def exit_code(state: dict[str, Any]) -> int:
    """0 when nothing is wrong, 1 for warnings, 2 for failures: the worst of the alerts."""
    return max((EXIT_CODES[alert["severity"]] for alert in state["meta"]["alerts"]), default=0)


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


def _row(cells: Sequence[str]) -> str:
    return "".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


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
