"""Catch up with the present: simulate the hours before the start in seconds."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

from execution.paper.market import STEP_S

if TYPE_CHECKING:
    from collections.abc import Iterator


def list_missed_stamps(last_s: float, until_s: float, longest_s: float) -> list[float]:
    """Stamps of the steps between the last one and `until_s`: 5 s apart, over `longest_s` at most, up to `until_s`."""
    steps = max(0, int(min(until_s - last_s, longest_s) // STEP_S))
    return [until_s - (steps - number) * STEP_S for number in range(1, steps + 1)]


def show_progress(stamps: list[float], every_s: float = 1.0, stream: TextIO | None = None) -> Iterator[float]:
    """Yield the stamps; a line every second says how far it is, and the last one that it is done."""
    output = stream or sys.stderr
    span, said_s = _name_span(len(stamps) * STEP_S), time.monotonic()
    for number, stamp in enumerate(stamps, start=1):
        yield stamp
        if time.monotonic() - said_s >= every_s and number < len(stamps):
            said_s = time.monotonic()
            print(f"catching up on the last {span}: {100 * number // len(stamps)} %", file=output, flush=True)
    if stamps:
        print(f"caught up on the last {span} in {len(stamps)} steps", file=output, flush=True)


def _name_span(seconds: float) -> str:
    for length, unit in ((3600.0, "h"), (60.0, "min")):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.0f} s"
