"""Each switch of the fake exchange does what the table of errors says, on the wall as the loader has it, and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from pretended import REPOSITORY, Pretended

from execution.account.check import check_account
from execution.account.source import AccountSource
from execution.storage.writer_lock import release_writers
from state import load_all_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A busy machine may take its time, except where the exchange takes longer on purpose.
PATIENCE_MS, LITTLE_PATIENCE_MS = 20_000, 300

both_venues = pytest.mark.parametrize("venue", ["binanceusdm", "bybit"])


class Desk:
    """A source in this process, cycle by cycle on a clock that this test moves."""

    def __init__(self, exchange: Pretended, venue: str, log_dir: Path) -> None:
        self.exchange, self.log_dir = exchange, log_dir
        self.now_s = time.time()
        self.link = exchange.link(venue)
        self.link._client.timeout = PATIENCE_MS
        self.source = AccountSource(self.link, log_dir, "fake", self.now_s)

    def cycle(self, times: int = 1, seconds: float = 10.0) -> dict[str, Any]:
        """So many cycles; what the loader then says."""
        for _ in range(times):
            self.now_s += seconds
            self.source.cycle(self.now_s)
        for path in (self.log_dir / "state").glob("*.json"):
            os.utime(path, (self.now_s, self.now_s))  # the disk goes by the same clock
        return load_all_state(self.log_dir / "state", now=self.now_s, environ={}, remember=False)


@pytest.fixture
def desk(exchange: Pretended, venue: str, tmp_path: Path) -> Iterator[Desk]:
    """It has told an account once."""
    release_writers()
    found = Desk(exchange, venue, tmp_path)
    found.cycle()
    yield found
    found.source.close(found.now_s)
    release_writers()


def alerts(state: dict[str, Any]) -> dict[str, str]:
    """Texts of the alerts by title."""
    return {alert["title"]: alert["text"] for alert in state["meta"]["alerts"]}


@both_venues
def test_a_good_day(desk: Desk) -> None:
    """Everything that an account tells is on the wall, and what only a bot knows is unknown."""
    state = desk.cycle()
    assert state["nav"]["exchange"]["frozen"] is False
    assert state["nav"]["nav_usd"] > 10_000
    assert state["meta"]["environment"] == "fake"
    assert state["positions"]
    assert "positions" not in state["meta"]["unknown"]
    assert state["router"]["maker_fill_rate"] is not None
    assert {"router.quality", "router.fallback_ratio", "router.slip_q50_bps"} <= set(state["meta"]["unknown"])
    assert state["kpis"]["risk"]["fee_pnl_ratio"] is not None
    assert state["nav"]["drawdown_pct"] == pytest.approx(0.0, abs=1.0)
    assert "Anomaly" not in alerts(state)


DOWN = [
    ("timeout", "no answer"),
    ("cut-connection", "no answer"),
    ("forbidden", "no answer (HTTP 403)"),
    ("unavailable", "no answer (HTTP 503)"),
    ("unknown-error", "no answer ("),
    ("busy", "no answer ("),
    ("redirect", "no answer"),
    ("html", "answer not understood"),
    ("null", "answer not understood"),
    ("truncated", "answer not understood"),
    ("limited", "rate limited until"),
    ("banned", "rate limited until"),
    ("key-refused", "key refused ("),
    ("bad-signature", "key refused ("),
    ("positions-down", "no answer (HTTP 503)"),
    ("empty-book", "no position is told, and the account has margin in positions"),
    ("unknown-instrument", "'NEWUSDT' is not among the markets of the exchange"),
]


@both_venues
@pytest.mark.parametrize(("fault", "words"), DOWN)
def test_an_account_that_is_not_told_is_said_and_comes_back(desk: Desk, fault: str, words: str) -> None:
    """The NAV is an old one, the reason stands in words, and all is well once it answers again."""
    before = desk.cycle()
    desk.exchange.control(faults=[fault])
    desk.link._client.timeout = LITTLE_PATIENCE_MS if fault == "timeout" else PATIENCE_MS
    state = desk.cycle(times=3, seconds=25.0)
    said = alerts(state)
    assert "EXCHANGE UNREACHABLE" in said
    assert words in said["Anomaly"]
    assert state["nav"]["nav_usd"] == before["nav"]["nav_usd"]
    assert state["nav"]["exchange"]["frozen"] is True
    desk.exchange.control(faults=[])
    desk.link._client.timeout = PATIENCE_MS
    state = desk.cycle(times=3, seconds=601.0)
    assert "EXCHANGE UNREACHABLE" not in alerts(state)
    assert state["positions"]


@both_venues
@pytest.mark.parametrize("fault", ["limited", "banned", "key-refused"])
def test_nothing_is_asked_while_that_is_forbidden(desk: Desk, fault: str) -> None:
    """Not one request before the time that the exchange has named, or ten minutes after a key was refused."""
    desk.exchange.control(faults=[fault])
    desk.cycle(seconds=11.0)
    asked = desk.exchange.asked()
    desk.source.schedule.blocked_until_s = max(desk.source.schedule.blocked_until_s, desk.now_s + 2.0)
    wait_s = desk.source.schedule.blocked_until_s - desk.now_s
    assert wait_s > (500.0 if fault == "key-refused" else 1.0)
    desk.cycle(times=3, seconds=wait_s / 4.0)
    assert desk.exchange.asked() == asked


@both_venues
def test_a_clock_that_differs_is_mended_and_said(desk: Desk) -> None:
    """The next question is signed with the exchange's time."""
    desk.exchange.control(faults=["clock"])
    state = desk.cycle(times=3)
    assert "EXCHANGE UNREACHABLE" not in alerts(state)
    state = desk.cycle(times=2)
    assert "the clock of this machine is 60 s ahead of the exchange's" in alerts(state)["Anomaly"]


