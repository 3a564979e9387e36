"""`python -m execution.account` as an operator starts it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from pretended import REPOSITORY, Pretended, pretending

from execution.account.fake.server import KEY, SECRET

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 90.0


def start(*arguments: str, environ: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """The command, with these variables alone."""
    command = [sys.executable, "-m", "execution.account", *arguments]
    return subprocess.Popen(
        command, cwd=REPOSITORY, env=environ or {}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_it_publishes_until_told_to_stop(exchange: Pretended, tmp_path: Path) -> None:
    """The surfaces are there within a cycle, the badge says that it is no money, and no key is anywhere."""
    process = start("--exchange", "fake", "--fake", exchange.url, "--log-dir", str(tmp_path))
    nav, end_s = tmp_path / "state" / "risk_snapshot.json", time.monotonic() + PATIENCE_S
    while not nav.exists() and process.poll() is None:
        assert time.monotonic() < end_s
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    metadata = json.loads((tmp_path / "state" / "engine_metadata.json").read_text())
    assert (metadata["env"], metadata["status"]) == ("fake", "stopped")
    texts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] + [said]
    assert not any(word in text for text in texts for word in (KEY, SECRET, "signature"))


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "words"),
    [
        (["--exchange", "bybit"], {}, 2, "the environment lacks the key and the secret of bybit"),
        (["--exchange", "bybit", "--check"], {}, 2, "the environment lacks the key and the secret of bybit"),
        (
            ["--exchange", "gate", "--environment", "demo"],
            {},
            2,
            "gate has no environment demo; expected one of live, testnet",
        ),
        (["--exchange", "nowhere"], {}, 2, "invalid choice: 'nowhere'"),
        (["--exchange", "bybit", "--fake", "http://example.org"], {}, 2, "is not on this machine"),
        (["--exchange", "bybit", "--key", "x"], {}, 2, "unrecognized arguments"),
        (["--exchange", "bybit", "--name", "../x"], {}, 2, "is no name of a directory"),
        (["--exchange", "hyperliquid"], {"HEDGE_ACCOUNT_SECRET": "0x" + "11" * 32}, 2, "take the key out"),
    ],
)
def test_what_cannot_start_says_why_in_a_sentence(
    arguments: list[str], environ: dict[str, str], code: int, words: str
) -> None:
    """And nothing is asked of anybody."""
    process = start(*arguments, environ=environ)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, said
    assert words in said
    assert "Traceback" not in said
    assert "11" * 32 not in said


def test_a_key_that_may_withdraw_is_not_used(tmp_path: Path) -> None:
    """Nothing is read with it, and nothing written."""
    with pretending("--fault", "withdraw-rights") as exchange:
        process = start("--exchange", "bybit", "--fake", exchange.url, "--log-dir", str(tmp_path))
        said, _ = process.communicate(timeout=PATIENCE_S)
        asked = exchange.asked()
    assert process.returncode == 2
    assert "the key may withdraw or transfer: refused" in said
    assert list(tmp_path.iterdir()) == []
    assert set(asked) == {"GET /v5/user/query-api", "heaviest_minute"}
