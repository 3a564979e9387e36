"""Every corpus scenario against what is true in it."""

from typing import Any

import pytest
from contract import assert_contract
from worlds import SCENARIOS, Scenario, State, assert_unknown, checks_named, surface, value_at

AMOUNT, RATIO, STAMP = 1e-6, 1e-4, 1e-9
DEFAULTS = {"dd_state": "normal", "atr_regime": "unknown", "router_quality": "unknown"}
BROKEN_WORLDS = {"v7.1/exchange_down", "v7.1/publisher_cli"}

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
scenarios_with_symbols = pytest.mark.parametrize(
    "scenario", [item for item in SCENARIOS if "symbols" in item.expected], ids=lambda scenario: scenario.name
)

NAV_FIELDS = [
    ("nav.nav_usd", "nav_usd"),
    ("nav.fx_usd_zar", "fx_usd_zar"),
    ("nav.peak_usd", "peak_usd"),
    ("nav.unrealized_pnl_usd", "unrealized_pnl_usd"),
    ("nav.realized_pnl_today_usd", "realized_pnl_today_usd"),
    ("nav.exchange.source", "exchange_source"),
    ("nav.exchange.frozen", "frozen"),
]
ROW_FIELDS = [
    ("qty", "qty", AMOUNT),
    ("notional", "notional", AMOUNT),
    ("pnl", "pnl", AMOUNT),
    ("entry_price", "entry", AMOUNT),
    ("mark_price", "mark", AMOUNT),
    ("leverage", "leverage", AMOUNT),
    ("dd_state", "dd_state", RATIO),
    ("dd_today_pct", "dd_today_pct", RATIO),
    ("atr_ratio", "atr_ratio", RATIO),
    ("atr_regime", "atr_regime", RATIO),
]


def is_openly_unknown(scenario: Scenario, state: State, path: str) -> bool:
    """Whether a value that the scenario allows to be left out is left out, with a reason."""
    blocks = [path[:end] for end in range(len(path) + 1) if path[end : end + 1] in ("", ".")]
    allowed = not set(blocks).isdisjoint(scenario.expected.get("or_unknown", []))
    said = any(state["meta"]["unknown"].get(block) for block in blocks)
    return allowed and said and value_at(state, path) in (None, [])


def assert_same(scenario: Scenario, state: State, path: str, want: Any, rel: float) -> None:
    """The value at `path` is the true one; a true null is None (or the default word) with a reason."""
    if is_openly_unknown(scenario, state, path):
        return
    got = value_at(state, path)
    if want is None:
        assert state["meta"]["unknown"].get(path), f"no reason for {path}"
        assert got is None or got == DEFAULTS.get(path.rsplit(".", maxsplit=1)[-1]), f"{path}: {got!r} is invented"
    elif isinstance(want, bool | str):
        assert got == want, path
    else:
        assert got == pytest.approx(want, rel=rel, abs=1e-9), path


def test_all_scenarios_are_found() -> None:
    """The table below is discovered; an empty directory must not pass."""
    assert len(SCENARIOS) == 16


@every_scenario
def test_contract_holds(scenario: Scenario) -> None:
    """Shape, types, reasons and sums are right on authentic files."""
    assert_contract(scenario.load())


@every_scenario
def test_nav_is_the_true_nav(scenario: Scenario) -> None:
    """NAV, rate, peak, PnL and evidence of the exchange."""
    state = scenario.load()
    for path, key in NAV_FIELDS:
        assert_same(scenario, state, path, scenario.expected["nav"][key], AMOUNT)


@every_scenario
def test_zar_is_zero_with_a_reason_where_no_rate_exists(scenario: Scenario) -> None:
    """No invented 18.0."""
    state, want = scenario.load(), scenario.expected["nav"]["nav_zar"]
    assert state["nav"]["nav_zar"] == pytest.approx(want or 0.0, rel=AMOUNT)
    assert ("nav.nav_zar" in state["meta"]["unknown"]) == (want is None)


