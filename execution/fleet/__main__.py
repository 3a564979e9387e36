"""`python -m execution.fleet publish` beside a desk, `python -m execution.fleet mirror` beside a wall."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from execution.fleet.address import PASSWORD, Address, parse_address, read_password
from execution.storage.writer_lock import SecondWriterError
from execution.utils.environment import LOG_DIR, read_log_dir
from state.files.fleet_files import NAME_PATTERN

try:
    from execution.fleet.mirror import PERIOD_S, Mirror
    from execution.fleet.publish import Publisher, RefusedError
    from execution.fleet.store import Store, StoreError
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is not installed: pip install -r requirements-fleet.txt")

if TYPE_CHECKING:
    from collections.abc import Sequence

LOGGER = logging.getLogger("fleet")
DESKS = "HEDGE_DESKS"
ENVIRON_HELP = f"""\
environment:
  {PASSWORD}   the password, where there is no --password-file; it is never given on the command line
  {LOG_DIR}          the desk's logs (logs); its state is below them
  {DESKS}            default of --desks

docs/fleet.md says how a store is set up."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT: 0; 1 where it may not start or go on, 2 where the command line is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    options = parse_options(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.address.can_be_read_on_the_way:
        LOGGER.warning("passwords and figures can be read on the way to %s; rediss:// has TLS", options.address.shown)
    try:
        store = Store(options.address, read_password(options.password_file, os.environ), options.ca_file)
        if options.command == "publish":
            Publisher(store, options.desk, options.state_dir, os.environ).run(stop)
        else:
            Mirror(store, options.into, names=options.desks, period_s=options.period).run(stop)
    except (OSError, ValueError, RefusedError, StoreError, SecondWriterError) as error:
        LOGGER.error("%s", error)
        return 1
    return 0


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    shared = argparse.ArgumentParser(add_help=False)
    add = shared.add_argument
    add("--password-file", type=Path, metavar="FILE", help="holds the password; others may not be able to read it")
    add("--ca-file", type=_file, metavar="FILE", help="whom to trust with rediss:// (what the system trusts)")
    parser = argparse.ArgumentParser(
        prog="python -m execution.fleet", epilog=ENVIRON_HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_publish(commands.add_parser("publish", parents=[shared], help="send the files of this desk to a store"))
    _add_mirror(commands.add_parser("mirror", parents=[shared], help="write the desks of a store into a directory"))
    return parser.parse_args(arguments)


def _add_publish(parser: argparse.ArgumentParser) -> None:
    add, state_dir = parser.add_argument, read_log_dir(os.environ) / "state"
    add("--to", type=_address, required=True, dest="address", metavar="URL", help="rediss://USER@HOST:PORT")
    add("--desk", type=_name, required=True, metavar="NAME", help=f"name of this desk, {NAME_PATTERN}")
    add("--state-dir", type=Path, default=state_dir, metavar="DIR", help=f"where the surfaces are ({state_dir})")


def _add_mirror(parser: argparse.ArgumentParser) -> None:
    add, desks = parser.add_argument, os.environ.get(DESKS, "")
    add("--from", type=_address, required=True, dest="address", metavar="URL", help="rediss://USER@HOST:PORT")
    add("--into", type=Path, required=True, metavar="DIR", help="where the dashboard's HEDGE_DESKS_DIR is")
    add("--desks", type=_names, default=desks, metavar="A,B", help="these desks alone (all that are in the store)")
    add("--period", type=_period, default=PERIOD_S, metavar="S", help=f"pause between two looks ({PERIOD_S:g})")


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _name(text: str) -> str:
    if not re.fullmatch(NAME_PATTERN, text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a desk; expected {NAME_PATTERN}")
    return text


def _file(text: str) -> str:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text} is no file")
    return text


def _names(text: str) -> list[str]:
    return [_name(name.strip()) for name in text.split(",") if name.strip()]


def _period(text: str) -> float:
    value = float(text)
    if not 0.05 <= value <= 60.0:
        raise argparse.ArgumentTypeError(f"{text} is no period; expected 0.05 to 60 seconds")
    return value


if __name__ == "__main__":
    sys.exit(main())
