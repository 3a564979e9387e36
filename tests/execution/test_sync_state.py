"""The sync daemon: truth of what it mirrors, and what happens when its inputs or its disk fail."""

from __future__ import annotations

import json
import logging
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from processes import end, list_temps, read, read_records, read_state, run, running, wait_until
from publisher_world import EXECUTOR_FILES, LEGS, NOW_S, append, build_close, end_locks, write_world

from execution.storage.atomic_json import write_json_atomic
from execution.storage.event_feed import EventFeed
from execution.storage.writer_lock import release_writers
from execution.sync.cycle import OWNED, SyncCycle
from execution.sync.peak import load_peak
from execution.sync_state import SyncDaemon, parse_options
from execution.utils.metrics import Peak
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

_no_locks_left = pytest.fixture(autouse=True)(end_locks)


@pytest.fixture
def log_dir(tmp_path: Path) -> Path:
    """What an executor has written at NOW_S."""
    write_world(tmp_path, NOW_S)
    return tmp_path


def make_cycle(log_dir: Path, peak: Peak | None = None) -> SyncCycle:
    """A cycle over the directory."""
    return SyncCycle(log_dir, EventFeed(log_dir / "execution"), peak or Peak())


def test_a_cycle_writes_its_four_surfaces(log_dir: Path) -> None:
    """NAV of the log's last point, book of synced_state.json with real prices, KPIs in one shape."""
    assert make_cycle(log_dir).run(NOW_S + 5)
    nav, positions = read_state(log_dir, surfaces.NAV_STATE), read_state(log_dir, surfaces.POSITIONS_STATE)
    assert (nav["total_equity"], nav["updated_at"], nav["age_s"]) == (10_078.7542, NOW_S + 5, 5.0)
    assert nav["aum"]["futures"] == nav["total_equity"]
    assert nav["fx"] == {"usd_zar": 17.2384, "ts": NOW_S - 30}
    assert nav["gross_exposure"] == pytest.approx(sum(leg.notional_usd for leg in LEGS))
    assert [(item["qty"], item["mark_price"], item["pnl"]) for item in positions["items"]] == [
        (leg.qty, leg.mark_price, leg.unrealized_usd) for leg in LEGS
    ]
    kpis = read_state(log_dir, surfaces.KPIS)
    assert (kpis["nav"]["sources_ok"], kpis["nav"]["nav_age_s"]) == (True, 5.0)
    assert kpis["risk"]["drawdown_pct"] == nav["drawdown_pct"] > 0
    assert set(kpis["symbols"]) == {"BTCUSDT", "ETHUSDT"}


def test_the_peak_of_the_executor_counts(log_dir: Path) -> None:
    """It saw 10,100 between two points of the log."""
    cycle = make_cycle(log_dir)
    cycle.run(NOW_S + 5)
    assert cycle.peak.nav_usd == 10_100.0


def test_realised_today_is_since_midnight(log_dir: Path) -> None:
    """A true zero stays zero, yesterday does not count."""
    cycle = make_cycle(log_dir)
    cycle.run(NOW_S)
    assert read_state(log_dir, surfaces.NAV_STATE)["realized_pnl_today"] == 0.0
    midnight_s = NOW_S - NOW_S % 86400
    append(log_dir, "orders_executed", build_close(1, 5.0, midnight_s - 1), build_close(2, 3.5, midnight_s + 1))
    cycle.run(NOW_S)
    assert read_state(log_dir, surfaces.NAV_STATE)["realized_pnl_today"] == 3.5
    assert read_state(log_dir, surfaces.KPIS)["fee_pnl"]["pnl"] == 8.5


@pytest.mark.parametrize(
    ("told", "at_s", "shown"), [(8.75, 0, 8.75), (0.0, 0, 0.0), (8.75, -86_400, 3.5), ("8.75", 0, 3.5), (None, 0, 3.5)]
)
def test_realised_today_is_what_the_exchange_has_told(log_dir: Path, told: Any, at_s: float, shown: float) -> None:
    """Where the executor passes it on, today; else what the closes add up to."""
    append(log_dir, "orders_executed", build_close(1, 3.5, NOW_S))
    path = log_dir / "state" / surfaces.RISK_SNAPSHOT
    risk = read(path)
    risk["updated_ts"] += at_s
    risk["dd_state"]["drawdown"]["realized_today"] = told
    write_json_atomic(path, risk)
    make_cycle(log_dir).run(NOW_S)
    assert read_state(log_dir, surfaces.NAV_STATE)["realized_pnl_today"] == shown