@every_scenario
def test_confirmed_age_is_the_age_of_the_last_nav_the_exchange_gave(scenario: Scenario) -> None:
    """Not the age of a file that repeats it."""
    state, want = scenario.load(), scenario.expected["nav"].get("true_nav_age_s")
    if want is not None:
        assert state["nav"]["exchange"]["confirmed_age_s"] == pytest.approx(want, abs=0.2)


@every_scenario
def test_nav_age_is_the_age_of_its_file(scenario: Scenario) -> None:
    """nav_state.json where it exists, else nav.json; age = now - its own stamp."""
    nav, stamps = scenario.load()["nav"], scenario.expected["surfaces_updated_at"]
    source = "nav.json" if stamps["nav_state.json"] is None else "nav_state.json"
    assert nav["source"] == source
    assert nav["updated_at"] == pytest.approx(stamps[source], rel=STAMP)
    assert nav["age_s"] == pytest.approx(scenario.expected["now"] - stamps[source], abs=0.01)


@every_scenario
def test_every_surface_has_its_stamp(scenario: Scenario) -> None:
    """Stamps come from the content; a file that was never written is missing."""
    state = scenario.load()
    for name, want in scenario.expected["surfaces_updated_at"].items():
        entry = surface(state, name)
        assert entry["status"] == ("missing" if want is None else "ok"), name
        assert entry["updated_at"] == (None if want is None else pytest.approx(want, rel=STAMP)), name
        assert want is None or entry["age_s"] == pytest.approx(scenario.expected["now"] - want, abs=0.01), name


@every_scenario
def test_data_age_is_the_largest_age_on_show(scenario: Scenario) -> None:
    """The oldest surface sets the age of the page."""
    state = scenario.load()
    stamps = [stamp for stamp in scenario.expected["surfaces_updated_at"].values() if stamp is not None]
    ages = [entry["age_s"] for entry in state["meta"]["surfaces"] if entry["age_s"] is not None]
    assert state["meta"]["data_age_s"] >= scenario.expected["now"] - min(stamps) - 0.01
    assert any(state["meta"]["data_age_s"] == pytest.approx(age, abs=1e-6) for age in ages)


@every_scenario
def test_risk_is_the_portfolio_risk(scenario: Scenario) -> None:
    """Drawdown in percent, words as written, defaults with a reason."""
    state, want = scenario.load(), scenario.expected["risk"]
    for block in ("nav", "kpis.risk"):
        assert_same(scenario, state, f"{block}.dd_state", want["dd_state"], RATIO)
        assert_same(scenario, state, f"{block}.atr_regime", want["atr_regime"], RATIO)
        assert_same(scenario, state, f"{block}.drawdown_pct", want["drawdown_pct"], AMOUNT)
    assert_same(scenario, state, "kpis.risk.atr_ratio", want["atr_ratio"], RATIO)


@every_scenario
def test_drawdown_in_usd_is_peak_minus_nav(scenario: Scenario) -> None:
    """The amount beside the percentage; unknown with it."""
    state, want = scenario.load(), scenario.expected["nav"]
    if scenario.expected["risk"]["drawdown_pct"] is None:
        assert_unknown(state, "nav.drawdown_abs_usd")
        return
    fall = want["peak_usd"] - want["nav_usd"]
    assert state["nav"]["drawdown_abs_usd"] == pytest.approx(fall, rel=RATIO, abs=0.01)


@every_scenario
def test_fee_pnl_is_the_seven_day_figure_else_the_three_day_one(scenario: Scenario) -> None:
    """And the window goes with it."""
    state, risk = scenario.load(), scenario.expected["risk"]
    seven, three = risk["fee_pnl_ratio_7d"], risk["fee_pnl_ratio_3d"]
    assert_same(scenario, state, "kpis.risk.fee_pnl_ratio", three if seven is None else seven, RATIO)
    if seven is not None or three is not None:
        assert state["kpis"]["risk"]["fee_pnl_window_days"] == (3 if seven is None else 7)
    fees, pnl = state["kpis"]["risk"]["fees_usd"], state["kpis"]["risk"]["realized_pnl_usd"]
    if fees is not None and pnl:
        assert fees / abs(pnl) == pytest.approx(state["kpis"]["risk"]["fee_pnl_ratio"], rel=RATIO)


