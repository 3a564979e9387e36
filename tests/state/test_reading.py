"""Files that cannot be read: each marks itself, and the rest comes out."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from contract import assert_contract
from opens import opened_below
from worlds import READ_SURFACES, State, World, surface

MIB = 1024 * 1024


@pytest.fixture
def healthy(tmp_path: Path) -> World:
    """A copy of the healthy v7.1 world."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


def load_in_time(world: World, seconds: float = 10.0) -> State:
    """A load that must come back: a reader that hangs blanks the wall."""
    result: list[State] = []
    thread = threading.Thread(target=lambda: result.append(world.load()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert result, "load_all_state() hangs"
    return result[0]


def make_directory(path: Path) -> None:
    """A directory in place of the file."""
    path.unlink()
    path.mkdir()


def make_fifo(path: Path) -> None:
    """A pipe nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def make_loop(path: Path) -> None:
    """A symbolic link to itself."""
    path.unlink()
    path.symlink_to(path.name)


def make_dangling(path: Path) -> None:
    """A symbolic link to nothing."""
    path.unlink()
    path.symlink_to("nothing.json")


def make_huge(path: Path) -> None:
    """One byte over the limit, without taking the disk space."""
    os.truncate(path, 64 * MIB + 1)


def make_torn(path: Path) -> None:
    """What a reader sees of a file that is written in place."""
    os.truncate(path, path.stat().st_size // 2)


def filled(content: bytes) -> Callable[[Path], None]:
    """The file with another content."""

    def fill(path: Path) -> None:
        path.write_bytes(content)

    return fill


BROKEN: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "torn": (make_torn, {"malformed"}),
    "empty": (filled(b""), {"malformed"}),
    "blank": (filled(b" \n"), {"malformed"}),
    "a list": (filled(b"[]"), {"malformed"}),
    "a string": (filled(b'"nav"'), {"malformed"}),
    "a number": (filled(b"1"), {"malformed"}),
    "null": (filled(b"null"), {"malformed"}),
    "two documents": (filled(b"{} {}"), {"malformed"}),
    "bad UTF-8": (filled(b'{"nav": "\xff\xfe"}'), {"malformed"}),
    "zero bytes": (filled(b"\0" * 200), {"malformed"}),
    "deep lists": (filled(b"[" * 100_000 + b"]" * 100_000), {"malformed"}),
    "deep dicts": (filled(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), {"malformed"}),
    "endless digits": (filled(b'{"nav": ' + b"9" * 10_000 + b"}"), {"malformed", "ok"}),
    "huge": (make_huge, {"unreadable", "malformed"}),
    "a directory": (make_directory, {"unreadable", "malformed"}),
    "a pipe": (make_fifo, {"unreadable", "malformed"}),
    "a symlink loop": (make_loop, {"unreadable"}),
    "a dangling symlink": (make_dangling, {"unreadable", "missing"}),
}
every_break = pytest.mark.parametrize("kind", BROKEN)


@every_break
@pytest.mark.parametrize("name", READ_SURFACES)
def test_a_broken_file_at_first_sight_marks_itself_and_breaks_nothing(healthy: World, name: str, kind: str) -> None:
    """The other surfaces come out, and the page is never blank."""
    breaking, statuses = BROKEN[kind]
    breaking(healthy.directory / name)
    state = load_in_time(healthy)
    assert_contract(state)
    entry = surface(state, name)
    assert entry["status"] in statuses
    assert entry["freshness"] != "fresh"
    assert entry["error"] or entry["status"] in {"missing", "ok"}
    assert state["nav"]["nav_usd"] == 10461.27
    assert len(state["positions"]) == 5
    others = [other for other in state["meta"]["surfaces"] if other["name"] in READ_SURFACES and other["name"] != name]
    assert {other["status"] for other in others} == {"ok"}


@every_break
def test_a_broken_nav_state_at_first_sight_gives_way_to_nav_json(healthy: World, kind: str) -> None:
    """NAV and its age are those of the file it comes from."""
    BROKEN[kind][0](healthy.directory / "nav_state.json")
    nav = load_in_time(healthy)["nav"]
    if kind != "endless digits":
        assert (nav["nav_usd"], nav["source"]) == (10461.27, "nav.json")
        assert nav["age_s"] == pytest.approx(11.685)


@every_break
def test_a_file_that_breaks_keeps_its_last_good_content_and_says_so(healthy: World, kind: str) -> None:
    """A torn read must not move a number; the age goes on growing."""
    healthy.load()
    breaking, statuses = BROKEN[kind]
    breaking(healthy.directory / "nav_state.json")
    state = load_in_time(healthy)
    assert_contract(state)
    entry = surface(state, "nav_state.json")
    if kind in {"endless digits", "a dangling symlink"}:
        assert entry["status"] in statuses
        return
    assert (state["nav"]["nav_usd"], state["nav"]["source"]) == (10461.27, "nav_state.json")
    assert (entry["status"] in statuses, bool(entry["error"])) == (True, True)
    assert state["nav"]["age_s"] == pytest.approx(4.955)
    assert state["nav"]["realized_pnl_today_usd"] == 8.75
    assert state["meta"]["alerts"]


def test_a_file_that_is_whole_again_is_read_again(healthy: World) -> None:
    """The last good content is a stopgap."""
    healthy.load()
    good = healthy.read("nav_state.json")
    healthy.write_bytes("nav_state.json", b"{")
    healthy.load()
    state = healthy.write("nav_state.json", good | {"total_equity": 10500.0}).load()
    assert surface(state, "nav_state.json")["status"] == "ok"
    assert surface(state, "nav_state.json")["error"] is None
    assert state["nav"]["nav_usd"] == 10500.0


def test_a_file_that_is_gone_is_gone(healthy: World) -> None:
    """Deleted is not torn: the header moves to nav.json within one load."""
    healthy.load()
    state = healthy.remove("nav_state.json").load()
    assert_contract(state)
    assert surface(state, "nav_state.json")["status"] == "missing"
    assert state["nav"]["source"] == "nav.json"
    assert state["nav"]["age_s"] == pytest.approx(11.685)
    assert state["nav"]["realized_pnl_today_usd"] in (None, 8.75)


def test_a_directory_that_is_gone_is_gone(healthy: World) -> None:
    """Nothing of what was there is shown."""
    healthy.load()
    healthy.keep()
    state = healthy.load()
    assert_contract(state)
    assert (state["nav"], state["positions"]) == ({}, [])


def test_a_refused_size_is_named(healthy: World) -> None:
    """The operator learns that the file is too large, not that it is invalid."""
    make_huge(healthy.directory / "router_health.json")
    with opened_below(healthy.directory) as names:
        state = healthy.load()
    assert "64 MiB" in surface(state, "router_health.json")["error"]
    assert "router_health.json" not in names


def test_a_file_of_nan_alone_loses_those_values_alone(healthy: World) -> None:
    """NaN is not JSON, but it is what Python's writers write."""
    state = healthy.edit("nav_state.json", "drawdown_abs", float("nan")).load()
    assert_contract(state)
    assert surface(state, "nav_state.json")["status"] == "ok"
    assert state["nav"]["source"] == "nav_state.json"


def test_errors_are_words_for_an_operator(healthy: World) -> None:
    """No Traceback, no Python class, no empty text."""
    for name, (breaking, _) in zip(READ_SURFACES, list(BROKEN.values())[:8], strict=False):
        breaking(healthy.directory / name)
    for entry in healthy.load()["meta"]["surfaces"]:
        assert "Traceback" not in (entry["error"] or "")
        assert "Error(" not in (entry["error"] or "")
