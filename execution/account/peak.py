"""The account's own peak since its first start, moved by what came in and went out: neither is a profit or a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from execution.account.nav_readings import LARGEST_SHIFT_S, Move, NavReading, NavReadings, load_moves, load_readings
from execution.account.schedule import LARGEST_SKEW_S
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
# After a jump of the NAV nothing is said for so long: what moved may be told late.
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
        self.checked_s = read_amount(saved.get("checked_s")) or now_s
        self._first_s = read_amount(saved.get("first_s")) or now_s
        self._applied: dict[str, float] = {
            str(key): float(at_s) for key, at_s in dict(saved.get("applied") or {}).items()
        }
        self._navs = _read_navs(saved, self.checked_s)
        # Priced and not yet applied, as no reading is sure to hold them.
        self._waiting = load_moves(saved.get("waiting"))
        self._restart = _read_restart(saved.get("restart"))
        self._unsure_until_s = 0.0
        # Of this run nothing is known yet.
        self._is_told = False

    @property
    def peak_usd(self) -> float:
        """In the capital of today; 0 before the first NAV."""
        return self._navs.peak_usd

    @property
    def since_ms(self) -> int:
        """From where the next question for transfers has to reach."""
        return int((max(self._first_s, self.checked_s - OVERLAP_S)) * 1000)

    @property
    def is_unsure(self) -> bool:
        """Whether transfers should be asked for before their time."""
        return not self._is_told or self.checked_s < self._unsure_until_s

    def note_nav(self, nav_usd: float, began_s: float, ended_s: float | None = None) -> None:
        """A NAV that the exchange has told, to a question of `began_s`; None: it was answered at once."""
        self._navs.add(nav_usd, began_s, began_s if ended_s is None else ended_s)
        # They were told before this NAV was asked for, so that it holds them.
        self._navs.apply(self._waiting)
        self._waiting = []
        if self._navs.has_jumped:
            self._unsure_until_s = began_s + TOLD_AFTER_S

    def note_transfers(self, found: Iterable[Transfer], usd_per: Callable[[str], float | None], now_s: float) -> None:
        """Everything that is known to have moved up to now; what was applied before is left out.

        `usd_per` has no price where the exchange has none: waiting for one would leave the drawdown unknown for good.
        The peak then begins anew with the next NAV, which has the transfer in it.
        """
        new = self._new(found)
        amounts = [_usd(item, usd_per) for item in new]
        unpriced = next((item for item, usd in zip(new, amounts, strict=True) if usd is None), None)
        if unpriced is not None:
            self._navs, self._waiting = NavReadings(0.0, []), []
            self._restart = Restart(now_s, unpriced.note or f"a transfer in {unpriced.asset} has no price")
        else:
            self._take([Move(usd or 0.0, item.at_s) for item, usd in zip(new, amounts, strict=True)])
        self._applied |= {item.transfer_id: item.at_s for item in new}
        self.checked_s, self._is_told = now_s, True
        # What is told from now on has moved after this.
        self._navs.forget(now_s - OVERLAP_S - LARGEST_SHIFT_S)
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
        newest = self._navs.newest
        if self.is_unsure or self._waiting or newest is None or not self.peak_usd:
            return None
        return Drawdown(self.peak_usd, newest.nav_usd)

    def _new(self, found: Iterable[Transfer]) -> list[Transfer]:
        """In order; pages overlap, so that one answer may have the same transfer twice."""
        unseen = {item.transfer_id: item for item in found if item.at_s >= self._first_s}
        new = [item for name, item in unseen.items() if name not in self._applied]
        return sorted(new, key=lambda item: item.at_s)

    def _take(self, moves: list[Move]) -> None:
        """Apply what the newest reading was surely asked for after; the others wait for the next one."""
        newest_s = float("-inf") if self._navs.newest is None else self._navs.newest.began_s
        self._navs.apply(move for move in moves if move.at_s + LARGEST_SKEW_S < newest_s)
        self._waiting += [move for move in moves if move.at_s + LARGEST_SKEW_S >= newest_s]

    def _load(self) -> dict[str, Any]:
        try:
            return read_json_object(self.path)
        except FileNotFoundError:
            return {}

    def _save(self) -> None:
        content = {
            "peak_usd": self.peak_usd,
            "older_usd": self._navs.older_usd,
            "readings": self._navs.save(),
            "waiting": self._waiting,
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


def _read_navs(saved: dict[str, Any], checked_s: float) -> NavReadings:
    """A file of an older version has the peak and the last NAV alone."""
    if "readings" in saved:
        return NavReadings(read_amount(saved.get("older_usd")) or 0.0, load_readings(saved["readings"]))
    last = read_amount(saved.get("nav_usd"))
    readings = [] if last is None else [NavReading(checked_s, checked_s, last, last)]
    return NavReadings(read_amount(saved.get("peak_usd")) or 0.0, readings)


def _read_restart(saved: object) -> Restart | None:
    """Of JSON, which has lists alone."""
    at_s, why = saved if isinstance(saved, list) and len(saved) == 2 else (None, None)
    found_s = read_amount(at_s)
    return None if found_s is None else Restart(found_s, str(why))
