"""One account, cycle by cycle: ask for what is due, keep what was told, publish what is known."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from execution.account import schedule as times
from execution.account.answers import NotUnderstoodError
from execution.account.failures import Failure, FailureKind
from execution.account.ledger import Ledger
from execution.account.peak import OwnPeak
from execution.account.prices import Prices
from execution.account.publisher import Publisher, View
from execution.account.reading import Reading, read_account
from execution.account.schedule import LARGEST_SKEW_S, Schedule
from execution.account.venues.venue import NotToldError
from execution.storage.error_log import SURVIVABLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from execution.account.link import Link
    from execution.account.venues.venue import Instruments
    from execution.surfaces.positions import Position

LOGGER = logging.getLogger("account")

MOST_CANDLES = 20
# One question without an answer is weather; the second in a row is said.
PATIENCE = 2


class AccountSource:
    """Reads one account into one log directory."""

    def __init__(self, link: Link, log_dir: Path, environment: str, now_s: float) -> None:
        """Take up the last run; nothing is asked yet.

        Raises:
            SecondWriterError, OSError, ValueError: the files cannot be written, or are damaged.
        """
        self.link = link
        self.schedule = Schedule()
        self.publisher = Publisher(log_dir, environment, link.venue.name)
        self.ledger = Ledger(log_dir / "execution", log_dir / "cache", now_s)
        self.peak = OwnPeak(log_dir / "cache", now_s)
        self.view = View()
        self._has_spot = environment not in link.venue.spot_apart
        self._markets: Instruments | None = None
        self._prices = Prices(link)
        self._began_s = time.monotonic()

    def cycle(self, now_s: float) -> None:
        """Ask for what is due and publish, as of `now_s` (epoch seconds)."""
        self._began_s = time.monotonic()
        self.schedule.begin(now_s)
        if self.schedule.is_due(times.MARKETS, now_s):
            self._try(times.MARKETS, self._load_markets, now_s)
        if self._markets is not None and self.schedule.is_due(times.ACCOUNT, now_s):
            self._try(times.ACCOUNT, self._read_account, now_s)
        if self.view.reading is not None and self.view.fault is None:
            self._ask_parts(now_s)
        self.view.drawdown, self.view.restart = self.peak.drawdown(), self.peak.describe_restart(now_s)
        self.publisher.publish(self.view, now_s)

    def close(self, now_s: float) -> None:
        """The end: say so."""
        self.publisher.publish_status("stopped", now_s)
        self.ledger.close()

    def _ask_parts(self, now_s: float) -> None:
        """Each on its own: what fails grows old, and the rest goes on."""
        # Transfers that cannot be read are not asked for at every cycle.
        if self.peak.is_unsure and times.TRANSFERS not in self.view.troubles:
            self.schedule.hurry(times.TRANSFERS)
        parts: dict[str, Callable[[float], None]] = {
            # First, as times of this machine mean nothing to the exchange until the difference is known.
            times.CLOCK: self._read_clock,
            times.SPOT: self._read_spot,
            times.TRANSFERS: self._read_transfers,
            times.HISTORY: self._read_history,
            times.CANDLES: self._read_candles,
            times.LEVERAGES: self._read_leverages,
        }
        for name, read in parts.items():
            if self.schedule.is_due(name, now_s):
                self._try(name, read, now_s)

    def _try(self, name: str, read: Callable[[float], None], now_s: float) -> None:
        try:
            read(now_s)
        except Failure as failure:
            self._fail(name, failure, now_s)
        except NotUnderstoodError as error:
            self._fail(name, Failure(FailureKind.GARBLED, f"answer not understood: {error}"), now_s)
        except NotToldError as error:
            self._fail(name, Failure(FailureKind.REFUSED, str(error)), now_s)
        except SURVIVABLE as error:
            self._fail(name, Failure(FailureKind.GARBLED, f"cannot be kept: {type(error).__name__}"), now_s)
        else:
            self.schedule.succeed(name, now_s)
            self._say(name, None)

    def _fail(self, name: str, failure: Failure, now_s: float) -> None:
        self.schedule.fail(name, failure, now_s, self.link.skew_s)
        if failure.kind is FailureKind.CLOCK:
            self._mend_clock(now_s)
        if name == times.TRANSFERS:
            self.peak.doubt()
        self._say(name, failure.sentence)
        blocks = times.stops_all(name, failure)
        weather = failure.kind is FailureKind.UNREACHABLE and self.schedule.failures_in_a_row < PATIENCE
        if blocks or (name == times.ACCOUNT and not weather) or (name == times.MARKETS and self._markets is None):
            self.view.fault = failure.sentence

    def _say(self, name: str, sentence: str | None) -> None:
        """In the log when it begins and when it ends, on the wall while it lasts."""
        before = self.view.troubles.get(name)
        if sentence is None:
            if self.view.troubles.pop(name, None):
                LOGGER.info("%s: answered again", name)
        elif before != sentence:
            LOGGER.warning("%s: %s", name, sentence)
            self.view.troubles[name] = sentence

    def _mend_clock(self, now_s: float) -> None:
        """A clock that differs is asked for once; the next cycle signs with it."""
        try:
            self.link.sync_clock()
        except Failure:
            return
        self.schedule.hurry(times.ACCOUNT)
        self._tell_skew()
        self.schedule.succeed(times.CLOCK, now_s)

    def _load_markets(self, now_s: float) -> None:  # noqa: ARG002
        self._markets = self.link.load_instruments()

    def _read_account(self, now_s: float) -> None:
        assert self._markets is not None  # noqa: S101 - asked for only once they are there
        reading = read_account(self.link, self._markets, now_s)
        # The answer may have what happened after the cycle began.
        ended_s = now_s + time.monotonic() - self._began_s
        legs = [self._complete(leg) for leg in reading.positions]
        self.view.reading = Reading(reading.figures, legs, now_s)
        self.view.fault = None
        self._say("book", self.link.venue.unseen)
        self.peak.note_nav(reading.figures.nav_usd, now_s, ended_s)

    def _complete(self, leg: Position) -> Position:
        """With the leverage, where the position does not tell it."""
        return leg if leg.leverage is not None else replace(leg, leverage=self.view.leverages.get(leg.symbol))

    def _read_transfers(self, now_s: float) -> None:
        # The stamps are of the exchange's clock, those of the readings of this machine's.
        since_ms = self.peak.since_ms - int(1000 * self.link.skew_s)
        found = self.link.venue.transfers(self.link.ask, since_ms)
        found = [moved._replace(at_s=moved.at_s + self.link.skew_s) for moved in found]
        self._prices.learn({moved.asset for moved in found}, now_s)
        self.peak.note_transfers(found, self._prices.usd_per, now_s)

    def _read_history(self, now_s: float) -> None:
        assert self._markets is not None  # noqa: S101
        history = self.link.venue.history(self.link.ask, self._markets, self.ledger.since_ms)
        self._prices.learn({coin for fill in history.fills for coin in fill.fee_assets}, now_s)
        self.ledger.take(history, self._prices.usd_per, now_s, self.link.skew_s)
        self.view.fills_at_s = now_s

    def _read_candles(self, now_s: float) -> None:  # noqa: ARG002
        assert self._markets is not None  # noqa: S101
        assert self.view.reading is not None  # noqa: S101
        symbols = list(dict.fromkeys(leg.symbol for leg in self.view.reading.positions))[:MOST_CANDLES]
        closes = {}
        for symbol in symbols:
            instrument = self._markets.named(symbol)
            if instrument is not None:
                closes[symbol] = self.link.venue.candles(self.link.ask, instrument)
        self.view.closes = closes

    def _read_leverages(self, now_s: float) -> None:  # noqa: ARG002
        assert self.view.reading is not None  # noqa: S101
        symbols = [leg.symbol for leg in self.view.reading.positions]
        self.view.leverages = self.link.venue.leverages(self.link.ask, symbols)

    def _read_spot(self, now_s: float) -> None:
        self.view.spot = None
        held = self.link.venue.spot(self.link.ask) if self._has_spot else None
        self._prices.refresh(held or {}, now_s)
        self.view.spot, self.view.prices = held or {}, self._prices.usd

    def _read_clock(self, now_s: float) -> None:  # noqa: ARG002
        self.link.sync_clock()
        self._tell_skew()

    def _tell_skew(self) -> None:
        skew_s = self.link.skew_s
        ahead = "ahead of" if skew_s > 0 else "behind"
        self.view.skew = (
            f"the clock of this machine is {abs(skew_s):.0f} s {ahead} the exchange's"
            if abs(skew_s) > LARGEST_SKEW_S
            else None
        )
