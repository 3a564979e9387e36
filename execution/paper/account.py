"""A hedge-mode futures account in exact arithmetic: NAV = cash + unrealized, to 1e-8 USD."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from execution.paper.money import multiply

if TYPE_CHECKING:
    from collections.abc import Mapping

START_CASH_USD = 10_000


@dataclass(slots=True)
class Leg:
    """Signed quantity (negative when short) and what it cost, signed alike; 1e-8 units."""

    qty: int = 0
    cost: int = 0

    def unrealized(self, mark: int) -> int:
        """Open PnL at the mark, USD units; positive is profit for both directions."""
        return multiply(mark, self.qty) - self.cost

    @property
    def entry_price(self) -> float:
        """Average entry price, USD."""
        return self.cost / self.qty if self.qty else 0.0


class Fill(NamedTuple):
    """One execution: signed quantity, price and fee in 1e-8 units."""

    symbol: str
    position_side: str
    qty: int
    price: int
    fee: int


class Close(NamedTuple):
    """What a fill closed: absolute quantity and realised PnL, and the leg's signed quantity around it; 1e-8 units."""

    qty: int
    pnl: int
    size_before: int
    size_after: int


@dataclass(slots=True)
class Account:
    """Cash and legs; the totals say where the cash came from. USD units of 1e-8."""

    cash: int
    deposited: int
    realized: int = 0
    fees: int = 0
    funding: int = 0
    legs: dict[tuple[str, str], Leg] = field(default_factory=dict)
    pnl_by_symbol: dict[str, int] = field(default_factory=dict)

    def leg(self, symbol: str, position_side: str) -> Leg:
        """The leg of a symbol and side; an empty one when it is not open."""
        return self.legs.get((symbol, position_side)) or Leg()

    def apply(self, fill: Fill) -> Close | None:
        """Book one fill; returns what it closed, None when it opened."""
        key = (fill.symbol, fill.position_side)
        leg = self.legs.setdefault(key, Leg())
        close = None
        if leg.qty * fill.qty < 0:
            close = _reduce(leg, fill)
        else:
            leg.qty += fill.qty
            leg.cost += multiply(fill.price, fill.qty)
        if leg.qty == 0:
            del self.legs[key]
        pnl = close.pnl if close else 0
        self.realized += pnl
        self.fees += fill.fee
        self._credit(fill.symbol, pnl - fill.fee)
        return close

    def pay_funding(self, symbol: str, amount: int) -> None:
        """Book a funding payment; negative is paid."""
        self.funding += amount
        self._credit(symbol, amount)

    def unrealized(self, marks: Mapping[str, int]) -> int:
        """Open PnL of all legs."""
        return sum(leg.unrealized(marks[symbol]) for (symbol, _), leg in self.legs.items())

    def nav(self, marks: Mapping[str, int]) -> int:
        """Cash and open PnL."""
        return self.cash + self.unrealized(marks)

    def gross(self, marks: Mapping[str, int]) -> int:
        """Sum of absolute notionals."""
        return sum(abs(multiply(marks[symbol], leg.qty)) for (symbol, _), leg in self.legs.items())

    def symbol_pnl(self, symbol: str, mark: int) -> int:
        """Everything a symbol has earned since the beginning, open PnL included."""
        open_pnl = sum(leg.unrealized(mark) for (name, _), leg in self.legs.items() if name == symbol)
        return self.pnl_by_symbol.get(symbol, 0) + open_pnl

    def save(self) -> dict[str, Any]:
        """The account as JSON."""
        legs = [[symbol, side, leg.qty, leg.cost] for (symbol, side), leg in self.legs.items()]
        names = ("cash", "deposited", "realized", "fees", "funding")
        return {name: getattr(self, name) for name in names} | {"legs": legs, "pnl": dict(self.pnl_by_symbol)}

    @classmethod
    def restore(cls, saved: dict[str, Any]) -> Account:
        """The account of `save()`."""
        totals = {name: int(saved[name]) for name in ("cash", "deposited", "realized", "fees", "funding")}
        legs = {(symbol, side): Leg(qty, cost) for symbol, side, qty, cost in saved["legs"]}
        return cls(**totals, legs=legs, pnl_by_symbol=dict(saved["pnl"]))

    def _credit(self, symbol: str, amount: int) -> None:
        self.cash += amount
        self.pnl_by_symbol[symbol] = self.pnl_by_symbol.get(symbol, 0) + amount


def _reduce(leg: Leg, fill: Fill) -> Close:
    """Take the part of the cost that belongs to the part that is closed; what rounding leaves stays with the rest."""
    if abs(fill.qty) > abs(leg.qty):
        message = f"{fill.symbol} {fill.position_side}: closing {fill.qty} of {leg.qty}; a leg never turns"
        raise ValueError(message)
    before, closed = leg.qty, -fill.qty
    cost = leg.cost * closed // leg.qty
    leg.qty -= closed
    leg.cost -= cost
    return Close(abs(closed), multiply(fill.price, closed) - cost, before, leg.qty)
