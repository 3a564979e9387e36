"""`make fuzz`: damaged states through the loader, the contract checked each time; every failure is saved.

make fuzz                                       1,000,000 states, on every core
make fuzz FUZZ_ARGS="--states 20000 --seed 7"   fewer, and the same ones again
"""

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from verdicts import judge
from walks import STEPS, Stage, Step, Walk, make_walk
from written import Written, written_in

MOST_FAILURES = 20
WALKS_A_REPORT = 100
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made below it


@dataclass
class Findings:
    """How many states were seen, and what did not hold."""

    states: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: "Findings") -> None:
        """Take over what another process found."""
        self.states += other.states
        self.failures += other.failures[: MOST_FAILURES - len(self.failures)]


def walk_and_judge(stage: Stage, walk: Walk, first_number: int = 0) -> Findings:
    """Play a walk to its end, or to the first thing that does not hold."""
    findings, facts, past = Findings(), Written(), list[Step]()
    try:
        for number, (step, state) in enumerate(stage.play(walk), first_number):
            past.append(step)
            facts |= written_in(step.files)
            judge(number, step, state, facts, stage)
            findings.states += 1
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        why = "".join(traceback.format_exception_only(error)).strip()[:2000]
        findings.failures.append({"why": why, **Walk(walk.world, past or walk.steps[:1]).to_json()})
    return findings


def fuzz(seed: str, walks: range, directory: Path, end_s: float = float("inf")) -> Findings:
    """The walks of a seed one after another; until the monotonic clock says `end_s`."""
    stage, findings = Stage(directory), Findings()
    for number in walks:
        if time.monotonic() > end_s or len(findings.failures) >= MOST_FAILURES:
            break
        found = walk_and_judge(stage, make_walk(f"{seed}:{number}"), number * STEPS)
        for failure in found.failures:
            failure["seed"] = f"{seed}:{number}"
        findings.add(found)
    return findings


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A directory in memory, where the system has one."""
    return tempfile.TemporaryDirectory(prefix="hedge-fuzz-", dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None)


def _share(directory: str, seed: str, walks: range) -> Findings:
    return fuzz(seed, walks, Path(directory) / str(os.getpid()))


def main() -> int:
    """Print the rate and what was found; 1 when anything did not hold."""
    options = _read_options()
    walks = -(-options.states // STEPS)
    shares = [range(start, min(start + WALKS_A_REPORT, walks)) for start in range(0, walks, WALKS_A_REPORT)]
    total, began = Findings(), time.monotonic()
    print(f"seed {options.seed}, {walks * STEPS:,} states in {options.jobs} processes", flush=True)
    with scratch() as directory, multiprocessing.Pool(options.jobs) as pool:
        for findings in pool.imap_unordered(partial(_share, directory, options.seed), shares):
            known = len(total.failures)
            total.add(findings)
            _save(total.failures[known:], known, options.out)
            rate = total.states / (time.monotonic() - began)
            print(f"{total.states:>11,} states, {rate:,.0f} a second, {len(total.failures)} failures", flush=True)
            if len(total.failures) >= MOST_FAILURES:
                break
    return 1 if total.failures else 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Damaged states through the loader.")
    parser.add_argument("--states", type=int, default=1_000_000)
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10**6)))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    return parser.parse_args()


def _save(failures: list[dict[str, Any]], first_number: int, directory: Path) -> None:
    for number, failure in enumerate(failures, first_number):
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"case-{number}.json"
        path.write_text(json.dumps(failure, indent=1) + "\n")
        print(f"{path}: seed {failure['seed']}: {failure['why'].splitlines()[0]}")


if __name__ == "__main__":
    sys.exit(main())
