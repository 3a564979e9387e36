"""The command: check a key, or publish an account until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from execution.account.check import Verdict, check_account, judge_rights
from execution.account.credentials import Credentials, CredentialsError, find_credentials
from execution.account.directory import DirectoryError, claim_directory
from execution.account.failures import Failure
from execution.account.options import parse_options
from execution.account.schedule import CADENCE_S
from execution.account.venues.table import VENUES
from execution.state_publish import SecondWriterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from execution.account.link import Link
    from execution.account.options import Options
    from execution.account.source import AccountSource
    from execution.account.venues.venue import Venue

LOGGER = logging.getLogger("account")

NO_CCXT = "ccxt is not installed; `make .venv/.account` installs it"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when it ended as asked, 2 when it cannot start; of a check its verdict."""
    options = parse_options(arguments)
    keys = Credentials()
    try:
        venue, keys = _prepare(options)
        _begin_logging(keys)
        link = _connect(options, venue, keys)
        return _check(link) if options.check else _run(options, link, keys)
    except (CredentialsError, DirectoryError, OSError, ValueError, SecondWriterError, ModuleNotFoundError) as error:
        said = NO_CCXT if isinstance(error, ModuleNotFoundError) else keys.scrub(str(error))
        print(f"cannot start: {said}", file=sys.stderr)
        return int(Verdict.FAIL)


def _prepare(options: Options) -> tuple[Venue, Credentials]:
    kind = VENUES[options.exchange]
    if options.environment not in (*kind.environments, "fake"):
        known = ", ".join(kind.environments)
        raise CredentialsError(f"{options.exchange} has no environment {options.environment}; expected one of {known}")
    venue: Venue = kind()
    if options.fake_url and options.credentials is None:
        from execution.account.fake.server import KEY, SECRET  # noqa: PLC0415 - of nobody, and for this alone

        return venue, Credentials(KEY, SECRET)
    keys = find_credentials(venue, os.environ, options.credentials, options.user)
    if hasattr(venue, "address"):
        venue.address = keys.wallet
    return venue, keys


def _connect(options: Options, venue: Venue, keys: Credentials) -> Link:
    """ccxt is loaded here, and not before it is needed."""
    from execution.account.guard import build_client  # noqa: PLC0415
    from execution.account.link import Link  # noqa: PLC0415

    return Link(venue, build_client(venue, keys, options.environment, options.fake_url))


def _check(link: Link) -> int:
    worst = Verdict.OK
    for finding in check_account(link):
        worst = max(worst, finding.verdict)
        print(f"{finding.verdict.name.lower():4}  {finding.text}")
    return int(worst)


def _run(options: Options, link: Link, keys: Credentials) -> int:
    from execution.account.source import AccountSource  # noqa: PLC0415

    if _is_refused(link):
        return int(Verdict.FAIL)
    claim_directory(options.log_dir, options.exchange, options.environment, keys.identity)
    source = AccountSource(link, options.log_dir, options.environment, time.time())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    LOGGER.info("%s (%s) in %s, only read", options.exchange, options.environment, options.log_dir)
    _cycle_until(stop, source)
    LOGGER.info("stopped after %d requests", link.requests)
    return 0


def _cycle_until(stop: threading.Event, source: AccountSource) -> None:
    while not stop.is_set():
        began_s = time.monotonic()
        source.cycle(time.time())
        stop.wait(max(0.5, CADENCE_S - (time.monotonic() - began_s)))
    source.close(time.time())


def _is_refused(link: Link) -> bool:
    """A key with withdraw rights is not used; where that cannot be asked, it is said and the account is read."""
    try:
        findings = judge_rights(link.venue.rights(link.ask))
    except Failure as failure:
        LOGGER.warning("what the key may do is not known: %s", failure.sentence)
        return False
    for finding in findings:
        if finding.verdict is not Verdict.OK:
            LOGGER.warning("%s", finding.text)
    return any(finding.verdict is Verdict.FAIL for finding in findings)


class _Scrubber(logging.Filter):
    """No key and no signature goes into a log, whoever writes it."""

    def __init__(self, keys: Credentials) -> None:
        super().__init__()
        self._keys = keys

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._keys.scrub(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = self._keys.scrub(logging.Formatter().formatException(record.exc_info))
        return True


def _begin_logging(keys: Credentials) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_Scrubber(keys))
    sys.excepthook = _report


def _report(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """What should never happen goes into the log, where it is scrubbed."""
    LOGGER.critical("unexpected: %s", kind.__name__, exc_info=(kind, error, trace))
