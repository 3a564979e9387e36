"""What the daemon has saved may be damaged: it starts, says what it begins anew, and counts nothing twice."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from broken import CONTENTS, SAVED, VALUES, fill, put, sentences
from processes import read_state
from publisher_world import NOW_S, append, build_close, build_payloads, end_locks, write_desk, write_world

from execution.storage.event_feed import EventFeed
from execution.sync.peak import load_peak
from execution.sync.transition_log import TransitionLog
from execution.sync_state import SyncDaemon, parse_options
from execution.utils.metrics import Peak
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

_no_locks_left = pytest.fixture(autouse=True)(end_locks)
log_dir = pytest.fixture(write_desk)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("name", SAVED)
def test_a_broken_memory_is_a_new_beginning(
    log_dir: Path, name: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The daemon starts, says once what it begins anew, and its figures are those of the logs."""
    path = log_dir / name
    fill(path, content)
    write_world(log_dir, time.time())
    append(log_dir, "orders_executed", build_close(2, 3.0, time.time()))
    assert SyncDaemon(parse_options(["--log-dir", str(log_dir), "--once"])).run()
    assert read_state(log_dir, surfaces.KPIS)["fee_pnl"]["pnl"] == 3.0
    assert read_state(log_dir, surfaces.NAV_STATE)["peak_equity"] == 10_100.0
    begun = sentences(caplog, path.name, "the saved window")
    assert len(begun) == 1
    assert "anew" in begun[0] or "from now on" in begun[0]


def saved_window(log_dir: Path) -> dict[str, Any]:
    """A window as the daemon saves it, with something in each part."""
    feed = EventFeed(log_dir / "execution")
    append(log_dir, "order_metrics", {"ts": NOW_S, "symbol": "BTCUSDT", "maker_start": True, "slippage_bps": 0.5})
    append(log_dir, "risk_vetoes", {"ts": NOW_S, "symbol": "BTCUSDT", "veto_reason": "max_position"})
    append(log_dir, "sync_heartbeats", {"ts": NOW_S, "service": "executor_live"})
    feed.poll(NOW_S)
    found: dict[str, Any] = json.loads(json.dumps(feed.save()))
    return found


WINDOW_FIELDS = [
    *("cursors", "cursors.orders_executed", "cursors.orders_executed.offset", "cursors.orders_executed.head_bytes"),
    *("window", "window.pnl_7d", "window.pnl_7d.0", "window.pnl_7d.0.1", "window.pnl_7d.0.2", "window.pnl_7d.0.3"),
    *("window.routed", "window.routed.0", "window.routed.0.0", "window.closes", "window.closes.0", "window.closes.0.0"),
    *(
        "window.closes.0.2",
        "window.vetoes",
        "window.vetoes.0",
        "window.vetoes.0.1",
        "window.heartbeats_s.executor_live",
    ),
]


@pytest.mark.parametrize("path", WINDOW_FIELDS)
def test_a_damaged_window_never_counts_twice(log_dir: Path, path: str) -> None:
    """Either it is taken whole, or the logs are read anew: each event once, and the next cycles work."""
    good = saved_window(log_dir)
    # Nothing where there was something is no damage that could be seen.
    for value in [value for value in VALUES.values() if value or path == "cursors"]:
        damaged = json.loads(json.dumps(good))
        put(damaged, path, value)
        window = EventFeed(log_dir / "execution", json.loads(json.dumps(damaged))).poll(NOW_S)
        whole = EventFeed(log_dir / "execution").poll(NOW_S)
        assert len(window.pnl_usd[7]) == len(whole.pnl_usd[7]), value
        assert (len(window.routed), len(window.closes), len(window.vetoes)) == (1, 1, 1), value


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_peak_that_cannot_be_read_is_said(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """And begins anew."""
    fill(tmp_path / "peak_state.json", content)
    assert load_peak(tmp_path / "peak_state.json") == Peak()
    assert len(sentences(caplog, "the peak begins anew")) == 1


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_peak_that_no_desk_has_is_none(tmp_path: Path, value: Any) -> None:
    """1e308 would be the peak for ever."""
    (tmp_path / "peak_state.json").write_text(json.dumps({"peak_nav": value, "peak_ts": NOW_S}))
    assert load_peak(tmp_path / "peak_state.json") == Peak()


def test_a_world_of_transitions_survives_what_it_cannot_read(tmp_path: Path) -> None:
    """The log is written where the cache was a directory once it is none."""
    cache = tmp_path / "cache" / "transitions_world.json"
    cache.mkdir(parents=True)
    log = TransitionLog(tmp_path)
    with pytest.raises(OSError, match=r"transitions_world\.json"):
        log.note(NOW_S, {surfaces.SYNCED_STATE: build_payloads()[surfaces.SYNCED_STATE]}, {})
    cache.rmdir()
    log.note(NOW_S, {surfaces.SYNCED_STATE: build_payloads()[surfaces.SYNCED_STATE]}, {})
    assert cache.is_file()
