"""`python -m state`: print the state, for people or (with --json) for programs; `doctor` says what is wrong with it."""

import argparse
import json
import math
import signal
import sys
from collections.abc import Sequence

from state import doctor
from state.fleet import load_fleet
from state.loader import load_all_state
from state.summary import summarize

DESCRIPTION = """\
What the wall shows, in a terminal: the state of the desk as its files have it, and why what is unknown is unknown.
It reads the state files and what the dashboard remembers of them, and writes nothing."""

EPILOG = """\
exit code: 0; of doctor 0 (nothing is wrong), 1 (warnings) or 2 (failures), as monitoring plugins have it

environment:
  HEDGE_STATE_DIR   directory of the state files (logs/state); --state-dir comes first
  HEDGE_DESKS       with --desks: names that must be there, with commas between them
  HEDGE_CACHE_DIR   where the dashboard remembers (cache/dashboard beside the state directory)

examples:
  python -m state
  python -m state --json | jq .nav.nav_usd
  python -m state doctor --watch 5
  python -m state doctor --desks /srv/desks
  python -m state --state-dir tests/fixtures/corpus/v7.1/healthy/logs/state --now 1764197100"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Load and print; exit code 0 (the doctor's: 0, 1 or 2), or 2 for arguments that make no sense."""
    options = _parse(arguments)
    if options.command == "doctor":
        return doctor.run(options.state_dir, options.now, options.watch, options.desks)
    if options.desks is not None:
        print(json.dumps(load_fleet(options.desks, now=options.now, remember=False), allow_nan=False))
        return 0
    state = load_all_state(options.state_dir, now=options.now, remember=False)
    print(json.dumps(state, allow_nan=False) if options.json else summarize(state))
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m state",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("command", nargs="?", choices=["doctor"], help="what is wrong, file by file, instead of a summary")
    add("--watch", metavar="SECONDS", type=float, help="doctor: look again every so many seconds")
    add("--json", action="store_true", help="one JSON object instead of a summary")
    add("--state-dir", metavar="DIR", help="directory of the state files")
    add("--desks", metavar="DIR", help="doctor and --json: several desks, DIR/NAME/logs/state each")
    add("--now", metavar="EPOCH", type=_epoch, help="count ages from this time (epoch seconds)")
    options = parser.parse_args(arguments)
    if options.desks is not None and (options.state_dir is not None or not (options.command or options.json)):
        parser.error("--desks goes with doctor or --json, and not with --state-dir")
    return options


def _epoch(value: str) -> float:
    try:
        epoch = float(value)
    except ValueError:
        epoch = math.nan
    if not math.isfinite(epoch):
        raise argparse.ArgumentTypeError(f"{value!r} is not a time. Expected epoch seconds, such as 1764197100")
    return epoch


if __name__ == "__main__":
    # A reader that has seen enough (`| head`) ends this quietly, as it ends other commands.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # A shell's background job is born deaf to Ctrl-C; `doctor --watch` has to hear it all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
