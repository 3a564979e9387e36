"""Surfaces are refused when wrong, written whole when right, and read back as they were meant."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from publisher_world import LEGS, NOW_S, UNSAID, build_payloads, end_locks, unknown_paths

from execution.state_publish import SurfaceError, open_state_dir, publish_surface
from execution.storage.writer_lock import release_writers
from execution.surfaces.nav import Account, ExchangeContact, Fx, build_nav, read_nav_log
from execution.surfaces.positions import Position, build_positions_state, read_positions
from execution.surfaces.schema import SCHEMAS
from execution.sync.peak import load_peak, save_peak
from execution.utils.metrics import Drawdown, Peak
from state import load_all_state
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

_no_locks_left = pytest.fixture(autouse=True)(end_locks)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A directory with every surface of the world in it."""
    directory = open_state_dir(tmp_path / "state")
    for name, payload in build_payloads().items():
        publish_surface(name, payload, directory)
    return directory


def load(state_dir: Path) -> dict[str, Any]:
    """What the dashboard reads."""
    return load_all_state(state_dir, now=NOW_S + 1, environ={})


NOT_OURS = {surfaces.NAV_LOG, surfaces.POSITIONS_SYNC, surfaces.POSITIONS_LEDGER, surfaces.DIAGNOSTICS}


def test_every_surface_has_a_schema() -> None:
    """And every schema is of a surface; the NAV log is none of a publisher, and what others alone write is not ours."""
    names = {surface.name for surface in surfaces.SURFACES} - NOT_OURS
    assert names <= set(SCHEMAS) == set(build_payloads())


def test_nothing_is_unknown_to_the_reader(state_dir: Path) -> None:
    """Publish, load: nothing is unknown but the holding without a price, and what publishers have no word for."""
    state = load(state_dir)
    slices = [item["label"] for item in state["aum"]["slices"]]
    unpriced = f"aum.slices.{slices.index('KAG')}."
    assert {path for path in unknown_paths(state) if not path.startswith(unpriced)} == UNSAID
    assert [check for check in state["meta"]["checks"] if check["status"] not in ("ok", "not_comparable")] == []


def test_the_reader_sees_what_was_published(state_dir: Path) -> None:
    """Value by value."""
    state = load(state_dir)
    assert state["nav"]["nav_usd"] == pytest.approx(10_078.7542)
    assert state["nav"]["drawdown_pct"] == pytest.approx((10_100 - 10_078.7542) / 101)
    assert state["nav"]["nav_zar"] == pytest.approx(10_078.7542 * 17.2384)
    assert state["nav"]["realized_pnl_today_usd"] == 8.75
    assert state["nav"]["exchange"]["frozen"] is False
    assert state["router"]["maker_fill_rate"] == pytest.approx(1 / 3)
    assert state["router"]["fallback_ratio"] == pytest.approx(1 / 3)
    assert (state["router"]["orders"], state["router"]["basis"]) == (3, "orders")
    assert state["kpis"]["risk"]["fee_pnl_ratio"] == pytest.approx(0.3)
    assert state["kpis"]["risk"]["fee_pnl_window_days"] == 7
    assert state["meta"]["environment"] == "paper"
    assert state["kpis"]["risk"]["mode"] == "OK"
    usd = {item["label"]: (item["usd"], item["price_basis"]) for item in state["aum"]["slices"]}
    assert usd["BTC"] == (pytest.approx(0.035 * 90_412.5), "market")
    assert usd["USDC"] == (2098.96, "par")
    assert usd["PAXG"] == (977.5, "cost")
    assert usd["KAG"][0] is None


def test_hedged_legs_stay_apart(state_dir: Path) -> None:
    """Long and short of one symbol, real prices and PnL, also on the daemon's surface."""
    rows = load(state_dir)["positions"]
    found = {(row["symbol"], row["side"]): (row["qty"], row["mark_price"], row["pnl"]) for row in rows}
    assert found == {(leg.symbol, leg.side): (leg.qty, leg.mark_price, leg.unrealized_usd) for leg in LEGS}
    assert {row["price_source"] for row in rows} == {surfaces.POSITIONS_STATE}


BREAKAGES: list[tuple[str, str, Any, str]] = [
    (surfaces.NAV_STATE, "total_equity", 0.0, "nav_state.json: total_equity is 0.0; expected a number that is not 0"),
    (surfaces.NAV_STATE, "drawdown_pct", -1.5,
     "nav_state.json: drawdown_pct is -1.5; expected a number, 0 or more or null"),
    (surfaces.NAV_STATE, "series.1.nav", None,
     "nav_state.json: series[1].nav is None; expected a number that is not 0"),
    (surfaces.NAV_STATE, "updated_at", 1_764_197_100_000,
     "nav_state.json: updated_at is 1764197100000; expected an epoch in seconds or an ISO time"),
    (surfaces.NAV, "nav_usd", "10461", "nav.json: nav_usd is '10461'; expected a number"),
    (surfaces.NAV, "aum.offexchange.KAG.usd_value", -1.0,
     "nav.json: aum.offexchange.KAG.usd_value is -1.0; expected a number, 0 or more or null"),
    (surfaces.POSITIONS_STATE, "items.0.mark_price", 0.0,
     "positions_state.json: items[0].mark_price is 0.0; expected a positive number"),
    (surfaces.POSITIONS_STATE, "items.2.notional", -2568.2,
     "positions_state.json: items[2].notional is -2568.2; expected a number, 0 or more"),
    (surfaces.POSITIONS, "rows.0.positionSide", "long",
     "positions.json: rows[0].positionSide is 'long'; expected one of LONG, SHORT, BOTH"),
    (surfaces.KPIS, "router_stats.maker_fill_ratio", 84.0,
     "kpis_v7.json: router_stats.maker_fill_ratio is 84.0; expected a fraction 0..1 or null"),
    (surfaces.KPIS, "symbols.BTCUSDT.dd_state", "NORMAL",
     "kpis_v7.json: symbols.BTCUSDT.dd_state is 'NORMAL'; expected one of normal, cautious, defensive"),
    (surfaces.RISK_SNAPSHOT, "symbols.0.risk.dd_today_pct", 0.2,
     "risk_snapshot.json: symbols[0].risk.dd_today_pct is 0.2; expected a percentage -100..0"),
    (surfaces.ROUTER_HEALTH, "symbols.0.orders", 2.0, "router_health.json: symbols[0].orders is 2.0; expected a count"),
]  # fmt: skip