@both_venues
def test_a_clock_that_is_set_back_stops_no_question(desk: Desk) -> None:
    """All is asked for in the next cycle; until that is answered nothing is confirmed, and no point lies ahead."""
    desk.cycle(times=12)
    desk.exchange.control(faults=["positions-down"])
    state = desk.cycle(seconds=-600.0)
    assert state["nav"]["exchange"]["frozen"] is True
    assert "EXCHANGE UNREACHABLE" in alerts(state)
    desk.exchange.control(faults=[])
    state = desk.cycle(times=3)
    assert state["nav"]["exchange"]["frozen"] is False
    assert desk.source.view.reading is not None
    assert desk.source.view.reading.at_s == desk.now_s
    stamps = [point["t"] for point in json.loads((desk.log_dir / "nav_log.json").read_text())]
    assert stamps == sorted(stamps)
    assert stamps[-1] == desk.now_s
    assert "CLOCK" not in str(alerts(state))


PARTS = [
    ("fills-down", "fills: no answer (HTTP 503)", "binanceusdm"),
    ("fills-down", "fills: no answer (HTTP 503)", "bybit"),
    ("candles-down", "candles: no answer (HTTP 503)", "binanceusdm"),
    ("candles-down", "candles: no answer (HTTP 503)", "bybit"),
    ("fills-refused", "fills: key refused (-2015)", "binanceusdm"),
    ("fills-refused", "fills: key refused (10003)", "bybit"),
    ("spot-refused", "spot wallet: key refused (-2015)", "binanceusdm"),
]


@pytest.mark.parametrize(("fault", "words", "venue"), PARTS)
def test_one_part_that_fails_leaves_the_rest_alone(desk: Desk, fault: str, words: str) -> None:
    """NAV and book go on; what is lacking is named, and a part that the key may not read is asked for more rarely."""
    desk.exchange.control(faults=[fault])
    state = desk.cycle(times=6, seconds=120.0)
    said = alerts(state)
    assert "EXCHANGE UNREACHABLE" not in said
    assert words in said["Anomaly"]
    assert state["nav"]["exchange"]["frozen"] is False
    assert state["positions"]


@pytest.mark.parametrize(("environment", "is_asked"), [("fake", True), ("testnet", False)])
def test_a_spot_wallet_of_another_system_is_not_asked_for(
    exchange: Pretended, environment: str, is_asked: bool, tmp_path: Path
) -> None:
    """Binance's testnet of spot does not know the keys of that of futures; nothing is lacking without it."""
    release_writers()
    before = exchange.asked().get("GET /api/v3/account", 0)
    source = AccountSource(exchange.link(), tmp_path, environment, time.time())
    source.cycle(time.time())
    source.close(time.time())
    release_writers()
    assert (exchange.asked().get("GET /api/v3/account", 0) > before) is is_asked
    assert not source.view.troubles


@both_venues
def test_a_withdrawal_is_no_loss(desk: Desk) -> None:
    """While it is not told the drawdown is unknown; then it is what it was before."""
    before = desk.cycle(times=2, seconds=30.0)
    desk.exchange.control(transfer_usd=-5000)
    state = desk.cycle(times=3, seconds=30.0)
    assert state["nav"]["nav_usd"] < before["nav"]["nav_usd"] - 4000
    assert state["kpis"]["risk"]["drawdown_pct"] == pytest.approx(before["kpis"]["risk"]["drawdown_pct"], abs=0.5)
    desk.exchange.control(transfer_usd=5000)
    state = desk.cycle(times=3, seconds=30.0)
    assert state["kpis"]["risk"]["drawdown_pct"] == pytest.approx(before["kpis"]["risk"]["drawdown_pct"], abs=0.5)


CHECKED = [
    ("no-trade-rights", 0, "the key can only read"),
    (None, 1, "the key may trade"),
    ("withdraw-rights", 2, "the key may withdraw or transfer: refused"),
    ("rights-refused", 1, "what the key may do is not known: key refused"),
    ("key-refused", 2, "key refused"),
    ("html", 2, "answer not understood"),
]


@both_venues
@pytest.mark.parametrize(("fault", "code", "words"), CHECKED)
def test_a_check_finds_the_worst(exchange: Pretended, venue: str, fault: str | None, code: int, words: str) -> None:
    """0, 1 or 2, and the reason."""
    exchange.control(faults=[fault] if fault else [])
    found = list(check_account(exchange.link(venue)))
    assert max(finding.verdict for finding in found) == code, found
    assert any(words in finding.text for finding in found)


@pytest.mark.parametrize(("fault", "code", "words"), CHECKED[:3])
def test_the_command_ends_with_the_verdict(exchange: Pretended, fault: str | None, code: int, words: str) -> None:
    """`--check` as a process."""
    exchange.control(faults=[fault] if fault else [])
    command = [sys.executable, "-m", "execution.account", "--exchange", "bybit", "--fake", exchange.url, "--check"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    assert words in done.stdout
