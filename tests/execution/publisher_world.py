"""A small true world: one account, three legs, two symbols, and every payload that shows it."""

from __future__ import annotations

import copy
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from execution.router_metrics import build_router_health, measure_router, measure_router_by_symbol
from execution.storage.atomic_json import write_json_atomic
from execution.storage.writer_lock import release_writers
from execution.surfaces.aum import Holding, build_aum
from execution.surfaces.kpis import KpiInputs, build_kpis_v7
from execution.surfaces.nav import (
    Account,
    ExchangeContact,
    Fx,
    NavFigures,
    NavPoint,
    build_nav,
    build_nav_health,
    build_nav_log,
    build_nav_state,
)
from execution.surfaces.positions import (
    Position,
    build_leaderboard_state,
    build_positions,
    build_positions_state,
    build_synced_state,
    measure_exposure,
)
from execution.surfaces.risk_snapshot import CircuitBreaker, RiskInputs, RiskMode, build_risk_snapshot
from execution.utils.event_window import EventWindow, RoutedOrder
from execution.utils.execution_health import (
    SymbolFigures,
    build_exec_stats,
    build_execution_health,
    build_symbol_health,
)
from execution.utils.metrics import Drawdown, build_fee_pnl, measure_atr
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW_S = 1_764_197_100.0
SYMBOLS = ("BTCUSDT", "ETHUSDT")

# What the sync daemon reads of the executor.
EXECUTOR_FILES = (surfaces.NAV, surfaces.SYNCED_STATE, surfaces.RISK_SNAPSHOT)

# What these publishers have no word for: exits, which they do not keep, and that they are on no testnet.
UNSAID = {f"kpis.risk.{name}" for name in ("positions_registered", "exits_registered", "exits_mismatch")} | {
    "meta.testnet"
}

# Stops, which they place none of, and changes over a time that a young log does not span.
MAYBE_UNSAID = re.compile(r"positions\.[0-9]+\.(stop_price|stop_pct|has_stop)|nav\.change_(24h|7d)_(usd|pct)")


def unknown_paths(state: dict[str, Any]) -> set[str]:
    """What is unknown, but for what these publishers may have no word for."""
    return {path for path in state["meta"]["unknown"] if not MAYBE_UNSAID.fullmatch(path)}


LEGS = [
    Position("BTCUSDT", "LONG", 0.042, 89_120.4, 90_412.5, 54.2682, 4.0),
    Position("BTCUSDT", "SHORT", -0.01, 90_000.0, 90_412.5, -4.125, 4.0),
    Position("ETHUSDT", "SHORT", -0.85, 3_055.1, 3_021.44, 28.611, 4.0),
]
HOLDINGS = [
    Holding("BTC", 0.035, 119_073.0),
    Holding("USDC", 2098.96, 1.0),
    Holding("PAXG", 0.25, 3910.0),
    Holding("KAG", 12.0),
]
ORDERS = [
    RoutedOrder(NOW_S - 60, "BTCUSDT", maker_start=True, is_maker_final=True, used_fallback=False, slippage_bps=-0.5),
    RoutedOrder(NOW_S - 50, "BTCUSDT", maker_start=True, is_maker_final=False, used_fallback=True, slippage_bps=1.5),
    RoutedOrder(NOW_S - 40, "ETHUSDT", maker_start=True, is_maker_final=False, used_fallback=False, slippage_bps=0.0),
]


def build_payloads(now_s: float = NOW_S) -> dict[str, dict[str, Any]]:
    """Every surface of the world, by file name; the caller's own."""
    return copy.deepcopy(_build_payloads(now_s))


