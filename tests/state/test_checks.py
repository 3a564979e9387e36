"""Reconciliation: two files that disagree are told apart, with both numbers, the residual and the time between them."""

from pathlib import Path

import pytest
from contract import assert_contract
from worlds import NOW, Scenario, World, checks_between, checks_named

BAD = {"warn", "fail"}
NEW, OLD = "v7.6/healthy", "v7.1/healthy"
GROSS, NET = 8913.8535, 2183.0855

# scenario, file, path of the value that is tampered with, wrong value, true value of the other side
DISAGREEMENTS: list[tuple[str, str, str, float, float]] = [
    (OLD, "kpis_v7.json", "nav.nav_total", 9000.0, 10461.27),
    (OLD, "nav.json", "aum.total", 12345.67, 10461.27),
    (OLD, "nav.json", "aum.futures", 9999.0, 10461.27),
    (OLD, "nav_state.json", "unrealized_pnl", -50.2892, 50.2892),
    (OLD, "nav_state.json", "drawdown_pct", 7.79, 0.0),
    (NEW, "nav_state.json", "gross_exposure", 4000.0, GROSS),
    (NEW, "nav_state.json", "net_exposure", -NET, NET),
]


@pytest.mark.parametrize("case", DISAGREEMENTS, ids=lambda case: f"{case[1]} {case[2]}")
def test_a_disagreement_is_a_bad_check_with_both_numbers(
    tmp_path: Path, case: tuple[str, str, str, float, float]
) -> None:
    """Not ok, both sides shown, the residual their difference, and an operator is told."""
    scenario, name, path, wrong, right = case
    state = World(tmp_path, scenario=scenario).edit(name, path, wrong).load()
    assert_contract(state)
    bad = [check for check in checks_between(state, wrong, right) if check["status"] in BAD]
    assert bad, [(check["name"], check["status"], check["left"], check["right"]) for check in state["meta"]["checks"]]
    for check in bad:
        assert abs(check["residual"]) == pytest.approx(abs(wrong - right), abs=0.01)
        assert abs(check["residual"]) > check["tolerance"]
    assert [alert for alert in state["meta"]["alerts"] if alert["severity"] in BAD]


@pytest.mark.parametrize("scenario", [OLD, NEW, "v7.1/hedge_mode", "v7.1/large_universe"])
def test_authentic_files_agree(scenario: str) -> None:
    """Every ok check has two numbers within its tolerance, of files at most 120 s apart."""
    checks = Scenario(scenario).load()["meta"]["checks"]
    assert {"ok"} <= {check["status"] for check in checks} <= {"ok", "not_comparable"}
    for check in checks:
        if check["status"] == "ok" and check["residual"] is not None:
            assert abs(check["residual"]) <= check["tolerance"], check
            assert check["skew_s"] is None or check["skew_s"] <= 120, check


MARKET = ["Router poor", "ATR panic", "Fees exceed the gain"]
NO_STOPS = "5 of 5 positions without a stop"


@pytest.mark.parametrize(
    ("scenario", "warnings"),
    [
        (OLD, MARKET),
        ("v7.1/hedge_mode", MARKET),
        ("v7.1/flat_book", MARKET),
        ("v7.1/offexchange", MARKET),
        ("v7.1/no_trades", []),
        ("v7.1/large_universe", []),
        (NEW, [NO_STOPS]),
        ("v7.6/recent_orders", [NO_STOPS]),
        ("head/recent_orders", [NO_STOPS]),
    ],
)
def test_all_is_well_means_no_warning_but_the_executors_own(scenario: str, warnings: list[str]) -> None:
    """An alarm on a healthy desk is soon ignored; what the older ones show in amber, and that the newer ones have no
    stops, is true.
    """
    alerts = Scenario(scenario).load()["meta"]["alerts"]
    assert [alert["title"] for alert in alerts if alert["severity"] in BAD] == warnings


UNLIKE = [
    (OLD, "risk_snapshot.json", "dd_state.drawdown.peak_state.peak", 9000.0, "copies"),
    (OLD, "risk_snapshot.json", "nav_health.fresh", False, "copies"),
    (OLD, "synced_state.json", "nav_snapshot.source", "cache", "copies"),
    ("v7.1/healthy_executor_last", "nav.json", "aum.futures", 10565.88, "aum"),
    ("v7.1/healthy_executor_last", "nav.json", "aum.total", 10565.88, "aum"),
    (NEW, "kpis_v7.json", "router_stats.sample_count", 7, "copies"),
    (NEW, "kpis_v7.json", "ts", 1764100000.0, "copies"),
    (OLD, "kpis_v7.json", "atr.symbols.0.atr_regime", "panic", "copies"),
    (OLD, "risk_snapshot.json", "symbols.0.vol.atr_ratio", 9.0, "copies"),
    (NEW, "positions.json", "items.0.mark_price", 1.0, "prices"),
    (NEW, "positions.json", "positions.0.qty", 9.0, "prices"),
    (OLD, "positions.json", "rows.0.entryPrice", -1.0, "possible"),
    (OLD, "risk_snapshot.json", "fee_pnl.window_days", -7, "possible"),
    (OLD, "router_health.json", "summary.count", 99, "router"),
    (OLD, "kpis_v7.json", "fx.ts", "2025-11-25T22:44:55+00:00", "fx"),
]


@pytest.mark.parametrize("case", UNLIKE, ids=lambda case: f"{case[1]} {case[2]}")
def test_what_a_loop_wrote_twice_is_the_same(tmp_path: Path, case: tuple[str, str, str, object, str]) -> None:
    """The second place of a figure, a word or a time is held against the first."""
    scenario, name, path, wrong, check = case
    state = World(tmp_path, scenario=scenario).edit(name, path, wrong).load()
    assert_contract(state)
    assert {item["status"] for item in checks_named(state, check)} & BAD


def test_a_defensive_drawdown_is_an_alert_with_its_percentage() -> None:
    """The worst thing about that world comes first."""
    alerts = Scenario("v7.1/drawdown").load()["meta"]["alerts"]
    assert alerts[0]["severity"] in BAD
    assert "7.79" in f"{alerts[0]['title']} {alerts[0]['text']}"


def test_zero_exposures_of_v71_are_not_compared() -> None:
    """0.0 is what v7.1 writes always: it says nothing about the rows."""
    assert not checks_between(Scenario(OLD).load(), 0.0, GROSS) or {
        check["status"] for check in checks_between(Scenario(OLD).load(), 0.0, GROSS)
    } == {"not_comparable"}


def test_a_frozen_nav_while_files_move_is_a_bad_check_and_an_alert() -> None:
    """The flat line that looks healthy."""
    state = Scenario("v7.1/exchange_down").load()
    assert [check for check in checks_named(state, "live") if check["status"] in BAD]
    assert [alert for alert in state["meta"]["alerts"] if alert["severity"] in BAD]


@pytest.mark.parametrize(("seconds", "comparable"), [(0, True), (100, True), (200, False)])
def test_beyond_two_minutes_files_are_not_compared(tmp_path: Path, seconds: float, comparable: bool) -> None:
    """The world moves between two writings."""
    world = World(tmp_path, scenario=OLD).edit("nav.json", "nav", 9000.0).edit("nav.json", "nav_usd", 9000.0)
    world.edit("nav_state.json", "updated_at", 1764197088.315 + seconds)
    state = world.load(now=NOW + seconds)
    (check,) = [item for item in checks_between(state, 10461.27, 9000.0) if item["name"] == "nav"]
    assert (check["status"] != "not_comparable") is comparable
    assert check["skew_s"] == pytest.approx(seconds, abs=0.01)
