"""What loading the state costs: unchanged, cold, after one change, and as symbols and history grow."""

from __future__ import annotations

import itertools
import json
import os
from typing import TYPE_CHECKING

from bench.long_log import bench_long_log
from bench.row import Row
from bench.timing import Contestant, race
from bench.worlds import ENVIRON, NOW_S, contents_of, copy_world, lengthen_series, paths_of, scale_universe
from state import load_all_state
from state.files import surfaces
from state.loader import Loader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.sizes import Sizes

UNCHANGED_TARGET = 1.5
COLD_TARGET = 2.0
# Linear is 1.0; the rest is caches of the processor, which larger worlds outgrow.
GROWTH_TARGET = 1.1


def bench_loads(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """Every row about `load_all_state()`, measured in `scratch`."""
    yield _unchanged(copy_world("healthy", scratch / "unchanged"), sizes)
    yield _cold("cold load", copy_world("healthy", scratch / "cold"), sizes, COLD_TARGET)
    yield _one_changed(copy_world("healthy", scratch / "changed"), sizes)
    yield from _symbols(scratch, sizes)
    yield from _series(scratch, sizes)
    yield from bench_long_log(scratch, sizes)


def _unchanged(state_dir: Path, sizes: Sizes) -> Row:
    paths = paths_of(state_dir)

    def load() -> object:
        return load_all_state(state_dir, now=NOW_S + 1)

    load_all_state(state_dir, now=NOW_S)
    measured_s, reference_s = race(Contestant(load), Contestant(lambda: _stat_all(paths)), sizes.rounds)
    return Row("unchanged load", measured_s, reference_s, UNCHANGED_TARGET, f"{len(paths)} bare os.stat calls")


def _stat_all(paths: list[str]) -> None:
    for path in paths:
        try:  # noqa: SIM105 - contextlib.suppress would cost as much as the call
            os.stat(path)  # noqa: PTH116 - the least that has to be done
        except OSError:
            pass


def _cold(name: str, state_dir: Path, sizes: Sizes, target: float | None = None) -> Row:
    contents = contents_of(state_dir)
    load, parse = Contestant(lambda: _load_cold(state_dir)), Contestant(lambda: _parse_all(contents))
    return Row(name, *race(load, parse, sizes.rounds), target, f"json.loads of {sum(map(len, contents)):,} bytes")


def _load_cold(state_dir: Path) -> object:
    return Loader(state_dir).load(NOW_S, ENVIRON)


def _parse_all(contents: list[bytes]) -> None:
    for content in contents:
        json.loads(content)


def _one_changed(state_dir: Path, sizes: Sizes) -> Row:
    """The file that changes most often; every write is another file, renamed, as the writers do it."""
    path, loader = state_dir / surfaces.NAV_STATE, Loader(state_dir)
    content, serial = json.loads(path.read_bytes()), itertools.count()
    text = json.dumps(content)

    def rewrite() -> None:
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(content | {"note": next(serial)}))
        fresh.replace(path)

    load = Contestant(lambda: loader.load(NOW_S, ENVIRON), prepare=rewrite)
    parse = Contestant(lambda: json.loads(text))
    name = f"one file of {len(contents_of(state_dir))} changed"
    return Row(name, *race(load, parse, 4 * sizes.rounds), None, f"json.loads of {path.name}")


def _symbols(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """A cold load of each universe, then what one symbol costs in each against the next smaller."""
    found = {}
    for count in sizes.symbols:
        row = _cold(f"cold load, {count:,} symbols", scale_universe(scratch / f"symbols-{count}", count), sizes)
        found[count] = row.measured / count
        yield row
    for smaller, larger in itertools.pairwise(sizes.symbols):
        name = f"one symbol, {larger:,} against {smaller:,}"
        yield Row(name, found[larger], found[smaller], GROWTH_TARGET, "growth no worse than linear")


def _series(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    found = {}
    for points in sizes.series_points:
        row = _cold(f"cold load, {points:,} points", lengthen_series(scratch / f"points-{points}", points), sizes)
        found[points] = row.measured / points
        yield row
    shorter, longer = sizes.series_points
    name = f"one point, {longer:,} against {shorter:,}"
    yield Row(name, found[longer], found[shorter], GROWTH_TARGET, "growth no worse than linear")
