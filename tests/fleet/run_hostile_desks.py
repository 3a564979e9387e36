"""`make hostile-desks`: random hashes and beats of a hostile desk through a real redis-server and a real mirror."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from hostile_desk import Siege, make_keys
from redis_server import redis_server

RESTART_EVERY = 1000


def main() -> int:
    """0 when all were survived; the seed and number of the first that was not, else."""
    parser = argparse.ArgumentParser(description="Random harm of one desk against the mirror.")
    parser.add_argument("--hashes", type=int, default=100_000, metavar="N", help="so many (100000)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="which ones (7)")
    options = parser.parse_args()
    dice, began_s = random.Random(options.seed), time.monotonic()  # noqa: S311 - dice, no secret
    with tempfile.TemporaryDirectory() as scratch, redis_server(Path(scratch)) as server:
        siege = Siege(server, Path(scratch))
        for number in range(options.hashes):
            try:
                siege.endure(make_keys(dice))
            except AssertionError as error:
                print(f"number {number} of seed {options.seed} came through: {error}")
                return 1
            if number % RESTART_EVERY == RESTART_EVERY - 1:
                siege.start_again()
    print(f"{options.hashes:,} hashes of a hostile desk survived in {time.monotonic() - began_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
