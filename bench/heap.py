"""What a tab holds after thousands of ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.browsing import browsing
from bench.row import BYTES, COUNT, Row
from bench.soak import HEAP_TOLERANCE, WARM_UP, soak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.sizes import Sizes


def bench_heap(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """The same run as `make soak`: its end beside its warm-up, garbage collected."""
    with browsing() as browser:
        samples = list(soak(browser, scratch, sizes.heap_ticks))
    first, last = samples[int(len(samples) * WARM_UP)], samples[-1]
    after, since = f"after {last.ticks:,} ticks", f"after {first.ticks:,} ticks"
    yield Row(f"JavaScript heap {after}", last.heap_bytes, first.heap_bytes, 1.0 + HEAP_TOLERANCE, since, BYTES)
    yield Row(f"nodes {after}", last.nodes, first.nodes, None, since, COUNT)
    yield Row(f"listeners {after}", last.listeners, first.listeners, None, since, COUNT)
