"""The account's own peak since its first start, moved by what came in and went out: neither is a profit or a loss."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from execution.storage.atomic_json import write_json_atomic
from execution.storage.reading import read_json_object
from execution.storage.writer_lock import claim_writer
from execution.utils.metrics import Drawdown
from execution.utils.numbers import read_amount
from execution.utils.timestamps import DAY_S, format_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from execution.account.answers import Transfer

SAVED = "account_peak.json"
OVERLAP_S = 600.0
KEPT_READINGS = 720
# A NAV that moves by so much between two readings may be money that came or went and is not told yet.
JUMP = 0.01
TOLD_AFTER_S = 30.0
# For so long it is said that the peak was begun anew.
RESTART_SAID_S = DAY_S


class Restart(NamedTuple):
    """When the peak was begun anew, and what moved then by an amount in USD that nobody knows."""

    at_s: float
    why: str


class OwnPeak:
    """Highest NAV, net of transfers. The drawdown is unknown until the transfers are known up to the NAV it is of."""

    def __init__(self, cache_dir: Path, now_s: float) -> None:
        """Take up the last run; without one the first NAV is the peak.

        Raises:
            SecondWriterError, OSError, ValueError: the file cannot be written, or is damaged; delete it to begin anew.
        """
        self.path = cache_dir / SAVED
        claim_writer(self.path)
        saved = self._load()
        self.peak_usd = read_amount(saved.get("peak_usd")) or 0.0
        self.checked_s = read_amount(saved.get("checked_s")) or now_s
        self._first_s = read_amount(saved.get("first_s")) or now_s
        self._applied: dict[str, float] = {
            str(key): float(at_s) for key, at_s in dict(saved.get("applied") or {}).items()
        }
        last = read_amount(saved.get("nav_usd"))
        self._readings: deque[tuple[float, float]] = deque(maxlen=KEPT_READINGS)
        if last is not None:
            self._readings.append((self.checked_s, last))
        self._restart = _read_restart(saved.get("restart"))
        self._unsure_until_s = 0.0
        # Of this run nothing is known yet.
        self._is_told = False

    @property
    def since_ms(self) -> int:
        """From where the next question for transfers has to reach."""
        return int((max(self._first_s, self.checked_s - OVERLAP_S)) * 1000)

    @property
    def is_unsure(self) -> bool:
        """Whether transfers should be asked for before their time."""
        return not self._is_told or self.checked_s < self._unsure_until_s

    def note_nav(self, nav_usd: float, at_s: float) -> None:
        """A NAV that the exchange has told."""
        before = self._readings[-1][1] if self._readings else nav_usd
        if abs(nav_usd - before) > JUMP * abs(before):
            self._unsure_until_s = at_s + TOLD_AFTER_S
        self._readings.append((at_s, nav_usd))
        if not self.is_unsure or not self.peak_usd:
            self.peak_usd = max(self.peak_usd, nav_usd)

    def note_transfers(self, found: Iterable[Transfer], usd_per: Callable[[str], float | None], now_s: float) -> None:
        """Everything that is known to have moved up to now; what was applied before is left out.

        `usd_per` has no price where the exchange has none: waiting for one would leave the drawdown unknown for good.
        The peak then begins anew with the next NAV, which has the transfer in it.
        """
        new = self._new(found)
        amounts = [_usd(item, usd_per) for item in new]
        unpriced = next((item for item, usd in zip(new, amounts, strict=True) if usd is None), None)
        if unpriced is not None:
            self.peak_usd = 0.0
            self._restart = Restart(now_s, unpriced.note or f"a transfer in {unpriced.asset} has no price")
        else:
            for item, amount_usd in zip(new, amounts, strict=True):
                self._move(amount_usd or 0.0, item.at_s)
        self._applied |= {item.transfer_id: item.at_s for item in new}
        self.checked_s, self._is_told = now_s, True
        self._take_newest()
        self._applied = {key: at_s for key, at_s in self._applied.items() if at_s >= now_s - 3 * OVERLAP_S}
        self._save()

    def describe_restart(self, now_s: float) -> str | None:
        """Since when the drawdown is measured, and why only since then; None where that is a day ago."""
        if self._restart is None or now_s > self._restart.at_s + RESTART_SAID_S:
            return None
        at = format_iso(self._restart.at_s)[:16].replace("T", " ")
        return f"measured anew since {at} UTC: {self._restart.why}"

    def doubt(self) -> None:
        """The transfers cannot be read: from now on the drawdown is unknown."""
        self._is_told = False

    def drawdown(self) -> Drawdown | None:
        """The fall of the newest NAV from the peak; None while it is unknown."""
        if self.is_unsure or not self._readings or not self.peak_usd:
            return None
        nav_usd = self._readings[-1][1]
        return Drawdown(max(self.peak_usd, nav_usd), nav_usd)

    def _new(self, found: Iterable[Transfer]) -> list[Transfer]:
        """In order; pages overlap, so that one answer may have the same transfer twice."""
        unseen = {item.transfer_id: item for item in found if item.at_s >= self._first_s}
        new = [item for name, item in unseen.items() if name not in self._applied]
        return sorted(new, key=lambda item: item.at_s)

    def _take_newest(self) -> None:
        """The newest NAV as the peak, unless it is of before a transfer that the peak has in it already."""
        if self.is_unsure or not self._readings or not self.peak_usd:
            return
        at_s, nav_usd = self._readings[-1]
        if at_s >= max(self._applied.values(), default=at_s):
            self.peak_usd = max(self.peak_usd, nav_usd)

    def _move(self, amount_usd: float, at_s: float) -> None:
        """The peak in the proportion in which the account has changed: its fall in percent stays what it was."""
        before_usd = next((nav for read_s, nav in reversed(self._readings) if read_s < at_s), self.peak_usd)
        share = (before_usd + amount_usd) / before_usd if before_usd > 0 else 0.0
        self.peak_usd = self.peak_usd * share if share > 0 else 0.0

    def _load(self) -> dict[str, Any]:
        try:
            return read_json_object(self.path)
        except FileNotFoundError:
            return {}

    def _save(self) -> None:
        content = {
            "peak_usd": self.peak_usd,
            "nav_usd": self._readings[-1][1] if self._readings else None,
            "checked_s": self.checked_s,
            "first_s": self._first_s,
            "applied": self._applied,
            "restart": self._restart,
        }
        claim_writer(self.path)
        write_json_atomic(self.path, content)


def _usd(item: Transfer, usd_per: Callable[[str], float | None]) -> float | None:
    price_usd = usd_per(item.asset)
    return None if item.amount is None or price_usd is None else item.amount * price_usd


def _read_restart(saved: object) -> Restart | None:
    """Of JSON, which has lists alone."""
    at_s, why = saved if isinstance(saved, list) and len(saved) == 2 else (None, None)
    found_s = read_amount(at_s)
    return None if found_s is None else Restart(found_s, str(why))
