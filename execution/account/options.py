"""The command line of the account source. Keys are no part of it: others see command lines."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from execution.utils.environment import DEFAULT_LOG_DIR, LOG_DIR, read_log_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

FAKE = "fake"
FAKE_URL = "http://127.0.0.1:8069"
EXCHANGES = ("binanceusdm", "bybit", "hyperliquid", "bitget", "gate", FAKE)
ENVIRONMENTS = ("live", "testnet", "demo")
LOOPBACK = ("127.0.0.1", "localhost", "::1")

DESCRIPTION = """\
Fills the wall from a real exchange account. It only reads, and cannot order, cancel or transfer anything:
docs/account.md says how that is assured, how a read-only key is made at each exchange, and what stays unknown."""

EPILOG = """\
keys, from the environment or a file, never from the command line:
  HEDGE_ACCOUNT_KEY, HEDGE_ACCOUNT_SECRET     and where the exchange has them HEDGE_ACCOUNT_PASSWORD (passphrase),
  HEDGE_ACCOUNT_WALLET                        the address, which is all that Hyperliquid needs
  --credentials FILE                          the configuration of ccxt, freqtrade or passivbot, readable by you alone

writes, below logs/accounts/NAME or --log-dir:
  state/, execution/, nav_log.json, cache/    as python -m execution.executor does
  python -m execution.sync_state has to run beside it

exit code of --check: 0 all is well, 1 something to know, 2 it cannot be used

examples:
  python -m execution.account --exchange binanceusdm --check
  python -m execution.account --exchange bybit --environment testnet --credentials ~/.config/keys.json
  python -m execution.account --exchange fake              beside python -m execution.account.fake"""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, checked. `fake_url` is set where the exchange is a pretended one."""

    exchange: str
    environment: str
    check: bool
    log_dir: Path
    credentials: Path | None
    user: str | None
    fake_url: str | None


def parse_options(arguments: Sequence[str] | None) -> Options:
    """The command line, or the end with a sentence."""
    parser = _make_parser()
    found = parser.parse_args(arguments)
    fake_url = found.fake or (FAKE_URL if found.exchange == FAKE else None)
    if fake_url is not None and not _is_loopback(fake_url):
        parser.error(f"--fake {fake_url} is not on this machine; expected http://127.0.0.1:PORT")
    name = found.name or found.exchange
    if "/" in name or name.startswith("."):
        parser.error(f"--name {name} is no name of a directory")
    named = os.environ.get(LOG_DIR)
    log_dir = read_log_dir(os.environ) if named else Path(DEFAULT_LOG_DIR) / "accounts" / name
    return Options(
        exchange="binanceusdm" if found.exchange == FAKE else found.exchange,
        environment=FAKE if fake_url else found.environment,
        check=found.check,
        log_dir=found.log_dir or log_dir,
        credentials=found.credentials,
        user=found.user,
        fake_url=fake_url,
    )


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in LOOPBACK and parts.path in ("", "/")


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m execution.account",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--exchange", choices=EXCHANGES, required=True, help="fake: a pretended one on this machine")
    add("--environment", choices=ENVIRONMENTS, default="live", help="which of the exchange's environments (live)")
    add("--check", action="store_true", help="say what the key may do, clock, NAV and positions; write nothing")
    add("--name", default=None, metavar="NAME", help="name of the account's directory (that of the exchange)")
    add("--log-dir", type=Path, default=None, metavar="DIR", help="where everything is written (logs/accounts/NAME)")
    add("--credentials", type=Path, default=None, metavar="FILE", help="keys, instead of the environment")
    add("--user", default=None, metavar="NAME", help="which account of a file that has several")
    add("--fake", default=None, metavar="URL", help="ask a fake exchange at this address, in the form of --exchange")
    return parser
