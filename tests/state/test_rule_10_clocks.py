"""Rule 10: clocks that differ a little, standing content, and files that carry nothing."""

import os
from pathlib import Path
from typing import Any

import pytest
from books import put, row
from rules import GONE, QUIET, change, load_elsewhere, shift, told, wrong
from worlds import NOW, State, World, surface

from state.files.stamps import STAMP_KEYS, content_stamp
from state.formatting import fmt_age

NAMES = (
    "nav_state.json", "nav.json", "positions.json", "positions_state.json", "synced_state.json", "kpis_v7.json",
    "router_health.json", "risk_snapshot.json", "execution_health.json",
)  # fmt: skip
GROUPS = {"one file": NAMES[:1], "three files": NAMES[1:4], "all files": NAMES}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A healthy desk."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


def set_ahead(world: World, names: tuple[str, ...], seconds: float) -> World:
    """Stamp these files so far ahead of the reader."""
    for name in names:
        stamp = content_stamp(world.read(name))
        assert stamp is not None
        shift(world, NOW + seconds - stamp, name)
    return world


@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("ahead_s", [0.0, 1.0, 1.9])
def test_two_seconds_ahead_are_now(ahead_s: float, names: tuple[str, ...], world: World) -> None:
    """Right after the write and later on."""
    set_ahead(world, names, ahead_s)
    for later_s in (0.0, 0.5, 3.0):
        state = world.load(now=NOW + later_s)
        assert wrong(state, [QUIET, {"path": "nav.nav_usd", "near": 10461.27}]) == []
        assert surface(state, names[0])["age_s"] == pytest.approx(max(0.0, later_s - ahead_s), abs=1e-3)


@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("ahead_s", [2.1, 3600.0])
def test_more_is_an_error_and_said_once(ahead_s: float, names: tuple[str, ...], world: World) -> None:
    """Not once a file: it is the clock of one host."""
    state = set_ahead(world, names, ahead_s).load()
    assert len([line for line in state["meta"]["alerts"] if "clock" in line["title"].lower()]) == 1
    assert surface(state, names[0])["age_s"] is None


# Which files one host stamps, and how often it writes them.
HOSTS = {
    "the daemon": (("nav_state.json", "positions_state.json", "kpis_v7.json"), 20.0),
    "the executor": (("nav.json", "positions.json", "synced_state.json", "risk_snapshot.json"), 60.0),
    "one file": (("kpis_v7.json",), 20.0),
    "both": (NAMES, 20.0),
}  # fmt: skip


def write_ahead(world: World, at: float, names: tuple[str, ...], ahead_s: float, copied_s: float = 0.0) -> World:
    """Every file is written at this epoch, a moment after its stamp; the clock of these is ahead."""
    for path in sorted(world.directory.iterdir()):
        stamp = content_stamp(world.read(path.name))
        if stamp is None:
            continue
        shift(world, at + (ahead_s if path.name in names else 0.0) - stamp, path.name)
        written_ns = int((at + 0.003 + copied_s) * 1e9)
        os.utime(path, ns=(written_ns, written_ns))
    return world


def clocks(state: State) -> list[str]:
    """What is said of clocks and of the future, and where the NAV is from."""
    checks = [
        f"{row['label']}: {row['detail']}" for row in state["meta"]["checks"] if row["status"] in ("warn", "fail")
    ]
    said = [f"{line['title']}: {line['text']}" for line in state["meta"]["alerts"]]
    words = ("clock", "future", "later than", "LIVE")
    return [state["nav"]["source"], *(line for line in [*said, *checks] if any(word in line for word in words))]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("ahead_s", [2.4, 3.0, 5.0, 19.0, 3600.0])
def test_a_clock_ahead_is_so_for_as_long_as_it_writes(ahead_s: float, host: str, world: World) -> None:
    """Right after a write and long after it, for who has looked all along and who looks now; until a right one."""
    names, every_s = HOSTS[host]
    told_at = []
    for at in (NOW, NOW + every_s):
        write_ahead(world, at, names, ahead_s)
        for later_s in (0.5, 3.0, 8.0, every_s - 0.5):
            states = world.load(now=at + later_s), load_elsewhere(world, at + later_s)
            told_at += [clocks(state) for state in states]
            assert surface(states[0], names[0])["age_s"] is None
    assert told_at == told_at[:1] * len(told_at)
    assert len([line for line in told_at[0] if "clock" in line.lower() or "future" in line]) == 1
    right = write_ahead(world, NOW + 2 * every_s, names, 0.0).load(now=NOW + 2 * every_s + 0.5)
    assert wrong(right, [QUIET, {"path": "nav.source", "in": ["nav_state.json"]}]) == []


OF_THE_DAEMON = ("nav_state.json", "positions_state_sync.json", "leaderboard_state.json")


