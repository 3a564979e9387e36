"""The end of transitions.jsonl: what comes out of good, torn, broken, huge and rotated logs."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from opens import opened_below
from worlds import NOW, State, World

KIB = 1024


def make_row(number: float = 0, **changes: Any) -> dict[str, Any]:
    """A row of `number` seconds before now."""
    row = {
        "at": NOW - number,
        "kind": "position",
        "subject": "SOLUSDT",
        "before": None,
        "after": "LONG",
        "text": f"SOLUSDT opened LONG {number}",
    }
    return row | changes


def encode(*rows: object) -> bytes:
    """Lines, as the publisher appends them."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class Desk:
    """A world with a transition log beside its state directory."""

    def __init__(self, directory: Path) -> None:
        self.world = World(directory / "state", scenario="v7.1/healthy")
        self.log = directory / "execution" / "transitions.jsonl"
        self.log.parent.mkdir()

    def append(self, content: bytes) -> "Desk":
        """More bytes at the end of the log."""
        with self.log.open("ab") as file:
            file.write(content)
        return self

    def load(self, now: float = NOW) -> State:
        """The state, whose contract holds and which comes in time."""
        found: list[State] = []
        thread = threading.Thread(target=lambda: found.append(self.world.load(now=now)), daemon=True)
        thread.start()
        thread.join(10)
        assert found, "load_all_state() hangs"
        assert_contract(found[0])
        return found[0]

    def texts(self, now: float = NOW) -> list[str]:
        """The sentences, in the order of the state."""
        return [row["text"] for row in self.load(now)["transitions"]]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A healthy desk without a log."""
    return Desk(tmp_path)


def test_a_row_comes_out_as_it_was_written(desk: Desk) -> None:
    """Six fields, and what else is in the line left out."""
    row = make_row(5)
    assert desk.append(encode(row | {"note": "x"})).load()["transitions"] == [row]


def test_without_a_log_there_are_no_transitions_and_no_error(desk: Desk) -> None:
    """Neither rows nor a reason; nothing is wrong."""
    state = desk.load()
    assert (state["transitions"], state["meta"]["transitions_skipped"]) == ([], 0)
    assert "transitions" not in state["meta"]["unknown"]


def test_newest_first_and_the_last_written_of_the_same_time_first(desk: Desk) -> None:
    """Whatever the order in the file."""
    rows = [make_row(9), make_row(3), make_row(6), make_row(3, text="later in the same second")]
    assert desk.append(encode(*rows)).texts() == [
        "later in the same second",
        "SOLUSDT opened LONG 3",
        "SOLUSDT opened LONG 6",
        "SOLUSDT opened LONG 9",
    ]


def test_at_most_fifty(desk: Desk) -> None:
    """The newest of a hundred."""
    desk.append(encode(*(make_row(number) for number in range(100, 0, -1))))
    assert desk.texts() == [f"SOLUSDT opened LONG {number}" for number in range(1, 51)]


def test_what_lies_ahead_waits_for_its_time(desk: Desk) -> None:
    """A second is the difference between two clocks; five are an error of one of them."""
    desk.append(encode(make_row(10), make_row(-0.5), make_row(-20)))
    assert desk.texts() == ["SOLUSDT opened LONG -0.5", "SOLUSDT opened LONG 10"]
    assert desk.texts(NOW + 30)[0] == "SOLUSDT opened LONG -20"
    assert desk.texts(NOW - 4) == ["SOLUSDT opened LONG 10"]


def test_a_torn_last_line_is_left_for_later(desk: Desk) -> None:
    """Not shown, not counted; whole once its end is written."""
    line = encode(make_row(1))
    desk.append(encode(make_row(2)) + line[:40])
    assert desk.load()["meta"]["transitions_skipped"] == 0
    assert desk.texts() == ["SOLUSDT opened LONG 2"]
    desk.append(line[40:])
    assert desk.texts() == ["SOLUSDT opened LONG 1", "SOLUSDT opened LONG 2"]


MALFORMED: dict[str, bytes] = {
    "torn": b'{"at": 17641970\n',
    "not JSON": b"hello\n",
    "bad UTF-8": b'{"at": "\xff"}\n',
    "zero bytes": b"\0" * 300 + b"\n",
    "deep": b"[" * 30_000 + b"\n",
    "endless digits": b'{"at": ' + b"9" * 6000 + b"}\n",
    "a list": b"[]\n",
    "null": b"null\n",
    "no stamp": encode(make_row(at=None)),
    "a stamp of text": encode(make_row(at="2025-11-26T22:45:00+00:00")),
    "a stamp of true": encode(make_row(at=True)),
    "NaN": encode(make_row(at=float("nan"))),
    "Infinity": encode(make_row(at=float("inf"))),
    "a counter": encode(make_row(at=12)),
    "no kind": encode(make_row(kind=None)),
    "another kind": encode(make_row(kind="weather")),
    "a kind that is a list": encode(make_row(kind=["position"])),
    "no subject": encode(make_row(subject="")),
    "a subject of a number": encode(make_row(subject=7)),
    "before of a number": encode(make_row(before=9.4)),
    "after of a dict": encode(make_row(after={})),
    "no text": encode({key: value for key, value in make_row().items() if key != "text"}),
    "a blank text": encode(make_row(text=" \n ")),
    "a text of false": encode(make_row(text=False)),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_line_is_skipped_and_counted(desk: Desk, kind: str) -> None:
    """The lines around it come out."""
    state = desk.append(encode(make_row(2)) + MALFORMED[kind] + b"\n" + encode(make_row(1))).load()
    assert [row["text"] for row in state["transitions"]] == ["SOLUSDT opened LONG 1", "SOLUSDT opened LONG 2"]
    assert state["meta"]["transitions_skipped"] == 1


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("x" * 5000, "x" * 200),
        ("  two\nlines\t ", "two lines"),
        ("a \ud800 surrogate", "a ? surrogate"),
        ("x" * 199 + " y", "x" * 199),
    ],
)
def test_texts_are_one_short_line(desk: Desk, written: str, shown: str) -> None:
    """Whoever wrote them."""
    row = make_row(text=written, subject=written, before=written, after=written)
    (found,) = desk.append(encode(row)).load()["transitions"]
    assert [found[name] for name in ("text", "subject", "before", "after")] == [shown] * 4


@pytest.mark.parametrize("extra", range(-3, 4))
def test_the_tail_begins_with_a_whole_line(desk: Desk, extra: int) -> None:
    """Cut wherever it is: no line is lost that is wholly inside the last 64 KiB, and a cut one is not malformed."""
    last = encode(*(make_row(number) for number in range(30, 0, -1)))
    filler = 64 * KIB - len(last) + extra
    state = desk.append(b"x" * 5000 + b"\n" + b"y" * (filler - 1) + b"\n" + last).load()
    assert len(state["transitions"]) == 30
    # The long line before them is malformed; it only counts where it is whole.
    assert state["meta"]["transitions_skipped"] == int(extra <= 0)


def test_only_the_tail_of_a_huge_log_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four GiB with a hole, and a first row of which nobody hears."""
    desk.append(encode(make_row(99)))
    os.truncate(desk.log, 4 * KIB**3)
    desk.append(b"\n" + encode(make_row(1)))
    sizes, pread = list[int](), os.pread

    def count(descriptor: int, size: int, offset: int) -> bytes:
        sizes.append(size)
        return pread(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", count)
    assert desk.texts() == ["SOLUSDT opened LONG 1"]
    assert sizes == [64 * KIB + 1]


def test_one_endless_line_shows_nothing(desk: Desk) -> None:
    """No end of line within the tail."""
    assert desk.append(b"x" * (200 * KIB)).load()["transitions"] == []


def make_fifo(path: Path) -> None:
    """A pipe nobody writes to."""
    os.mkfifo(path)


def make_loop(path: Path) -> None:
    """A symbolic link to itself."""
    path.symlink_to(path.name)


UNREADABLE: dict[str, Callable[[Path], None]] = {"a pipe": make_fifo, "a directory": Path.mkdir, "a loop": make_loop}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_log_that_cannot_be_read_says_so_and_harms_nothing(desk: Desk, kind: str) -> None:
    """At first sight without rows, later with those seen before; it recovers."""
    UNREADABLE[kind](desk.log)
    state = desk.load()
    assert (state["transitions"], state["nav"]["nav_usd"]) == ([], 10461.27)
    assert state["meta"]["unknown"]["transitions"].startswith("transitions.jsonl cannot be read: ")
    (desk.log.rmdir if kind == "a directory" else desk.log.unlink)()
    assert desk.append(encode(make_row(1))).texts() == ["SOLUSDT opened LONG 1"]
    desk.log.unlink()
    UNREADABLE[kind](desk.log)
    state = desk.load()
    assert [row["text"] for row in state["transitions"]] == ["SOLUSDT opened LONG 1"]
    assert "transitions" in state["meta"]["unknown"]


def test_a_state_directory_that_is_a_file_has_no_log(tmp_path: Path) -> None:
    """`<file>/../execution` is no path."""
    (tmp_path / "state").write_text("{}")
    desk = World.__new__(World)
    desk.directory, desk.now, desk.environ = tmp_path / "state", NOW, {}
    assert desk.load()["transitions"] == []


def test_a_log_that_is_deleted_is_gone_at_once(desk: Desk) -> None:
    """As any other file."""
    assert desk.append(encode(make_row(1))).texts()
    desk.log.unlink()
    assert desk.texts() == []


def test_a_rotation_takes_nothing_off_the_tape(desk: Desk) -> None:
    """While the log is away, while it is new, and for a page opened afterwards."""
    desk.append(encode(make_row(3), make_row(2)))
    before = desk.texts()
    desk.log.replace(desk.log.with_name("transitions.jsonl.1"))
    assert desk.texts() == before
    desk.append(encode(make_row(1)))
    assert desk.texts() == ["SOLUSDT opened LONG 1", *before]
    opened_now = World(desk.world.directory.with_name("other"), scenario="v7.1/healthy")
    assert [row["text"] for row in opened_now.load()["transitions"]] == ["SOLUSDT opened LONG 1", *before]


def test_a_log_that_is_long_enough_is_all_that_is_read(desk: Desk) -> None:
    """The rotated part only fills up."""
    desk.append(encode(*(make_row(number) for number in range(60, 0, -1))))
    desk.log.with_name("transitions.jsonl.1").write_bytes(b"broken\n")
    assert desk.load()["meta"]["transitions_skipped"] == 0


def test_an_unchanged_log_is_not_read_again(desk: Desk) -> None:
    """Neither when nothing changed nor when another file did."""
    desk.append(encode(make_row(1))).load()
    with opened_below(desk.world.directory) as names:
        desk.load(NOW + 1)
    assert names == []
    desk.world.write("nav.json", desk.world.read("nav.json") | {"note": "changed"})
    with opened_below(desk.world.directory) as names:
        assert desk.texts(NOW + 1) == ["SOLUSDT opened LONG 1"]
    assert names == ["nav.json"]


def test_a_new_row_is_seen_though_no_surface_changed(desk: Desk) -> None:
    """The unchanged fast path looks at this file too."""
    desk.append(encode(make_row(2))).load()
    with opened_below(desk.world.directory) as names:
        assert desk.append(encode(make_row(1))).texts()[0] == "SOLUSDT opened LONG 1"
    assert "transitions.jsonl" in names


def test_a_replaced_log_of_equal_size_and_time_is_read(desk: Desk) -> None:
    """The inode tells."""
    desk.append(encode(make_row(1))).load()
    before, other = desk.log.stat(), desk.log.with_name("other")
    other.write_bytes(encode(make_row(2)))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(desk.log)
    assert desk.log.stat().st_size == before.st_size
    assert desk.texts() == ["SOLUSDT opened LONG 2"]


def test_the_digest_moves_with_the_rows_only(desk: Desk) -> None:
    """A row is news, its age is not; a position that was opened is a mark on the NAV line too."""
    first = desk.append(encode(make_row(5))).load()["meta"]
    later = desk.load(NOW + 2)["meta"]
    assert later["version"] == first["version"]
    second = desk.append(encode(make_row(1))).load(NOW + 3)["meta"]
    assert second["version"] != first["version"]
    moved = {name for name in first["sections"] if first["sections"][name] != second["sections"][name]}
    assert moved == {"transitions", "nav"}


def test_a_caller_cannot_spoil_the_next_load(desk: Desk) -> None:
    """The list is the caller's own."""
    desk.append(encode(make_row(1))).load()["transitions"].clear()
    desk.load()["transitions"].clear()
    assert len(desk.load()["transitions"]) == 1
