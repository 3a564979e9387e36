"""Catch up with the present: simulate the hours before the start in seconds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from execution.paper.market import STEP_S

if TYPE_CHECKING:
    from collections.abc import Iterator

BAR_CELLS = 32


def list_missed_stamps(last_s: float, until_s: float, longest_s: float) -> list[float]:
    """Stamps of the steps between the last one and `until_s`: 5 s apart, over `longest_s` at most, up to `until_s`."""
    steps = max(0, int(min(until_s - last_s, longest_s) // STEP_S))
    return [until_s - (steps - number) * STEP_S for number in range(1, steps + 1)]


def show_progress(stamps: list[float], stream: TextIO | None = None) -> Iterator[float]:
    """Yield the stamps; on a terminal a bar grows, in a log one line says that it is done."""
    output = stream or sys.stderr
    shown = -1
    for number, stamp in enumerate(stamps, start=1):
        yield stamp
        percent = 100 * number // len(stamps)
        if output.isatty() and percent != shown:
            shown = percent
            output.write(f"\rbackfill [{'#' * (BAR_CELLS * percent // 100):<{BAR_CELLS}}] {percent:3d} %")
            output.flush()
    if stamps:
        output.write(
            f"{chr(13) if shown >= 0 else ''}backfill: {len(stamps)} steps done{' ' * BAR_CELLS}".rstrip() + "\n"
        )
