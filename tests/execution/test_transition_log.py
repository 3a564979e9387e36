"""Each change is written once, whatever happens to the daemon."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from processes import end, read, read_records, running, wait_until
from publisher_world import LEGS, NOW_S, append, build_payloads, end_locks, write_nav_log, write_world

from execution.storage.atomic_json import write_json_atomic
from execution.storage.event_feed import EventFeed
from execution.storage.event_writer import EventWriter
from execution.storage.writer_lock import release_writers
from execution.surfaces.positions import Position, build_synced_state
from execution.sync.cycle import SyncCycle
from execution.sync.transition_log import WATCHED, TransitionLog
from execution.utils.metrics import Peak
from state import load_all_state
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

_no_locks_left = pytest.fixture(autouse=True)(end_locks)


class Desk:
    """An executor's files and the daemon beside them, with a clock that is moved by hand."""

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir
        self.now_s = NOW_S
        self.legs = list(LEGS)
        self.cycle = self.restart()

    def restart(self) -> SyncCycle:
        """Another life of the daemon."""
        release_writers()
        self.cycle = SyncCycle(self.log_dir, EventFeed(self.log_dir / "execution"), Peak())
        return self.cycle

    def trade(self, *legs: Position, **detail: Any) -> Desk:
        """The executor writes this book now, and what the exchange said."""
        (self.log_dir / "state").mkdir(exist_ok=True)
        write_nav_log(self.log_dir, self.now_s)
        payloads = build_payloads(self.now_s)
        nav = payloads[surfaces.NAV]
        nav["nav_detail"] |= detail
        self.legs = list(legs)
        payloads[surfaces.SYNCED_STATE] = build_synced_state(legs, nav, "paper")
        for name in WATCHED:
            if name not in (surfaces.NAV_STATE, surfaces.POSITIONS_STATE, surfaces.KPIS):
                write_json_atomic(self.log_dir / "state" / name, payloads[name])
        write_json_atomic(self.log_dir / "state" / surfaces.ENGINE_METADATA, payloads[surfaces.ENGINE_METADATA])
        return self

    def run(self, after_s: float = 1.0) -> list[str]:
        """One cycle; the sentences that are new."""
        known = len(self.texts())
        self.now_s += after_s
        self.cycle.run(self.now_s)
        assert self.cycle.errors.current == {}
        return self.texts()[known:]

    def rows(self) -> list[dict[str, Any]]:
        """Every row of the log."""
        return read_records(self.log_dir, "transitions")

    def texts(self) -> list[str]:
        """The sentences of the log."""
        return [row["text"] for row in self.rows()]


