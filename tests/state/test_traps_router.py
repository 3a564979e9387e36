"""Traps in router figures: zeros that count, averages that lie, and shapes without ratios."""

from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from worlds import NOW, Scenario, State, World, assert_unknown

FLAT = {"ts": NOW - 5, "dd_state": "normal", "atr_regime": "normal"}
SLIPS = {"slip_q25": -1.0, "slip_q50": 0.0, "slip_q75": 2.0}
HEALTHY_MEAN = Scenario("v7.1/healthy").expected["router"]["symbol_mean"]


@pytest.fixture
def healthy(tmp_path: Path) -> World:
    """A copy of the healthy v7.1 world."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


@pytest.fixture
def bare(tmp_path: Path) -> World:
    """A world without files."""
    return World(tmp_path / "state")


RATIOS = [
    ("true zeros", 0.0, 0.0),
    ("maker unknown", None, 1.0),
    ("fallback unknown", 0.84, None),
    ("both", 0.84, 0.16),
]


@pytest.mark.parametrize(("maker", "fallback"), [case[1:] for case in RATIOS], ids=[case[0] for case in RATIOS])
def test_a_ratio_of_zero_is_kept_and_an_unknown_one_is_not_zero(
    bare: World, maker: float | None, fallback: float | None
) -> None:
    """Order-weighted figures as the executor wrote them."""
    stats = {"maker_fill_ratio": maker, "fallback_ratio": fallback} | SLIPS
    state = bare.write("kpis_v7.json", FLAT | {"router_stats": stats, "router_quality": "good"}).load()
    assert_contract(state)
    router = state["router"]
    assert (router["maker_fill_rate"], router["fallback_ratio"]) == (maker, fallback)
    assert (router["slip_q25_bps"], router["slip_q50_bps"], router["slip_q75_bps"]) == (-1.0, 0.0, 2.0)
    assert (router["basis"], router["quality"]) == ("orders", "good")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "0.5", [], True, 10**400])
def test_a_bad_ratio_is_unknown_alone(bare: World, bad: Any) -> None:
    """The other ratio of the same payload stays."""
    stats = {"maker_fill_ratio": bad, "fallback_ratio": 0.25} | SLIPS
    state = bare.write("kpis_v7.json", FLAT | {"router_stats": stats}).load()
    assert_contract(state)
    assert state["router"]["fallback_ratio"] == 0.25
    assert state["router"]["maker_fill_rate"] in ({None, 0.5} if bad == "0.5" else {None})
    assert state["meta"]["unknown"]["router.maker_fill_rate"] == "its maker_fill_ratio is not a number"


@pytest.mark.parametrize(
    ("label", "stats", "quality"),
    [
        ("poor", {"maker_fill_ratio": 3.05}, "poor"),
        ("degraded", {"fallback_ratio": -0.2}, "degraded"),
        ("good", {"maker_fill_ratio": 3.05}, "ok"),
        ("poor", {"sample_count": 0}, "ok"),
    ],
)
def test_an_impossible_rate_leaves_the_executors_word(tmp_path: Path, label: str, stats: State, quality: str) -> None:
    """Unless it calls good what it has counted wrongly, or nothing was counted."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    before = world.read("kpis_v7.json")["router_stats"] | {"sample_count": 9}
    snapshot = world.read("risk_snapshot.json")
    word = {"router_stats": before | stats, "router_quality": label}
    world.write("risk_snapshot.json", snapshot | {"kpis_v7": snapshot["kpis_v7"] | word})
    state = world.write("kpis_v7.json", world.read("kpis_v7.json") | word).load()
    assert state["router"]["quality"] == quality
    assert state["router"]["maker_fill_rate"] != 3.05


def test_the_symbol_mean_counts_zeros_where_nobody_wrote_order_weighted_figures(healthy: World) -> None:
    """0.1741 / 0.4458, never the nested 0.3047 / 0.5572 that drop zeros."""
    state = healthy.drop("risk_snapshot.json", "kpis_v7").load()
    assert_contract(state)
    for name, value in HEALTHY_MEAN.items():
        assert state["router"][name] == pytest.approx(value), name
    assert (state["router"]["basis"], state["router"]["quality"]) == ("symbols", "degraded")
    assert state["router"]["worst"] == ["WIFUSDT"]
    assert_unknown(state, "router.slip_q25_bps")
    assert_unknown(state, "router.slip_q75_bps")


def test_router_health_alone_gives_the_symbol_mean(healthy: World) -> None:
    """No kpis file at all."""
    state = healthy.keep("router_health.json").load()
    assert_contract(state)
    assert state["router"]["maker_fill_rate"] == pytest.approx(HEALTHY_MEAN["maker_fill_rate"])
    assert state["router"]["quality_counts"] == {"good": 0, "ok": 7, "degraded": 1, "broken": 0}


