"""The executor's own word: what may be written of it, when the paper desk writes it, and that it acts on it."""

from __future__ import annotations

import itertools
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
from processes import (
    assert_logs_match_account,
    end,
    read,
    read_records,
    read_state,
    run,
    running,
    wait_until,
)
from publisher_world import build_payloads

from execution.paper.risk_gate import BREAKER_LIMIT, judge_risk
from execution.paper.simulation import Simulation
from execution.surfaces.risk_snapshot import RiskInputs, build_risk_snapshot
from execution.surfaces.schema import SurfaceError, check_surface
from execution.utils.metrics import Drawdown
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

RISK = surfaces.RISK_SNAPSHOT
SHORT = ("--backfill-hours", "1")

BREAKAGES: list[tuple[str, Any, str]] = [
    ("risk_mode", "halted", "risk_mode is 'halted'; expected one of OK, WARN, DEFENSIVE, HALTED"),
    ("risk_mode", None, "risk_mode is None; expected one of OK, WARN, DEFENSIVE, HALTED"),
    ("risk_mode", ["OK"], "risk_mode is a list; expected one of OK, WARN, DEFENSIVE, HALTED"),
    ("risk_mode_reason", "", "risk_mode_reason is ''; expected a text"),
    ("risk_mode_reason", None, "risk_mode_reason is None; expected a text"),
    ("risk_mode_score", 1.5, "risk_mode_score is 1.5; expected a fraction 0..1"),
    ("risk_mode_score", float("nan"), "risk_mode_score is NaN; expected a fraction 0..1"),
    ("circuit_breaker", 3, "circuit_breaker.max_portfolio_dd_nav_pct is missing; expected a fraction 0..1"),
    ("circuit_breaker", {"active": True}, "circuit_breaker.max_portfolio_dd_nav_pct is missing; expected a fraction"),
    ("circuit_breaker", {"max_portfolio_dd_nav_pct": 10.0, "active": True},
     "circuit_breaker.max_portfolio_dd_nav_pct is 10.0; expected a fraction 0..1"),
    ("circuit_breaker", {"max_portfolio_dd_nav_pct": 0.1, "active": "no"},
     "circuit_breaker.active is 'no'; expected true or false"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "message"), BREAKAGES)
def test_a_wrong_word_is_refused_by_name(key: str, value: Any, message: str) -> None:
    """The field, the value and what was expected."""
    with pytest.raises(SurfaceError) as caught:
        check_surface(RISK, build_payloads()[RISK] | {key: value})
    assert str(caught.value).startswith(f"{RISK}: {message}")


def test_an_executor_without_a_word_says_nothing() -> None:
    """No OK is put in its mouth."""
    good = build_payloads()[RISK]
    inputs = RiskInputs(Drawdown(100.0, 95.0), good["fee_pnl"], good["nav_health"], good["symbols"])
    snapshot = build_risk_snapshot(inputs, good["updated_ts"])
    check_surface(RISK, snapshot)
    assert [key for key in snapshot if key.startswith(("risk_mode", "circuit"))] == []


MODES: list[tuple[float, dict[str, bool], tuple[str, str, float], bool, str | None]] = [
    (100.0, {}, ("OK", "all_systems_healthy", 0.0), False, None),
    (95.0, {}, ("OK", "all_systems_healthy", 0.0), False, None),
    (92.0, {}, ("DEFENSIVE", "drawdown_high_dd_frac=0.0800", 0.8), False, None),
    (90.0, {}, ("DEFENSIVE", "drawdown_high_dd_frac=0.1000", 1.0), True, "portfolio_dd_circuit"),
    (40.0, {}, ("DEFENSIVE", "drawdown_high_dd_frac=0.6000", 1.0), True, "portfolio_dd_circuit"),
    (100.0, {"halted": True}, ("HALTED", "kill_switch", 1.0), True, "kill_switch"),
    (80.0, {"halted": True}, ("HALTED", "kill_switch", 1.0), True, "kill_switch"),
    (100.0, {"reachable": False}, ("HALTED", "nav_sources_unavailable", 1.0), False, None),
    (0.0, {}, ("DEFENSIVE", "drawdown_high_dd_frac=1.0000", 1.0), True, "portfolio_dd_circuit"),
]


@pytest.mark.parametrize(("nav_usd", "flags", "mode", "active", "veto"), MODES)
def test_the_word_follows_from_the_account(
    nav_usd: float, flags: dict[str, bool], mode: tuple[str, str, float], active: bool, veto: str | None
) -> None:
    """From a peak of 100: mode, breaker, and why nothing is opened."""
    gate = judge_risk(Drawdown(100.0, nav_usd), **({"halted": False} | flags))
    assert (gate.mode[:2], gate.veto) == (mode[:2], veto)
    assert gate.mode.score == pytest.approx(mode[2])
    assert gate.breaker == (BREAKER_LIMIT, active)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stopped_desk_opens_nothing_and_still_closes(seed: int) -> None:
    """Over hours: no leg grows, none appears, some shrink; orders that were on their way to open end at once."""
    rows: list[tuple[str, dict[str, Any]]] = []
    simulation = Simulation(seed, lambda name, row: rows.append((name, row)))
    while simulation.step < 2000 or all(order.intent.reduce_only for order in simulation.orders):
        simulation.advance(1.764e9 + 5 * simulation.step)
    held = {key: abs(leg.qty) for key, leg in simulation.account.legs.items()}
    simulation.entry_veto, rows[:] = "kill_switch", []
    for _ in range(4000):
        simulation.advance(1.764e9 + 5 * simulation.step)
        now = {key: abs(leg.qty) for key, leg in simulation.account.legs.items()}
        assert all(qty <= held.get(key, 0) for key, qty in now.items())
        held = now
    assert {row["veto_reason"] for name, row in rows if name == "risk_vetoes"} == {"kill_switch"}
    assert {row["result"]["status"] for name, row in rows if name == "order_metrics"} >= {"CANCELED", "FILLED"}
    simulation.entry_veto = None
    for _ in range(2000):
        simulation.advance(1.764e9 + 5 * simulation.step)
    assert any(leg not in held for leg in simulation.account.legs)


