"""What the simulated executor publishes: its surfaces and the log of NAV points, at their cadences."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from execution.paper import faults
from execution.paper.instruments import INSTRUMENTS, SYMBOLS
from execution.paper.money import to_float
from execution.paper.risk_gate import RiskGate, judge_risk
from execution.router_metrics import build_router_health, measure_router, measure_router_by_symbol
from execution.state_publish import publish_surface
from execution.storage.atomic_json import write_json_atomic
from execution.storage.error_log import ErrorLog
from execution.storage.writer_lock import claim_writer
from execution.surfaces.aum import build_aum
from execution.surfaces.engine import build_engine_metadata
from execution.surfaces.nav import (
    NAV_LOG_POINTS,
    Account,
    ExchangeContact,
    Fx,
    NavPoint,
    build_nav,
    build_nav_health,
    build_nav_log,
)
from execution.surfaces.positions import Position, build_positions, build_synced_state
from execution.surfaces.risk_snapshot import RiskInputs, build_risk_snapshot
from execution.utils.execution_health import (
    SymbolFigures,
    build_exec_stats,
    build_execution_health,
    build_symbol_health,
    measure_sharpe_by_symbol,
)
from execution.utils.metrics import Drawdown, Peak, build_fee_pnl, measure_atr, symbol_drawdown_today_pct
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from execution.paper.simulation import Simulation
    from execution.storage.event_feed import EventFeed
    from execution.surfaces.aum import Holdings
    from execution.utils.event_window import EventWindow

ENGINE_VERSION = "paper"
ENVIRONMENT = "paper"


class Telemetry:
    """Publishes one simulation into one log directory; an error in one file does not stop the others."""

    def __init__(self, log_dir: Path, feed: EventFeed, holdings: Holdings) -> None:
        """Nothing published yet."""
        self.log_dir = log_dir
        self.state_dir = log_dir / "state"
        self.feed = feed
        self.holdings = holdings
        self.peak = Peak()
        self.points: list[NavPoint] = []
        self.faults: Collection[str] = ()
        self.halted = False
        self.contact_s = 0.0
        self.errors = ErrorLog(logging.getLogger("executor"))
        self._known = Account(0.0, 0.0)

    def note_step(self, simulation: Simulation, *, new_minute: bool) -> None:
        """Take over the account as the exchange tells it; the newest point moves on until its minute is full."""
        unrealized_usd = to_float(simulation.account.unrealized(simulation.market.marks))
        self._known = Account(to_float(simulation.account.cash), unrealized_usd)
        self.contact_s = simulation.now_s
        self.peak = self.peak.raised_to(self._known.nav_usd, simulation.now_s)
        point = NavPoint(simulation.now_s, self._known.nav_usd, unrealized_usd)
        if new_minute or not self.points:
            self.points.append(point)
            del self.points[:-NAV_LOG_POINTS]
        else:
            self.points[-1] = point

    def judge_risk(self) -> RiskGate:
        """Whether the desk may open positions, by the account as it was last seen."""
        reachable = faults.EXCHANGE_DOWN not in self.faults
        return judge_risk(Drawdown(self.peak.nav_usd, self._known.nav_usd), halted=self.halted, reachable=reachable)

    def publish_account(self, simulation: Simulation, now_s: float) -> None:
        """NAV, book and NAV log; of a book that cannot be asked for nothing is written, so that it grows old."""
        nav = self._build_nav(simulation, now_s)
        self._publish(surfaces.NAV, nav)
        if faults.EXCHANGE_DOWN in self.faults:
            return
        positions, window = list_positions(simulation), self._poll(now_s)
        stats = None if window is None else build_exec_stats(window)
        self._publish(surfaces.POSITIONS, build_positions(positions, now_s, stats))
        path = self.log_dir / "nav_log.json"
        with self.errors.guard(path.name):
            claim_writer(path)
            write_json_atomic(path, build_nav_log(self.points))
        # Last: the daemon takes a new synced_state.json as the sign that all of them are new.
        self._publish(surfaces.SYNCED_STATE, build_synced_state(positions, nav, ENGINE_VERSION))

    def publish_health(self, simulation: Simulation, now_s: float) -> None:
        """Router, risk and execution health, and who is writing; figures over events only where they can be read."""
        window = self._poll(now_s)
        if window is not None:
            self._publish_figures(simulation, window, now_s)
        self.publish_status("running", now_s)

    def _publish_figures(self, simulation: Simulation, window: EventWindow, now_s: float) -> None:
        by_symbol, total = measure_router_by_symbol(window.routed, SYMBOLS), measure_router(window.routed)
        entries = [
            build_symbol_health(figures, now_s)
            for figures in _measure_symbols(simulation, window, by_symbol, self._known.nav_usd)
        ]
        self._publish(surfaces.ROUTER_HEALTH, build_router_health(by_symbol, total, now_s))
        self._publish(surfaces.RISK_SNAPSHOT, self._build_risk(window, entries, now_s))
        self._publish(surfaces.EXECUTION_HEALTH, build_execution_health(entries, window, now_s))

    def publish_status(self, status: str, now_s: float) -> None:
        """engine_metadata.json: the environment says paper, so that nobody takes it for money."""
        payload = build_engine_metadata(ENGINE_VERSION, "paper", ENVIRONMENT, status, now_s)
        self._publish(surfaces.ENGINE_METADATA, payload)

    def _build_nav(self, simulation: Simulation, now_s: float) -> dict[str, Any]:
        marks_usd = {item.asset: simulation.market.mark_usd(symbol) for symbol, item in INSTRUMENTS.items()}
        aum = build_aum(self._known.nav_usd, self.holdings.held, marks_usd, complete=self.holdings.complete)
        return build_nav(self._known, self._contact(), aum, Fx(simulation.market.usd_zar, self.contact_s), now_s)

    def _build_risk(self, window: EventWindow, entries: list[dict[str, Any]], now_s: float) -> dict[str, Any]:
        gate, week = self.judge_risk(), (window.week_fees_usd, window.pnl_usd[7].total_usd)
        inputs = RiskInputs(
            drawdown=Drawdown(self.peak.nav_usd, self._known.nav_usd),
            fee_pnl=build_fee_pnl(*week, 7, trades=len(window.pnl_usd[7])),
            nav_health=build_nav_health(self._contact(), self._known.nav_usd, now_s),
            entries=entries,
            mode=gate.mode,
            breaker=gate.breaker,
        )
        return build_risk_snapshot(inputs, now_s)

    def _poll(self, now_s: float) -> EventWindow | None:
        with self.errors.guard("event logs"):
            return self.feed.poll(now_s)
        return None

    def _contact(self) -> ExchangeContact:
        return ExchangeContact(self.contact_s, reachable=faults.EXCHANGE_DOWN not in self.faults)

    def _publish(self, name: str, payload: dict[str, Any]) -> None:
        with self.errors.guard(name):
            if name == surfaces.POSITIONS and faults.TORN_FILE in self.faults:
                faults.write_torn(self.state_dir / name, payload)
            else:
                publish_surface(name, payload, self.state_dir)


def list_positions(simulation: Simulation) -> list[Position]:
    """The open legs, largest first."""
    legs = [
        Position(
            symbol=symbol,
            position_side=side,
            qty=to_float(leg.qty),
            entry_price=leg.entry_price,
            mark_price=simulation.market.mark_usd(symbol),
            unrealized_usd=to_float(leg.unrealized(simulation.market.marks[symbol])),
            leverage=INSTRUMENTS[symbol].leverage,
        )
        for (symbol, side), leg in simulation.account.legs.items()
    ]
    return sorted(legs, key=lambda leg: -leg.notional_usd)


def _measure_symbols(
    simulation: Simulation, window: EventWindow, by_symbol: dict[str, Any], nav_usd: float
) -> list[SymbolFigures]:
    sharpes = measure_sharpe_by_symbol(window)
    return [
        SymbolFigures(
            symbol=symbol,
            router=by_symbol[symbol],
            atr=measure_atr(simulation.market.closes[symbol]),
            dd_today_pct=symbol_drawdown_today_pct(to_float(day["peak"]), to_float(day["now"]), nav_usd),
            sharpe_7d=sharpes.get(symbol),
        )
        for symbol, day in simulation.day_pnl.items()
    ]
