"""Fills, closes and funding of an account as event logs: each once, whatever was asked twice, wherever a run ended."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from execution.account.orders import Orders
from execution.storage.atomic_json import write_json_atomic
from execution.storage.event_log import EventLog
from execution.storage.event_writer import EventWriter
from execution.storage.reading import read_json_object
from execution.storage.writer_lock import claim_writer
from execution.utils.numbers import finite_number
from execution.utils.timestamps import DAY_S, format_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from execution.account.answers import Close, Fill, Funding, History

Record = dict[str, Any]

LOGS = ("orders_executed", "order_metrics", "funding")
LOOK_BACK_S = 7 * DAY_S
# What happens is not always told at once, nor in order: each question goes back a little further than the last answer.
OVERLAP_S = 300.0
SAVED = "account_ledger.json"


class Ledger:
    """Takes histories that overlap; appends what is new. What it has to know between two runs is one file."""

    def __init__(self, events_dir: Path, cache_dir: Path, now_s: float) -> None:
        """Take up the last run; without one a week is looked back on.

        Raises:
            SecondWriterError, OSError: the files cannot be written.
        """
        self.path = cache_dir / SAVED
        self._writers = {name: EventWriter(events_dir / f"{name}.jsonl") for name in LOGS}
        for path in (self.path, *(writer.path for writer in self._writers.values())):
            claim_writer(path)
        saved = _load(self.path)
        self._seen: dict[str, float] = {str(key): float(at_s) for key, at_s in dict(saved.get("seen") or {}).items()}
        since_s = finite_number(saved.get("since_s"))
        self.since_s = max(now_s - LOOK_BACK_S, now_s - LOOK_BACK_S if since_s is None else self._reach(since_s, now_s))
        self.orders = Orders(saved.get("orders") or {})
        # What is to be appended, oldest first: each record stays until it is in its log.
        self._outbox: deque[list[Any]] = deque(self._find_missing(list(saved.get("outbox") or [])))
        if saved.get("outbox"):
            self._write()

    @property
    def since_ms(self) -> int:
        """From where the next history has to reach."""
        return int((self.since_s - OVERLAP_S) * 1000)

    def take(self, history: History, usd_per: Callable[[str], float | None], now_s: float, skew_s: float = 0.0) -> int:
        """Append what is new; how many records that made. A fee in a coin that has no price is unknown, never 0.

        `skew_s`: how far the clock of `now_s` is ahead of the exchange's, whose times are in the history.

        Raises:
            OSError: the logs cannot be written; the records are kept for the next call, and for the next start.
        """
        # A machine that is behind goes by its own clock, as some questions end there.
        now_s -= max(skew_s, 0.0)
        fills = sorted(self._new(history.fills, "fill_id"), key=lambda fill: fill.at_s)
        records = self._record_fills(fills, usd_per)
        records += [("orders_executed", _build_close(close)) for close in self._new(history.closes, "close_id")]
        records += [("funding", _build_funding(found)) for found in self._new(history.funding, "funding_id")]
        records += [("order_metrics", order) for order in self.orders.settle(now_s)]
        records.sort(key=lambda item: item[1]["at_s"])
        self._remember(history, now_s)
        self._outbox += [[name, _finish(record)] for name, record in records]
        self._write()
        return len(records)

    def close(self) -> None:
        """Close the logs."""
        for writer in self._writers.values():
            writer.close()

    def _record_fills(self, fills: list[Fill], usd_per: Callable[[str], float | None]) -> list[tuple[str, Record]]:
        fees = [_fee_usd(fill, usd_per) for fill in fills]
        records: list[tuple[str, Record]] = []
        for fill, fee_usd in zip(fills, fees, strict=True):
            total = self.orders.add(fill, fee_usd)
            records.append(("orders_executed", total))
            if fill.realized_usd:
                records.append(("orders_executed", _build_realized(fill, fee_usd)))
        return records

    def _new(self, found: Iterable[Any], key: str) -> list[Any]:
        unseen = {_key(item, key): item for item in found}
        return [item for name, item in unseen.items() if name not in self._seen]

    def _remember(self, history: History, now_s: float) -> None:
        for found, key in ((history.fills, "fill_id"), (history.closes, "close_id"), (history.funding, "funding_id")):
            self._seen |= {_key(item, key): item.at_s for item in found}
        self.since_s = self._reach(max(self.since_s, now_s - OVERLAP_S), now_s)
        # What lies before the next question does not come again, also where that reaches back to the newest record.
        oldest_s = self._reach(self.since_s, float("-inf")) - 2 * OVERLAP_S
        self._seen = {key: at_s for key, at_s in self._seen.items() if at_s >= oldest_s}

    def _reach(self, since_s: float, now_s: float) -> float:
        """What is told up to then; up to the newest record where that moment is of a clock that was ahead."""
        return since_s if since_s <= now_s else min(since_s, max(self._seen.values(), default=now_s))

    def _write(self) -> None:
        """The records are saved before they are appended, so that a run that ends in between loses and doubles none."""
        if self._outbox:
            self._save()
        while self._outbox:
            name, record = self._outbox[0]
            claim_writer(self._writers[name].path)
            self._writers[name].append(record)
            self._outbox.popleft()
        self._save()

    def _find_missing(self, outbox: list[list[Any]]) -> list[list[Any]]:
        """Of what the last run wanted to append, what is not there."""
        if not outbox:
            return []
        there = {
            record.get("event_id") for writer in self._writers.values() for record in EventLog(writer.path).read_new()
        }
        return [[name, record] for name, record in outbox if record.get("event_id") not in there]

    def _save(self) -> None:
        content = {"since_s": self.since_s, "seen": self._seen, "orders": self.orders.save()}
        claim_writer(self.path)
        write_json_atomic(self.path, content | {"outbox": list(self._outbox)})


def _load(path: Path) -> dict[str, Any]:
    try:
        return read_json_object(path)
    except FileNotFoundError:
        return {}


def _key(item: Any, key: str) -> str:
    """Ids are counted by symbol at some exchanges."""
    return f"{key[:2]}:{item.symbol}:{getattr(item, key)}"


def _fee_usd(fill: Fill, usd_per: Callable[[str], float | None]) -> float | None:
    total_usd = 0.0
    for amount, asset in fill.fees:
        price_usd = usd_per(asset)
        if price_usd is None:
            return None
        total_usd += amount * price_usd
    return total_usd


def _build_realized(fill: Fill, fee_usd: float | None) -> Record:
    return {
        "event_type": "order_close",
        "event_id": f"close:{fill.symbol}:{fill.fill_id}",
        "at_s": fill.at_s,
        "symbol": fill.symbol,
        "side": fill.side,
        "positionSide": fill.position_side,
        "orderId": f"{fill.order_id}/{fill.fill_id}",
        "realizedPnlUsd": fill.realized_usd,
        "fees_total": fee_usd,
        "closed_qty": fill.qty,
    }


def _build_close(close: Close) -> Record:
    return {
        "event_type": "order_close",
        "event_id": f"close:{close.symbol}:{close.close_id}",
        "at_s": close.at_s,
        "symbol": close.symbol,
        "orderId": close.order_id,
        "realizedPnlUsd": close.pnl_usd,
        "closed_qty": close.qty,
    }


def _build_funding(found: Funding) -> Record:
    return {
        "event_type": "funding",
        "event_id": f"funding:{found.symbol}:{found.funding_id}",
        "at_s": found.at_s,
        "symbol": found.symbol,
        "amount_usd": found.amount_usd,
    }


def _finish(record: Record) -> Record:
    """With its time as the other logs have it."""
    rest = {name: value for name, value in record.items() if name != "at_s"}
    at_s = record["at_s"]
    return {"ts": format_iso(at_s), **rest} | ({"ts_close": format_iso(at_s)} if "realizedPnlUsd" in rest else {})
