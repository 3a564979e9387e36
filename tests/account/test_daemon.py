"""What the daemon makes of an account: its peak, its margins, and what nobody outside a bot knows."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from execution.account.source import AccountSource
from execution.storage.event_feed import EventFeed
from execution.storage.writer_lock import release_writers
from execution.surfaces.schema import SurfaceError, check_surface
from execution.sync.cycle import SyncCycle
from execution.sync.peak import load_peak
from execution.utils.execution_health import RouterStats, classify_portfolio_routing, classify_routing
from state import load_all_state
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

    from pretended import Pretended
    from scripted import Scripted


def test_the_daemon_takes_the_peak_that_knows_the_transfers(exchange: Pretended, tmp_path: Path) -> None:
    """Points of before a withdrawal are no peak; liquidation price and margin reach its rows."""
    release_writers()
    now_s = time.time()
    source = AccountSource(exchange.link(), tmp_path, "fake", now_s)
    daemon = SyncCycle(tmp_path, EventFeed(tmp_path / "execution"), load_peak(tmp_path / "cache" / "peak_state.json"))

    def step(times: int) -> dict[str, Any]:
        nonlocal now_s
        for _ in range(times):
            now_s += 10.0
            source.cycle(now_s)
            assert daemon.run(now_s) or daemon.errors.current == {}
        found: dict[str, Any] = json.loads((tmp_path / "state" / surfaces.NAV_STATE).read_text())
        return found

    before = step(8)
    assert before["drawdown_pct"] == pytest.approx(0.0, abs=0.5)
    exchange.control(transfer_usd=-8000)
    at_once = step(1)
    assert at_once["total_equity"] < before["total_equity"] - 7000
    assert at_once["drawdown_pct"] is None
    after = step(9)
    assert after["drawdown_pct"] == pytest.approx(before["drawdown_pct"], abs=0.5)
    assert after["peak_equity"] < before["peak_equity"] - 7000
    rows = json.loads((tmp_path / "state" / surfaces.POSITIONS_STATE).read_text())["items"]
    assert all(row["liquidation_price"] > 0 and row["margin"] > 0 and row["margin_mode"] == "cross" for row in rows)
    health = json.loads((tmp_path / "state" / surfaces.EXECUTION_HEALTH).read_text())
    assert [health["exec_stats"][name] for name in ("attempted_24h", "vetoes_24h", "fill_rate")] == [None] * 3
    source.close(now_s)
    release_writers()


@pytest.mark.parametrize(("nav_usd", "shown_usd", "drawdown_pct"), [(-12.5, -12.5, 112.5), (0.0, None, None)])
def test_an_account_without_money_is_told_as_that(
    scripted: Scripted, nav_usd: float, shown_usd: float | None, drawdown_pct: float | None, tmp_path: Path
) -> None:
    """After a liquidation it may owe money; a page that takes 0 for nothing told is no exchange that is away."""
    release_writers()
    now_s = time.time()
    source = AccountSource(scripted.link("binanceusdm"), tmp_path, "fake", now_s)
    daemon = SyncCycle(tmp_path, EventFeed(tmp_path / "execution"), load_peak(tmp_path / "cache" / "peak_state.json"))
    scripted.answers |= {f"/fapi/{path}": [] for path in ("v3/positionRisk", "v1/income", "v1/symbolConfig")}
    scripted.answers |= {"/fapi/v1/exchangeInfo": {"symbols": []}, "/api/v3/account": {"balances": []}}
    scripted.answers["/fapi/v1/time"] = {"serverTime": now_s * 1000}
    for told_usd in (100.0, 100.0, *[nav_usd] * 5):
        margin = {"asset": "USDT", "marginBalance": told_usd, "unrealizedProfit": 0.0, "positionInitialMargin": 0.0}
        scripted.answers["/fapi/v3/account"] = {"totalMarginBalance": told_usd, "assets": [margin]}
        now_s += 30.0
        source.cycle(now_s)
        daemon.run(now_s)
    for path in (tmp_path / "state").glob("*.json"):
        os.utime(path, (now_s, now_s))
    state = load_all_state(tmp_path / "state", now=now_s, environ={}, remember=False)
    assert source.view.fault is None
    assert (state["nav"]["nav_usd"], state["nav"]["drawdown_pct"]) == (shown_usd, drawdown_pct)
    assert state["nav"]["exchange"]["frozen"] is False
    source.close(now_s)
    release_writers()


def stats(**known: Any) -> RouterStats:
    """Figures of ten orders, of which only these are known."""
    nothing = dict.fromkeys(
        ("maker_fill_ratio", "fallback_ratio", "slip_q25", "slip_q50", "slip_q75", "slip_q95", "slip_mean")
    )
    counts = {"sample_count": 10, "maker_attempts": 0, "slip_count": 0}
    found: RouterStats = {**nothing, **counts, **known}  # type: ignore[typeddict-item]
    return found


@pytest.mark.parametrize(
    ("known", "quality", "portfolio"),
    [
        ({"maker_fill_ratio": 1.0}, "unknown", "unknown"),
        ({"maker_fill_ratio": 0.0}, "unknown", "unknown"),
        ({"fallback_ratio": 0.1}, "unknown", "unknown"),
        ({"fallback_ratio": 0.7}, "degraded", "degraded"),
        ({"slip_q50": 0.0, "maker_fill_ratio": 0.9}, "good", "good"),
        ({"slip_q50": 12.0}, "broken", "poor"),
        ({"slip_q50": 0.0, "maker_fill_ratio": 0.1}, "ok", "poor"),
        ({"slip_q50": 0.0, "maker_fill_ratio": 0.9, "sample_count": 0}, "unknown", "unknown"),
    ],
)
def test_routing_without_slippage_is_not_good(known: dict[str, Any], quality: str, portfolio: str) -> None:
    """Makers alone say nothing of the price."""
    assert (classify_routing(stats(**known)), classify_portfolio_routing(stats(**known))) == (quality, portfolio)


ROW = {
    "symbol": "BTCUSDT",
    "positionSide": "BOTH",
    "qty": -0.5,
    "entryPrice": 100.0,
    "markPrice": 101.0,
    "unrealized": -0.5,
    "notional": 50.5,
    "leverage": None,
}


@pytest.mark.parametrize(
    ("field", "value", "is_refused"),
    [
        ("liquidation_price", None, False),
        ("liquidation_price", 130.5, False),
        ("liquidation_price", 0.0, True),
        ("margin", 12.0, False),
        ("margin", -1.0, True),
        ("margin_mode", "isolated", False),
        ("margin_mode", "portfolio", True),
    ],
)
def test_margins_of_a_row_are_optional_and_checked(field: str, value: Any, is_refused: bool) -> None:
    """A liquidation price of 0 is one that was not told."""
    payload = {"rows": [ROW | {field: value}], "updated": 1_795_660_000.0}
    check_surface(surfaces.POSITIONS, {"rows": [ROW], "updated": 1_795_660_000.0})
    if is_refused:
        with pytest.raises(SurfaceError, match=field):
            check_surface(surfaces.POSITIONS, payload)
    else:
        check_surface(surfaces.POSITIONS, payload)