def change(payload: Any, path: str, value: Any) -> Any:
    """A copy of the payload with another value at `path`."""
    changed = copy.deepcopy(payload)
    *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    block = changed
    for step in way:
        block = block[step]
    block[last] = value
    return changed


@pytest.mark.parametrize(("name", "path", "value", "message"), BREAKAGES)
def test_a_wrong_field_is_refused_by_name(state_dir: Path, name: str, path: str, value: Any, message: str) -> None:
    """The error says file, field, value and what was expected; the old file stays."""
    before = (state_dir / name).read_bytes()
    with pytest.raises(SurfaceError) as caught:
        publish_surface(name, change(build_payloads()[name], path, value), state_dir)
    assert str(caught.value).startswith(message)
    assert (state_dir / name).read_bytes() == before


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_missing_field_is_refused_by_name(tmp_path: Path, name: str) -> None:
    """Any surface, its first required field."""
    payload = build_payloads()[name]
    path = next(iter(SCHEMAS[name]))
    del payload[path.split(".")[0].removesuffix("[]")]
    with pytest.raises(SurfaceError, match=rf"^{name}: .* is missing; expected "):
        publish_surface(name, payload, tmp_path)
    assert not (tmp_path / name).exists()


def test_an_unknown_surface_is_refused(tmp_path: Path) -> None:
    """A typing mistake must not make a new file."""
    with pytest.raises(SurfaceError, match=r"'nav_sate.json' is no surface"):
        publish_surface("nav_sate.json", {}, tmp_path)


CLAIM = """
import sys
from execution.state_publish import write_engine_metadata, SecondWriterError
metadata = {"engine_version": "x", "updated_ts": 1764197100.0, "env": "paper", "status": "running"}
try:
    write_engine_metadata(metadata, sys.argv[1])
except SecondWriterError as error:
    print(error)
"""


def test_a_second_writer_is_noticed(tmp_path: Path) -> None:
    """Another process is told who writes; once that one is gone it may write itself."""
    metadata = build_payloads()[surfaces.ENGINE_METADATA]
    publish_surface(surfaces.ENGINE_METADATA, metadata, tmp_path)
    claim = [sys.executable, "-c", CLAIM, str(tmp_path)]
    refused = subprocess.run(claim, check=True, capture_output=True, text=True)
    path = tmp_path / surfaces.ENGINE_METADATA
    assert refused.stdout == f"{path} is already written by process {os.getpid()}: one writer per file\n"
    release_writers()
    assert subprocess.run(claim, check=True, capture_output=True, text=True).stdout == ""


def test_an_unreachable_exchange_is_told() -> None:
    """source cache, not fresh, sources not ok, and the age of the last answer."""
    nav = build_nav(Account(100.0, 5.0), ExchangeContact(NOW_S - 600, reachable=False), {}, Fx(), NOW_S)
    detail = nav["nav_detail"]
    assert (detail["source"], detail["fresh"]) == ("cache", False)
    health = detail["nav_health"]
    assert (health["sources_ok"], health["age_s"], health["cache_ts"]) == (False, 600.0, NOW_S - 600)
    assert health["stale_flags"] == {"balances_ok": True}


def test_positions_survive_the_way_through_synced_state() -> None:
    """What the daemon reads is what the executor wrote."""
    assert read_positions(build_payloads()[surfaces.SYNCED_STATE]) == LEGS


def test_no_minus_zero_in_formatted_text() -> None:
    """-0.001 USD reads 0.00."""
    leg = Position("BTCUSDT", "LONG", 1.0, 10.0, 10.0, -0.001)
    assert build_positions_state([leg], NOW_S)["items"][0]["pnl_fmt"] == "0.00"


def test_the_peak_outlives_a_restart(tmp_path: Path) -> None:
    """It only rises, and an unreadable file is a new beginning."""
    path = tmp_path / "cache" / "peak_state.json"
    assert load_peak(path) == Peak()
    peak = Peak().raised_to(100.0, 1.0).raised_to(120.0, 2.0).raised_to(90.0, 3.0)
    save_peak(path, peak, Drawdown(peak.nav_usd, 90.0))
    assert load_peak(path) == Peak(120.0, 2.0)
    assert json.loads(path.read_bytes())["dd_pct"] == pytest.approx(25.0)
    path.write_text('{"peak_nav": "x"}')
    assert load_peak(path) == Peak()


def test_a_nav_log_is_read_with_its_faults() -> None:
    """Zero rows and rows of another shape go; order is by time."""
    rows = [{"t": 2, "nav": 5.0}, {"t": 1, "nav": 4.0, "unrealized_pnl": 1.0}, {"t": 3, "nav": 0.0}, {"nav": 1.0}, 7]
    assert [(point.at_s, point.nav_usd) for point in read_nav_log(rows)] == [(1.0, 4.0), (2.0, 5.0)]
    assert read_nav_log({"not": "a list"}) == []
