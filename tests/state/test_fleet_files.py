"""mirror.json and desk.json: what is in them is taken as it is, and anything else is a marked unknown."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from state.files.fleet_files import MAX_BYTES, Desk, Mirror, is_desk_name, read_desk, read_mirror

STORE = {"url": "rediss://store:6380/0", "up": False, "since": 1764190000.0, "error": "connection refused"}
MIRROR = {"format": 1, "written_at": 1764197099.5, "period_s": 1.0, "store": STORE}
DESK = {
    "format": 2,
    "publisher": "host:/srv/desk",
    "beat_at": 1764197097.0,
    "beat_seen_at": 1764197098.0,
    "skew_s": -0.4,
    "environ": {"ENV": "live", "HEDGE_ENV": "", "BINANCE_TESTNET": 1, "PATH": "/bin"},
    "problem": None,
}

NAMES = [
    ("alpha", True), ("desk-07", True), ("a" * 32, True), ("-", True), ("", False), ("a" * 33, False), ("Alpha", False),
    ("a_b", False), ("a.b", False), ("..", False), ("a/b", False), ("alpha\n", False), ("äther", False),
]  # fmt: skip

GARBAGE = [
    b"", b"   ", b"{", b"[]", b"null", b"7", b'"x"', b"{}", b"\xff\xfe", b"[" * 100_000, b"x" * (MAX_BYTES + 1),
    b'{"format": 1', b'{"format": NaN, "written_at": Infinity, "beat_seen_at": -Infinity, "skew_s": 1e999}',
    b'{"format": true, "store": [], "environ": "ENV", "written_at": "soon", "beat_seen_at": {}, "skew_s": "1"}',
    b'{"format": 1, "written_at": 5, "store": {"up": "yes", "since": -1}, "beat_seen_at": 0, "skew_s": null}',
    b'{"store": {"up": 1}, "environ": [1], "publisher": 5, "problem": {}, "period_s": -1, "skew_s": 1e17}',
]  # fmt: skip


def written(path: Path, content: Any) -> str:
    """The path of a file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(path)


@pytest.mark.parametrize(("name", "good"), NAMES)
def test_names_of_desks(name: str, good: bool) -> None:
    """Small letters, digits and dashes: what is safe in a path, a key of the store and an address."""
    assert is_desk_name(name) is good


def test_a_mirror_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Every field."""
    assert read_mirror(written(tmp_path / "mirror.json", MIRROR)) == Mirror(
        written_at=1764197099.5,
        period_s=1.0,
        store_url="rediss://store:6380/0",
        store_up=False,
        store_since=1764190000.0,
        store_error="connection refused",
    )


def test_a_desk_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Of its environment the three words that count, and those only as words."""
    found = read_desk(written(tmp_path / "desk.json", DESK))
    assert found is not None
    assert (found.format, found.publisher, found.beat_seen_at, found.skew_s) == (
        2,
        "host:/srv/desk",
        1764197098.0,
        -0.4,
    )
    assert (dict(found.environ), found.fault) == ({"ENV": "live"}, None)


@pytest.mark.parametrize("content", GARBAGE, ids=lambda content: repr(content[:40]))
def test_garbage_is_a_marked_unknown(tmp_path: Path, content: bytes) -> None:
    """Never an exception, never a number out of nowhere, and always a reason."""
    path = written(tmp_path / "any.json", content)
    mirror, desk = read_mirror(path), read_desk(path)
    assert mirror is not None
    assert desk is not None
    assert (mirror.written_at, mirror.store_up, desk.beat_seen_at, desk.skew_s) == (None, None, None, None)
    assert mirror.fault
    assert desk.fault
    assert mirror.silent_after_s == 10.0
    assert dict(desk.environ) == {}


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["fifo", "directory"])
def test_what_is_no_file_hangs_nobody(tmp_path: Path, make: Any) -> None:
    """It is said as what it is."""
    make(tmp_path / "mirror.json")
    found = read_mirror(str(tmp_path / "mirror.json"))
    assert found is not None
    assert found.fault == "mirror.json: not a regular file"


@pytest.mark.parametrize("path", ["mirror.json", "absent/mirror.json"])
def test_what_is_not_there_is_none(tmp_path: Path, path: str) -> None:
    """A desk without these files is local."""
    assert (read_mirror(str(tmp_path / path)), read_desk(str(tmp_path / path))) == (None, None)


@pytest.mark.parametrize(("period_s", "after_s"), [(1.0, 10.0), (2.0, 10.0), (4.0, 20.0), (1e9, 18000.0), (-3.0, 10.0)])
def test_a_mirror_is_silent_after_five_periods(tmp_path: Path, period_s: float, after_s: float) -> None:
    """And not before ten seconds, whatever its period; no period lets it be silent for ever."""
    found = read_mirror(written(tmp_path / "mirror.json", MIRROR | {"period_s": period_s}))
    assert found is not None
    assert found.silent_after_s == after_s


@pytest.mark.parametrize("written_as", [2, 0, None, "1", True, 1.5])
def test_a_mirror_of_another_format_is_not_believed(tmp_path: Path, written_as: Any) -> None:
    """What it writes may mean something else."""
    found = read_mirror(written(tmp_path / "mirror.json", MIRROR | {"format": written_as}))
    assert found is not None
    assert "format" in str(found.fault)


def test_texts_are_short_and_printable(tmp_path: Path) -> None:
    """They come from another host, and end on a wall."""
    found = read_desk(written(tmp_path / "desk.json", DESK | {"problem": "a\x1b[2J\u202e" + "b" * 5000}))
    assert found == Desk(**{name: getattr(found, name) for name in Desk.__slots__})
    assert found is not None
    assert found.problem is not None
    assert len(found.problem) == 200
    assert found.problem.isprintable()
