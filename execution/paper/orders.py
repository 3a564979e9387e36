"""Orders on their way: what was wanted, what was filled, and how they ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Intent:
    """What the simulated strategy wants: side BUY or SELL, absolute quantity and mark in 1e-8 units."""

    attempt_id: str
    intent_id: str
    symbol: str
    side: str
    position_side: str
    qty: int
    mark: int
    reduce_only: bool

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self.side == "BUY" else -1


@dataclass(slots=True)
class Order:
    """An order the exchange has acknowledged; sums in 1e-8 units, fees in USD units."""

    intent: Intent
    order_id: int
    maker_start: bool
    limit_price: int | None
    sent_step: int
    sent_at_s: float
    first_fill_at_s: float | None = None
    filled_qty: int = 0
    filled_notional: int = 0
    fee: int = 0
    trades: int = 0
    used_fallback: bool = False
    cancelled: bool = False

    @property
    def remaining_qty(self) -> int:
        """What is not filled yet."""
        return self.intent.qty - self.filled_qty

    @property
    def is_done(self) -> bool:
        """Filled or cancelled."""
        return self.cancelled or self.remaining_qty == 0

    @property
    def is_maker_final(self) -> bool:
        """Filled in full while it rested."""
        return self.maker_start and not self.used_fallback and self.remaining_qty == 0

    @property
    def status(self) -> str:
        """The exchange's word."""
        if self.remaining_qty == 0:
            return "FILLED"
        return "CANCELED" if self.cancelled else "PARTIALLY_FILLED" if self.filled_qty else "NEW"

    @property
    def average_price(self) -> float:
        """Average fill price, USD; 0 before the first fill."""
        return self.filled_notional / self.filled_qty if self.filled_qty else 0.0

    @property
    def slippage_bps(self) -> float | None:
        """Signed distance of the fills from the mark at the decision; positive is worse."""
        if not self.filled_qty:
            return None
        mark = self.intent.mark / 10**8
        return (self.average_price / mark - 1.0) * 10_000.0 * self.intent.sign

    def save(self) -> dict[str, Any]:
        """The order as JSON."""
        return asdict(self)

    @classmethod
    def restore(cls, saved: dict[str, Any]) -> Order:
        """The order of `save()`."""
        return cls(**(saved | {"intent": Intent(**saved["intent"])}))