@every_scenario
def test_router_figures_are_order_weighted(scenario: Scenario) -> None:
    """Never the nested averages that drop zeros."""
    state, want = scenario.load(), scenario.expected["router"]
    for name, value in want["order_weighted"].items():
        assert_same(scenario, state, f"router.{name}", value, RATIO)
    if want["order_weighted"]["maker_fill_rate"] is not None:
        assert state["router"]["basis"] == "orders"


@every_scenario
def test_router_quality_is_the_portfolio_label_with_counts_beside_it(scenario: Scenario) -> None:
    """Unknown, with a reason, where nobody wrote one, and where `ok` stands for no order at all."""
    state, want = scenario.load(), scenario.expected["router"]
    ratios = [value for block in ("order_weighted", "symbol_mean") for value in (want[block] or {}).values()]
    label = want["quality_portfolio_label"] if any(value is not None for value in ratios) else None
    assert state["router"]["quality"] == (label or "unknown")
    assert ("router.quality" in state["meta"]["unknown"]) == (label is None)
    assert (state["router"]["quality_counts"] or None) == want["quality_counts"]


@scenarios_with_symbols
def test_worst_names_the_symbols_of_the_worst_bad_class(scenario: Scenario) -> None:
    """Broken before degraded; an ok symbol is nobody's worst."""
    symbols = scenario.expected["symbols"] or {}
    counts = scenario.expected["router"]["quality_counts"] or {}
    worst = next((label for label in ("broken", "degraded") if counts.get(label)), None)
    want = sorted(name for name, entry in symbols.items() if worst and entry["router_quality"] == worst)
    assert sorted(scenario.load()["router"]["worst"]) == want


@every_scenario
def test_aum_slices_come_in_order_with_usd_and_zar(scenario: Scenario) -> None:
    """As the nav payload has them; unpriced stays unpriced."""
    state, want = scenario.load(), scenario.expected["aum"]["slices"]
    if is_openly_unknown(scenario, state, "aum.slices"):
        return
    assert [item["label"] for item in state["aum"]["slices"]] == [item["label"] for item in want]
    for index, item in enumerate(want):
        assert_same(scenario, state, f"aum.slices.{index}.usd", item["usd"], AMOUNT)
        assert_same(scenario, state, f"aum.slices.{index}.zar", item["zar"], AMOUNT)


@every_scenario
def test_aum_total_says_when_it_is_a_lower_bound(scenario: Scenario) -> None:
    """Sums of what is priced, and the names of what is not."""
    state, want = scenario.load(), scenario.expected["aum"]
    assert_same(scenario, state, "aum.total_usd", want["total_usd"], AMOUNT)
    assert_same(scenario, state, "aum.total_zar", want["total_zar"], AMOUNT)
    # What has no price inside the Futures slice has no slice of its own.
    unpriced = [item["label"] for item in want["slices"] if item["usd"] is None]
    assert set(unpriced) <= set(state["aum"]["unpriced"])
    if not is_openly_unknown(scenario, state, "aum.total_usd"):
        assert state["aum"]["total_usd_is_lower_bound"] is want["total_usd_is_lower_bound"]
        assert bool(state["aum"]["unpriced"]) is want["total_usd_is_lower_bound"]


@every_scenario
def test_book_is_the_true_book(scenario: Scenario) -> None:
    """Row by (symbol, side); an unknown book is empty with a reason, a flat one without."""
    state, want = scenario.load(), scenario.expected["positions"]
    assert ("positions" in state["meta"]["unknown"]) == (want is None)
    got = {(row["symbol"], row["side"]): index for index, row in enumerate(state["positions"])}
    assert len(got) == len(state["positions"])
    assert set(got) == {(row["symbol"], row["side"]) for row in want or []}
    for row in want or []:
        for name, key, rel in ROW_FIELDS:
            assert_same(scenario, state, f"positions.{got[row['symbol'], row['side']]}.{name}", row[key], rel)


