"""What the event logs of the last seven days add up to, kept up to date record by record."""

from __future__ import annotations

import math
from collections import deque
from typing import Any, NamedTuple

from execution.utils.numbers import describe, finite_number, read_amount
from execution.utils.rolling import RollingSum
from execution.utils.timestamps import DAY_S, plausible_epoch_s, restore_time
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
        # Orders whose fee nobody can tell in USD: the writer says null.
        self.unpriced = RollingSum(WEEK_S)
        self.attempted = RollingSum(DAY_S)
        self.executed = RollingSum(DAY_S)
        self.acknowledged = RollingSum(WEEK_S)
        self.rejected = RollingSum(WEEK_S)
        self.vetoes = VetoWindow()
        self.routed: deque[RoutedOrder] = deque(maxlen=MAX_ROUTED_ORDERS)
        self.closes: deque[Close] = deque(maxlen=MAX_CLOSES)
        self.heartbeats_s: dict[str, float] = {}
        self.horizon_s = math.inf

    def add(self, log_name: str, record: dict[str, Any]) -> bool:
        """Count one record of the log `log_name`; False for one without a time that can be, which is left out.

        Raises:
            ValueError, TypeError: a field is of another type than any writer's; what it stands for is left out.
        """
        epoch_s = plausible_epoch_s(record.get("ts"))
        if epoch_s is None or epoch_s > self.horizon_s:
            return False
        self._count(log_name, record, epoch_s)
        return True

    def _count(self, log_name: str, record: dict[str, Any], epoch_s: float) -> None:
        match log_name:
            case "orders_attempted":
                self.attempted.put(_key(record.get("attempt_id")), epoch_s, 1.0)
            case "orders_executed":
                self._add_executed(record, epoch_s)
            case "order_metrics":
                self._add_routed(record, epoch_s)
            case "risk_vetoes":
                self.vetoes.put(record, epoch_s)
            case name if name in HEARTBEAT_LOGS:
                self.heartbeats_s[_key(record.get("service"))] = epoch_s

    def expire(self, now_s: float) -> None:
        """Forget what has left its window."""
        for window in self._sums().values():
            window.expire(now_s)
        self.vetoes.expire(now_s)
        _drop_before(self.routed, now_s - WEEK_S)
        _drop_before(self.closes, now_s - WEEK_S)

    @property
    def week_fees_usd(self) -> float | None:
        """Fees of seven days, USD; None where a fee of that time is not known."""
        return None if len(self.unpriced) else self.fees_usd[7].total_usd

    def realized_since(self, start_s: float) -> float | None:
        """PnL realised since `start_s` (epoch seconds), USD; None where more closes than are kept were since then."""
        if len(self.closes) == MAX_CLOSES and self.closes[0].epoch_s >= start_s:
            return None
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
        self.routed.extend(_restore_order(*order) for order in saved["routed"])
        self.closes.extend(Close(restore_time(at), _key(symbol), _usd(pnl)) for at, symbol, pnl in saved["closes"])
        self.heartbeats_s.update({service: restore_time(at) for service, at in saved["heartbeats_s"].items()})

    def _sums(self) -> dict[str, RollingSum]:
        by_days = {f"fees_{days}d": window for days, window in self.fees_usd.items()}
        by_days |= {f"pnl_{days}d": window for days, window in self.pnl_usd.items()}
        names = ("unpriced", "attempted", "executed", "acknowledged", "rejected")
        return by_days | {name: getattr(self, name) for name in names}

    def _add_executed(self, record: dict[str, Any], epoch_s: float) -> None:
        # An exchange may count its orders by symbol.
        order_id = f"{_key(record.get('symbol'))}:{_key(record.get('orderId'))}"
        match record.get("event_type"):
            case "order_ack":
                self.acknowledged.put(order_id, epoch_s, 1.0)
            case "order_error":
                self.rejected.put(_key(record.get("attempt_id") or order_id), epoch_s, 1.0)
            case "order_fill":
                self._add_fill(order_id, record, epoch_s)
            case "order_close":
                self._add_close(order_id, record, epoch_s)

    def _add_fill(self, order_id: str, record: dict[str, Any], epoch_s: float) -> None:
        """An order's later fill record holds its fees so far, so it replaces the earlier one."""
        self.executed.put(order_id, epoch_s, 1.0)
        fee_usd = _optional_usd(record.get("fee_total"))
        if fee_usd is not None:
            for window in self.fees_usd.values():
                window.put(order_id, epoch_s, fee_usd)
        elif "fee_total" in record:
            self.unpriced.put(order_id, epoch_s, 1.0)

    def _add_close(self, order_id: str, record: dict[str, Any], epoch_s: float) -> None:
        pnl_usd = _optional_usd(record.get("realizedPnlUsd"))
        if pnl_usd is None:
            return
        symbol, closed, left = (_key(record.get(name)) for name in ("symbol", "closed_qty", "position_size_after"))
        for window in self.pnl_usd.values():
            window.put(f"{order_id}:{epoch_s}:{closed}:{left}", epoch_s, pnl_usd)
        self.closes.append(Close(epoch_s, symbol, pnl_usd))

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
            slippage_bps=finite_number(record.get("slippage_bps")),
        )
        self.routed.append(order)


def _drop_before(events: deque[RoutedOrder] | deque[Close], oldest_s: float) -> None:
    while events and events[0].epoch_s < oldest_s:
        events.popleft()


def _restore_order(at: object, symbol: object, *rest: object) -> RoutedOrder:
    *flags, slippage_bps = rest
    maker_start, is_maker_final, used_fallback = (flag is True for flag in flags)
    return RoutedOrder(
        restore_time(at), _key(symbol), maker_start, is_maker_final, used_fallback, finite_number(slippage_bps)
    )


def _key(value: object) -> str:
    """What a record is counted under: a text or a number, as text; "None" for nothing."""
    if value is not None and not isinstance(value, str | int | float):
        raise TypeError(f"{describe(value)} identifies nothing")
    return str(value)


def _optional_usd(value: object) -> float | None:
    """The figure, None where there is none."""
    return None if value is None else _usd(value)


def _usd(value: object) -> float:
    number = read_amount(value)
    if number is None:
        raise ValueError(f"{describe(value)} is no amount")
    return number
