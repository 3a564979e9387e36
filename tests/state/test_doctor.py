"""`python -m state doctor`: the words of the page, and the exit codes of a monitoring plugin."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from desks import picture
from worlds import CORPUS, NOW, ROOT, World


def examine(directory: Path, *arguments: str, now: float = NOW) -> subprocess.CompletedProcess[str]:
    """Run the command on a directory."""
    command = [sys.executable, "-m", "state", "doctor", "--state-dir", str(directory), "--now", str(now), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("scenario", "now", "code", "words"),
    [
        ("v7.1/no_trades", NOW, 0, "OK"),
        ("v7.1/healthy", NOW, 1, "Router poor"),
        ("v7.6/healthy", NOW, 1, "5 of 5 positions without a stop"),
        ("v7.1/healthy_executor_last", NOW, 1, "WARNING"),
        ("v7.1/sync_only", NOW, 2, "5 of 9 files missing"),
        ("v7.1/publisher_cli", NOW, 1, "NAV agrees check"),
        ("v7.1/exchange_down", NOW + 600.0, 2, "EXCHANGE UNREACHABLE"),
        ("v7.1/drawdown", NOW, 2, "Drawdown defensive"),
        ("v7.1/healthy", NOW + 7200.0, 2, "EXECUTOR SILENT"),
    ],
)
def test_the_exit_code_is_that_of_the_worst_alert(scenario: str, now: float, code: int, words: str) -> None:
    """0 fine, 1 warning, 2 failure; the first line says the verdict."""
    done = examine(CORPUS / scenario / "logs" / "state", now=now)
    assert (done.returncode, done.stderr) == (code, "")
    assert words in done.stdout
    assert done.stdout.startswith(["OK", "WARNING", "CRITICAL"][code])


def test_each_file_has_its_row(tmp_path: Path) -> None:
    """Status, shape, three clocks, how much is unknown for its sake, and what is wrong with it."""
    world = World(tmp_path, scenario="v7.1/healthy").write_bytes("kpis_v7.json", b'{"ts": 17')
    world.remove("router_health.json")
    rows = {line.split()[0]: line for line in examine(tmp_path).stdout.splitlines() if line}
    assert "malformed" in rows["kpis_v7.json"]
    assert "torn" in rows["kpis_v7.json"]
    assert "missing" in rows["router_health.json"]
    assert "daemon's" in rows["nav_state.json"]
    assert "fresh" in rows["nav_state.json"]


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({}, 2, ["CRITICAL: 5 of 8 desks quiet", "beta: DESK SILENT", "✓ store answers", "✗ beats 7 of 8: beta"]),
        ({"up": False}, 2, ["STORE UNREACHABLE", "✗ store unreachable"]),
    ],
)
def test_several_desks_have_a_row_each(tmp_path: Path, more: dict[str, Any], code: int, words: list[str]) -> None:
    """Verdict, beat and worst alert; what lies between them and the wall below."""
    desks = picture(tmp_path).mirror(**more)
    command = [sys.executable, "-m", "state", "doctor", "--desks", str(desks.root), "--now", str(NOW)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (code, "")
    assert [word for word in words if word not in done.stdout] == []
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert all(name in rows for name in desks.names)
    assert "testnet" in rows["lab"]


@pytest.mark.parametrize("arguments", [("--desks", "d"), ("doctor", "--desks", "d", "--state-dir", "s")])
def test_arguments_that_make_no_sense_together_are_refused(arguments: tuple[str, ...]) -> None:
    """With what goes with what."""
    command = [sys.executable, "-m", "state", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "--desks goes with" in done.stderr


def test_watching_looks_again_until_it_is_interrupted(tmp_path: Path) -> None:
    """Ctrl-C ends it with the verdict of the last look."""
    World(tmp_path, scenario="v7.1/exchange_down")
    command = [sys.executable, "-m", "state", "doctor", "--state-dir", str(tmp_path), "--watch", "0.05"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        verdicts = 0
        while verdicts < 3:
            verdicts += process.stdout.readline().startswith("CRITICAL")
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(30) == 2
