"""The daemon beside an executor of version 7.1: what that version's own daemon wrote wrongly comes out right."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from processes import read_state

from execution.storage.event_feed import EventFeed
from execution.storage.writer_lock import release_writers
from execution.sync.cycle import OWNED, SyncCycle
from execution.utils.metrics import Peak
from state import load_all_state
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Iterator

HEALTHY = Path(__file__).parents[1] / "fixtures" / "corpus" / "v7.1" / "healthy"
EXPECTED: dict[str, Any] = json.loads((HEALTHY / "expected.json").read_bytes())


@pytest.fixture(scope="module")
def log_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The executor's files of the corpus, and what one cycle makes of them."""
    directory = tmp_path_factory.mktemp("v71") / "logs"
    shutil.copytree(HEALTHY / "logs", directory)
    for name in OWNED:
        (directory / "state" / name).unlink()
    cycle = SyncCycle(directory, EventFeed(directory / "execution"), Peak())
    assert cycle.run(EXPECTED["now"])
    yield directory
    release_writers()


@pytest.fixture(scope="module")
def state(log_dir: Path) -> dict[str, Any]:
    """What the dashboard reads."""
    return load_all_state(log_dir / "state", now=EXPECTED["now"], environ=EXPECTED["environ"])


def test_positions_state_has_real_prices(log_dir: Path) -> None:
    """No 0.0 for entry, mark, PnL and notional."""
    items = read_state(log_dir, surfaces.POSITIONS_STATE)["items"]
    for item, true in zip(items, EXPECTED["positions"], strict=True):
        for key, value in (("entry_price", "entry"), ("mark_price", "mark"), ("notional", "notional"), ("pnl", "pnl")):
            assert math.isclose(item[key], true[value], rel_tol=1e-6), (item["symbol"], key)


def test_exposures_are_not_zero(log_dir: Path) -> None:
    """Gross and net of the true rows."""
    nav = read_state(log_dir, surfaces.NAV_STATE)
    assert nav["gross_exposure"] == pytest.approx(EXPECTED["gross_exposure_usd"])
    assert nav["net_exposure"] == pytest.approx(EXPECTED["net_exposure_usd"])


def test_router_figures_are_order_weighted(state: dict[str, Any]) -> None:
    """Zeros counted; the old daemon wrote 0.3047 and 0.5572."""
    for key, true in EXPECTED["router"]["order_weighted"].items():
        assert math.isclose(state["router"][key], true, rel_tol=1e-6), key
    assert (state["router"]["basis"], state["router"]["orders"]) == ("orders", 446)
    assert state["router"]["quality"] == EXPECTED["router"]["quality_portfolio_label"]


def test_nav_and_drawdown_are_true(state: dict[str, Any]) -> None:
    """With a percentage where the old KPIs had null."""
    assert state["nav"]["nav_usd"] == EXPECTED["nav"]["nav_usd"]
    assert state["nav"]["drawdown_pct"] == state["kpis"]["risk"]["drawdown_pct"] == 0.0
    # The executor has it from the exchange; the closes in its logs add up to -2.68.
    assert state["nav"]["realized_pnl_today_usd"] == EXPECTED["nav"]["realized_pnl_today_usd"] == 8.75
    assert [check for check in state["meta"]["checks"] if check["status"] == "fail"] == []


def test_atr_and_drawdown_states_pass_through(state: dict[str, Any]) -> None:
    """Per symbol, as the executor measured them."""
    for symbol, true in EXPECTED["symbols"].items():
        row = state["kpis"]["symbols"][symbol]
        assert (row["dd_state"], row["atr_regime"]) == (true["dd_state"], true["atr_regime"])
