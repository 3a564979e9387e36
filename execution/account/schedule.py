"""When what is asked for again, and when nothing may be asked for at all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from execution.account.failures import FailureKind
from execution.utils.timestamps import DAY_S

if TYPE_CHECKING:
    from execution.account.failures import Failure

CADENCE_S = 10.0
ACCOUNT, HISTORY, TRANSFERS, CANDLES, LEVERAGES, SPOT, CLOCK, MARKETS = (
    "account", "fills", "transfers", "candles", "leverages", "spot wallet", "clock", "markets"
)  # fmt: skip
PERIODS_S = {
    ACCOUNT: CADENCE_S,
    HISTORY: 60.0,
    TRANSFERS: 60.0,
    CANDLES: 300.0,
    LEVERAGES: 600.0,
    SPOT: 600.0,
    CLOCK: 600.0,
    MARKETS: DAY_S,
}
# A part that fails is not asked for at every cycle.
RETRY_PART_S = 60.0
BACK_OFF_S = (10.0, 20.0, 40.0, 60.0)
# A clock that differs by more is said.
LARGEST_SKEW_S = 1.0
# A clock that goes back by more was set.
LARGEST_STEP_BACK_S = 1.0
# Without these nothing of the account can be read.
NEEDED = (ACCOUNT, MARKETS)


def stops_all(name: str, failure: Failure) -> bool:
    """Whether nothing at all may be asked: a key that lacks a right for one part is good for the others."""
    return failure.kind is FailureKind.LIMITED or (failure.kind is FailureKind.KEY and name in NEEDED)


class Schedule:
    """Times are those that `cycle` is given, so that a day can pass in minutes."""

    def __init__(self) -> None:
        """Everything is due."""
        self._due_s = dict.fromkeys(PERIODS_S, 0.0)
        self._failed = 0
        self._last_s = 0.0
        self.blocked_until_s = 0.0

    def begin(self, now_s: float) -> None:
        """A cycle begins: all is due where the clock was set back since the last one, except what a ban forbids.

        Times by the clock of before would be waited for as long as it was ahead.
        """
        back_s = self._last_s - now_s
        if back_s > LARGEST_STEP_BACK_S:
            self._due_s = dict.fromkeys(PERIODS_S, 0.0)
            self.blocked_until_s -= back_s
        self._last_s = now_s

    def is_due(self, name: str, now_s: float) -> bool:
        """Whether it is time, and nothing forbids it."""
        return now_s >= self._due_s[name] and now_s >= self.blocked_until_s

    def hurry(self, name: str) -> None:
        """Ask for it in this cycle."""
        self._due_s[name] = 0.0

    def succeed(self, name: str, now_s: float) -> None:
        """It was answered."""
        self._due_s[name] = now_s + PERIODS_S[name]
        if name == ACCOUNT:
            self._failed = 0

    def fail(self, name: str, failure: Failure, now_s: float, skew_s: float = 0.0) -> None:
        """It was not: ask again later, and nothing else before that either where `stops_all` says so.

        `skew_s`: how far this machine's clock is ahead of the exchange's, which names the end of a ban.
        """
        wait_s = failure.wait_s(time.time(), skew_s)
        if stops_all(name, failure):
            self.blocked_until_s = now_s + wait_s
        if name in NEEDED:
            self._due_s[name] = now_s + BACK_OFF_S[min(self._failed, len(BACK_OFF_S) - 1)]
            self._failed += 1
        else:
            self._due_s[name] = now_s + max(RETRY_PART_S, min(PERIODS_S[name], 300.0), wait_s)

    @property
    def failures_in_a_row(self) -> int:
        """Of the account itself, and of what it cannot be read without."""
        return self._failed
