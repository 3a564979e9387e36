"""ccxt is an extra: the wall without an account neither installs nor imports it."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
WALL = ("execution.executor", "execution.sync_state", "execution.state_publish", "dash_app.app", "state")


def test_the_wall_imports_no_ccxt() -> None:
    """Everything that `make run` starts, in a process of its own."""
    code = f"import sys, {', '.join(WALL)}; sys.exit('ccxt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0


@pytest.mark.parametrize("options", [["--help"], ["--exchange", "nowhere"], ["--exchange", "bybit"]])
def test_the_command_speaks_before_it_imports_ccxt(options: list[str]) -> None:
    """Help and refusals need none."""
    lines = ["import sys", "from execution.account.cli import main", "try:", f"    main({options!r})", "finally:"]
    code = "\n".join([*lines, "    assert 'ccxt' not in sys.modules"])
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert "AssertionError" not in done.stderr


def test_only_a_run_with_an_account_installs_it() -> None:
    """The lock of the wall has none, and its target asks for that lock alone."""
    assert "\nccxt==" not in (REPOSITORY / "requirements.txt").read_text()
    assert "\nccxt==" not in (REPOSITORY / "requirements-dev.txt").read_text()
    assert "\nccxt==4.5.90" in (REPOSITORY / "requirements-account.txt").read_text()
    makefile = (REPOSITORY / "Makefile").read_text()
    assert "\nrun: $(VENV)/.run $(if $(ACCOUNT),$(VENV)/.account)\n" in makefile