@pytest.mark.parametrize("ahead_s", [3.0, 3600.0])
def test_the_clock_of_the_daemon_is_told_under_the_mirror(ahead_s: float, tmp_path: Path) -> None:
    """By the files that only it writes; where the NAV is from, and why, is the same whoever wrote last."""
    world, found = World(tmp_path / "state", scenario="v7.6/healthy"), []
    write_ahead(world, NOW, OF_THE_DAEMON, ahead_s)
    daemon, mirror = world.read("nav_state.json"), world.read("nav.json")
    for step in range(4):
        world.write("nav_state.json", mirror if step % 2 else daemon)
        os.utime(world.directory / "nav_state.json", ns=(int((NOW + 0.003) * 1e9),) * 2)
        states = world.load(now=NOW + 5.0), load_elsewhere(world, NOW + 5.0)
        found += [[*clocks(state), state["nav"]["nav_usd"], state["nav"]["source_note"]] for state in states]
    said = f"CLOCK IS OFF: the sync daemon has a wrong clock: its files are stamped up to {fmt_age(ahead_s)} ahead"
    assert found == [["nav.json", said, 10461.27, "nav_state.json is stamped later than it was written"]] * 8


@pytest.mark.parametrize("ahead_s", [0.0, 1.0, 1.9])
@pytest.mark.parametrize(
    "copied_s", [0.0, 0.4, -0.25, 60.0, 3e7, -3e7], ids=lambda seconds: f"file time {seconds:+.0f}"
)
def test_what_the_time_of_a_file_does_not_show_is_no_error(copied_s: float, ahead_s: float, world: World) -> None:
    """A difference of two clocks, or of three; a file that was copied later, or unpacked with a time of long ago."""
    write_ahead(world, NOW, NAMES, ahead_s, copied_s)
    for later_s in (0.0, 0.5, 3.0, 15.0):
        assert wrong(world.load(now=NOW + later_s), [QUIET]) == []


def test_a_file_system_of_whole_seconds_shows_no_more_than_them(world: World) -> None:
    """Its times are up to a second early."""
    second = int(NOW) * 1_000_000_000
    for path in sorted(write_ahead(world, NOW + 0.9, NAMES, 1.9).directory.iterdir()):
        os.utime(path, ns=(second, second))
    assert wrong(world.load(now=NOW + 1.0), [QUIET]) == []


@pytest.mark.parametrize("load", [World.load, load_elsewhere], ids=["one process", "restarted"])
def test_a_torn_file_does_not_make_a_clock_right(load: Any, world: World) -> None:
    """What is kept of it was stamped too far ahead."""
    write_ahead(world, NOW, ("nav_state.json",), 5.0).load(now=NOW + 0.5)
    world.write_bytes("nav_state.json", b'{"total_equity": 104')
    assert load(world, now=NOW + 10.0)["nav"]["source"] == "nav.json"


@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_what_is_written_with_old_stamps_is_said_once(names: tuple[str, ...], world: World) -> None:
    """Whether it repeats its content or its clock is behind: no silent writer, and silent once it has stopped."""
    write_ahead(world, NOW, names, -700.0)
    lines = [line for line in world.load(now=NOW + 1.0)["meta"]["alerts"] if line["kind"] == "content_repeats"]
    assert [sorted(line["files"]) for line in lines] == [sorted(names)]
    assert "repeated, or the clock behind" in lines[0]["text"]
    kinds = [{line["kind"] for line in world.load(now=NOW + later_s)["meta"]["alerts"]} for later_s in (1.0, 700.0)]
    assert not kinds[0] & {"writer_silent", "file_silent"}
    assert kinds[1] & {"writer_silent", "file_silent"}
    assert "content_repeats" not in kinds[1]