@lru_cache(maxsize=4)
def _build_payloads(now_s: float) -> dict[str, dict[str, Any]]:
    open_usd = sum(leg.unrealized_usd for leg in LEGS)
    account, contact = Account(10_000.0, open_usd), ExchangeContact(now_s)
    aum, fx = build_aum(account.nav_usd, HOLDINGS, {"BTC": 90_412.5}), Fx(17.2384, now_s - 30)
    nav, drawdown = build_nav(account, contact, aum, fx, now_s), Drawdown(10_100.0, account.nav_usd)
    by_symbol, total = measure_router_by_symbol(ORDERS, SYMBOLS), measure_router(ORDERS)
    atr, fee_pnl = measure_atr([1.0, 1.1, 1.0, 1.1]), build_fee_pnl(3.0, -10.0, 7, trades=2)
    entries = [
        build_symbol_health(SymbolFigures(symbol, by_symbol[symbol], atr, -0.2, 1.2), now_s) for symbol in SYMBOLS
    ]
    kpi_symbols = {entry["symbol"]: entry for entry in entries}
    inputs = KpiInputs(
        nav_usd=account.nav_usd, nav_at_s=now_s, drawdown_pct=drawdown.pct, aum_total_usd=aum["total"], sources_ok=True,
        router=total, reject_rate=0.0, fee_pnl=fee_pnl, sharpe=0.5, expectancy_usd=-5.0, symbols=kpi_symbols, fx=fx,
    )  # fmt: skip
    kpis = build_kpis_v7(inputs, now_s)
    series = [NavPoint(now_s - 60, 10_050.0, 50.0), NavPoint(now_s, account.nav_usd, open_usd)]
    figures = NavFigures(drawdown, measure_exposure(LEGS), 8.75, aum, fx, sources_ok=True)
    health = build_nav_health(contact, account.nav_usd, now_s)
    mode, breaker = RiskMode("OK", "all_systems_healthy", 0.0), CircuitBreaker(0.1, active=False)
    risk = RiskInputs(drawdown, fee_pnl, health, entries, mode=mode, breaker=breaker)
    return {
        surfaces.NAV: nav,
        surfaces.NAV_STATE: build_nav_state(series, figures, now_s),
        surfaces.POSITIONS: build_positions(LEGS, now_s, build_exec_stats(EventWindow())),
        surfaces.POSITIONS_STATE: build_positions_state(LEGS, now_s, kpis["symbols"]),
        surfaces.SYNCED_STATE: build_synced_state(LEGS, nav, "paper"),
        surfaces.LEADERBOARD: build_leaderboard_state(LEGS, now_s),
        surfaces.ROUTER_HEALTH: build_router_health(by_symbol, total, now_s),
        surfaces.RISK_SNAPSHOT: build_risk_snapshot(risk, now_s),
        surfaces.EXECUTION_HEALTH: build_execution_health(entries, EventWindow(), now_s),
        surfaces.ENGINE_METADATA: {
            "engine_version": "paper", "updated_ts": now_s, "env": "paper", "status": "running"
        },
        surfaces.KPIS: kpis,
    }  # fmt: skip


def write_world(log_dir: Path, now_s: float, nav_usd: float = 10_078.7542) -> None:
    """The executor's files, and two points of the NAV log."""
    (log_dir / "state").mkdir(exist_ok=True)
    payloads = build_payloads(now_s)
    for name in EXECUTOR_FILES:
        write_json_atomic(log_dir / "state" / name, payloads[name])
    write_nav_log(log_dir, now_s, nav_usd)


def write_nav_log(log_dir: Path, now_s: float, nav_usd: float = 10_078.7542) -> None:
    """Two points, the last of them now."""
    points = [NavPoint(now_s - 60, 10_050.0, 50.0), NavPoint(now_s, nav_usd, 78.7542)]
    write_json_atomic(log_dir / "nav_log.json", build_nav_log(points))


def append(log_dir: Path, name: str, *records: dict[str, Any]) -> None:
    """Append events."""
    (log_dir / "execution").mkdir(exist_ok=True)
    with (log_dir / "execution" / f"{name}.jsonl").open("a") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def build_close(number: int, pnl_usd: float, at_s: float) -> dict[str, Any]:
    """An order_close event."""
    return {"event_type": "order_close", "orderId": number, "symbol": "BTCUSDT", "realizedPnlUsd": pnl_usd, "ts": at_s}


def end_locks() -> Iterator[None]:
    """A fixture: each test is a process of its own as far as locks go."""
    yield
    release_writers()


def write_desk(tmp_path: Path) -> Path:
    """A fixture: what an executor has written at NOW_S, and an event."""
    write_world(tmp_path, NOW_S)
    append(tmp_path, "orders_executed", build_close(1, 5.0, NOW_S - 60))
    return tmp_path
