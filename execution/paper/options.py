"""The command line of the paper executor."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from execution.paper.faults import FAULTS
from execution.utils.environment import read_log_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
A simulated account that feeds the dashboard. It reaches no exchange and moves no money; the page says PAPER.
It runs until Ctrl-C. The first time, and after a pause, it catches up on the hours that it missed."""

EPILOG = """\
writes, below --log-dir:
  state/*.json        the surfaces that the dashboard shows: NAV, positions, router, risk (README.md has the table)
  execution/*.jsonl   orders, fills, vetoes and heartbeats, rotated at 10 MB
  nav_log.json        the history of the NAV
  cache/              the simulated world between two runs; without it a new account begins

reads:
  --holdings FILE     what is held beside the exchange, in the form of examples/offexchange_holdings.json

environment:
  HEDGE_LOG_DIR       default of --log-dir (logs)

examples:
  python -m execution.executor                                    beside python -m execution.sync_state and gunicorn
  python -m execution.executor --log-dir /tmp/desk --seed 11      another desk, in a directory of its own
  python -m execution.executor --fault drawdown                   a bad day; README.md says what the wall shows
  python -m execution.executor --speed 0 --steps 720              an hour at once, then the end"""

HOLDINGS = "what is held elsewhere (config/offexchange_holdings.json, else the paper desk's own)"


@dataclass(frozen=True, slots=True)
class Options:
    """The command line. `speed` is simulated seconds per second, 0 as fast as it can; `steps` None runs on."""

    seed: int
    speed: float
    steps: int | None
    backfill_s: float
    log_dir: Path
    holdings: Path
    faults: tuple[str, ...]


def parse_options(arguments: Sequence[str] | None) -> Options:
    """The command line, checked."""
    found = _make_parser(read_log_dir(os.environ)).parse_args(arguments)
    return Options(
        seed=found.seed,
        speed=found.speed,
        steps=found.steps,
        backfill_s=found.backfill_hours * 3600.0,
        log_dir=found.log_dir,
        holdings=found.holdings,
        faults=tuple(found.fault),
    )


def _make_parser(log_dir: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m execution.executor",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--source", choices=["paper"], default="paper", help="a simulated account; there is no other")
    add("--seed", type=int, default=7, metavar="N", help="dice of a new account (7); a saved one keeps its own")
    add("--speed", type=_not_negative, default=1.0, metavar="X", help="simulated seconds per second (1); 0: at once")
    add("--steps", type=int, default=None, metavar="N", help="stop after this many steps of 5 s; without it never")
    add("--backfill-hours", type=_not_negative, default=6.0, metavar="H", help="catch up on so many at most (6)")
    add("--log-dir", type=Path, default=log_dir, metavar="DIR", help="where everything is written (logs)")
    add("--holdings", type=Path, default=Path("config/offexchange_holdings.json"), metavar="FILE", help=HOLDINGS)
    add("--fault", choices=FAULTS, action="append", default=[], help="something is wrong; may be given repeatedly")
    return parser


def _not_negative(text: str) -> float:
    value = float(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return value