def test_the_nested_averages_are_never_the_portfolio(healthy: World) -> None:
    """With nothing else they are still not shown: unknown."""
    state = healthy.keep("kpis_v7.json").load()
    assert_contract(state)
    assert_unknown(state, "router.maker_fill_rate")
    assert_unknown(state, "router.fallback_ratio")
    assert state["kpis"]["router"]["maker_fill_rate"] == pytest.approx(0.3046631)


COPIES = [(NOW - 10, NOW - 100, 0.4, "good"), (NOW - 100, NOW - 10, 0.6, "poor")]


@pytest.mark.parametrize(("file_ts", "copy_ts", "maker", "quality"), COPIES)
def test_of_two_order_weighted_payloads_the_newer_is_shown_with_its_own_label(
    bare: World, file_ts: float, copy_ts: float, maker: float, quality: str
) -> None:
    """The flat file and its copy in the risk snapshot."""
    flat = FLAT | {"ts": file_ts, "router_stats": {"maker_fill_ratio": 0.4}, "router_quality": "good"}
    copy = FLAT | {"ts": copy_ts, "router_stats": {"maker_fill_ratio": 0.6}, "router_quality": "poor"}
    snapshot = {"updated_ts": NOW - 10, "symbols": [], "kpis_v7": copy}
    router = bare.write("kpis_v7.json", flat).write("risk_snapshot.json", snapshot).load()["router"]
    assert (router["maker_fill_rate"], router["quality"]) == (maker, quality)


ENTRY = {"maker_fill_rate": None, "fallback_rate": None, "slippage_p50": None}
WORST = [
    (["good", "ok"], "ok", []),
    (["ok", "ok"], "unknown", []),
    (["good", "good"], "good", []),
    (["ok", "degraded", "degraded"], "degraded", ["S1", "S2"]),
    (["ok", "degraded", "broken"], "broken", ["S2"]),
]


@pytest.mark.parametrize(("labels", "quality", "worst"), WORST)
def test_without_a_portfolio_label_the_quality_is_the_worst_class_with_a_symbol(
    bare: World, labels: list[str], quality: str, worst: list[str]
) -> None:
    """And `worst` names those that are degraded or broken."""
    entries = [ENTRY | {"symbol": f"S{index}", "quality": label} for index, label in enumerate(labels)]
    counts = {label: labels.count(label) for label in ("good", "ok", "degraded", "broken")}
    summary = {"updated_ts": NOW - 5, "count": len(labels), "quality_counts": counts}
    content = {"updated_ts": NOW - 5, "summary": summary, "symbols": entries, "per_symbol": entries}
    state = bare.write("router_health.json", content).load()
    assert_contract(state)
    assert (state["router"]["quality"], sorted(state["router"]["worst"])) == (quality, worst)
    assert state["router"]["quality_counts"] == counts
    assert_unknown(state, "router.maker_fill_rate")


def test_no_events_is_no_ratio_although_the_quality_says_ok() -> None:
    """`ok` does not mean that evidence exists."""
    router = Scenario("v7.1/no_trades").load()["router"]
    assert (router["quality"], router["maker_fill_rate"], router["fallback_ratio"]) == ("unknown", None, None)


def test_the_score_shape_gives_scores_not_ratios(tmp_path: Path) -> None:
    """v7.6: maker_reliability and quality_score are no fill rates."""
    state = World(tmp_path, scenario="v7.6/recent_orders").keep("router_health.json").load()
    assert_contract(state)
    assert_unknown(state, "router.maker_fill_rate")
    assert_unknown(state, "router.fallback_ratio")
    assert state["router"]["basis"] is None


def test_counts_that_do_not_match_the_entries_are_told(healthy: World) -> None:
    """Eight entries, nine counted: the check is not ok."""
    state = healthy.edit("router_health.json", "summary.quality_counts.ok", 8).load()
    bad = [check for check in state["meta"]["checks"] if check["status"] in {"warn", "fail"}]
    assert any("router" in check["name"] for check in bad), bad


SYMBOL_VALUES = [
    ("maker_fill_rate", "maker_fill_rate"),
    ("fallback_rate", "fallback_ratio"),
    ("slippage_p50", "slip_q50_bps"),
]


@pytest.mark.parametrize(("key", "field"), SYMBOL_VALUES)
@pytest.mark.parametrize("value", [0.0, 0.5, None])
def test_a_symbols_own_figure_is_shown_zero_included(healthy: World, key: str, field: str, value: float | None) -> None:
    """`if value` would swallow 0.0."""
    content: State = healthy.read("router_health.json")
    for entries in (content["symbols"], content["per_symbol"]):
        entries[0][key] = value
    state = healthy.drop("risk_snapshot.json", "symbols").write("router_health.json", content).load()
    assert_contract(state)
    assert state["kpis"]["symbols"]["BTCUSDT"][field] == value
