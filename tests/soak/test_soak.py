"""The soak itself works, and would notice growth."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bench.soak import ROUND, Sample, find_growth, soak

ROUNDS, CHANGE_EVERY = 3, 3
HEAP_TOLERANCE = 0.15  # the browser is still compiling what the page runs


def test_ticks_are_flat(browser: Browser, tmp_path: Path) -> None:
    ticks = CHANGE_EVERY * ROUND
    samples = list(soak(browser, tmp_path, ROUNDS * ticks, CHANGE_EVERY))
    assert [sample.ticks for sample in samples] == [ticks * number for number in range(1, ROUNDS + 1)]
    assert find_growth(samples, HEAP_TOLERANCE) == []


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        ((0, 0, 0, 0), []),
        ((100_000, 0, 0, 0), ["heap_bytes grew by 900,000 in 900 ticks"]),
        ((0, 20, 0, 0), ["nodes grew by 180 in 900 ticks"]),
        ((0, 0, 4, 0), ["listeners grew by 36 in 900 ticks"]),
        ((0, 0, 0, 100), ["undos grew by 900 in 900 ticks"]),
    ],
)
def test_growth_after_the_warm_up_is_named(gain: tuple[int, int, int, int], words: list[str]) -> None:
    heap, nodes, listeners, undos = gain
    steady = [
        Sample(100 * step, 10_000_000 + heap * step, 3000 + nodes * step, 90 + listeners * step, undos * step)
        for step in range(13)
    ]
    assert find_growth(steady) == words
