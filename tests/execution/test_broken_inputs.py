"""Whatever stands in an input file: the daemon lives, says one sentence that names it, and loses nothing else."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from broken import CONTENTS, NAV_USD, READ_EACH_CYCLE, SAVED, VALUES, fill, make_cycle, put, sentences
from processes import end, read, read_state, running, wait_until
from publisher_world import NOW_S, append, build_payloads, end_locks, write_desk, write_nav_log, write_world

from execution.storage.atomic_json import encode_json
from execution.storage.writer_lock import release_writers
from execution.sync.cycle import OWNED
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_no_locks_left = pytest.fixture(autouse=True)(end_locks)
log_dir = pytest.fixture(write_desk)


# --- files of the executor, read in every cycle ----------------------------------------------------------------------


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("name", READ_EACH_CYCLE)
def test_a_broken_file_costs_only_itself(
    log_dir: Path, name: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """NAV and KPIs go on; one sentence over two cycles, and the whole again once the file is."""
    cycle, path = make_cycle(log_dir), log_dir / name
    good = encode_json(path.name, build_payloads()[path.name])
    fill(path, content)
    for number in range(2):
        cycle.run(NOW_S + number)
    assert read_state(log_dir, surfaces.NAV_STATE)["total_equity"] == NAV_USD
    assert read_state(log_dir, surfaces.KPIS)["fee_pnl"]["pnl"] == 5.0
    assert (read_state(log_dir, surfaces.POSITIONS_STATE) is None) == (name == "state/synced_state.json")
    assert len(sentences(caplog, path.name)) == 1
    fill(path, good)
    assert cycle.run(NOW_S + 4)
    assert read_state(log_dir, surfaces.POSITIONS_STATE)["gross_exposure"] > 0


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "directory"])
@pytest.mark.parametrize("name", [*READ_EACH_CYCLE, "nav_log.json", "execution/orders_executed.jsonl"])
def test_what_is_no_file_holds_nobody_up(log_dir: Path, name: str, make: Callable[[Path], None]) -> None:
    """A pipe would be waited for until somebody writes into it."""
    cycle, path = make_cycle(log_dir), log_dir / name
    path.unlink(missing_ok=True)
    make(path)
    cycle.run(NOW_S)
    assert (read_state(log_dir, surfaces.NAV_STATE) is None) == (name == "nav_log.json")
    path.rename(path.with_name("away"))
    write_world(log_dir, NOW_S)
    assert cycle.run(NOW_S)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_broken_nav_log_keeps_the_points_that_were_seen(
    log_dir: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """With their own times, so that they grow old; a log that was never whole is no NAV."""
    path = log_dir / "nav_log.json"
    good = path.read_bytes()
    fill(path, content)
    cycle = make_cycle(log_dir)
    assert not cycle.run(NOW_S)
    assert read_state(log_dir, surfaces.NAV_STATE) is None
    fill(path, good)
    assert cycle.run(NOW_S)
    fill(path, content)
    cycle.run(NOW_S + 200)
    nav = read_state(log_dir, surfaces.NAV_STATE)
    assert (nav["total_equity"], nav["updated_at"]) == (NAV_USD, NOW_S)
    # A list is a log, though it has no points.
    assert nav["age_s"] == (0.0 if content.startswith((b"[]", b"[[[")) and content.endswith(b"]") else 200.0)
    assert sentences(caplog, "nav_log.json") or content == b"[]"


POINTS: list[tuple[str, Any]] = [
    ("t", 10**400),
    ("t", float("inf")),
    ("t", "2025"),
    ("t", 1_764_197_100_000),
    ("nav", 10**400),
    ("nav", float("inf")),
    ("nav", float("nan")),
    ("nav", 1e308),
    ("nav", None),
]


@pytest.mark.parametrize(("key", "value"), POINTS)
def test_a_broken_point_is_left_out_with_a_sentence(
    log_dir: Path, key: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is neither the NAV nor the peak, which would stay for ever."""
    points = read(log_dir / "nav_log.json")
    points.insert(1, points[0] | {key: value})
    (log_dir / "nav_log.json").write_text(json.dumps(points))
    cycle = make_cycle(log_dir)
    for number in range(3):
        assert cycle.run(NOW_S + number)
    assert read_state(log_dir, surfaces.NAV_STATE)["total_equity"] == NAV_USD
    assert len(read_state(log_dir, surfaces.NAV_STATE)["series"]) == 2
    assert cycle.peak.nav_usd == 10_100.0
    (sentence,) = sentences(caplog, "nav_log.json")
    assert sentence.startswith("nav_log.json has points that are left out, as one of t ")


