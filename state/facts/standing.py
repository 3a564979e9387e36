"""Which source of a value wins: the first in its order whose file is alive, and what is said of the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from state.facts.money import is_dollar_pair
from state.facts.sources import Sources
from state.files.reading import Reading
from state.files.rows import read_rows
from state.formatting import fmt_moment

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claim(Generic[T]):
    """What one source says: the value, the file it stands in, and when that part of the file was written (epoch).

    `flaw` says why the value is not to be used whatever the age of its file: it cannot be, or its writer disowns it.
    """

    value: T
    file: str
    stamp: float | None
    flaw: str | None = None
    origin: str = ""

    @property
    def name(self) -> str:
        """Where it stands, for a sentence."""
        return self.origin or self.file


class Choice(NamedTuple, Generic[T]):
    """The claim that wins (None: there is none), and why its value is old, where it is.

    `passed` are the claims before it in the order that were not taken, each with the reason.
    """

    claim: Claim[T] | None
    stale: str | None = None
    passed: tuple[tuple[Claim[T], str], ...] = ()

    @property
    def value(self) -> T | None:
        """The value that wins."""
        return self.claim.value if self.claim else None


def choose(sources: Sources, claims: Iterable[Claim[T]]) -> Choice[T]:
    """The first claim of a living file; where none lives, the newest, marked as old."""
    ordered = list(claims)
    passed: list[tuple[Claim[T], str]] = []
    for claim in ordered:
        reason = claim.flaw or why_not_alive(sources, claim.file, claim.stamp)
        if reason is None:
            return Choice(claim, None, tuple(passed))
        passed.append((claim, reason))
    sound = [claim for claim in ordered if claim.flaw is None]
    if not sound:
        return Choice(None, None, tuple(passed))
    newest = max(sound, key=lambda claim: claim.stamp or 0.0)
    reason = why_not_alive(sources, newest.file, newest.stamp)
    return Choice(newest, f"{newest.name} {reason}", tuple(item for item in passed if item[0] is not newest))


def why_not_alive(sources: Sources, name: str, stamp: float | None) -> str | None:
    """Why a part of a file, written at `stamp`, does not speak of now; None when it does."""
    reading = sources.readings.get(name)
    if reading is None or reading.data is None:
        return "is missing" if reading is None or reading.status == "missing" else f"is {reading.status}"
    age_s = reading.age_of(stamp, sources.now)
    if age_s is None:
        at = reading.updated_at if stamp is None else stamp
        return "has no time stamp" if reading.updated_at is None else f"is stamped {reading.ahead_words(at)}"
    if age_s > reading.surface.stale_after_s:
        return f"silent since {fmt_moment(stamp, sources.now)}"
    frozen_at = frozen_since(sources, reading)
    return None if frozen_at is None else f"frozen since {fmt_moment(frozen_at, sources.now)}"


def frozen_since(sources: Sources, reading: Reading) -> float | None:
    """When the rows of a book that is still written stopped changing, though the market moves; None while they do.

    A book of nothing but pairs of US dollar coins may rest, and so may rows without a price and a PnL.
    """
    surface, age_s = reading.surface, reading.age_s(sources.now)
    if not surface.moving or age_s is None or age_s > surface.stale_after_s or reading.changed_at is None:
        return None
    if sources.now - reading.changed_at <= surface.stale_after_s:
        return None
    rows = sources.derive(read_rows, reading.name)
    moving = [row for row in rows if row.mark_price is not None or row.pnl is not None]
    return None if all(is_dollar_pair(row.symbol) for row in moving) else reading.changed_at


def mark_stale(sources: Sources, choice: Choice[T], *paths: str) -> None:
    """Say of each path that the value it shows is old, where it is."""
    if choice.stale is not None:
        sources.stale.note_all(paths, choice.stale)
