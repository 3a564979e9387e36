"""Vetoed intents of the last day, each counted once although two writers log it."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Any

from execution.utils.timestamps import DAY_S, restore_time

# The risk gate and the executor log the same veto within one loop.
SAME_VETO_S = 2.0


class VetoWindow:
    """Vetoes over the last `window_s` seconds by reason."""

    def __init__(self, window_s: float = DAY_S) -> None:
        """Start empty."""
        self.window_s = window_s
        self._vetoes: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._unpaired: dict[str, tuple[float, bool]] = {}
        self._serial = 0

    def put(self, record: dict[str, Any], epoch_s: float) -> None:
        """Count a record of risk_vetoes.jsonl, unless it is the other half of one already counted."""
        reason = str(record.get("veto_reason") or "unknown")
        intent_id = find_intent_id(record)
        if self._is_other_half(f"{record.get('symbol')}:{reason}", epoch_s, named=intent_id is not None):
            return
        self._serial += 1
        self._vetoes[intent_id or f"unnamed-{self._serial}"] = (epoch_s, reason)

    def expire(self, now_s: float) -> None:
        """Forget what is older than the window."""
        while self._vetoes and next(iter(self._vetoes.values()))[0] < now_s - self.window_s:
            self._vetoes.popitem(last=False)

    def count_by_reason(self) -> list[dict[str, Any]]:
        """[{reason, count}], the most frequent first."""
        counts = Counter(reason for _, reason in self._vetoes.values())
        return [{"reason": reason, "count": count} for reason, count in counts.most_common()]

    def __len__(self) -> int:
        """Number of vetoed intents in the window."""
        return len(self._vetoes)

    def save(self) -> list[list[Any]]:
        """Vetoes as JSON, oldest first."""
        return [[key, epoch_s, reason] for key, (epoch_s, reason) in self._vetoes.items()]

    def restore(self, saved: list[list[Any]]) -> None:
        """Take over the vetoes of `save()`."""
        self._vetoes = OrderedDict((str(key), (restore_time(epoch_s), str(reason))) for key, epoch_s, reason in saved)
        self._serial = len(self._vetoes)

    def _is_other_half(self, kind: str, epoch_s: float, *, named: bool) -> bool:
        """One record names the intent, the other does not: together they are one veto."""
        seen = self._unpaired.pop(kind, None)
        if seen and abs(epoch_s - seen[0]) <= SAME_VETO_S and seen[1] != named:
            return True
        self._unpaired[kind] = (epoch_s, named)
        return False


def find_intent_id(record: dict[str, Any]) -> str | None:
    """The intent a veto record belongs to; the executor's records carry it in their detail."""
    detail = record.get("veto_detail")
    intent = detail.get("intent") if isinstance(detail, dict) else None
    found = record.get("intent_id") or (intent.get("intent_id") if isinstance(intent, dict) else None)
    return str(found) if found else None
