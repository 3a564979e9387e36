"""The records of the event logs, as executors write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from execution.paper.money import to_float
from execution.utils.timestamps import format_iso

if TYPE_CHECKING:
    from execution.paper.account import Close
    from execution.paper.orders import Intent, Order

Record = dict[str, Any]

FEE_ASSET = "USDT"


def build_attempt(intent: Intent, now_s: float, nav_usd: float) -> Record:
    """A row of orders_attempted.jsonl; written before the gates, so vetoed intents are in it."""
    return _identify(intent, now_s, "order_attempt") | {
        "qty": to_float(intent.qty),
        "price_hint": to_float(intent.mark),
        "reduce_only": intent.reduce_only,
        "strategy": "paper_drift",
        "local_ts": now_s,
        "nav_snapshot": {"nav_usd": nav_usd, "nav_age_s": 0.0, "nav_sources_ok": True},
    }


def build_veto(intent: Intent, now_s: float, reason: str) -> Record:
    """A row of risk_vetoes.jsonl; one per vetoed intent."""
    detail = {"intent": {"symbol": intent.symbol, "intent_id": intent.intent_id, "attempt_id": intent.attempt_id}}
    return _identify(intent, now_s, "risk_veto") | {"veto_reason": reason, "veto_detail": detail, "gate": "risk_limits"}


def build_error(intent: Intent, now_s: float) -> Record:
    """An order_error row of orders_executed.jsonl: a resting order that would match at once."""
    classification = {
        "category": "bad_request",
        "retriable": False,
        "status": 400,
        "code": -2010,
        "message": "Order would immediately match and take.",
    }
    return _identify(intent, now_s, "order_error") | {"classification": classification}


def build_ack(order: Order, now_s: float) -> Record:
    """An order_ack row of orders_executed.jsonl."""
    return _identify_order(order, now_s, "order_ack") | {
        "ts_ack": format_iso(now_s),
        "request_qty": to_float(order.intent.qty),
        "order_type": "LIMIT" if order.maker_start else "MARKET",
        "status": "NEW",
    }


def build_fill(order: Order, now_s: float) -> Record:
    """An order_fill row of orders_executed.jsonl: quantity and fee so far, so only the last of an order counts."""
    return _identify_order(order, now_s, "order_fill") | {
        "ts_fill_first": format_iso(order.first_fill_at_s or now_s),
        "ts_fill_last": format_iso(now_s),
        "executedQty": to_float(order.filled_qty),
        "avgPrice": order.average_price,
        "fee_total": to_float(order.fee),
        "feeAsset": FEE_ASSET,
        "tradeIds": [f"{order.order_id}-{number}" for number in range(order.trades)],
        "status": order.status,
    }


def build_close(order: Order, close: Close, now_s: float) -> Record:
    """An order_close row of orders_executed.jsonl: what one fill realised, before fees."""
    return _identify_order(order, now_s, "order_close") | {
        "ts_close": format_iso(now_s),
        "realizedPnlUsd": to_float(close.pnl),
        "fees_total": to_float(order.fee),
        "position_size_before": to_float(close.size_before),
        "position_size_after": to_float(close.size_after),
        "closed_qty": to_float(close.qty),
    }


def build_metrics(order: Order, now_s: float) -> Record:
    """A row of order_metrics.jsonl, once an order has ended."""
    mark = to_float(order.intent.mark)
    return {
        "ts": now_s,
        "attempt_id": order.intent.attempt_id,
        "intent_id": order.intent.intent_id,
        "symbol": order.intent.symbol,
        "side": order.intent.side,
        "venue": "paper",
        "route": "maker_first" if order.maker_start else "taker",
        "prices": {"mark": mark, "submitted": mark, "avg_fill": order.average_price or None},
        "qty": {"contracts": to_float(order.filled_qty), "notional_usd": to_float(order.filled_notional)},
        "timing_ms": {"fill": (now_s - order.sent_at_s) * 1000.0},
        "result": {"status": order.status, "retries": 0, "cancelled": order.cancelled},
        "fees_usd": to_float(order.fee),
        "slippage_bps": order.slippage_bps,
        "maker_start": order.maker_start,
        "is_maker_final": order.is_maker_final,
        "used_fallback": order.used_fallback,
    }


def build_funding(symbol: str, amount: int, now_s: float) -> Record:
    """A row of funding.jsonl, USD; negative is paid."""
    return {"ts": format_iso(now_s), "event_type": "funding", "symbol": symbol, "amount_usd": to_float(amount)}


def build_heartbeat(now_s: float) -> Record:
    """A row of sync_heartbeats.jsonl."""
    return {"service": "executor_live", "ts": format_iso(now_s), "event_type": "heartbeat", "type": "heartbeat"}


def _identify(intent: Intent, now_s: float, event_type: str) -> Record:
    return {
        "event_type": event_type,
        "ts": format_iso(now_s),
        "symbol": intent.symbol,
        "side": intent.side,
        "positionSide": intent.position_side,
        "attempt_id": intent.attempt_id,
        "intent_id": intent.intent_id,
    }


def _identify_order(order: Order, now_s: float, event_type: str) -> Record:
    return _identify(order.intent, now_s, event_type) | {
        "orderId": order.order_id,
        "clientOrderId": f"paper-{order.order_id}",
    }
