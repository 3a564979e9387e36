"""How often files are read, and what counts as a change."""

import os
import re
import threading
from pathlib import Path

import pytest
from contract import assert_contract
from opens import opened_below
from worlds import NOW, READ_SURFACES, State, World, surface


@pytest.fixture
def healthy(tmp_path: Path) -> World:
    """A copy of the healthy v7.1 world."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


def test_the_first_load_opens_each_file_at_most_once(healthy: World) -> None:
    """One read per surface, so that a page cannot disagree with itself."""
    with opened_below(healthy.directory) as names:
        healthy.load()
    files = [name for name in names if name.endswith(".json")]
    assert set(READ_SURFACES) <= set(files)
    assert len(files) == len(set(files))


def test_a_second_load_of_unchanged_files_opens_none(healthy: World) -> None:
    """Stat'ed each time, parsed only when changed."""
    healthy.load()
    with opened_below(healthy.directory) as names:
        healthy.load(now=NOW + 1)
    assert names == []


@pytest.mark.parametrize("name", READ_SURFACES)
def test_one_changed_file_is_the_one_that_is_opened(healthy: World, name: str) -> None:
    """The other surfaces come from memory."""
    healthy.load()
    healthy.write(name, healthy.read(name) | {"note": "changed"})
    with opened_below(healthy.directory) as names:
        healthy.load()
    assert names == [name]


def test_a_broken_file_is_not_parsed_again_until_it_changes(healthy: World) -> None:
    """A malformed surface costs one read, not one per interval."""
    healthy.write_bytes("nav_state.json", b"[" * 1000).load()
    with opened_below(healthy.directory) as names:
        healthy.load()
    assert names == []


def test_a_replaced_file_of_equal_size_and_time_is_read(healthy: World) -> None:
    """The inode tells."""
    healthy.load()
    path = healthy.directory / "nav_state.json"
    before, content = path.stat(), path.read_bytes()
    healthy.write_bytes("nav_state.json", re.sub(rb'("updated_at": ?[\d.]+, ?"total_equity": ?)1', rb"\g<1>2", content))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.read_bytes() != content
    assert healthy.load()["nav"]["nav_usd"] == 20461.27


def test_a_file_changed_in_place_is_read(healthy: World) -> None:
    """Same inode, same size, another time."""
    healthy.load()
    path = healthy.directory / "nav.json"
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"source": "live"', b'"source": "dead"'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert healthy.load()["nav"]["exchange"]["source"] == "dead"


def test_changed_at_is_the_last_change_of_the_content_not_of_the_file(healthy: World) -> None:
    """risk_snapshot.json is written every loop and computed every other one."""
    healthy.load()
    first = surface(healthy.load(now=NOW + 10), "risk_snapshot.json")
    content = healthy.read("risk_snapshot.json")
    same = surface(healthy.write("risk_snapshot.json", content).load(now=NOW + 70), "risk_snapshot.json")
    other = surface(
        healthy.write("risk_snapshot.json", content | {"atr_regime": "hot"}).load(now=NOW + 130), "risk_snapshot.json"
    )
    assert same["changed_at"] == first["changed_at"]
    assert other["changed_at"] > same["changed_at"]


def test_many_threads_get_the_same_state(healthy: World) -> None:
    """gunicorn's threads share one loader."""
    results: list[State] = []
    threads = [threading.Thread(target=lambda: results.append(healthy.load())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert {result["meta"]["version"] for result in results} == {healthy.load()["meta"]["version"]}
    for result in results:
        assert_contract(result)
