"""What one cycle of the sync daemon works with: everything that others wrote, checked where it comes in.

What cannot be used is unknown, with a sentence in the log; everything else goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from execution.storage.reading import read_json_object
from execution.surfaces.aum import read_aum
from execution.surfaces.nav import Fx, NavLog, NavPoint, load_nav_log
from execution.surfaces.positions import Position, read_positions
from execution.surfaces.rules import ATR_REGIMES, DD_STATES
from execution.utils.numbers import describe, finite_number, read_amount
from execution.utils.timestamps import plausible_epoch_s
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from execution.storage.error_log import ErrorLog
    from execution.storage.event_feed import EventFeed
    from execution.utils.event_window import EventWindow

Content = dict[str, Any]


@dataclass(slots=True)
class Inputs:
    """An empty object for a file that is not there; None for a book or for event logs that are unknown."""

    now_s: float
    points: list[NavPoint]
    nav: Content
    synced: Content
    risk: Content
    window: EventWindow | None
    positions: list[Position] | None = None
    symbols: dict[str, Content] = field(default_factory=dict)
    aum: Content = field(default_factory=dict)
    fx: Fx = field(default_factory=Fx)


class InputReader:
    """Reads one log directory; says once what it does without."""

    def __init__(self, log_dir: Path, feed: EventFeed, errors: ErrorLog) -> None:
        """Nothing read yet."""
        self.log_dir = log_dir
        self.state_dir = log_dir / "state"
        self.feed = feed
        self.errors = errors
        self._nav_log = NavLog([])
        self._nav_log_signature: tuple[int, ...] = ()

    def read(self, now_s: float) -> Inputs:
        """Everything as of `now_s` (epoch seconds)."""
        inputs = Inputs(
            now_s=now_s,
            points=self._read_points(),
            nav=self._load(surfaces.NAV),
            synced=self._load(surfaces.SYNCED_STATE),
            risk=self._load(surfaces.RISK_SNAPSHOT),
            window=self._poll(now_s),
        )
        inputs.positions = self._read_book(inputs.synced)
        inputs.symbols = self._read_symbols(inputs.risk)
        inputs.fx = self._read_fx(inputs.nav)
        if inputs.points:
            inputs.aum = self._read_aum(inputs.nav, inputs.points[-1].nav_usd)
        return inputs

    def _read_points(self) -> list[NavPoint]:
        """Of a log that cannot be read the points that were seen last: they have times of their own, and grow old."""
        path = self.log_dir / "nav_log.json"
        with self.errors.guard("nav_log.json"):
            signature = _sign(path)
            if signature != self._nav_log_signature or not signature:
                self._nav_log, self._nav_log_signature = load_nav_log(path), signature
            self.errors.warn("nav_log.json", self._nav_log.skipped)
        return self._nav_log.points

    def _poll(self, now_s: float) -> EventWindow | None:
        with self.errors.guard("event logs"):
            return self.feed.poll(now_s)
        return None

    def _load(self, name: str) -> Content:
        with self.errors.guard(f"reading {name}"):
            try:
                return read_json_object(self.state_dir / name)
            except FileNotFoundError:
                return {}
        return {}

    def _read_book(self, synced: Content) -> list[Position] | None:
        with self.errors.guard("positions of synced_state.json"):
            return read_positions(synced) if synced else None
        return None

    def _read_symbols(self, risk: Content) -> dict[str, Content]:
        entries = risk.get("symbols") or []
        if not isinstance(entries, list):
            self.errors.warn("symbols", f"symbols of risk_snapshot.json is {describe(entries)}; expected a list")
            return {}
        faults = [fault for index, entry in enumerate(entries) if (fault := _find_fault(entry, f"symbols[{index}]"))]
        self.errors.warn("symbols", f"risk_snapshot.json: {faults[0]}; the symbol is left out" if faults else None)
        return {entry["symbol"]: _read_entry(entry) for entry in entries if not _find_fault(entry, "")}

    def _read_aum(self, nav: Content, nav_usd: float) -> Content:
        """The executor's block, with the NAV on show as its futures part."""
        block = nav.get("aum") or {}
        usable = isinstance(block, dict)
        aum, refused = read_aum(block if usable else {}, nav_usd)
        sentences = refused if usable else [f"aum is {describe(block)}; expected an object"]
        self.errors.warn("aum", f"nav.json: {sentences[0]}" if sentences else None)
        return aum

    def _read_fx(self, nav: Content) -> Fx:
        block = mapping(nav, "fx")
        rate, written = read_amount(block.get("usd_zar")), block.get("usd_zar")
        usable = rate is not None and rate > 0
        sentence = f"nav.json: fx.usd_zar is {describe(written)}; expected a positive number"
        self.errors.warn("fx", None if usable or written is None else sentence)
        return Fx(rate if usable else None, plausible_epoch_s(block.get("ts")))


def mapping(parent: Mapping[str, Any], key: str) -> Content:
    """The object below `key`; an empty one when there is none."""
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


def _find_fault(entry: object, where: str) -> str | None:
    """Why nothing can be said about a symbol; None when something can."""
    if not isinstance(entry, dict):
        return f"{where} is {describe(entry)}; expected an object"
    symbol, state = entry.get("symbol"), mapping(entry, "risk").get("dd_state")
    regime = mapping(entry, "vol").get("atr_regime")
    if not isinstance(symbol, str):
        return f"{where}.symbol is {describe(symbol)}; expected a text"
    if state not in DD_STATES:
        return f"{where}.risk.dd_state is {describe(state)}; expected one of {', '.join(DD_STATES)}"
    if regime not in ATR_REGIMES:
        return f"{where}.vol.atr_regime is {describe(regime)}; expected one of {', '.join(ATR_REGIMES)}"
    return None


def _read_entry(entry: Content) -> Content:
    """What is used of a symbol's entry; a figure that is none is unknown."""
    risk, vol = mapping(entry, "risk"), mapping(entry, "vol")
    ratio = finite_number(vol.get("atr_ratio"))
    return {
        "symbol": entry["symbol"],
        "risk": {"dd_state": risk["dd_state"], "dd_today_pct": finite_number(risk.get("dd_today_pct"))},
        "vol": {"atr_ratio": ratio if ratio is None or ratio >= 0 else None, "atr_regime": vol["atr_regime"]},
    }


def _sign(path: Path) -> tuple[int, ...]:
    """What changes with the content of a file; empty when it is not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
