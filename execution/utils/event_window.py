"""What the event logs of the last seven days add up to, kept up to date record by record."""

from __future__ import annotations

import math
from collections import deque
from typing import Any, NamedTuple

from execution.utils.rolling import RollingSum
from execution.utils.timestamps import DAY_S, parse_epoch_s
from execution.utils.vetoes import VetoWindow

WEEK_S = 7 * DAY_S

# Router figures rest on the last 5,000 orders of the week, so that a cycle costs the same in a busy week.
MAX_ROUTED_ORDERS = 5000
MAX_CLOSES = 5000

# The daemon's heartbeats have a file of their own: one writer per file.
HEARTBEAT_LOGS = ("sync_heartbeats", "sync_daemon_heartbeats")
LOG_NAMES = ("orders_attempted", "orders_executed", "order_metrics", "risk_vetoes", *HEARTBEAT_LOGS)


class RoutedOrder(NamedTuple):
    """One order as the router saw it; slippage in bps, positive is worse than the mark."""

    epoch_s: float
    symbol: str
    maker_start: bool
    is_maker_final: bool
    used_fallback: bool
    slippage_bps: float | None


class Close(NamedTuple):
    """PnL that one close realised, USD."""

    epoch_s: float
    symbol: str
    pnl_usd: float


class EventWindow:
    """Rolling state of the five event logs."""

    def __init__(self) -> None:
        """Start empty."""
        self.fees_usd = {days: RollingSum(days * DAY_S) for days in (3, 7)}
        self.pnl_usd = {days: RollingSum(days * DAY_S) for days in (3, 7)}
        self.attempted = RollingSum(DAY_S)
        self.executed = RollingSum(DAY_S)
        self.acknowledged = RollingSum(WEEK_S)
        self.rejected = RollingSum(WEEK_S)
        self.vetoes = VetoWindow()
        self.routed: deque[RoutedOrder] = deque(maxlen=MAX_ROUTED_ORDERS)
        self.closes: deque[Close] = deque(maxlen=MAX_CLOSES)
        self.heartbeats_s: dict[str, float] = {}

    def add(self, log_name: str, record: dict[str, Any]) -> None:
        """Count one record of the log `log_name`; a record without a time is left out."""
        epoch_s = parse_epoch_s(record.get("ts"))
        if epoch_s is None:
            return
        match log_name:
            case "orders_attempted":
                self.attempted.put(str(record.get("attempt_id")), epoch_s, 1.0)
            case "orders_executed":
                self._add_executed(record, epoch_s)
            case "order_metrics":
                self._add_routed(record, epoch_s)
            case "risk_vetoes":
                self.vetoes.put(record, epoch_s)
            case name if name in HEARTBEAT_LOGS:
                self.heartbeats_s[str(record.get("service"))] = epoch_s

    def expire(self, now_s: float) -> None:
        """Forget what has left its window."""
        for window in self._sums().values():
            window.expire(now_s)
        self.vetoes.expire(now_s)
        _drop_before(self.routed, now_s - WEEK_S)
        _drop_before(self.closes, now_s - WEEK_S)

    def realized_since(self, start_s: float) -> float:
        """PnL realised since `start_s` (epoch seconds), USD, over the last 5,000 closes."""
        return math.fsum(close.pnl_usd for close in self.closes if close.epoch_s >= start_s)

    def save(self) -> dict[str, Any]:
        """The whole window as JSON."""
        sums = {name: window.save() for name, window in self._sums().items()}
        routed, closes = [list(order) for order in self.routed], [list(close) for close in self.closes]
        return sums | {
            "vetoes": self.vetoes.save(),
            "routed": routed,
            "closes": closes,
            "heartbeats_s": dict(self.heartbeats_s),
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over the window of `save()`.

        Raises:
            KeyError, TypeError, ValueError: `saved` is of another shape.
        """
        for name, window in self._sums().items():
            window.restore(saved[name])
        self.vetoes.restore(saved["vetoes"])
        self.routed.extend(RoutedOrder(*order) for order in saved["routed"])
        self.closes.extend(Close(*close) for close in saved["closes"])
        self.heartbeats_s.update(saved["heartbeats_s"])

    def _sums(self) -> dict[str, RollingSum]:
        by_days = {f"fees_{days}d": window for days, window in self.fees_usd.items()}
        by_days |= {f"pnl_{days}d": window for days, window in self.pnl_usd.items()}
        names = ("attempted", "executed", "acknowledged", "rejected")
        return by_days | {name: getattr(self, name) for name in names}

    def _add_executed(self, record: dict[str, Any], epoch_s: float) -> None:
        order_id = str(record.get("orderId"))
        match record.get("event_type"):
            case "order_ack":
                self.acknowledged.put(order_id, epoch_s, 1.0)
            case "order_error":
                self.rejected.put(str(record.get("attempt_id") or order_id), epoch_s, 1.0)
            case "order_fill":
                self._add_fill(order_id, record, epoch_s)
            case "order_close":
                self._add_close(order_id, record, epoch_s)

    def _add_fill(self, order_id: str, record: dict[str, Any], epoch_s: float) -> None:
        """An order's later fill record holds its fees so far, so it replaces the earlier one."""
        self.executed.put(order_id, epoch_s, 1.0)
        fee_usd = _number(record.get("fee_total"))
        if fee_usd is not None:
            for window in self.fees_usd.values():
                window.put(order_id, epoch_s, fee_usd)

    def _add_close(self, order_id: str, record: dict[str, Any], epoch_s: float) -> None:
        pnl_usd = _number(record.get("realizedPnlUsd"))
        if pnl_usd is None:
            return
        key = f"{order_id}:{epoch_s}:{record.get('closed_qty')}:{record.get('position_size_after')}"
        for window in self.pnl_usd.values():
            window.put(key, epoch_s, pnl_usd)
        self.closes.append(Close(epoch_s, str(record.get("symbol")), pnl_usd))

    def _add_routed(self, record: dict[str, Any], epoch_s: float) -> None:
        """Records with an `event` tell of closes, not of routing."""
        if "event" in record or not isinstance(record.get("symbol"), str):
            return
        order = RoutedOrder(
            epoch_s=epoch_s,
            symbol=record["symbol"],
            maker_start=record.get("maker_start") is True,
            is_maker_final=record.get("is_maker_final") is True,
            used_fallback=record.get("used_fallback") is True,
            slippage_bps=_number(record.get("slippage_bps")),
        )
        self.routed.append(order)


def _drop_before(events: deque[RoutedOrder] | deque[Close], oldest_s: float) -> None:
    while events and events[0].epoch_s < oldest_s:
        events.popleft()


def _number(value: object) -> float | None:
    """A finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
