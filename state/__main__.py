"""`python -m state`: print the state, for people or (with --json) for programs; `doctor` says what is wrong with it."""

import argparse
import json
import math
import signal
import sys
from collections.abc import Sequence

from state import doctor
from state.loader import load_all_state
from state.summary import summarize


def main(arguments: Sequence[str] | None = None) -> int:
    """Load and print; exit code 0 (the doctor's: 0, 1 or 2), or 2 for arguments that make no sense."""
    options = _parse(arguments)
    if options.command == "doctor":
        return doctor.run(options.state_dir, options.now, options.watch)
    state = load_all_state(options.state_dir, now=options.now, remember=False)
    print(json.dumps(state, allow_nan=False) if options.json else summarize(state))
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m state", description="Print the normalized state of the desk.")
    parser.add_argument("command", nargs="?", choices=["doctor"], help="what is wrong, file by file; exit code 0, 1, 2")
    parser.add_argument("--watch", metavar="SECONDS", type=float, help="doctor: look again every so many seconds")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a summary")
    parser.add_argument("--state-dir", metavar="DIR", help="directory of the state files (HEDGE_STATE_DIR, logs/state)")
    parser.add_argument("--now", metavar="EPOCH", type=_epoch, help="count ages from this time (epoch seconds)")
    return parser.parse_args(arguments)


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