@every_scenario
@pytest.mark.parametrize("name", ["gross_exposure_usd", "net_exposure_usd"])
def test_exposure_is_of_the_true_book(scenario: Scenario, name: str) -> None:
    """Never the 0.0 that v7.1 writes; unknown with the book."""
    assert_same(scenario, scenario.load(), f"nav.{name}", scenario.expected[name], AMOUNT)


@scenarios_with_symbols
def test_symbol_table_has_every_symbol_with_its_figures(scenario: Scenario) -> None:
    """Zeros stay zeros, nulls stay unknown."""
    state, want = scenario.load(), scenario.expected["symbols"] or {}
    assert set(state["kpis"]["symbols"]) == set(want)
    for symbol, figures in want.items():
        assert state["kpis"]["symbols"][symbol]["symbol"] == symbol
        for name, value in figures.items():
            assert_same(scenario, state, f"kpis.symbols.{symbol}.{name}", value, RATIO)


@every_scenario
def test_testnet_is_what_the_writers_ran_with(scenario: Scenario) -> None:
    """From the state's evidence and the environment."""
    state = scenario.load()
    assert state["meta"]["testnet"] is scenario.expected["testnet"]
    assert not [check for check in checks_named(state, "environment") if check["status"] == "fail"]


@every_scenario
def test_only_broken_worlds_have_a_bad_check(scenario: Scenario) -> None:
    """No false alarm: v7.1's zero exposures are not written, not wrong."""
    bad = [check["name"] for check in scenario.load()["meta"]["checks"] if check["status"] in {"warn", "fail"}]
    assert bool(bad) == (scenario.name in BROKEN_WORLDS), bad


def values_on_show(state: State) -> State:
    """Every documented value except ages, stamps, history and ZAR."""
    left_out = {"age_s", "updated_at", "series", "nav_zar", "fx_usd_zar", "fx_updated_at", "zar", "total_zar"}
    blocks = {"nav": state["nav"], "aum": state["aum"], "risk": state["kpis"]["risk"], "router": state["router"]}
    kept: State = {name: {key: block[key] for key in block if key not in left_out} for name, block in blocks.items()}
    kept["aum"]["slices"] = [{key: item[key] for key in item if key != "zar"} for item in state["aum"]["slices"]]
    kept["symbols"] = state["kpis"]["symbols"]
    kept["positions"] = sorted(state["positions"], key=lambda row: (row["symbol"], row["side"]))
    return kept


def test_the_same_world_reads_the_same_whichever_process_wrote_last() -> None:
    """healthy and healthy_executor_last differ in ages and ZAR only."""
    first, second = Scenario("v7.1/healthy").load(), Scenario("v7.1/healthy_executor_last").load()
    assert_close(values_on_show(first), values_on_show(second), "")


def assert_close(left: Any, right: Any, path: str) -> None:
    """Equal, with room for the rounding of the writers."""
    if isinstance(left, dict) and isinstance(right, dict):
        assert set(left) == set(right), path
        for key in left:
            assert_close(left[key], right[key], f"{path}.{key}")
    elif isinstance(left, list) and isinstance(right, list):
        assert len(left) == len(right), path
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            assert_close(one, other, f"{path}.{index}")
    elif isinstance(left, float) and isinstance(right, float | int):
        assert left == pytest.approx(right, rel=AMOUNT, abs=1e-9), path
    else:
        assert left == right, path


def test_no_rate_leaks_from_one_directory_into_another() -> None:
    """The last seen rate belongs to its own directory."""
    assert Scenario("v7.1/healthy").load()["nav"]["nav_zar"] > 0
    state = Scenario("v7.1/executor_only").load()
    assert_unknown(state, "nav.fx_usd_zar")
    assert state["nav"]["nav_zar"] == 0.0
