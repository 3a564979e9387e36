"""Traps in portfolio risk and in the environment."""

from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from worlds import NOW, World, assert_unknown, row_of

NAV_AT = 1764197095.045
NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture
def healthy(tmp_path: Path) -> World:
    """A copy of the healthy v7.1 world."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


@pytest.fixture
def bare(tmp_path: Path) -> World:
    """A world without files."""
    return World(tmp_path / "state")


FLAT_KPIS = {"ts": NOW - 5, "dd_state": "cautious", "drawdown": {"dd_pct": 3.25}, "atr_regime": "hot"}
NAV_FILE = {"nav": 100.0, "updated_ts": NOW - 5}
RISK = {"updated_ts": NOW - 5, "symbols": [], "dd_frac": 0.45, "daily_loss_frac": 0.45, "portfolio_dd_pct": 0.07}
ENGINE_DD = {"dd_state": "defensive", "drawdown": {"dd_pct": 2.5}}
PUBLISHER_DD = {"state": "DRAWDOWN", "drawdown": {"dd_pct": 0.0779}}
DRAWDOWNS = [
    ("nav_state", {"nav_state": {"total_equity": 1.0, "drawdown_pct": 7.5}, "kpis_v7": FLAT_KPIS}, 7.5, "cautious"),
    (
        "nav_state of 0",
        {"nav_state": {"total_equity": 1.0, "drawdown_pct": 0.0}, "kpis_v7": FLAT_KPIS},
        0.0,
        "cautious",
    ),
    ("flat kpis", {"kpis_v7": FLAT_KPIS, "risk_snapshot": RISK | {"dd_state": ENGINE_DD}}, 3.25, "cautious"),
    ("snapshot", {"risk_snapshot": RISK | {"dd_state": ENGINE_DD}}, 2.5, "defensive"),
    ("publisher's dict", {"risk_snapshot": RISK | {"dd_state": PUBLISHER_DD}}, 7.79, "DRAWDOWN"),
    ("fractions only", {"risk_snapshot": RISK}, None, None),
    ("a string", {"risk_snapshot": RISK | {"dd_state": "defensive"}}, None, "defensive"),
    ("nonsense", {"risk_snapshot": RISK | {"dd_state": [1], "atr_regime": {}}, "kpis_v7": {"dd_state": 3}}, None, None),
]


@pytest.mark.parametrize("case", DRAWDOWNS, ids=lambda case: str(case[0]))
def test_drawdown_comes_in_percent_from_its_sources_in_order(bare: World, case: Any) -> None:
    """Never dd_frac, never portfolio_dd_pct; the word is the portfolio's, as written."""
    _, files, pct, word = case
    bare.write("nav.json", NAV_FILE)
    for name, content in files.items():
        bare.write(f"{name}.json", {"updated_at": NOW - 5, "updated_ts": NOW - 5} | content)
    state = bare.load()
    assert_contract(state)
    if pct is None:
        assert_unknown(state, "nav.drawdown_pct")
    else:
        assert state["nav"]["drawdown_pct"] == pytest.approx(pct)
    assert state["kpis"]["risk"]["dd_state"] == (word or "normal")
    assert ("kpis.risk.dd_state" in state["meta"]["unknown"]) == (word is None)


def test_the_portfolio_is_not_the_most_common_symbol(healthy: World) -> None:
    """Every per-symbol word is `normal`, always; the portfolio's counts."""
    healthy.edit("kpis_v7.json", "risk.dd_state", "defensive").edit("kpis_v7.json", "dd_state", "defensive")
    state = healthy.load()
    assert (state["nav"]["dd_state"], state["kpis"]["risk"]["dd_state"]) == ("defensive", "defensive")


def test_a_cautious_word_is_not_derived_from_the_percentage(healthy: World) -> None:
    """7.8 % with the word `normal` is shown as written, both of them."""
    healthy.edit("nav_state.json", "peak_equity", 10461.27 / 0.922).edit("nav_state.json", "drawdown_pct", 7.8)
    state = healthy.load()
    assert (state["nav"]["drawdown_pct"], state["nav"]["dd_state"]) == (7.8, "normal")


FEES = [
    ("both", ("kpis_v7.json", "risk_snapshot.json"), 1.8067058, 7),
    ("flat kpis alone", ("kpis_v7.json",), 5.9479146, 3),
    ("snapshot alone", ("risk_snapshot.json",), 1.8067058, 7),
]


@pytest.mark.parametrize(("names", "ratio", "days"), [case[1:] for case in FEES], ids=[case[0] for case in FEES])
def test_fee_pnl_shows_the_window_it_is_of(tmp_path: Path, names: tuple[str, ...], ratio: float, days: int) -> None:
    """Seven days where somebody wrote them, else three, and never one under the other's name."""
    state = World(tmp_path, scenario="v7.1/healthy_executor_last").keep("nav.json", *names).load()
    assert_contract(state)
    assert state["kpis"]["risk"]["fee_pnl_ratio"] == pytest.approx(ratio, rel=1e-6)
    assert state["kpis"]["risk"]["fee_pnl_window_days"] == days


def test_fee_pnl_of_the_nested_kpis_is_of_seven_days(healthy: World) -> None:
    """The shape tells the window."""
    risk = healthy.keep("nav.json", "kpis_v7.json").load()["kpis"]["risk"]
    assert (risk["fee_pnl_ratio"], risk["fee_pnl_window_days"]) == (pytest.approx(1.8067058), 7)