BTC, BTC_SHORT, ETH_SHORT = LEGS
FLIPPED = replace(BTC, qty=-0.02)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk the daemon has seen once."""
    desk = Desk(tmp_path)
    assert desk.trade(BTC, ETH_SHORT).run() == []
    return desk


def test_the_first_sight_of_a_desk_is_no_news(desk: Desk) -> None:
    """Nothing is appended, and nothing while nothing changes."""
    assert desk.run() == desk.run(20) == []
    assert not (desk.log_dir / "execution" / "transitions.jsonl").exists()


def test_a_day_of_a_book(desk: Desk) -> None:
    """Open, close, flip, flat: by what the executor wrote."""
    assert desk.trade(BTC, BTC_SHORT, ETH_SHORT).run() == ["BTCUSDT opened SHORT 0.01"]
    assert desk.trade(BTC, ETH_SHORT).run() == ["BTCUSDT closed SHORT 0.01"]
    assert desk.trade(FLIPPED, ETH_SHORT).run() == ["BTCUSDT flipped LONG 0.042 to SHORT 0.02"]
    assert desk.trade().run() == ["BTCUSDT closed SHORT 0.02", "ETHUSDT closed SHORT 0.85"]
    assert desk.rows()[0] == {
        "at": NOW_S + 2, "kind": "position", "subject": "BTCUSDT", "before": None, "after": "SHORT",
        "text": "BTCUSDT opened SHORT 0.01",
    }  # fmt: skip


def test_an_exchange_that_is_down_closes_nothing(desk: Desk) -> None:
    """The empty book of the outage is unknown; what was closed meanwhile is told afterwards, once."""
    for _ in range(3):
        assert desk.trade(source="cache", fresh=False).run() == []
    assert desk.trade(ETH_SHORT).run() == ["BTCUSDT closed LONG 0.042"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"items": 3}', '{"items": [{}], "updated_at": 1}'])
def test_a_book_that_cannot_be_read_closes_nothing(desk: Desk, content: str) -> None:
    """Broken or gone, and the same book again."""
    path = desk.log_dir / "state" / surfaces.SYNCED_STATE
    good = path.read_text()
    path.write_text(content)
    desk.cycle.run(desk.now_s + 1)
    path.unlink()
    desk.cycle.run(desk.now_s + 2)
    path.write_text(good)
    assert desk.run(3) == []
    assert desk.texts() == []


def test_words_of_the_daemon_itself(desk: Desk) -> None:
    """A fall of the NAV by a tenth, and another environment."""
    write_world(desk.log_dir, desk.now_s, nav_usd=9_000.0)
    path = desk.log_dir / "state" / surfaces.ENGINE_METADATA
    write_json_atomic(path, read(path) | {"env": "live"})
    assert sorted(desk.run()) == [
        "BTCUSDT opened SHORT 0.01",
        "Drawdown state defensive, was normal",
        "Environment live, was paper",
    ]


def test_an_executor_that_dies_is_silent_file_by_file_and_back_with_its_first_write(desk: Desk) -> None:
    """The mirrors grow old with what they mirror; a silence is told once, however often is looked."""
    for _ in range(45):
        desk.run(20)
    assert {row["subject"] for row in desk.rows()} == set(WATCHED) - {surfaces.KPIS}
    assert {(row["kind"], row["before"], row["after"]) for row in desk.rows()} == {("surface", "live", "silent")}
    assert len(desk.rows()) == len(WATCHED) - 1
    stamps = {row["subject"]: row["at"] - NOW_S for row in desk.rows()}
    assert (stamps[surfaces.NAV_STATE], stamps[surfaces.NAV]) == (pytest.approx(102, abs=21), 300.0)
    back = desk.trade(BTC, ETH_SHORT).run()
    assert {text.split(" back ")[0] for text in back} == set(WATCHED) - {surfaces.KPIS}
    assert "nav.json back after 15 min" in back
    assert desk.run() == []


def test_a_daemon_without_a_nav_log_still_tells_who_is_silent(desk: Desk) -> None:
    """That it cannot publish is seen by the stamps of its own files."""
    (desk.log_dir / "nav_log.json").unlink()
    for _ in range(10):
        desk.now_s += 20
        assert not desk.cycle.run(desk.now_s)
    assert desk.texts() == ["nav_state.json silent: nothing new for 100 s"]


# --- restarts --------------------------------------------------------------------------------------------------------


def test_a_restart_repeats_nothing(desk: Desk) -> None:
    """Neither what was told nor what was known."""
    desk.trade(ETH_SHORT).run()
    assert desk.run(400)
    for _ in range(2):
        desk.restart()
        assert desk.run() == []


def test_a_restart_loses_nothing(desk: Desk) -> None:
    """What happened while no daemon ran is told when one runs again, even at its first cycle."""
    desk.trade(BTC_SHORT, ETH_SHORT)
    desk.restart()
    assert desk.run() == ["BTCUSDT flipped LONG 0.042 to SHORT 0.01"]


def test_its_own_silence_is_told_by_the_next_life(desk: Desk) -> None:
    """The executor went on for an hour without a daemon: only the daemon's files were silent, and they are back."""
    last_s = desk.now_s
    desk.now_s += 3600
    desk.trade(BTC, ETH_SHORT).restart()
    assert desk.run(0) == [
        "kpis_v7.json silent: nothing new for 10 min",
        "nav_state.json silent: nothing new for 100 s",
        "positions_state.json silent: nothing new for 5 min",
        "kpis_v7.json back after 60 min",
        "nav_state.json back after 60 min",
        "positions_state.json back after 60 min",
    ]
    assert [row["at"] - last_s for row in desk.rows()[:3]] == [600.0, 100.0, 300.0]
    desk.restart()
    assert desk.run() == []


def test_a_short_pause_of_the_daemon_is_none(desk: Desk) -> None:
    """A restart within the threshold of every file, also long after the world was saved."""
    for _ in range(5):
        desk.now_s += 50
        desk.trade(BTC, ETH_SHORT).run(0)
    desk.now_s += 90
    desk.trade(BTC, ETH_SHORT).restart()
    assert desk.run(0) == []


def test_a_surface_that_came_back_meanwhile_is_told_with_the_true_silence(desk: Desk) -> None:
    """Silent in one life, back in the next."""
    desk.run(1000)
    desk.trade(BTC, ETH_SHORT).restart()
    assert "nav.json back after 17 min" in desk.run(0)


