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
from bench.loads import bench_loads
from bench.row import COLUMNS, Row, build_report
from bench.sizes import FULL, QUICK, Sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What is measured, in the order of the table; each yields its rows from a directory of its own and the sizes.
PARTS = {"loads": bench_loads, "cycles": bench_cycles}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; 0 also when a target is missed, since the table says so."""
    options = _parse(arguments)
    sizes = QUICK if options.quick else FULL
    print(
        f"load {_load()} on {os.cpu_count()} CPUs; best of alternated rounds, CPU time where the row does not say wall"
    )
    print(f"\n{COLUMNS}")
    rows = []
    for row in measure(sizes, options.only):
        rows.append(row)
        print(row.as_text(), flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(build_report(rows, sizes.name), indent=1) + "\n")
    print(f"\nload {_load()}; {sum(row.missed for row in rows)} of {len(rows)} rows missed; written to {options.out}")
    return 0


def measure(sizes: Sizes, only: str | None = None) -> Iterator[Row]:
    """Every row, or those of one part."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        for name, part in PARTS.items():
            if only in (None, name):
                yield from part(Path(scratch) / name, sizes)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure costs as ratios.")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    parser.add_argument("--only", choices=PARTS, help="one part of the table")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"), help="where the JSON goes")
    return parser.parse_args(arguments)


def _load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
