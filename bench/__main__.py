"""`python -m bench`: the table of ratios on the terminal, and the same as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cycles import bench_cycles
from bench.fleet import bench_fleet
from bench.heap import bench_heap
from bench.loads import bench_loads
from bench.overview import bench_overview
from bench.paint import bench_paint
from bench.row import COLUMNS, Row, build_report
from bench.sizes import FULL, QUICK, Sizes
from bench.tabs import bench_tabs
from bench.ticks import bench_ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What is measured, in the order of the table; each yields its rows from a directory of its own and the sizes.
PARTS = {
    "loads": bench_loads,
    "ticks": bench_ticks,
    "overview": bench_overview,
    "tabs": bench_tabs,
    "paint": bench_paint,
    "heap": bench_heap,
    "cycles": bench_cycles,
    "fleet": bench_fleet,
}

# Up to an hour, more than all the others together: measured when it is asked for.
ON_REQUEST = {"heap"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; 0 also when a target is missed, since the table says so."""
    options = parse(arguments)
    sizes = QUICK if options.quick else FULL
    print(
        f"load {_load()} on {os.cpu_count()} CPUs; best of alternated rounds, CPU time where the row does not say wall"
    )
    print(f"\n{COLUMNS}")
    rows = []
    for row in measure(sizes, choose_parts(options)):
        rows.append(row)
        print(row.as_text(), flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(build_report(rows, sizes.name), indent=1) + "\n")
    print(f"\nload {_load()}; {sum(row.missed for row in rows)} of {len(rows)} rows missed; written to {options.out}")
    return 0


def choose_parts(options: argparse.Namespace) -> list[str]:
    """Those that were named, in the order of the table, else all but the one that takes long."""
    if options.only:
        return [name for name in PARTS if name in options.only]
    return [name for name in PARTS if options.all or name not in ON_REQUEST]


def measure(sizes: Sizes, names: Iterable[str]) -> Iterator[Row]:
    """Every row of these parts."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        for name in names:
            yield from PARTS[name](Path(scratch) / name, sizes)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure costs as ratios.")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    parser.add_argument("--only", choices=PARTS, nargs="+", help="these parts of the table")
    parser.add_argument("--all", action="store_true", help="heap as well, which takes up to an hour alone")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"), help="where the JSON goes")
    return parser.parse_args(arguments)


def _load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
