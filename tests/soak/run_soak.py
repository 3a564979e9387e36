"""Thousands of refreshes in one tab: heap, nodes and listeners have to stay flat. `make soak`."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from chromium import CHROMIUM_ARGUMENTS, chromium_path
from playwright.sync_api import sync_playwright

from bench.soak import COLUMNS, find_growth, soak


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when something grew."""
    parser = argparse.ArgumentParser(description="Thousands of refreshes in one tab.")
    parser.add_argument("--ticks", type=int, default=20_000)
    options = parser.parse_args(arguments)
    began_s, samples = time.monotonic(), []
    print(COLUMNS)
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        for sample in soak(browser, Path(scratch), options.ticks):
            samples.append(sample)
            print(sample.as_row(), flush=True)
        browser.close()
    growth = find_growth(samples)
    print(f"\n{'; '.join(growth) or 'flat'}, {time.monotonic() - began_s:.0f} s")
    return 1 if growth else 0


if __name__ == "__main__":
    sys.exit(main())
