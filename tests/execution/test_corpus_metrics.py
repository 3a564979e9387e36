"""The figures that the event logs of real executors add up to, against what is known to be true."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from execution.router_metrics import build_router_health, measure_router, measure_router_by_symbol
from execution.storage.event_log import EventLog
from execution.utils.event_window import LOG_NAMES, MAX_CLOSES, EventWindow
from execution.utils.execution_health import build_exec_stats, classify_portfolio_routing, measure_reject_rate
from execution.utils.metrics import build_fee_pnl, measure_atr
from execution.utils.timestamps import parse_epoch_s

CORPUS = Path(__file__).parents[1] / "fixtures" / "corpus" / "v7.1"


def same(actual: float | None, true: float | None) -> bool:
    """Equal to a millionth, or both unknown."""
    return actual is true if actual is None or true is None else math.isclose(actual, true, rel_tol=1e-6)


def load_expected(scenario: str) -> dict[str, Any]:
    """expected.json of a scenario."""
    expected: dict[str, Any] = json.loads((CORPUS / scenario / "expected.json").read_bytes())
    return expected


def load_records(scenario: str, log_name: str) -> list[dict[str, Any]]:
    """All records of one log."""
    return list(EventLog(CORPUS / scenario / "logs" / "execution" / f"{log_name}.jsonl").read_new())


def load_window(scenario: str) -> EventWindow:
    """The window over the scenario's logs at its time."""
    window = EventWindow()
    for log_name in LOG_NAMES:
        for record in load_records(scenario, log_name):
            window.add(log_name, record)
    window.expire(load_expected(scenario)["now"])
    return window


@pytest.fixture(scope="module")
def healthy() -> EventWindow:
    """The window of the healthy scenario."""
    return load_window("healthy")


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What is true in the healthy scenario."""
    return load_expected("healthy")


def test_order_weighted_router_figures(healthy: EventWindow, expected: dict[str, Any]) -> None:
    """Maker 0.1570 of 446 orders, fallback 0.3805 of 113 maker attempts."""
    stats, true = measure_router(healthy.routed), expected["router"]["order_weighted"]
    assert stats["maker_fill_ratio"] == pytest.approx(true["maker_fill_rate"], rel=1e-9)
    assert stats["fallback_ratio"] == pytest.approx(true["fallback_ratio"], rel=1e-9)
    assert stats["slip_q25"] == pytest.approx(true["slip_q25_bps"], rel=1e-6)
    assert stats["slip_q50"] == pytest.approx(true["slip_q50_bps"], rel=1e-6)
    assert stats["slip_q75"] == pytest.approx(true["slip_q75_bps"], rel=1e-6)
    assert (stats["sample_count"], stats["maker_attempts"]) == (446, 113)


def test_router_figures_of_each_symbol(healthy: EventWindow, expected: dict[str, Any]) -> None:
    """Each symbol's ratios, None where there is no evidence, 0.0 where it is measured."""
    by_symbol = measure_router_by_symbol(healthy.routed, list(expected["symbols"]))
    assert list(by_symbol) == sorted(expected["symbols"])
    for symbol, true in expected["symbols"].items():
        stats = by_symbol[symbol]
        assert same(stats["maker_fill_ratio"], true["maker_fill_rate"]), symbol
        assert same(stats["fallback_ratio"], true["fallback_ratio"]), symbol
        assert same(stats["slip_q50"], true["slip_q50_bps"]), symbol


def test_labels_of_routing(healthy: EventWindow, expected: dict[str, Any]) -> None:
    """The labels agree with the corpus, but a symbol without orders is unrated."""
    by_symbol = measure_router_by_symbol(healthy.routed, list(expected["symbols"]))
    health = build_router_health(by_symbol, measure_router(healthy.routed), 0.0)
    labels = {entry["symbol"]: entry["quality"] for entry in health["symbols"]}
    true = {symbol: block["router_quality"] for symbol, block in expected["symbols"].items()}
    assert labels == true | {"SUIUSDT": "unknown"}
    assert health["summary"]["quality_counts"] == {"good": 0, "ok": 6, "degraded": 1, "broken": 0, "unknown": 1}
    assert health["router_quality"] == expected["router"]["quality_portfolio_label"]


@pytest.mark.parametrize(("days", "fees_usd", "pnl_usd"), [(7, 71.3749678, 39.5956654), (3, 32.1611653, 5.4208119)])
def test_fees_and_pnl_of_both_windows(healthy: EventWindow, days: int, fees_usd: float, pnl_usd: float) -> None:
    """Fees are the last cumulative figure of each order."""
    assert healthy.fees_usd[days].total_usd == pytest.approx(fees_usd, abs=1e-6)
    assert healthy.pnl_usd[days].total_usd == pytest.approx(pnl_usd, abs=1e-6)