def test_old_content_gets_no_new_stamp(log_dir: Path) -> None:
    """The executor stands still for ten minutes: the mirrors grow old with it."""
    make_cycle(log_dir).run(NOW_S + 600)
    assert read_state(log_dir, surfaces.NAV_STATE)["updated_at"] == NOW_S
    assert read_state(log_dir, surfaces.NAV_STATE)["age_s"] == 600.0
    assert read_state(log_dir, surfaces.POSITIONS_STATE)["updated_at"].startswith("2025-11-26T22:45:00")
    assert read_state(log_dir, surfaces.KPIS)["nav"]["nav_age_s"] == 600.0


def test_an_error_in_one_surface_does_not_stop_the_others(log_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A row without a mark: no positions_state.json, but NAV and KPIs; logged once, and once more when it works."""
    caplog.set_level(logging.INFO)
    cycle, path = make_cycle(log_dir), log_dir / "state" / surfaces.SYNCED_STATE
    good = read(path)
    bad = json.loads(json.dumps(good))
    bad["items"][1]["markPrice"] = 0.0
    write_json_atomic(path, bad)
    for number in range(5):
        assert not cycle.run(NOW_S + number)
    assert read_state(log_dir, surfaces.POSITIONS_STATE) is None
    assert read_state(log_dir, surfaces.KPIS)["nav"]["nav_total"] == 10_078.7542
    message = "positions_state.json: items[1].mark_price is 0.0; expected a positive number"
    assert [record.getMessage() for record in caplog.records] == [
        f"positions_state.json failed: SurfaceError: {message}"
    ]
    write_json_atomic(path, good)
    assert cycle.run(NOW_S + 5)
    assert caplog.records[-1].getMessage() == "positions_state.json works again"


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"items": 3}', '{"items": [{}], "updated_at": 1}'])
@pytest.mark.parametrize("name", EXECUTOR_FILES)
def test_broken_inputs_never_end_the_daemon(log_dir: Path, name: str, content: str) -> None:
    """NAV state is still written, from the NAV log."""
    (log_dir / "state" / name).write_text(content)
    make_cycle(log_dir).run(NOW_S + 1)
    assert read_state(log_dir, surfaces.NAV_STATE)["total_equity"] == 10_078.7542


def test_without_a_book_no_flat_book_is_written(log_dir: Path) -> None:
    """No synced_state.json is not "no positions"."""
    (log_dir / "state" / surfaces.SYNCED_STATE).unlink()
    make_cycle(log_dir).run(NOW_S)
    assert read_state(log_dir, surfaces.POSITIONS_STATE) is None
    assert read_state(log_dir, surfaces.LEADERBOARD) is None


def test_without_a_nav_log_nothing_is_written(tmp_path: Path) -> None:
    """There is nothing to say yet, and that is no error."""
    (tmp_path / "state").mkdir()
    cycle = make_cycle(tmp_path)
    assert not cycle.run(NOW_S)
    assert cycle.errors.current == {}
    assert list((tmp_path / "state").iterdir()) == []


def test_a_full_disk_leaves_the_old_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A clear line per surface, old content, no temporary files, and it goes on when there is room."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no tmpfs may be mounted here")
    try:
        write_world(tmp_path, NOW_S)
        cycle = make_cycle(tmp_path)
        assert cycle.run(NOW_S)
        old = {name: read_state(tmp_path, name) for name in OWNED}
        fill_disk(tmp_path / "ballast")
        assert not cycle.run(NOW_S + 5)
        path = tmp_path / "state" / surfaces.NAV_STATE
        assert f"nav_state.json failed: OSError: [Errno 28] No space left on device: '{path}'" in caplog.text
        assert {name: read_state(tmp_path, name) for name in OWNED} == old
        assert list_temps(tmp_path) == []
        (tmp_path / "ballast").unlink()
        assert cycle.run(NOW_S + 10)
    finally:
        release_writers()
        subprocess.run(["umount", tmp_path], check=True)


def fill_disk(path: Path) -> None:
    """Write until nothing more goes in."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return


def test_a_restart_keeps_peak_and_offsets(log_dir: Path) -> None:
    """The drawdown is against the old peak although the log has forgotten it, and no event counts twice."""
    append(log_dir, "orders_executed", build_close(1, 5.0, time.time()))
    write_world(log_dir, time.time(), nav_usd=12_000.0)
    assert run("sync_state", log_dir, "--once")[0] == 0
    write_world(log_dir, time.time(), nav_usd=9_000.0)
    append(log_dir, "orders_executed", build_close(2, 2.0, time.time()))
    assert run("sync_state", log_dir, "--once")[0] == 0
    assert load_peak(log_dir / "cache" / "peak_state.json").nav_usd == 12_000.0
    assert read_state(log_dir, surfaces.NAV_STATE)["drawdown_pct"] == pytest.approx(25.0)
    assert read_state(log_dir, surfaces.KPIS)["fee_pnl"]["pnl"] == 7.0
    saved = read(log_dir / "cache" / "sync_window.json")
    log = log_dir / "execution" / "orders_executed.jsonl"
    assert saved["cursors"]["orders_executed"]["offset"] == log.stat().st_size
    assert len(read_records(log_dir, "sync_daemon_heartbeats")) == 4


@pytest.mark.parametrize("content", ["", "[]", '{"cursors": {}, "window": {}}', '{"cursors": 3, "window": []}'])
def test_an_unusable_saved_window_is_read_anew(log_dir: Path, content: str) -> None:
    """From the beginning of the logs."""
    append(log_dir, "orders_executed", build_close(1, 5.0, time.time()))
    (log_dir / "cache").mkdir()
    (log_dir / "cache" / "sync_window.json").write_text(content)
    write_world(log_dir, time.time())
    assert run("sync_state", log_dir, "--once")[0] == 0
    assert read_state(log_dir, surfaces.KPIS)["fee_pnl"]["pnl"] == 5.0


def test_once_without_input_says_so(tmp_path: Path) -> None:
    """Exit code 1 and a line."""
    code, said = run("sync_state", tmp_path, "--once")
    assert code == 1
    assert "not every surface could be written" in said


def test_a_daemon_told_to_stop_publishes_nothing_from_half_of_the_logs(log_dir: Path) -> None:
    """What was read is saved, and the next start goes on from there to the figures of a whole read."""
    options = parse_options(["--log-dir", str(log_dir), "--once"])
    stopped = SyncDaemon(options)
    stopped.stop.set()
    assert not stopped.run()
    assert read_state(log_dir, surfaces.KPIS) is None
    assert read(log_dir / "cache" / "sync_window.json")
    release_writers()
    assert SyncDaemon(options).run()
    assert read_state(log_dir, surfaces.KPIS)["router"] == whole_kpis(log_dir)["router"]


def whole_kpis(log_dir: Path) -> dict[str, Any]:
    """As one cycle over all logs finds them."""
    cycle = make_cycle(log_dir)
    release_writers()
    assert cycle.run(time.time())
    found: dict[str, Any] = read_state(log_dir, surfaces.KPIS)
    return found


def test_the_daemon_follows_and_ends_cleanly(log_dir: Path) -> None:
    """It writes as soon as the executor has, long before its interval, and SIGTERM ends it with code 0."""
    write_world(log_dir, time.time())
    with running("sync_state", log_dir, "--interval", "600") as process:
        wait_until(lambda: read_state(log_dir, surfaces.KPIS))
        write_world(log_dir, time.time(), nav_usd=9_500.0)
        wait_until(lambda: read_state(log_dir, surfaces.NAV_STATE)["total_equity"] == 9_500.0)
        code, said = run("sync_state", log_dir, "--once")
        assert code == 1
        assert f"is already written by process {process.pid}: one writer per file" in said
        end(process)
    assert process.returncode == 0
    assert read(log_dir / "cache" / "sync_window.json")
