"""One cycle of the sync daemon: read what the executor wrote, write the mirrors and the KPIs."""

from __future__ import annotations

import logging
import statistics
from typing import TYPE_CHECKING, Any

from execution.router_metrics import measure_router, measure_router_by_symbol
from execution.state_publish import publish_surface
from execution.storage.error_log import ErrorLog
from execution.surfaces.kpis import KpiInputs, build_kpis_v7
from execution.surfaces.nav import FRESH_FOR_S, NavFigures, build_nav_state
from execution.surfaces.positions import Exposure, build_leaderboard_state, build_positions_state, measure_exposure
from execution.surfaces.risk_snapshot import NET_OF_TRANSFERS
from execution.sync.inputs import InputReader, Inputs, mapping
from execution.sync.peak import take_peak
from execution.sync.transition_log import TransitionLog
from execution.utils.execution_health import build_router_part, measure_reject_rate
from execution.utils.metrics import Drawdown, Peak, build_fee_pnl, rolling_sharpe
from execution.utils.numbers import read_amount
from execution.utils.timestamps import FUTURE_TOLERANCE_S, plausible_epoch_s, start_of_day_s
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from execution.storage.event_feed import EventFeed
    from execution.utils.event_window import EventWindow

OWNED = (surfaces.NAV_STATE, surfaces.POSITIONS_STATE, surfaces.LEADERBOARD, surfaces.KPIS)


class SyncCycle:
    """Reads and writes one log directory; keeps the peak, and the errors that are on."""

    def __init__(self, log_dir: Path, feed: EventFeed, peak: Peak) -> None:
        """Nothing read yet."""
        self.log_dir = log_dir
        self.state_dir = log_dir / "state"
        self.feed = feed
        self.peak = peak
        self.drawdown: Drawdown | None = Drawdown(peak.nav_usd, peak.nav_usd)
        self.errors = ErrorLog(logging.getLogger("sync_state"))
        self.inputs = InputReader(log_dir, feed, self.errors)
        self.transitions = TransitionLog(log_dir)

    def run(self, now_s: float) -> bool:
        """One cycle as of `now_s` (epoch seconds); True when every surface was written."""
        inputs = self.inputs.read(now_s)
        published = self._publish(inputs) if inputs.points else {}
        # Also when nothing could be published: that is when surfaces fall silent.
        with self.errors.guard("transitions"):
            self.transitions.note(now_s, _contents(inputs), published)
        return set(published) == set(OWNED) and not self.errors.current

    def _publish(self, inputs: Inputs) -> dict[str, dict[str, Any]]:
        """Write the surfaces; those that were written, by name."""
        with self.errors.guard("the peak"):
            self._raise_peak(inputs)
        payloads: dict[str, dict[str, Any]] = {}
        for name, build in self._builders(inputs).items():
            with self.errors.guard(f"building {name}"):
                payloads[name] = build()
        published: dict[str, dict[str, Any]] = {}
        # Written in one go: a page that reads in between would see them apart.
        for name, payload in payloads.items():
            with self.errors.guard(name):
                publish_surface(name, payload, self.state_dir)
                published[name] = payload
        return published

    def _builders(self, inputs: Inputs) -> dict[str, Callable[[], dict[str, Any]]]:
        """What makes each surface; none for what would rest on a book or on event logs that are unknown."""
        builders: dict[str, Callable[[], dict[str, Any]]] = {surfaces.NAV_STATE: lambda: self._build_nav_state(inputs)}
        book, window = inputs.positions, inputs.window
        if book is not None:
            risks = {symbol: {**entry["risk"], **entry["vol"]} for symbol, entry in inputs.symbols.items()}
            builders[surfaces.POSITIONS_STATE] = lambda: build_positions_state(book, _book_stamp(inputs), risks)
            builders[surfaces.LEADERBOARD] = lambda: build_leaderboard_state(book, _book_stamp(inputs))
        if window is not None:
            builders[surfaces.KPIS] = lambda: self._build_kpis(inputs, window)
        is_missing = not inputs.synced and f"reading {surfaces.SYNCED_STATE}" not in self.errors.current
        no_book = f"{surfaces.SYNCED_STATE} is missing or empty: there is no book to publish"
        self.errors.warn(surfaces.SYNCED_STATE, no_book if is_missing else None)
        return builders

    def _raise_peak(self, inputs: Inputs) -> None:
        """The highest of what was saved, what the log shows and what the executor has seen between its points.

        A peak that its writer has moved with transfers is taken as it is: points of before a withdrawal are no peak.
        """
        block = mapping(mapping(inputs.risk, "dd_state"), "drawdown")
        if block.get("peak_basis") == NET_OF_TRANSFERS:
            self.peak, self.drawdown = take_peak(block, inputs.points[-1])
            return
        for point in inputs.points:
            self.peak = self.peak.raised_to(point.nav_usd, point.at_s)
        seen = read_amount(block.get("peak"))
        if seen is not None:
            self.peak = self.peak.raised_to(seen, inputs.now_s)
        self.drawdown = Drawdown(self.peak.nav_usd, inputs.points[-1].nav_usd)

    def _build_nav_state(self, inputs: Inputs) -> dict[str, Any]:
        last = inputs.points[-1]
        figures = NavFigures(
            drawdown=self.drawdown,
            exposure=Exposure() if inputs.positions is None else measure_exposure(inputs.positions),
            realized_today_usd=_realized_today(inputs),
            aum=inputs.aum,
            fx=inputs.fx,
            sources_ok=_sources_ok(inputs),
        )
        payload = build_nav_state(inputs.points, figures, inputs.now_s)
        return payload | {"updated_at": _stamp(inputs.now_s, last.at_s), "written_at": inputs.now_s}

    def _build_kpis(self, inputs: Inputs, window: EventWindow) -> dict[str, Any]:
        last = inputs.points[-1]
        pnls_usd = [close.pnl_usd for close in window.closes]
        kpi_inputs = KpiInputs(
            nav_usd=last.nav_usd,
            nav_at_s=last.at_s,
            drawdown_pct=self.drawdown.pct if self.drawdown else None,
            aum_total_usd=inputs.aum["total"],
            sources_ok=_sources_ok(inputs),
            router=measure_router(window.routed),
            reject_rate=measure_reject_rate(window),
            fee_pnl=build_fee_pnl(window.week_fees_usd, window.pnl_usd[7].total_usd, 7, trades=len(window.pnl_usd[7])),
            sharpe=rolling_sharpe(pnls_usd),
            expectancy_usd=statistics.fmean(pnls_usd) if pnls_usd else None,
            symbols=_add_routing(inputs.symbols, window),
            fx=inputs.fx,
        )
        return build_kpis_v7(kpi_inputs, inputs.now_s)