def test_three_days_stand_in_when_the_seven_day_figure_is_unknown(tmp_path: Path) -> None:
    """A null under the longer window is no figure."""
    world = World(tmp_path, scenario="v7.1/healthy_executor_last").edit("risk_snapshot.json", "fee_pnl_ratio", None)
    risk = world.edit("risk_snapshot.json", "fee_pnl.fee_pnl_ratio", None).load()["kpis"]["risk"]
    assert (risk["fee_pnl_ratio"], risk["fee_pnl_window_days"]) == (pytest.approx(5.9479146), 3)


def test_a_copied_fee_ratio_is_over_the_window_of_its_source(healthy: World) -> None:
    """The daemon takes over the ratio alone; with the sides of the snapshot it stands over the snapshot's window."""
    risk = healthy.edit("risk_snapshot.json", "fee_pnl.window_days", 30).load()["kpis"]["risk"]
    assert (risk["fee_pnl_ratio"], risk["fee_pnl_window_days"]) == (pytest.approx(1.8067058), 30)
    assert (risk["fees_usd"], risk["realized_pnl_usd"]) == (
        pytest.approx(71.54, abs=0.01),
        pytest.approx(39.6, abs=0.01),
    )
    silent = healthy.edit("risk_snapshot.json", "updated_ts", healthy.now - 7200.0).load()["kpis"]["risk"]
    assert silent["fee_pnl_window_days"] in (3, 30)


def test_a_fee_ratio_of_true_zero_is_zero(healthy: World) -> None:
    """Zero fees are not a missing ratio."""
    content = healthy.read("risk_snapshot.json")
    content["fee_pnl_ratio"] = 0.0
    content["fee_pnl"] = {"fee_pnl_ratio": 0.0, "fees": 0.0, "pnl": 39.6, "window_days": 7}
    risk = healthy.write("risk_snapshot.json", content).load()["kpis"]["risk"]
    assert (risk["fee_pnl_ratio"], risk["fees_usd"], risk["fee_pnl_window_days"]) == (0.0, 0.0, 7)


ATR = [
    ("an unknown regime", 0.0, "unknown", None),
    ("a null", None, "unknown", None),
    ("a measured zero", 0.0, "quiet", 0.0),
    ("a value", 1.5, "hot", 1.5),
]


@pytest.mark.parametrize(("ratio", "regime", "want"), [case[1:] for case in ATR], ids=[case[0] for case in ATR])
def test_an_atr_ratio_of_zero_counts_only_where_it_was_measured(
    healthy: World, ratio: float | None, regime: str, want: float | None
) -> None:
    """positions_state.json turns null into 0.0; the regime beside it tells."""
    healthy.keep("nav.json", "nav_state.json", "positions_state.json")
    healthy.edit("positions_state.json", "items.0.atr_ratio", ratio)
    state = healthy.edit("positions_state.json", "items.0.atr_regime", regime).load()
    assert_contract(state)
    row = row_of(state, "BTCUSDT")
    assert (row["atr_ratio"], row["atr_regime"]) == (want, regime)


ENVIRONMENTS = [
    ({"ENV": "dev", "BINANCE_TESTNET": "0"}, False, False, "ok"),
    ({"ENV": "prod", "BINANCE_TESTNET": "1"}, True, True, "ok"),
    ({"ENV": "testnet", "BINANCE_TESTNET": "1"}, True, True, "ok"),
    ({"ENV": "testnet"}, True, True, "ok"),
    ({"ENV": "prod", "BINANCE_TESTNET": "on"}, True, True, "ok"),
    ({"ENV": "latest-prod"}, False, None, "ok"),
    ({"ENV": "latest-prod"}, None, "not true", "ok"),
    ({}, True, True, "ok"),
    ({}, False, None, "ok"),
    ({"ENV": "testnet"}, None, True, "ok"),
    ({"BINANCE_TESTNET": "true"}, None, True, "ok"),
    ({}, None, None, "ok"),
    ({"BINANCE_TESTNET": "1"}, False, True, "ok"),
    ({"BINANCE_TESTNET": "0"}, False, False, "ok"),
    ({"BINANCE_TESTNET": "0"}, True, None, "fail"),
    ({"ENV": "testnet", "BINANCE_TESTNET": "1"}, False, True, "ok"),
    ({"ENV": "testnet", "BINANCE_TESTNET": "0"}, None, None, "fail"),
]


@pytest.mark.parametrize(("environ", "overrides", "testnet", "check"), ENVIRONMENTS)
def test_testnet_is_evidence_and_a_contradiction_is_a_failed_check(
    bare: World, environ: dict[str, str], overrides: bool | None, testnet: bool | str | None, check: str
) -> None:
    """ENV exactly `testnet`, BINANCE_TESTNET, and what the executor wrote; never a substring, never a guess."""
    if overrides is not None:
        meta = {"testnet_overrides_active": overrides}
        bare.write("risk_snapshot.json", RISK | {"risk_config_meta": meta})
    bare.environ = environ
    state = bare.load()
    assert_contract(state)
    assert (state["meta"]["testnet"] is not True) if testnet == "not true" else (state["meta"]["testnet"] is testnet)
    failed = [item for item in state["meta"]["checks"] if "env" in item["name"] and item["status"] == "fail"]
    assert bool(failed) == (check == "fail")
    assert not failed or state["meta"]["alerts"]