def test_a_kill_between_saving_and_appending_loses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows are saved, the first is appended, then the daemon dies: the next life appends the second alone."""
    real = EventWriter.append

    def die_at_the_second(writer: EventWriter, record: dict[str, object]) -> None:
        if desk.texts():
            raise KeyboardInterrupt
        real(writer, record)

    monkeypatch.setattr(EventWriter, "append", die_at_the_second)
    desk.trade()
    with pytest.raises(KeyboardInterrupt):
        desk.cycle.run(desk.now_s + 1)
    monkeypatch.undo()
    assert desk.texts() == ["BTCUSDT closed LONG 0.042"]
    desk.restart()
    assert desk.run() == ["ETHUSDT closed SHORT 0.85"]
    desk.restart()
    assert desk.run() == []


def test_a_log_that_cannot_be_written_is_made_up_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same life or in the next one."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for restart in (False, True):
        monkeypatch.setattr(EventWriter, "append", refuse)
        desk.trade(*([] if restart else [ETH_SHORT]))
        assert not desk.cycle.run(desk.now_s)
        monkeypatch.undo()
        if restart:
            desk.restart()
        assert desk.run() == ["ETHUSDT closed SHORT 0.85" if restart else "BTCUSDT closed LONG 0.042"]


def test_a_cache_that_cannot_be_written_is_made_up_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is appended that a restart would repeat."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    desk.trade(ETH_SHORT)
    monkeypatch.setattr("execution.sync.transition_log.write_json_atomic", refuse)
    assert not desk.cycle.run(desk.now_s)
    assert desk.texts() == []
    monkeypatch.undo()
    assert desk.run() == ["BTCUSDT closed LONG 0.042"]


GOOD_WORLD = {"at_s": NOW_S, "words": {}, "legs": {"SOLUSDT": {"LONG": 1.0}}, "stamps": {}, "silent": []}
BAD_WORLDS: list[dict[str, Any]] = [
    {"at_s": float("nan")},
    {"words": 3},
    {"legs": 3},
    {"legs": {"A": 3}},
    {"legs": {"A": {"LONG": "x"}}},
    {"stamps": {surfaces.NAV: float("inf")}},
    {"silent": 3},
]
BAD_PENDING: list[Any] = [3, [3], [{}], [{"at": float("nan")}]]
BROKEN = [
    *("", "[]", "{", "[" * 100_000, '{"world": {}}', '{"world": [], "pending": []}'),
    *(json.dumps({"world": GOOD_WORLD | bad, "pending": []}) for bad in BAD_WORLDS),
    *(json.dumps({"world": GOOD_WORLD, "pending": bad}) for bad in BAD_PENDING),
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_cache_is_a_first_sight(desk: Desk, content: str) -> None:
    """The daemon starts, tells nothing, and goes on from there."""
    (desk.log_dir / "cache" / "transitions_world.json").write_text(content)
    desk.restart()
    assert desk.run() == []
    assert desk.trade(ETH_SHORT).run() == ["BTCUSDT closed LONG 0.042"]


def test_a_good_cache_is_not_a_first_sight(desk: Desk) -> None:
    """What the table above breaks is otherwise taken."""
    saved = {"world": GOOD_WORLD, "pending": []}
    (desk.log_dir / "cache" / "transitions_world.json").write_text(json.dumps(saved))
    desk.restart()
    assert "SOLUSDT closed LONG 1" in desk.run()


def test_the_log_is_rotated_and_a_restart_finds_its_rows_in_the_rotated_part(tmp_path: Path) -> None:
    """Six files of at most the limit."""
    log = TransitionLog(tmp_path, max_bytes=600)
    synced = build_payloads()[surfaces.SYNCED_STATE]
    for number in range(60):
        items = synced["items"] if number % 2 else []
        log.note(NOW_S + number, {surfaces.SYNCED_STATE: synced | {"items": items}}, {})
    sizes = [path.stat().st_size for path in (tmp_path / "execution").glob("transitions.jsonl*")]
    assert len(sizes) == 6
    assert max(sizes) <= 600
    before = read_records(tmp_path, "transitions")
    log = TransitionLog(tmp_path, max_bytes=600)
    log.note(NOW_S + 60, {surfaces.SYNCED_STATE: synced}, {})
    assert read_records(tmp_path, "transitions") == before


def test_the_dashboard_shows_what_the_daemon_wrote(desk: Desk) -> None:
    """Row by row, newest first."""
    desk.trade(ETH_SHORT).run()
    desk.trade(FLIPPED, ETH_SHORT).run()
    state = load_all_state(desk.log_dir / "state", now=desk.now_s, environ={})
    assert state["transitions"] == desk.rows()[::-1]
    assert state["meta"]["transitions_skipped"] == 0


def test_a_daemon_that_is_killed_neither_repeats_nor_loses(tmp_path: Path) -> None:
    """Real processes: a book changes before, during and after three lives that end by kill -9."""
    books = [[BTC], [BTC, ETH_SHORT], [ETH_SHORT], [FLIPPED, ETH_SHORT]]
    append(tmp_path, "orders_executed")
    desk = Desk(tmp_path)
    desk.now_s = time.time()
    desk.trade(*books[0])
    expected = ["ETHUSDT opened SHORT 0.85", "BTCUSDT closed LONG 0.042", "BTCUSDT opened SHORT 0.02"]
    release_writers()
    for number in range(3):
        with running("sync_state", tmp_path, "--interval", "0.2") as process:
            wait_until(lambda: read(tmp_path / "cache" / "transitions_world.json"))
            desk.now_s = time.time()
            desk.trade(*books[number + 1])
            wait_until(lambda: desk.texts() == expected[: number + 1])  # noqa: B023
            end(process, 9)
        assert desk.texts() == expected[: number + 1]
