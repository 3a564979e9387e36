"""`python -m state`: the state as others check it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from worlds import ROOT, SCENARIOS, Scenario, World

from state import load_all_state

CLEAN = {key: value for key, value in os.environ.items() if key not in {"ENV", "BINANCE_TESTNET"}}
CLEAN = {key: value for key, value in CLEAN.items() if not key.startswith("HEDGE_")} | {"PYTHONWARNINGS": "error"}


def run_state(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """One run of the command, from the top of the repository."""
    command = [sys.executable, "-m", "state", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=CLEAN | environ, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_order_of_a_set_is_in_no_word(tmp_path: Path) -> None:
    """Sets are in another order in each process; two writers of other versions leave many words that differ."""
    world = World(tmp_path, scenario="v7.6/healthy")
    world.write("positions_state.json", World(tmp_path / "old", scenario="v7.1/healthy").read("positions_state.json"))
    arguments = ("--json", "--state-dir", str(world.directory), "--now", str(world.now))
    said = {run_state(*arguments, PYTHONHASHSEED=seed).stdout for seed in ("1", "2", "3")}
    assert len(said) == 1
    assert re.search(r"atr_regime of .* and \d+ more", said.pop())


@pytest.mark.parametrize("scenario", [SCENARIOS[1], SCENARIOS[4], SCENARIOS[-1]], ids=lambda scenario: scenario.name)
def test_json_is_one_object_equal_to_the_loaders(scenario: Scenario, tmp_path: Path) -> None:
    """The same dictionary, digest included, and nothing else on the output."""
    world = World(tmp_path, scenario=scenario.name)
    environ = scenario.expected["environ"]
    now = scenario.expected["now"]
    run = run_state("--json", "--state-dir", str(tmp_path), "--now", str(now), **environ)
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout) == load_all_state(world.directory, now=now, environ=CLEAN | environ)


@pytest.mark.parametrize("stamp", ["1764197100", "1764197100.0"])
def test_now_fixes_the_clock(stamp: str) -> None:
    """Whole or fractional seconds."""
    state_dir = str(Scenario("v7.1/healthy").state_dir)
    state = json.loads(run_state("--json", "--state-dir", state_dir, "--now", stamp).stdout)
    assert (state["meta"]["loaded_at"], state["nav"]["age_s"]) == (1764197100.0, pytest.approx(4.955))


def test_two_processes_a_second_apart_agree_on_the_version() -> None:
    """A tab that is served by another worker must not think that something changed."""
    arguments = ("--json", "--state-dir", str(Scenario("v7.1/healthy").state_dir), "--now")
    first, second = (json.loads(run_state(*arguments, now).stdout)["meta"] for now in ("1764197100", "1764197101"))
    assert second["sections"] == first["sections"]
    assert second["version"] == first["version"]


def test_the_summary_is_for_people() -> None:
    """NAV, its source and the book, as words and not as JSON."""
    run = run_state("--state-dir", str(Scenario("v7.1/healthy").state_dir), "--now", "1764197100")
    assert (run.returncode, run.stderr) == (0, "")
    assert re.search(r"NAV\D*10,?461\.27", run.stdout)
    assert "nav_state.json" in run.stdout
    assert "BTCUSDT" in run.stdout
    assert not run.stdout.lstrip().startswith("{")


def test_the_directory_comes_from_the_environment_when_not_given() -> None:
    """HEDGE_STATE_DIR, as for the page."""
    run = run_state("--now", "1764197100", HEDGE_STATE_DIR=str(Scenario("v7.1/healthy").state_dir))
    assert "461.27" in run.stdout


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_an_absent_directory_is_said_and_is_no_failure(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Exit 0, no invented 0.00, and words that say what is not there."""
    run = run_state(*arguments, "--state-dir", str(tmp_path / "absent"), "--now", "1764197100")
    assert (run.returncode, run.stderr) == (0, "")
    assert re.search(r"missing|not exist|not there|absent|no nav|no state|n/a", run.stdout, re.IGNORECASE)
    assert "0.00" not in run.stdout
    assert "None" not in run.stdout


def test_an_unknown_book_is_said_in_the_summary() -> None:
    """The exchange is down: neither flat nor silent."""
    run = run_state("--state-dir", str(Scenario("v7.1/exchange_down").state_dir), "--now", "1764197700")
    assert "unknown" in run.stdout.lower()
    assert "No open positions" not in run.stdout


@pytest.mark.parametrize("bad", ["tomorrow", "", "nan", "inf", "-inf", "1e400", "12:30", "1_0x"])
def test_a_bad_clock_is_named_with_its_value(bad: str) -> None:
    """One clear message, exit 2, no Traceback."""
    run = run_state("--json", f"--now={bad}")
    assert (run.returncode, run.stdout) == (2, "")
    assert "--now" in run.stderr
    assert bad in run.stderr
    assert "Traceback" not in run.stderr