def test_a_point_without_open_pnl_has_none(log_dir: Path) -> None:
    """No zero is invented for it."""
    (log_dir / "nav_log.json").write_text(json.dumps([{"t": NOW_S, "nav": 100.0}]))
    assert make_cycle(log_dir).run(NOW_S)
    assert "unrealized_pnl" not in read_state(log_dir, surfaces.NAV_STATE)["series"][0]


# --- single fields ---------------------------------------------------------------------------------------------------

FIELDS: list[tuple[str, str]] = [
    (surfaces.NAV, "aum"),
    (surfaces.NAV, "aum.offexchange"),
    (surfaces.NAV, "aum.offexchange.BTC"),
    (surfaces.NAV, "aum.offexchange.BTC.qty"),
    (surfaces.NAV, "aum.offexchange.BTC.usd_value"),
    (surfaces.NAV, "aum.total"),
    (surfaces.NAV, "fx"),
    (surfaces.NAV, "fx.usd_zar"),
    (surfaces.NAV, "fx.ts"),
    (surfaces.NAV, "nav_detail.nav_health.sources_ok"),
    (surfaces.RISK_SNAPSHOT, "symbols"),
    (surfaces.RISK_SNAPSHOT, "symbols.0"),
    (surfaces.RISK_SNAPSHOT, "symbols.0.symbol"),
    (surfaces.RISK_SNAPSHOT, "symbols.0.risk.dd_state"),
    (surfaces.RISK_SNAPSHOT, "symbols.0.risk.dd_today_pct"),
    (surfaces.RISK_SNAPSHOT, "symbols.0.vol"),
    (surfaces.RISK_SNAPSHOT, "symbols.0.vol.atr_ratio"),
    (surfaces.RISK_SNAPSHOT, "dd_state.drawdown.peak"),
    (surfaces.SYNCED_STATE, "items"),
    (surfaces.SYNCED_STATE, "items.0"),
    (surfaces.SYNCED_STATE, "items.0.symbol"),
    (surfaces.SYNCED_STATE, "items.0.qty"),
    (surfaces.SYNCED_STATE, "items.0.markPrice"),
    (surfaces.SYNCED_STATE, "items.0.unrealized"),
    (surfaces.SYNCED_STATE, "items.0.leverage"),
    (surfaces.SYNCED_STATE, "updated_at"),
]


@pytest.mark.parametrize(("name", "path"), FIELDS)
def test_a_broken_field_costs_only_itself(log_dir: Path, name: str, path: str) -> None:
    """Any value in its place: NAV and KPIs are published, and every figure in them is one."""
    for value in VALUES.values():
        payload = build_payloads()[name]
        put(payload, path, value)
        (log_dir / "state" / name).write_text(json.dumps(payload))
        for owned in OWNED:
            (log_dir / "state" / owned).unlink(missing_ok=True)
        release_writers()
        cycle = make_cycle(log_dir)
        cycle.run(NOW_S)
        assert read_state(log_dir, surfaces.NAV_STATE)["total_equity"] == NAV_USD, value
        assert read_state(log_dir, surfaces.KPIS)["nav"]["nav_total"] == NAV_USD, value
        assert cycle.peak.nav_usd in (10_100.0, NAV_USD), value


def test_a_book_that_cannot_be_read_is_no_flat_book(log_dir: Path) -> None:
    """No positions_state.json of no rows, and no exposure of 0.00 in nav_state.json: unknown."""
    synced = build_payloads()[surfaces.SYNCED_STATE]
    synced["items"][1]["qty"] = float("inf")
    (log_dir / "state" / surfaces.SYNCED_STATE).write_text(json.dumps(synced))
    make_cycle(log_dir).run(NOW_S)
    assert read_state(log_dir, surfaces.POSITIONS_STATE) is None
    assert read_state(log_dir, surfaces.LEADERBOARD) is None
    nav = read_state(log_dir, surfaces.NAV_STATE)
    names = ("gross_exposure", "net_exposure", "largest_position_value", "unrealized_pnl")
    assert [nav[name] for name in names] == [None] * 4


def test_event_logs_that_cannot_be_read_leave_the_nav(log_dir: Path) -> None:
    """What rests on events is unknown; NAV and book are published."""
    log = log_dir / "execution" / "order_metrics.jsonl"
    log.mkdir()
    assert not make_cycle(log_dir).run(NOW_S)
    assert read_state(log_dir, surfaces.NAV_STATE)["realized_pnl_today"] is None
    assert read_state(log_dir, surfaces.POSITIONS_STATE)["items"]
    assert read_state(log_dir, surfaces.KPIS) is None


