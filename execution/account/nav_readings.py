"""The NAVs of late, each in the capital of today: what came or went scales those of before it, and is in the others."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, NamedTuple

from execution.account.schedule import LARGEST_SKEW_S
from execution.utils.numbers import read_amount

if TYPE_CHECKING:
    from collections.abc import Iterable

KEPT_READINGS = 720
# A NAV that moves by so much between two readings may be money that came or went and is not told yet.
JUMP = 0.01
# A record may have a stamp that is off by more than a clock may be, and then the jump alone tells where it belongs.
LARGEST_SHIFT_S = 120.0
# Shares of the amount: beside its stamp half of it is evidence enough, elsewhere the jump has to be just about it.
LEAST_JUMP = 0.5
LARGEST_MISS = 0.25


class Move(NamedTuple):
    """What came in, or went out (negative)."""

    amount_usd: float
    at_s: float


@dataclass(slots=True)
class NavReading:
    """One NAV, asked for at `began_s` and answered by `ended_s` (epoch seconds).

    `level_usd` is the NAV in the capital of today; `came_usd` is what is known to have come since the reading before.
    """

    began_s: float
    ended_s: float
    nav_usd: float
    level_usd: float
    came_usd: float = 0.0


class NavReadings:
    """In the order in which they were read; of those that are no longer kept the highest level is."""

    def __init__(self, older_usd: float, readings: list[NavReading]) -> None:
        """`older_usd` is the highest level of before the readings; 0 where there is none."""
        self.older_usd = older_usd
        self._readings = readings

    @property
    def peak_usd(self) -> float:
        """Highest level; 0 before the first reading."""
        return max([self.older_usd, *(known.level_usd for known in self._readings)])

    @property
    def newest(self) -> NavReading | None:
        """None where nothing was read."""
        return self._readings[-1] if self._readings else None

    @property
    def has_jumped(self) -> bool:
        """Whether the newest NAV differs from the one before by more than what is known to have moved explains."""
        if len(self._readings) < 2:
            return False
        return abs(self._jump_usd(len(self._readings) - 1)) > JUMP * abs(self._readings[-2].nav_usd)

    def add(self, nav_usd: float, began_s: float, ended_s: float) -> None:
        """One more. Where they are too many every second one goes, so that they reach as far back as before."""
        self._readings.append(NavReading(began_s, ended_s, nav_usd, nav_usd))
        if len(self._readings) > KEPT_READINGS:
            for gone, kept in zip(self._readings[1:-1:2], self._readings[2::2], strict=True):
                kept.came_usd += gone.came_usd
            del self._readings[1:-1:2]

    def forget(self, until_s: float) -> None:
        """What ended before `until_s` is needed for its level alone, save the last of them: it is a NAV of before."""
        while len(self._readings) > 1 and self._readings[1].ended_s < until_s:
            self.older_usd = max(self.older_usd, self._readings.pop(0).level_usd)

    def apply(self, moves: Iterable[Move]) -> None:
        """Scale what does not hold them yet. Of each a reading must be there that was begun after it.

        The largest finds its jump first, and what it leaves of the jump is for the others.
        """
        sums_usd: dict[int, float] = {}
        for move in sorted(moves, key=lambda move: -abs(move.amount_usd)):
            if move.amount_usd:
                first = self._find_first(move)
                self._readings[first].came_usd += move.amount_usd
                sums_usd[first] = sums_usd.get(first, 0.0) + move.amount_usd
        for first, sum_usd in sums_usd.items():
            self._scale(first, sum_usd)

    def save(self) -> list[tuple[float, ...]]:
        """As `load_readings` takes it."""
        return [astuple(known) for known in self._readings]

    def _find_first(self, move: Move) -> int:
        """Index of the first reading that holds it: by the jump in the NAV, and by the clock where none shows it."""
        low, high = self._span(move.at_s, LARGEST_SKEW_S)
        near = self._closest(low, high, move)
        if near and self._jump_usd(near) / move.amount_usd >= LEAST_JUMP:
            return near
        far = self._closest(*self._span(move.at_s, LARGEST_SHIFT_S), move)
        if far and self._shows(far, move):
            return far
        # Before the first reading there is none to jump from: what no other jump shows was in it.
        by_clock = bisect_right(self._readings, move.at_s, key=lambda known: known.ended_s) if low else 0
        return max(low, min(high, by_clock))

    def _span(self, at_s: float, tolerance_s: float) -> tuple[int, int]:
        """Of the readings that may be the first to hold what moved then: the first and the last index."""
        last = len(self._readings) - 1
        low = bisect_right(self._readings, at_s - tolerance_s, key=lambda known: known.ended_s)
        high = bisect_right(self._readings, at_s + tolerance_s, key=lambda known: known.began_s)
        return min(low, high, last), min(high, last)

    def _closest(self, low: int, high: int, move: Move) -> int:
        """Index of the jump that is most like the amount; 0 where there is none."""
        found = range(max(low, 1), high + 1)
        return min(found, key=lambda index: abs(self._jump_usd(index) - move.amount_usd), default=0)

    def _shows(self, index: int, move: Move) -> bool:
        """Whether a jump is the amount, and the amount too large to be a move of the market."""
        missed_usd = abs(self._jump_usd(index) - move.amount_usd)
        is_large = abs(move.amount_usd) > JUMP * abs(self._readings[index - 1].nav_usd)
        return is_large and missed_usd <= LARGEST_MISS * abs(move.amount_usd)

    def _jump_usd(self, index: int) -> float:
        """What nothing explains yet of the way from the reading before."""
        known = self._readings[index]
        return known.nav_usd - self._readings[index - 1].nav_usd - known.came_usd

    def _scale(self, first: int, sum_usd: float) -> None:
        """In the proportion in which the account has changed, so that the fall in percent stays what it was."""
        known = self._readings[first]
        # What came of late is in the sum, and what was applied earlier is in the capital already.
        if first:
            after_usd = self._readings[first - 1].nav_usd + known.came_usd
        else:
            after_usd = known.nav_usd - known.came_usd + sum_usd
        before_usd = after_usd - sum_usd
        share = after_usd / before_usd if before_usd > 0 and after_usd > 0 else 0.0
        self.older_usd *= share
        for older in self._readings[:first]:
            older.level_usd *= share


def load_readings(saved: object) -> list[NavReading]:
    """Of JSON, a list of lists of five numbers.

    Raises:
        ValueError: it is something else.
    """
    return [NavReading(*row) for row in _read_rows(saved, 5)]


def load_moves(saved: object) -> list[Move]:
    """Of JSON, a list of lists of two numbers.

    Raises:
        ValueError: it is something else.
    """
    return [Move(*row) for row in _read_rows(saved, 2)]


def _read_rows(saved: object, width: int) -> list[list[float]]:
    """Of what is not there none."""
    rows: list[list[float]] = []
    for row in saved if isinstance(saved, list) else []:
        known = [read_amount(value) for value in row] if isinstance(row, list) else []
        numbers = [value for value in known if value is not None]
        if len(numbers) != width:
            raise ValueError("the saved readings of the NAV are damaged")
        rows.append(numbers)
    return rows
