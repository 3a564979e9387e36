"""A network file system that keeps whole seconds: a change within the second is shown all the same.

What such a system cannot say is made here by setting the times of files. A file rewritten in place keeps its inode; one
that is replaced, as the publishers do it, has another, but not for ever: file systems give freed inodes out again.
"""

import os
from pathlib import Path

import pytest
from opens import opened_below
from serving import wait_until
from worlds import World

SECOND = 1_764_197_099
NAME = "nav_state.json"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The healthy world, all of it written within the same second."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    for path in world.directory.iterdir():
        os.utime(path, (SECOND, SECOND))
    return world


def rewrite(path: Path, old: bytes, new: bytes, *, in_place: bool) -> None:
    """The same size, within the same second."""
    content = path.read_bytes().replace(old, new)
    target = path if in_place else path.with_name(".fresh")
    target.write_bytes(content)
    os.utime(target, (SECOND, SECOND))
    target.replace(path)


@pytest.mark.parametrize("in_place", [True, False])
def test_second_version_within_the_second_is_shown(world: World, in_place: bool) -> None:
    before = world.load()
    assert before["nav"]["nav_usd"] == 10461.27
    signature = (world.directory / NAME).stat()
    for old, new in ((b"10461.27", b"10462.38"), (b"10462.38", b"10463.49")):
        rewrite(world.directory / NAME, old, new, in_place=in_place)
        assert world.load()["nav"]["nav_usd"] == float(new)
    after = (world.directory / NAME).stat()
    assert (after.st_mtime_ns, after.st_size) == (signature.st_mtime_ns, signature.st_size)


def test_file_torn_within_the_second_is_named_and_its_last_good_content_kept(world: World) -> None:
    world.load()
    content = (world.directory / NAME).read_bytes()
    rewrite(world.directory / NAME, content, content[: len(content) // 2].ljust(len(content)), in_place=True)
    state = world.load()
    assert (state["nav"]["nav_usd"], state["nav"]["source"]) == (10461.27, NAME)
    assert f"{NAME} malformed" in [alert["title"] for alert in state["meta"]["alerts"]]


def test_files_that_have_settled_are_not_read_again(world: World) -> None:
    """Two seconds after they were seen first."""

    def opened() -> list[str]:
        with opened_below(world.directory) as names:
            world.load()
            return list(names)

    assert NAME in opened()
    assert NAME in opened()
    wait_until(lambda: not opened(), timeout_s=10)
    assert opened() == []
