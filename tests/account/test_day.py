"""A day of cycles: what an account costs stays what it was, its event logs add up, and no key is written anywhere."""

from __future__ import annotations

import gc
import json
import logging
import os
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from pretended import FAKE_KEYS, pretending

from execution.account.credentials import Credentials
from execution.account.fake.server import KEY, SECRET
from execution.account.source import AccountSource
from execution.storage.writer_lock import release_writers
from execution.utils.event_window import EventWindow

if TYPE_CHECKING:
    from pathlib import Path

# A whole day takes a quarter of an hour; `ACCOUNT_CYCLES=8640 pytest tests/account/test_day.py` runs it.
CYCLES = int(os.environ.get("ACCOUNT_CYCLES", "30"))
LARGEST_GROWTH_BYTES = 3_000_000


def records(log_dir: Path, name: str) -> list[dict[str, Any]]:
    """Every record of an event log, rotated parts included."""
    parts = sorted((log_dir / "execution").glob(f"{name}.jsonl*"))
    return [json.loads(line) for part in parts for line in part.read_text().splitlines()]


@pytest.mark.parametrize("venue", ["binanceusdm", "bybit"])
def test_a_day(venue: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The world moves ten seconds at each question; a restart in the middle loses and doubles nothing."""
    release_writers()
    caplog.set_level(logging.DEBUG)
    begin_s = time.time() - CYCLES * 10.0
    with pretending("--step", "10", "--begin", str(begin_s)) as exchange:
        source, halfway = AccountSource(exchange.link(venue), tmp_path, "fake", begin_s), CYCLES // 2
        tracemalloc.start()
        warm = 0
        for number in range(CYCLES):
            if number == halfway:
                source.close(begin_s + number * 10.0)
                source = AccountSource(exchange.link(venue), tmp_path, "fake", begin_s + number * 10.0)
            source.cycle(begin_s + (number + 1) * 10.0)
            if number == halfway + CYCLES // 10:
                gc.collect()
                warm = tracemalloc.get_traced_memory()[0]
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - warm
        tracemalloc.stop()
        source.cycle(begin_s + CYCLES * 10.0 + 200.0)
        source.close(begin_s + CYCLES * 10.0 + 200.0)
        asked = exchange.asked()
    release_writers()
    assert grown < LARGEST_GROWTH_BYTES
    assert asked["heaviest_minute"] < 1200
    assert not source.view.troubles
    _assert_logs_add_up(tmp_path)
    _assert_no_key(tmp_path, caplog.text)


def _assert_logs_add_up(log_dir: Path) -> None:
    """Each event once; fees by order and PnL by close are those of the window that the wall shows."""
    for name in ("orders_executed", "funding", "order_metrics"):
        ids = [record["event_id"] for record in records(log_dir, name)]
        assert ids
        assert len(ids) == len(set(ids))
    window = EventWindow()
    for name in ("orders_executed", "order_metrics"):
        for record in records(log_dir, name):
            assert window.add(name, record)
    fills = [record for record in records(log_dir, "orders_executed") if record["event_type"] == "order_fill"]
    last = {record["orderId"]: record["fee_total"] for record in fills}
    assert window.fees_usd[7].total_usd == pytest.approx(sum(last.values()))
    closes = [record["realizedPnlUsd"] for record in records(log_dir, "orders_executed") if "realizedPnlUsd" in record]
    assert window.pnl_usd[7].total_usd == pytest.approx(sum(closes))


def _assert_no_key(log_dir: Path, logged: str) -> None:
    """Not a key, a secret, or the address of a signed question, in any file or log line."""
    texts = [path.read_text(errors="replace") for path in log_dir.rglob("*") if path.is_file()] + [logged]
    assert len(texts) > 10
    for text in texts:
        assert not any(word in text for word in (KEY, SECRET, "signature=", "X-BAPI-SIGN", "X-MBX-APIKEY"))


def test_errors_and_debug_logs_hold_no_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where nothing answers, ccxt's own error has the signed address."""
    release_writers()
    caplog.set_level(logging.DEBUG)
    keys = Credentials(f"{FAKE_KEYS.key}-wrong", FAKE_KEYS.secret)
    with pretending() as exchange:
        source = AccountSource(exchange.link("binanceusdm", keys), tmp_path, "fake", time.time())
        source.cycle(time.time())
        exchange.control(faults=["cut-connection"])
        source.cycle(time.time() + 700.0)
        source.close(time.time())
    release_writers()
    assert "key refused (-1022)" in caplog.text
    _assert_no_key_text(tmp_path, caplog.text)


def _assert_no_key_text(log_dir: Path, logged: str) -> None:
    texts = [path.read_text(errors="replace") for path in log_dir.rglob("*") if path.is_file()] + [logged]
    assert not any(word in text for text in texts for word in (KEY, SECRET, "signature="))