@pytest.mark.parametrize("days", [7, 3])
def test_fee_ratio_differs_from_the_written_one_by_the_partial_fills_only(
    healthy: EventWindow, expected: dict[str, Any], days: int
) -> None:
    """The corpus carries the writer's ratio, which adds up every cumulative row: 1.8067 instead of 1.8026."""
    since_s = expected["now"] - days * 86400
    partial_fees_usd = sum(
        record["fee_total"]
        for record in load_records("healthy", "orders_executed")
        if record.get("status") == "PARTIALLY_FILLED" and (parse_epoch_s(record["ts"]) or 0.0) >= since_s
    )
    fees_usd, pnl_usd = healthy.fees_usd[days].total_usd, healthy.pnl_usd[days].total_usd
    written = (fees_usd + partial_fees_usd) / abs(pnl_usd)
    assert written == pytest.approx(expected["risk"][f"fee_pnl_ratio_{days}d"], rel=1e-9)
    true = build_fee_pnl(fees_usd, pnl_usd, days, trades=len(healthy.pnl_usd[days]))["fee_pnl_ratio"]
    assert true == pytest.approx(fees_usd / pnl_usd)


def test_execution_statistics_of_the_day(healthy: EventWindow, expected: dict[str, Any]) -> None:
    """69 attempted, 64 executed, 5 intents vetoed in 7 records."""
    stats, true = build_exec_stats(healthy), expected["exec_stats"]["derivable_24h"]
    assert stats["attempted_24h"] == true["attempted_24h"] == 69
    assert stats["executed_24h"] == true["executed_orders_24h"] == 64
    assert stats["vetoes_24h"] == true["veto_intents_24h"] == 5
    assert stats["fill_rate"] == pytest.approx(true["fill_rate"])
    assert stats["top_vetoes"] == [{"reason": "kill_switch_on", "count": 3}, {"reason": "min_notional", "count": 2}]
    assert stats["last_heartbeats"] == {"executor_live": "2025-11-26T22:44:48.315000+00:00", "sync_daemon": None}
    assert measure_reject_rate(healthy) == 0.0


def test_atr_ratio_of_each_symbol(expected: dict[str, Any]) -> None:
    """From the fill prices, as the executor of the corpus measured it."""
    prices: dict[str, list[float]] = {symbol: [] for symbol in expected["symbols"]}
    for record in load_records("healthy", "orders_executed"):
        if record["event_type"] == "order_fill":
            prices[record["symbol"]].append(record["avgPrice"])
    for symbol, true in expected["symbols"].items():
        atr = measure_atr(prices[symbol])
        assert same(atr["atr_ratio"], true["atr_ratio"]), symbol
        assert atr["atr_regime"] == true["atr_regime"], symbol


def test_no_trades_is_no_evidence() -> None:
    """Every ratio is None, never 0."""
    window, expected = load_window("no_trades"), load_expected("no_trades")
    stats = measure_router(window.routed)
    true = expected["router"]["order_weighted"]
    assert {stats["maker_fill_ratio"], stats["fallback_ratio"], stats["slip_q50"]} == {None} == set(true.values())
    assert classify_portfolio_routing(stats) == "unknown"
    assert build_fee_pnl(0.0, 0.0, 7, trades=0)["fee_pnl_ratio"] is expected["risk"]["fee_pnl_ratio_7d"] is None
    assert build_exec_stats(window)["fill_rate"] is None
    assert measure_reject_rate(window) is None


def test_a_restored_window_is_the_same(healthy: EventWindow) -> None:
    """What is saved through JSON and restored counts the same."""
    twin = EventWindow()
    twin.restore(json.loads(json.dumps(healthy.save())))
    assert twin.save() == healthy.save()
    assert measure_router(twin.routed) == measure_router(healthy.routed)
    assert twin.fees_usd[7].total_usd == healthy.fees_usd[7].total_usd


def test_a_window_forgets(expected: dict[str, Any]) -> None:
    """Eight days later nothing is left."""
    window = load_window("healthy")
    window.expire(expected["now"] + 8 * 86400)
    assert window.fees_usd[7].total_usd == window.pnl_usd[3].total_usd == 0.0
    assert not window.routed
    assert not window.closes
    assert build_exec_stats(window)["vetoes_24h"] == 0


def test_what_was_realised_is_unknown_where_its_closes_are_not_kept() -> None:
    """A busy day has more of them, and a part of the sum is not the sum."""
    window, start_s = EventWindow(), load_expected("healthy")["now"]
    for number in range(MAX_CLOSES + 1):
        at_s, close = start_s + number, {"event_type": "order_close", "symbol": "BTCUSDT", "realizedPnlUsd": 1.0}
        window.add("orders_executed", close | {"ts": at_s, "orderId": number})
    assert window.realized_since(start_s) is None
    assert window.realized_since(start_s + 2.0) == MAX_CLOSES - 1.0


def test_orders_of_two_symbols_are_two_whatever_their_numbers() -> None:
    """Binance counts them by symbol."""
    window, now_s = EventWindow(), load_expected("healthy")["now"]
    for symbol, fee_usd in (("BTCUSDT", 40.0), ("ETHUSDT", 3.0)):
        fill = {"event_type": "order_fill", "symbol": symbol, "orderId": 7, "fee_total": fee_usd, "ts": now_s}
        window.add("orders_executed", fill)
    assert (window.week_fees_usd, len(window.executed)) == (43.0, 2)
