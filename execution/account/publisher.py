"""What is known of an account, as the state surfaces show it; what nobody outside a bot knows is null."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from execution.router_metrics import build_router_health, measure_router, measure_router_by_symbol
from execution.state_publish import open_state_dir, publish_surface
from execution.storage.atomic_json import remove_orphans, write_json_atomic
from execution.storage.error_log import ErrorLog
from execution.storage.event_feed import EventFeed
from execution.storage.writer_lock import claim_writer
from execution.surfaces.aum import Holding, build_aum
from execution.surfaces.engine import OWNED, build_engine_metadata
from execution.surfaces.nav import (
    NAV_LOG_POINTS,
    Account,
    ExchangeContact,
    Fx,
    NavPoint,
    build_nav,
    build_nav_health,
    build_nav_log,
    load_nav_log,
)
from execution.surfaces.positions import build_positions, build_synced_state
from execution.surfaces.risk_snapshot import RiskInputs, build_risk_snapshot
from execution.utils.execution_health import (
    SymbolFigures,
    build_execution_health,
    build_symbol_health,
    measure_sharpe_by_symbol,
)
from execution.utils.metrics import build_fee_pnl, measure_atr
from execution.utils.timestamps import FUTURE_TOLERANCE_S
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

    from execution.account.reading import Reading
    from execution.utils.event_window import EventWindow
    from execution.utils.metrics import Drawdown

HEALTH_EVERY_S = 20.0
POINT_EVERY_S = 60.0
# Fills that were not asked for in so long are no basis for figures of today.
FILLS_USABLE_S = 180.0
CLOCK_WAS_SET = "the clock of this machine was set back, and the exchange has not answered since"
UNPRICED = "a fee of the last 7 days was paid in a coin that has no price"


@dataclass(slots=True)
class View:
    """Everything that was told. `fault`: why the exchange does not answer; `troubles`: by what is lacking, why.

    `restart`: since when and why the drawdown is measured anew.
    """

    reading: Reading | None = None
    fault: str | None = None
    drawdown: Drawdown | None = None
    restart: str | None = None
    troubles: dict[str, str] = field(default_factory=dict)
    skew: str | None = None
    spot: dict[str, float] | None = None
    prices: dict[str, float] = field(default_factory=dict)
    closes: dict[str, list[float]] = field(default_factory=dict)
    leverages: dict[str, float] = field(default_factory=dict)
    fills_at_s: float | None = None


class Publisher:
    """Writes the surfaces of one account; an error in one file does not stop the others."""

    def __init__(self, log_dir: Path, environment: str, venue: str) -> None:
        """Claim the files and take up the history of the NAV.

        Raises:
            SecondWriterError, OSError, ValueError: another process writes them, or they cannot be used.
        """
        self.log_dir, self.environment, self.venue = log_dir, environment, venue
        self.state_dir = open_state_dir(log_dir / "state")
        self.nav_log_path = log_dir / "nav_log.json"
        for path in (self.nav_log_path, *(self.state_dir / name for name in OWNED)):
            claim_writer(path)
        for directory in (log_dir, log_dir / "cache"):
            remove_orphans(directory)
        self.points = load_nav_log(self.nav_log_path).points
        self.feed = EventFeed(log_dir / "execution")
        self.errors = ErrorLog(logging.getLogger("account"))
        self._health_s = float("-inf")
        self._shown_s = 0.0

    def publish(self, view: View, now_s: float) -> None:
        """Everything that is due."""
        if view.reading is not None:
            self._publish_account(view, view.reading, now_s)
            if not 0.0 <= now_s - self._health_s < HEALTH_EVERY_S:
                self._health_s = now_s
                self._publish_health(view, view.reading, now_s)
        self.publish_status("running" if view.reading else f"waiting: {view.fault or 'nothing was told yet'}", now_s)

    def publish_status(self, status: str, now_s: float) -> None:
        """engine_metadata.json, whose environment the badge shows."""
        payload = build_engine_metadata(f"account {self.venue}", "account", self.environment, status, now_s)
        self._publish(surfaces.ENGINE_METADATA, payload)

    def _publish_account(self, view: View, reading: Reading, now_s: float) -> None:
        """While the exchange does not answer: the NAV it told last, as that; no book, so that it grows old."""
        nav = build_nav(_account(reading), _contact(view, reading, now_s), _aum(view, reading), Fx(), now_s)
        self._publish(surfaces.NAV, nav)
        if view.fault is not None or reading.at_s == self._shown_s:
            return
        self._shown_s = reading.at_s
        self._publish(surfaces.POSITIONS, build_positions(reading.positions, reading.at_s))
        with self.errors.guard(self.nav_log_path.name):
            self._note_point(reading)
            claim_writer(self.nav_log_path)
            write_json_atomic(self.nav_log_path, build_nav_log(self.points))
        # Last: the daemon takes a new synced_state.json as the sign that all of them are new.
        self._publish(surfaces.SYNCED_STATE, build_synced_state(reading.positions, nav, f"account {self.venue}"))

    def _note_point(self, reading: Reading) -> None:
        """The newest point moves on until its minute is full; what a clock that was set back has stamped is no past."""
        while self.points and self.points[-1].at_s > reading.at_s:
            self.points.pop()
        point = NavPoint(reading.at_s, reading.figures.nav_usd, reading.figures.unrealized_usd)
        if len(self.points) > 1 and reading.at_s - self.points[-2].at_s < POINT_EVERY_S:
            self.points[-1] = point
        else:
            self.points.append(point)
            del self.points[:-NAV_LOG_POINTS]

    def _publish_health(self, view: View, reading: Reading, now_s: float) -> None:
        window = self._poll(now_s)
        if window is None:
            return
        symbols = list(dict.fromkeys([*(leg.symbol for leg in reading.positions), *(o.symbol for o in window.routed)]))
        by_symbol, total = measure_router_by_symbol(window.routed, symbols), measure_router(window.routed)
        sharpes = measure_sharpe_by_symbol(window)
        entries = [
            build_symbol_health(
                SymbolFigures(
                    symbol, by_symbol[symbol], measure_atr(view.closes.get(symbol, [])), None, sharpes.get(symbol)
                ),
                now_s,
            )
            for symbol in symbols
        ]
        self._publish(surfaces.RISK_SNAPSHOT, self._build_risk(view, reading, window, entries, now_s))
        if view.fills_at_s is not None and -FUTURE_TOLERANCE_S <= now_s - view.fills_at_s <= FILLS_USABLE_S:
            self._publish(surfaces.ROUTER_HEALTH, build_router_health(by_symbol, total, now_s))
            self._publish(surfaces.EXECUTION_HEALTH, _build_execution(entries, window, now_s))

    def _build_risk(
        self, view: View, reading: Reading, window: EventWindow, entries: list[dict[str, Any]], now_s: float
    ) -> dict[str, Any]:
        week = (window.week_fees_usd, window.pnl_usd[7].total_usd)
        troubles = {name: said for name, said in view.troubles.items() if said != view.fault}
        troubles |= {"exchange": view.fault} if view.fault else {}
        fees = UNPRICED if window.week_fees_usd is None else None
        notes = {"clock": view.skew, "drawdown": view.restart, "fees": fees}
        inputs = RiskInputs(
            drawdown=view.drawdown,
            fee_pnl=build_fee_pnl(*week, 7, trades=len(window.pnl_usd[7])),
            nav_health=build_nav_health(_contact(view, reading, now_s), reading.figures.nav_usd, now_s),
            entries=entries,
            testnet=self.environment == "testnet",
            net_of_transfers=True,
            anomalies=troubles | {name: said for name, said in notes.items() if said},
        )
        return build_risk_snapshot(inputs, now_s)

    def _poll(self, now_s: float) -> EventWindow | None:
        with self.errors.guard("event logs"):
            return self.feed.poll(now_s)
        return None

    def _publish(self, name: str, payload: dict[str, Any]) -> None:
        with self.errors.guard(name):
            publish_surface(name, payload, self.state_dir)


def _account(reading: Reading) -> Account:
    figures = reading.figures
    return Account(figures.nav_usd - figures.unrealized_usd, figures.unrealized_usd)


def _contact(view: View, reading: Reading, now_s: float) -> ExchangeContact:
    """An answer of the future confirms nothing: nobody knows how old it is."""
    is_ahead = reading.at_s > now_s + FUTURE_TOLERANCE_S
    reason = view.fault or (CLOCK_WAS_SET if is_ahead else None)
    return ExchangeContact(reading.at_s, reachable=reason is None, reason=reason)


def _aum(view: View, reading: Reading) -> dict[str, Any]:
    """The futures account and the spot wallet; a lower bound while that cannot be read."""
    held = [Holding(asset, qty) for asset, qty in (view.spot or {}).items()]
    return build_aum(reading.figures.nav_usd, held, view.prices, complete=view.spot is not None)


def _build_execution(entries: list[dict[str, Any]], window: EventWindow, now_s: float) -> dict[str, Any]:
    """Attempts, vetoes and rejects are the bot's own knowledge."""
    stats = {
        "attempted_24h": None,
        "executed_24h": len(window.executed),
        "vetoes_24h": None,
        "fill_rate": None,
        "top_vetoes": None,
    }
    return build_execution_health(entries, window, now_s) | {
        "exec_stats": stats,
        "reject_rate": None,
        "context": "account",
    }
