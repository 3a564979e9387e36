"""Numbers that are finite in a file and whose product or sum is not: never Infinity on the page."""

from pathlib import Path

import pytest
from contract import assert_contract
from worlds import World

HUGE = 1.7e308
EDITS: dict[str, dict[str, object]] = {
    "notional and exposure": {"positions.json rows.0.qty": HUGE},
    "sum of the exposure": {"positions.json rows.0.markPrice": HUGE, "positions.json rows.2.markPrice": HUGE},
    "sum of the PnL": {"nav_state.json unrealized_pnl": None, "positions.json rows.0.unrealized": HUGE},
    "NAV in ZAR": {"nav_state.json total_equity": HUGE, "nav.json nav": HUGE, "nav.json nav_usd": HUGE},
    "drawdown in USD": {"nav_state.json peak_equity": HUGE, "nav_state.json total_equity": -HUGE},
    "sum of AUM": {"nav.json aum.offexchange": {"A": {"usd_value": HUGE}, "B": {"usd_value": HUGE}}},
    "symbol mean": {"router_health.json symbols.0.slippage_p50": HUGE, "router_health.json per_symbol": []},
    "series": {"nav_state.json series": [{"t": HUGE, "nav": HUGE}, {"t": 1764197000.0, "nav": -HUGE}]},
    "stamps": {"nav.json updated_ts": -HUGE, "risk_snapshot.json nav_health.cache_ts": HUGE},
    "leverage and rate": {"positions.json rows.0.leverage": HUGE, "kpis_v7.json fx.usd_zar": HUGE},
    "the other half of a check": {"kpis_v7.json nav.nav_total": -HUGE, "nav_state.json unrealized_pnl": HUGE},
}


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_an_overflow_keeps_the_contract(tmp_path: Path, edits: dict[str, object]) -> None:
    """JSON has no Infinity: what cannot be computed is None with a reason."""
    world = World(tmp_path, scenario="v7.1/healthy")
    for place, value in edits.items():
        name, path = place.split(" ")
        world.edit(name, path, value)
    assert_contract(world.load())


def test_a_sum_of_row_pnl_that_overflows_keeps_the_contract(tmp_path: Path) -> None:
    """Without nav_state.json the sum over the rows is all there is."""
    world = World(tmp_path, scenario="v7.1/healthy").remove("nav_state.json")
    world.edit("positions.json", "rows.0.unrealized", HUGE).edit("positions.json", "rows.1.unrealized", HUGE)
    assert_contract(world.load())