def test_a_healthy_desk_says_so(tmp_path: Path) -> None:
    """In the fields of the writers since v7.6; no word of exits, which it does not keep."""
    assert run("executor", tmp_path, "--speed", "0", "--steps", "20", *SHORT)[0] == 0
    risk = read_state(tmp_path, RISK)
    assert (risk["risk_mode"], risk["risk_mode_reason"], risk["risk_mode_score"]) == ("OK", "all_systems_healthy", 0.0)
    assert risk["circuit_breaker"] == {"max_portfolio_dd_nav_pct": 0.1, "active": False}
    assert "tp_sl_registry" not in risk


def legs(log_dir: Path) -> dict[tuple[str, str], int]:
    """What the account holds."""
    account = read(log_dir / "cache" / "paper_state.json")["world"]["account"]
    return {(symbol, side): abs(qty) for symbol, side, qty, _ in account["legs"]}


def test_fault_halted(tmp_path: Path) -> None:
    """It says HALTED with a reason and a tripped breaker, opens nothing while that lasts, and trades on without it."""
    assert run("executor", tmp_path, "--speed", "0", "--steps", "5", "--backfill-hours", "3")[0] == 0
    before = legs(tmp_path)
    assert before
    with running("executor", tmp_path, "--speed", "1000", "--fault", "halted") as process:
        wait_until(lambda: read_state(tmp_path, RISK)["risk_mode"] == "HALTED")
        risk = read_state(tmp_path, RISK)
        assert risk["risk_mode_reason"] == "kill_switch"
        assert risk["circuit_breaker"]["active"] is True
        end(process)
    assert run("executor", tmp_path, "--speed", "0", "--steps", "800", "--fault", "halted")[0] == 0
    assert read_state(tmp_path, RISK)["risk_mode"] == "HALTED"
    after = legs(tmp_path)
    assert all(qty <= before.get(leg, 0) for leg, qty in after.items())
    assert "kill_switch" in {row["veto_reason"] for row in read_records(tmp_path, "risk_vetoes")}
    assert_logs_match_account(tmp_path)
    run("executor", tmp_path, "--speed", "0", "--steps", "400")
    assert read_state(tmp_path, RISK)["risk_mode"] == "OK"
    assert_logs_match_account(tmp_path)


def test_a_halted_desk_that_is_killed_repeats_nothing(tmp_path: Path) -> None:
    """The halt is saved with the world: what a restart without it repeats is the same, and then it trades again."""
    assert run("executor", tmp_path, "--speed", "0", "--steps", "5", *SHORT)[0] == 0
    dice = random.Random(3)  # noqa: S311 - moments to kill at
    for faults in itertools.islice(itertools.cycle([("--fault", "halted"), ("--fault", "drawdown"), ()]), 6):
        with running("executor", tmp_path, "--speed", "1000", *faults) as process:
            mode = "HALTED" if "halted" in faults else None
            wait_until(lambda: mode is None or read_state(tmp_path, RISK)["risk_mode"] == mode)  # noqa: B023
            time.sleep(dice.uniform(0.2, 0.6))
            end(process, 9)
    assert run("executor", tmp_path, "--speed", "0", "--steps", "20")[0] == 0
    assert_logs_match_account(tmp_path)
    vetoed = {row["attempt_id"] for row in read_records(tmp_path, "risk_vetoes")}
    executed = {row["attempt_id"] for row in read_records(tmp_path, "orders_executed")}
    assert vetoed & executed == set()


def test_a_desk_behind_its_breaker_opens_nothing(tmp_path: Path) -> None:
    """Twice a drawdown is more than a tenth: DEFENSIVE, the breaker tripped, intents vetoed for it."""
    assert run("executor", tmp_path, "--speed", "0", "--steps", "5", "--backfill-hours", "3")[0] == 0
    for _ in range(2):
        assert run("executor", tmp_path, "--speed", "1000", "--steps", "5", "--fault", "drawdown")[0] == 0
    before = legs(tmp_path)
    assert run("executor", tmp_path, "--speed", "0", "--steps", "800")[0] == 0
    risk = read_state(tmp_path, RISK)
    assert (risk["risk_mode"], risk["circuit_breaker"]["active"]) == ("DEFENSIVE", True)
    assert risk["risk_mode_reason"] == f"drawdown_high_dd_frac={risk['dd_state']['drawdown']['dd_pct'] / 100:.4f}"
    assert all(qty <= before.get(leg, 0) for leg, qty in legs(tmp_path).items())
    assert "portfolio_dd_circuit" in {row["veto_reason"] for row in read_records(tmp_path, "risk_vetoes")}
