"""Orders as their fills add up: quantity, price and fee so far, and in the end whether all of them were makers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from execution.utils.timestamps import DAY_S, format_iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from execution.account.answers import Fill

# Nobody says from outside that an order has ended: it has when nothing more came for so long.
SETTLED_AFTER_S = 120.0
KEPT_S = 7 * DAY_S  # as long as its fees count: an order that rests may be filled in parts days apart
MOST_ORDERS = 5000


@dataclass(slots=True)
class OrderTotal:
    """What the fills of one order add up to."""

    symbol: str
    side: str
    position_side: str
    first_s: float
    last_s: float
    qty: float = 0.0
    notional_usd: float = 0.0
    fee_usd: float | None = 0.0
    fills: int = 0
    makers: int = 0
    unsaid: int = 0
    is_told: bool = False


class Orders:
    """The orders of the last days, by symbol and id."""

    def __init__(self, saved: Mapping[str, Any]) -> None:
        """Take up `save()`."""
        names = {field.name for field in fields(OrderTotal)}
        self._orders = {
            str(key): OrderTotal(**{name: value for name, value in dict(order).items() if name in names})
            for key, order in saved.items()
        }

    def add(self, fill: Fill, fee_usd: float | None) -> dict[str, Any]:
        """Count a fill; the order_fill record of its order so far. One fee that is unknown makes their sum so."""
        key = f"{fill.symbol}:{fill.order_id}"
        new = OrderTotal(fill.symbol, fill.side, fill.position_side, fill.at_s, fill.at_s)
        order = self._orders.setdefault(key, new)
        order.qty += fill.qty
        order.notional_usd += fill.qty * fill.price
        order.fee_usd = None if order.fee_usd is None or fee_usd is None else order.fee_usd + fee_usd
        order.fills += 1
        order.makers += fill.is_maker is True
        order.unsaid += fill.is_maker is None
        order.first_s, order.last_s = min(order.first_s, fill.at_s), max(order.last_s, fill.at_s)
        return {
            "event_type": "order_fill",
            "event_id": f"fill:{fill.symbol}:{fill.fill_id}",
            "at_s": fill.at_s,
            "symbol": fill.symbol,
            "side": fill.side,
            "positionSide": fill.position_side,
            "orderId": fill.order_id,
            "ts_fill_first": format_iso(order.first_s),
            "ts_fill_last": format_iso(order.last_s),
            "executedQty": order.qty,
            "avgPrice": order.notional_usd / order.qty if order.qty else None,
            "fee_total": order.fee_usd,
            "feeAsset": "USD",
        }

    def settle(self, now_s: float) -> Iterator[dict[str, Any]]:
        """An order_metrics record of each order that has ended, once; old ones are forgotten."""
        for key, order in self._orders.items():
            if not order.is_told and order.last_s < now_s - SETTLED_AFTER_S:
                order.is_told = True
                if not order.unsaid:
                    yield _build_metrics(key.partition(":")[2], order)
        kept = {key: order for key, order in self._orders.items() if order.last_s >= now_s - KEPT_S}
        self._orders = dict(list(kept.items())[-MOST_ORDERS:])

    def save(self) -> dict[str, Any]:
        """As JSON."""
        return {key: asdict(order) for key, order in self._orders.items()}


def _build_metrics(order_id: str, order: OrderTotal) -> dict[str, Any]:
    """What the router did is not seen from outside: whether it began as a maker, fell back, and slipped."""
    return {
        "event_id": f"metrics:{order.symbol}:{order_id}",
        "at_s": order.last_s,
        "symbol": order.symbol,
        "side": order.side,
        "orderId": order_id,
        "qty": {"contracts": order.qty, "notional_usd": order.notional_usd},
        "prices": {"mark": None, "submitted": None, "avg_fill": order.notional_usd / order.qty if order.qty else None},
        "fees_usd": order.fee_usd,
        "slippage_bps": None,
        "maker_start": None,
        "is_maker_final": order.makers == order.fills,
        "used_fallback": None,
    }