def _contents(inputs: Inputs) -> dict[str, dict[str, Any]]:
    """The surfaces that were read, by name."""
    return {surfaces.NAV: inputs.nav, surfaces.SYNCED_STATE: inputs.synced, surfaces.RISK_SNAPSHOT: inputs.risk}


def _realized_today(inputs: Inputs) -> float | None:
    """What the exchange told the executor today, where it says so; else what the closes of the day add up to."""
    midnight_s = start_of_day_s(inputs.now_s)
    told = read_amount(mapping(mapping(inputs.risk, "dd_state"), "drawdown").get("realized_today"))
    told_at_s = plausible_epoch_s(inputs.risk.get("updated_ts"))
    if told is not None and told_at_s is not None and told_at_s >= midnight_s:
        return told
    return None if inputs.window is None else inputs.window.realized_since(midnight_s)


def _add_routing(symbols: Mapping[str, dict[str, Any]], window: EventWindow) -> dict[str, dict[str, Any]]:
    """The executor's entries, with the routing figures of the daemon's own window."""
    by_symbol = measure_router_by_symbol(window.routed, list(symbols))
    return {symbol: {**entry, "router": build_router_part(by_symbol[symbol])} for symbol, entry in symbols.items()}


def _sources_ok(inputs: Inputs) -> bool | None:
    found = mapping(mapping(inputs.nav, "nav_detail"), "nav_health").get("sources_ok")
    return found if isinstance(found, bool) else None


def _book_stamp(inputs: Inputs) -> float:
    """The stamp for what is made of the executor's book, epoch seconds."""
    written_at_s = plausible_epoch_s(inputs.synced.get("updated_at"))
    if written_at_s is None:
        raise ValueError(f"{surfaces.SYNCED_STATE} has no updated_at: it is not known from when the book is")
    return _stamp(inputs.now_s, written_at_s)


def _stamp(now_s: float, content_s: float) -> float:
    """The time of writing; the stamp of the content where that has not been renewed for a while, or is of later."""
    return now_s if -FUTURE_TOLERANCE_S <= now_s - content_s <= FRESH_FOR_S else content_s
