"""One cycle of the sync daemon: read what the executor wrote, write the mirrors and the KPIs."""

from __future__ import annotations

import json
import logging
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from execution.error_log import ErrorLog
from execution.kpis import KpiInputs, build_kpis_v7
from execution.nav import FRESH_FOR_S, Fx, NavFigures, NavPoint, build_nav_state, load_nav_log
from execution.peak import Drawdown, Peak
from execution.positions import (
    Position,
    build_leaderboard_state,
    build_positions_state,
    measure_exposure,
    read_positions,
)
from execution.router_metrics import measure_router, measure_router_by_symbol
from execution.state_publish import publish_surface
from execution.transition_log import TransitionLog
from execution.utils.execution_health import build_router_part, measure_reject_rate
from execution.utils.metrics import build_fee_pnl, rolling_sharpe
from execution.utils.timestamps import parse_epoch_s, start_of_day_s
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from execution.utils.event_feed import EventFeed
    from execution.utils.event_window import EventWindow

OWNED = (surfaces.NAV_STATE, surfaces.POSITIONS_STATE, surfaces.LEADERBOARD, surfaces.KPIS)


@dataclass(slots=True)
class Inputs:
    """What one cycle works with; an empty object for a file that is not there."""

    now_s: float
    points: list[NavPoint]
    nav: dict[str, Any]
    synced: dict[str, Any]
    risk: dict[str, Any]
    window: EventWindow
    positions: list[Position] = field(default_factory=list)


class SyncCycle:
    """Reads and writes one log directory; keeps the peak, and the errors that are on."""

    def __init__(self, log_dir: Path, feed: EventFeed, peak: Peak) -> None:
        """Nothing read yet."""
        self.log_dir = log_dir
        self.state_dir = log_dir / "state"
        self.feed = feed
        self.peak = peak
        self.drawdown = Drawdown(peak.nav_usd, peak.nav_usd)
        self.errors = ErrorLog(logging.getLogger("sync_state"))
        self.transitions = TransitionLog(log_dir)

    def run(self, now_s: float) -> bool:
        """One cycle as of `now_s` (epoch seconds); True when every surface was written."""
        inputs = self._read(now_s)
        published = self._publish(inputs) if inputs is not None and inputs.points else {}
        # Also when nothing could be published: that is when surfaces fall silent.
        with self.errors.guard("transitions"):
            self.transitions.note(now_s, _contents(inputs), published)
        return bool(published) and not self.errors.current

    def _publish(self, inputs: Inputs) -> dict[str, dict[str, Any]]:
        """Write the surfaces; those that were written, by name."""
        self._raise_peak(inputs)
        symbols = self._measure_symbols(inputs)
        builders: dict[str, Callable[[], dict[str, Any]]] = {
            surfaces.NAV_STATE: lambda: self._build_nav_state(inputs),
            surfaces.POSITIONS_STATE: lambda: _build_positions_state(inputs, symbols),
            surfaces.LEADERBOARD: lambda: build_leaderboard_state(inputs.positions, _book_stamp(inputs)),
            surfaces.KPIS: lambda: self._build_kpis(inputs, symbols),
        }
        payloads: dict[str, dict[str, Any]] = {}
        for name, build in builders.items():
            with self.errors.guard(f"building {name}"):
                payloads[name] = build()
        published: dict[str, dict[str, Any]] = {}
        # Written in one go: a page that reads in between would see them apart.
        for name, payload in payloads.items():
            with self.errors.guard(name):
                publish_surface(name, payload, self.state_dir)
                published[name] = payload
        return published

    def _read(self, now_s: float) -> Inputs | None:
        """None when the NAV log or the event logs cannot be read; another file that cannot be counts as not there."""
        with self.errors.guard("inputs"):
            points, window = load_nav_log(self.log_dir / "nav_log.json"), self.feed.poll(now_s)
            inputs = Inputs(
                now_s=now_s,
                points=points,
                nav=self._load(surfaces.NAV),
                synced=self._load(surfaces.SYNCED_STATE),
                risk=self._load(surfaces.RISK_SNAPSHOT),
                window=window,
            )
            with self.errors.guard("positions of synced_state.json"):
                inputs.positions = read_positions(inputs.synced) if inputs.synced else []
            return inputs
        return None

    def _load(self, name: str) -> dict[str, Any]:
        with self.errors.guard(f"reading {name}"):
            content = _load_json(self.state_dir / name)
            return content if isinstance(content, dict) else {}
        return {}

    def _raise_peak(self, inputs: Inputs) -> None:
        """The highest of what was saved, what the log shows and what the executor has seen between its points."""
        for point in inputs.points:
            self.peak = self.peak.raised_to(point.nav_usd, point.at_s)
        seen = _block(_block(inputs.risk, "dd_state"), "drawdown").get("peak")
        if isinstance(seen, float):
            self.peak = self.peak.raised_to(seen, inputs.now_s)
        self.drawdown = Drawdown(self.peak.nav_usd, inputs.points[-1].nav_usd)

    def _build_nav_state(self, inputs: Inputs) -> dict[str, Any]:
        last = inputs.points[-1]
        figures = NavFigures(
            drawdown=self.drawdown,
            exposure=measure_exposure(inputs.positions),
            realized_today_usd=inputs.window.realized_since(start_of_day_s(inputs.now_s)),
            aum=_build_aum(inputs),
            fx=_fx(inputs),
            sources_ok=_sources_ok(inputs),
        )
        payload = build_nav_state(inputs.points, figures, inputs.now_s)
        return payload | {"updated_at": _stamp(inputs.now_s, last.at_s), "written_at": inputs.now_s}

    def _measure_symbols(self, inputs: Inputs) -> dict[str, dict[str, Any]]:
        with self.errors.guard("symbols of risk_snapshot.json"):
            return _build_symbols(inputs)
        return {}

    def _build_kpis(self, inputs: Inputs, symbols: dict[str, dict[str, Any]]) -> dict[str, Any]:
        window, last = inputs.window, inputs.points[-1]
        pnls_usd = [close.pnl_usd for close in window.closes]
        kpi_inputs = KpiInputs(
            nav_usd=last.nav_usd,
            nav_at_s=last.at_s,
            drawdown_pct=self.drawdown.pct,
            aum_total_usd=_build_aum(inputs)["total"],
            sources_ok=_sources_ok(inputs),
            router=measure_router(window.routed),
            reject_rate=measure_reject_rate(window),
            fee_pnl=build_fee_pnl(
                window.fees_usd[7].total_usd, window.pnl_usd[7].total_usd, 7, trades=len(window.pnl_usd[7])
            ),
            sharpe=rolling_sharpe(pnls_usd),
            expectancy_usd=statistics.fmean(pnls_usd) if pnls_usd else None,
            symbols=symbols,
            fx=_fx(inputs),
        )
        return build_kpis_v7(kpi_inputs, inputs.now_s)