@pytest.mark.parametrize("stamp", ["missing", None, "yesterday", 0, 5.0, "9999-12-31T23:59:59+00:00"], ids=repr)
@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_without_a_stamp_no_clock_is_wrong(names: tuple[str, ...], stamp: Any, world: World) -> None:
    """One line says that nobody can tell how old they are."""
    for name in names:
        content = {key: value for key, value in world.read(name).items() if key not in STAMP_KEYS}
        world.write(name, content if stamp == "missing" else {**content, "updated_at": stamp})
    state = world.load()
    assert wrong(state, [{"no_alert": "clock"}]) == []
    lines = [line for line in state["meta"]["alerts"] if line["kind"] == "no_stamp"]
    assert [sorted(line["files"]) for line in lines] == [sorted(names)]
    if len(names) == 1:
        unreadable = stamp not in ("missing", None)
        assert ("cannot be read" if unreadable else "has no time stamp") in lines[0]["title"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_carries_nothing_is_empty(name: str, world: World) -> None:
    """It has no clock that could be wrong; the others are as they were."""
    state = change(world, {name: {}}).load()
    assert wrong(state, [told(f"{name} empty"), {"no_alert": "clock"}]) == []
    assert surface(state, name)["status"] == "empty"
    assert wrong(state, [{"path": "nav.nav_usd", "near": 10461.27}]) == []


def test_all_of_them_together(world: World) -> None:
    """Nothing is known, and nothing is said of clocks."""
    state = change(world, {name: {} for name in NAMES}).load()
    assert wrong(state, [told("nav unknown"), {"no_alert": "clock"}]) == []
    assert {entry["status"] for entry in state["meta"]["surfaces"] if entry["name"] in NAMES} == {"empty"}


AT_REST = {"entryPrice": 0.9998, "markPrice": 0.9998}
COIN, BTC = row("USDCUSDT", "LONG", 5000.0, **AT_REST), row("BTCUSDT", "LONG", 0.042)
BOOKS: list[tuple[str, list[Any], bool]] = [
    ("a stable coin", [COIN], False),
    ("two", [COIN, row("FDUSDUSDC", "SHORT", -10.0, **AT_REST)], False),
    ("as another library names it", [row("USDC/USDT:USDT", "LONG", 10.0, **AT_REST)], False),
    (
        "as venues name it",
        [row(name, "LONG", 10.0, **AT_REST) for name in ("usdcusdt", "USDC-PERP", "BFUSDUSDT")],
        False,
    ),
    ("no rows", [], False),
    ("a coin", [BTC], True),
    ("a coin beside a stable one", [COIN, BTC], True),
    ("a stable coin in another money", [row("USDCEUR", "LONG", 10.0, **AT_REST)], True),
]


def minutes(world: World, count: int, fresh_from: int) -> list[State]:
    """Each minute every file is written again with new stamps; from some minute on a new process reads them."""
    found = []
    for minute in range(count):
        shift(world, 60.0 if minute else 0.0)
        now = NOW + 60.0 * minute
        found.append(load_elsewhere(world, now) if minute >= fresh_from else world.load(now=now))
    return found


@pytest.mark.parametrize("fresh_from", [99, 3], ids=["one process", "restarted"])
@pytest.mark.parametrize("case", BOOKS, ids=lambda case: str(case[0]))
def test_only_what_may_rest_may_stand_still(case: Any, fresh_from: int, world: World) -> None:
    """From five cadences on, and not before."""
    _, rows, freezes = case
    states = minutes(put(world, rows), 8, fresh_from)
    told_at = [any("FROZEN" in line["title"] for line in state["meta"]["alerts"]) for state in states]
    assert told_at == [False] * 5 + [freezes] * 3


EXECUTORS = ("positions.json", "synced_state.json", "positions_state.json")


@pytest.mark.parametrize("name", EXECUTORS)
def test_one_file_that_stands_still_prices_no_leg(name: str, tmp_path: Path) -> None:
    """The others move; what is shown is theirs."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    state = world.load()
    for minute in range(1, 7):
        shift(world, 60.0)
        for other in set(EXECUTORS) - {name}:
            world.write(other, _moved(world.read(other), 1.001))
        state = world.load(now=NOW + 60.0 * minute)
    assert [line["title"] for line in state["meta"]["alerts"] if "FROZEN" in line["title"]] == [f"{name} FROZEN"]
    assert {row["price_source"] for row in state["positions"]} <= set(EXECUTORS) - {name}


def _moved(content: Any, by: float) -> Any:
    """The same file after its marks have moved."""
    if isinstance(content, dict):
        return {
            key: value * by if key in ("markPrice", "mark_price") and value else _moved(value, by)
            for key, value in content.items()
        }
    return [_moved(item, by) for item in content] if isinstance(content, list) else content


COMING_AND_GOING = (
    "kpis_v7.json symbols.kPEPE", "kpis_v7.json symbols.币安人生USDT", "nav.json nav_detail.assets.kUSD",
    "nav.json assets.kUSD",
    "nav.json nav_detail.breakdown.bnfcr", "nav.json aum.offexchange.kXAU", "synced_state.json nav_snapshot.assets.x",
)  # fmt: skip


@pytest.mark.parametrize("place", COMING_AND_GOING)
def test_a_name_of_the_market_is_no_field(place: str, world: World) -> None:
    """Symbols and coins come and go, in any case and script."""
    change(world, {place: {"qty": 1.0} if "offexchange" in place or "symbols" in place else 0.0}).load()
    change(shift(world, 60.0), {place: GONE})
    assert world.load(now=NOW + 60.0)["meta"]["drift"] == []


def test_a_field_that_went_is_told(world: World) -> None:
    """So that the test before can fail."""
    world.load()
    change(shift(world, 60.0), {"kpis_v7.json risk.fee_pnl_ratio": GONE})
    assert [item["path"] for item in world.load(now=NOW + 60.0)["meta"]["drift"]] == ["risk.fee_pnl_ratio"]
