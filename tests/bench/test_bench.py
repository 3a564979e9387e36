"""The bench runs end to end and marks what is missed; what it measures depends on the machine and is not asserted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bench.__main__ import main
from bench.row import Row, build_report
from bench.sizes import QUICK

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    "unchanged load",
    "cold load",
    "one file of 10 changed",
    *(f"cold load, {count:,} symbols" for count in QUICK.symbols),
    "one symbol, 60 against 8",
    *(f"cold load, {points:,} points" for points in QUICK.series_points),
    "one point, 400 against 100",
    "first catch-up, 5 MB, wall",
    "first catch-up per MB, 5 MB, CPU",
    "sync cycle, 5 MB, wall",
    "sync cycle, 5 MB, CPU",
]

VERDICTS = [
    pytest.param(3.0, 2.0, True, id="over its target"),
    pytest.param(2.0, 2.0, False, id="on its target"),
    pytest.param(1.0, 2.0, False, id="under its target"),
    pytest.param(99.0, None, False, id="without a target"),
]


def test_a_quick_run_writes_every_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One table on the terminal, the same rows as JSON, each with the machine's load beside it."""
    out = tmp_path / "build" / "bench.json"
    assert main(["--quick", "--out", str(out)]) == 0
    report: dict[str, Any] = json.loads(out.read_bytes())
    assert [row["name"] for row in report["rows"]] == ROWS
    printed = capsys.readouterr().out
    for row in report["rows"]:
        assert row["name"] in printed
        assert row["ratio"] == row["measured_s"] / row["reference_s"] > 0
        assert row["load_1m"] >= 0
        assert row["missed"] is (row["target"] is not None and row["ratio"] > row["target"])
    assert report["missed"] == [row["name"] for row in report["rows"] if row["missed"]]
    assert len(report["load"]) == 3


@pytest.mark.parametrize(("measured_s", "target", "missed"), VERDICTS)
def test_a_ratio_over_its_target_is_marked(measured_s: float, target: float | None, missed: bool) -> None:
    """In the row, in its line and in the report."""
    row = Row("a cost", measured_s, 1.0, target)
    assert row.missed is missed
    assert ("MISSED" in row.as_text()) is missed
    assert row.as_json()["missed"] is missed
    assert build_report([row], "quick")["missed"] == (["a cost"] if missed else [])