def test_a_stamp_of_later_is_not_made_one_of_now(log_dir: Path) -> None:
    """The executor's clock runs ahead by an hour: the reader shall see that."""
    write_nav_log(log_dir, NOW_S + 3600)
    make_cycle(log_dir).run(NOW_S)
    assert read_state(log_dir, surfaces.NAV_STATE)["updated_at"] == NOW_S + 3600


# --- holdings refused, the others published --------------------------------------------------------------------------

REFUSED: list[tuple[str, str]] = [
    ("Infinity", "aum.offexchange.BTC.usd_value is Infinity"),
    ("NaN", "aum.offexchange.BTC.usd_value is NaN"),
    ("1" + "0" * 400, "aum.offexchange.BTC.usd_value is an integer of 401 digits"),
    ('"many"', "aum.offexchange.BTC.usd_value is 'many'"),
    ("[]", "aum.offexchange.BTC.usd_value is a list"),
]


@pytest.mark.parametrize(("value", "message"), REFUSED)
def test_one_refused_holding_leaves_the_others(
    log_dir: Path, value: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once; its value is unknown, the total a lower bound, and the NAV what it is."""
    nav = build_payloads()[surfaces.NAV]
    nav["aum"]["offexchange"]["BTC"]["usd_value"] = "@"
    (log_dir / "state" / surfaces.NAV).write_text(json.dumps(nav).replace('"@"', value))
    cycle = make_cycle(log_dir)
    for number in range(3):
        assert cycle.run(NOW_S + number)
    aum = read_state(log_dir, surfaces.NAV_STATE)["aum"]
    assert aum["offexchange"]["BTC"]["usd_value"] is None
    assert aum["offexchange"]["PAXG"]["usd_value"] == 977.5
    assert (aum["total"], aum["total_is_lower_bound"]) == (pytest.approx(NAV_USD + 2098.96 + 977.5), True)
    assert sentences(caplog, "aum") == [f"nav.json: {message}; expected a number, 0 or more, up to 10^18"]


# --- real processes --------------------------------------------------------------------------------------------------


def test_the_daemon_lives_through_all_of_it(tmp_path: Path) -> None:
    """One process: every content in every file one after the other, pipes and directories too, then a whole desk."""
    write_world(tmp_path, time.time())
    with running("sync_state", tmp_path, "--interval", "0.2") as process:
        wait_until(lambda: read_state(tmp_path, surfaces.KPIS))
        for content in CONTENTS.values():
            for name in [*READ_EACH_CYCLE, "nav_log.json", *SAVED]:
                fill(tmp_path / name, content)
            append(tmp_path, "orders_executed")
            with (tmp_path / "execution" / "orders_executed.jsonl").open("ab") as file:
                file.write(content + b"\n")
            beat_s = (tmp_path / "state").stat().st_mtime_ns
            write_world(tmp_path, time.time())
            wait_until(lambda: (tmp_path / "state").stat().st_mtime_ns != beat_s)  # noqa: B023
            assert process.poll() is None
        for name in READ_EACH_CYCLE:
            (tmp_path / name).unlink()
        shutil.rmtree(tmp_path / "execution")
        write_world(tmp_path, time.time(), nav_usd=9_000.0)
        wait_until(lambda: read_state(tmp_path, surfaces.NAV_STATE)["total_equity"] == 9_000.0)
        said = end(process)
    assert process.returncode == 0
    assert "Traceback" not in said


def test_a_daemon_starts_over_all_of_it(tmp_path: Path) -> None:
    """Every file broken before it begins: it starts, and goes on once they are whole."""
    write_world(tmp_path, time.time())
    for name in [*READ_EACH_CYCLE, "nav_log.json", *SAVED, *(f"state/{name}" for name in OWNED)]:
        fill(tmp_path / name, CONTENTS["deep list"])
    with running("sync_state", tmp_path, "--interval", "0.2") as process:
        wait_until((tmp_path / "execution" / "sync_daemon_heartbeats.jsonl").exists)
        write_world(tmp_path, time.time())
        wait_until(lambda: (tmp_path / "state" / surfaces.KPIS).stat().st_size < 100_000)
        assert read_state(tmp_path, surfaces.NAV_STATE)["total_equity"] == NAV_USD
        end(process)
    assert process.returncode == 0
