"""Account and positions of one cycle as one reading, or the reason why they are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from execution.account.answers import NotUnderstoodError
from execution.account.failures import Failure, FailureKind

if TYPE_CHECKING:
    from execution.account.answers import Figures
    from execution.account.link import Link
    from execution.account.venues.venue import Instruments
    from execution.surfaces.positions import Position

# Margin below this is rounding; positions have to explain at least half of what the account says they tie up.
DUST_USD = 1.0
LEAST_EXPLAINED = 0.5


class Reading(NamedTuple):
    """What the exchange said at `at_s`, account and positions together."""

    figures: Figures
    positions: list[Position]
    at_s: float


def read_account(link: Link, markets: Instruments, now_s: float) -> Reading:
    """Ask for both, and hold one against the other.

    Raises:
        Failure: one of the two is not answered, or not understood, or they contradict each other.
    """
    venue = link.venue
    try:
        positions = venue.positions(link.ask, markets)
        figures = venue.figures(link.ask)
        doubt = find_doubt(figures, positions)
        if doubt:
            # Between two questions a position may have been opened or closed.
            positions = venue.positions(link.ask, markets)
            doubt = find_doubt(figures, positions)
    except NotUnderstoodError as error:
        raise Failure(FailureKind.GARBLED, f"answer not understood: {error}") from None
    if doubt:
        raise Failure(FailureKind.GARBLED, f"answer not understood: {doubt}")
    return Reading(figures, sorted(positions, key=lambda leg: -leg.notional_usd), now_s)


def find_doubt(figures: Figures, positions: list[Position]) -> str | None:
    """Why account and positions cannot both be right; None where they can."""
    if any(leg.entry_price <= 0 or leg.mark_price <= 0 for leg in positions):
        return "a position has no price"
    tied_usd = figures.position_margin_usd
    if tied_usd is None or tied_usd <= DUST_USD:
        return None
    if not positions:
        return "no position is told, and the account has margin in positions"
    margins = [leg.margin_usd for leg in positions]
    known_usd = sum(margin for margin in margins if margin is not None)
    if None not in margins and known_usd < LEAST_EXPLAINED * tied_usd:
        return "the positions that are told tie up less than half of the margin in positions"
    return None
