"""The bench runs end to end and marks what is missed; what it measures depends on the machine and is not asserted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from array import array
from typing import TYPE_CHECKING, Any

import pytest
from serving import ROOT, process_environ

from bench.__main__ import choose_parts, parse
from bench.answers import TIMEOUT_S
from bench.crowd import Tally, summarize
from bench.row import BYTES, COUNT, SECONDS, Row, build_report, show
from bench.sizes import QUICK

if TYPE_CHECKING:
    from pathlib import Path

SHARES = ("p50", "p95")
LOGS = ("5 MB", "13 MB with holes")
FLEET = ["write to wall, p50, wall", "write to wall, p95, wall", "publisher, cores", "store of 5 desks, cores"]
ROWS = [
    "unchanged load",
    "cold load",
    "one file of 11 changed",
    *(f"cold load, {count:,} symbols" for count in QUICK.symbols),
    "one symbol, 60 against 8",
    *(f"cold load, {points:,} points" for points in QUICK.series_points),
    "one point, 400 against 100",
    "load, one more than 5,000 points in the log",
    "peak memory, 5,000 points in the log",
    "unchanged tick",
    "tick, one section changed",
    "tick, everything changed, alone",
    "tick, everything changed, one of 2 tabs",
    "bytes up, everything changed",
    "bytes down, everything changed",
    "bytes up, unchanged",
    "bytes down, unchanged",
    f"unchanged tick, overview of {QUICK.desks} desks",
    "p99 of a request, 4 tabs, 2 workers, wall",
    "first paint of the NAV, empty cache, p50, wall",
    "first paint of the NAV, again, p50, wall",
    *(f"tick to paint of the {what}, {share}, wall" for what in ("first value", "whole page") for share in SHARES),
    "JavaScript heap, one tab",
    "nodes, one tab",
    "first catch-up, 5 MB, wall",
    "first catch-up, 13 MB with holes, wall",
    "first catch-up per MB, 5 MB, CPU",
    *(f"daemon's peak memory, {log}" for log in LOGS),
    *(f"sync cycle, {log}, {clock}" for log in LOGS for clock in ("wall", "CPU")),
    *(FLEET if shutil.which("redis-server") else []),
]

VERDICTS = [
    pytest.param(3.0, 2.0, True, id="over its target"),
    pytest.param(2.0, 2.0, False, id="on its target"),
    pytest.param(1.0, 2.0, False, id="under its target"),
    pytest.param(99.0, None, False, id="without a target"),
]


def run_bench(*arguments: str) -> str:
    """What `make bench` prints; a process of its own, since it starts a browser of its own."""
    environ = process_environ({"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"})
    command = [sys.executable, "-m", "bench", *arguments]
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=900, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_quick_run_writes_every_row(tmp_path: Path) -> None:
    """One table on the terminal, the same rows as JSON, each with the machine's load beside it."""
    out = tmp_path / "build" / "bench.json"
    printed = run_bench("--quick", "--out", str(out))
    report: dict[str, Any] = json.loads(out.read_bytes())
    assert [row["name"] for row in report["rows"]] == ROWS
    for row in report["rows"]:
        assert row["name"] in printed
        assert row["measured"] > 0
        assert row["ratio"] == (row["measured"] / row["reference"] if row["reference"] else None)
        assert row["load_1m"] >= 0
    assert report["missed"] == [row["name"] for row in report["rows"] if row["missed"]]
    assert len(report["load"]) == 3


@pytest.mark.parametrize(("measured", "target", "missed"), VERDICTS)
def test_a_ratio_over_its_target_is_marked(measured: float, target: float | None, missed: bool) -> None:
    """In the row, in its line and in the report."""
    row = Row("a cost", measured, 1.0, target)
    assert row.missed is missed
    assert ("MISSED" in row.as_text()) is missed
    assert row.as_json()["missed"] is missed
    assert build_report([row], "quick")["missed"] == (["a cost"] if missed else [])


@pytest.mark.parametrize(("measured", "target", "missed"), VERDICTS)
def test_a_value_without_a_reference_is_held_against_its_target(
    measured: float, target: float | None, missed: bool
) -> None:
    """It has no ratio."""
    row = Row("a size", measured, target=target, unit=BYTES)
    assert (row.missed, row.ratio) == (missed, None)
    assert ("MISSED" in row.as_text()) is missed


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.5, SECONDS, "1.50 s"),
        (0.0015, SECONDS, "1.50 ms"),
        (1.5e-9, SECONDS, "2 ns"),
        (644, BYTES, "644 B"),
        (22_600_000, BYTES, "22.60 MB"),
        (1394, COUNT, "1,394"),
        (None, BYTES, ""),
    ],
)
def test_a_value_is_shown_in_the_unit_it_reads_best_in(value: float | None, unit: str, text: str) -> None:
    """Nothing for a value that is not there."""
    assert show(value, unit) == text


def test_the_long_part_is_left_out_until_it_is_asked_for() -> None:
    """By name or by --all."""
    assert "heap" not in choose_parts(parse([]))
    assert "heap" in choose_parts(parse(["--all"]))
    assert choose_parts(parse(["--only", "heap", "loads"])) == ["loads", "heap"]


def test_a_crowd_is_summed_up_by_share_of_requests() -> None:
    """A request without an answer counts as long as a page waits for one."""
    tally = Tally(array("d", [0.01] * 97 + [0.3, 0.5, TIMEOUT_S]), ticks=80, late=4, changed=10, failed=1)
    found = summarize(tally)
    assert (found["p50_s"], found["p99_s"], found["p100_s"]) == (0.01, TIMEOUT_S, TIMEOUT_S)
    assert (found["requests"], found["failed"], found["late"]) == (100, 1, 4)