def _contents(inputs: Inputs | None) -> dict[str, dict[str, Any]]:
    """The surfaces that were read, by name."""
    if inputs is None:
        return {}
    return {surfaces.NAV: inputs.nav, surfaces.SYNCED_STATE: inputs.synced, surfaces.RISK_SNAPSHOT: inputs.risk}


def _build_positions_state(inputs: Inputs, symbols: dict[str, dict[str, Any]]) -> dict[str, Any]:
    risks = {symbol: {**_block(entry, "risk"), **_block(entry, "vol")} for symbol, entry in symbols.items()}
    return build_positions_state(inputs.positions, _book_stamp(inputs), risks)


def _build_symbols(inputs: Inputs) -> dict[str, dict[str, Any]]:
    """The executor's entries, with the routing figures of the daemon's own window."""
    entries = [entry for entry in inputs.risk.get("symbols") or [] if isinstance(entry, dict)]
    by_symbol = measure_router_by_symbol(inputs.window.routed, [str(entry.get("symbol")) for entry in entries])
    return {
        entry["symbol"]: {**entry, "router": build_router_part(by_symbol[entry["symbol"]])}
        for entry in entries
        if isinstance(entry.get("symbol"), str)
    }


def _build_aum(inputs: Inputs) -> dict[str, Any]:
    """The executor's block, with the NAV of this very payload as its futures part."""
    nav_usd, block = inputs.points[-1].nav_usd, _block(inputs.nav, "aum")
    elsewhere_usd = block.get("total", 0.0) - block.get("futures", 0.0)
    return {"offexchange": {}, **block, "futures": nav_usd, "total": nav_usd + elsewhere_usd}


def _fx(inputs: Inputs) -> Fx:
    block = _block(inputs.nav, "fx")
    return Fx(block.get("usd_zar"), parse_epoch_s(block.get("ts")))


def _sources_ok(inputs: Inputs) -> bool | None:
    found = _block(_block(inputs.nav, "nav_detail"), "nav_health").get("sources_ok")
    return found if isinstance(found, bool) else None


def _book_stamp(inputs: Inputs) -> float:
    """The stamp for what is made of the executor's book, epoch seconds."""
    written_at_s = parse_epoch_s(inputs.synced.get("updated_at"))
    if written_at_s is None:
        raise ValueError(f"{surfaces.SYNCED_STATE} has no updated_at: it is not known from when the book is")
    return _stamp(inputs.now_s, written_at_s)


def _stamp(now_s: float, content_s: float) -> float:
    """The time of writing, but never a new stamp on content that nobody has renewed for a while."""
    return now_s if now_s - content_s <= FRESH_FOR_S else content_s


def _block(parent: dict[str, Any], key: str) -> dict[str, Any]:
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


def _load_json(path: Path) -> object:
    """The content of a file, None when it is not there."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
