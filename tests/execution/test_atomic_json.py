"""A file is replaced whole, or the old one stays; against real files, processes and full disks."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.storage.atomic_json import encode_json, remove_orphans, write_json_atomic

WRITER = """
import sys
from execution.storage.atomic_json import write_json_atomic
n = 0
while True:
    n += 1
    write_json_atomic(sys.argv[1], {"n": n, "rows": [n] * 2000, "end": n})
    print(n, flush=True)
"""


def start_writer(path: Path) -> subprocess.Popen[str]:
    """A process that replaces `path` as fast as it can; returned once it has written."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline()
    return writer


def kill(process: subprocess.Popen[str]) -> None:
    """kill -9, and wait for it."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def temps(directory: Path) -> list[str]:
    """Names of everything that is no surface."""
    return [path.name for path in directory.iterdir() if not path.name.endswith(".json")]


def test_written_payload_is_read_back(tmp_path: Path) -> None:
    """Nested values survive, and nothing else is left in the directory."""
    payload = {"nav": 1.5, "rows": [{"symbol": "BTCUSDT", "qty": -2}], "none": None, "ok": True, "text": "é"}
    write_json_atomic(tmp_path / "nav.json", payload)
    assert json.loads((tmp_path / "nav.json").read_bytes()) == payload
    assert temps(tmp_path) == []


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda leaf: st.lists(leaf) | st.dictionaries(st.text(), leaf),
        max_leaves=20,
    )
)
def test_any_json_value_round_trips(payload: object) -> None:
    """What is accepted comes back equal."""
    assert json.loads(encode_json("nav.json", payload)) == payload


@pytest.mark.parametrize(
    ("payload", "kind", "message"),
    [
        ({"series": [{}, {"nav": float("nan")}]}, ValueError, "nav_state.json: series[1].nav is NaN"),
        ({"total_equity": float("inf")}, ValueError, "nav_state.json: total_equity is infinite"),
        ({"a": {"b": -float("inf")}}, ValueError, "nav_state.json: a.b is infinite"),
        (float("nan"), ValueError, "nav_state.json: payload is NaN"),
        ({"path": Path("x")}, TypeError, "nav_state.json: path has no JSON form: PosixPath"),
        ({"rows": [{"qty": {1, 2}}]}, TypeError, "nav_state.json: rows[0].qty has no JSON form: set"),
        ({"by": {1: "x"}}, TypeError, "nav_state.json: by has a key that is not text: 1"),
    ],
)
def test_a_value_json_cannot_carry_is_refused_by_name(
    tmp_path: Path, payload: object, kind: type[Exception], message: str
) -> None:
    """The error names the field, and the old file stays."""
    target = tmp_path / "nav_state.json"
    write_json_atomic(target, {"old": 1})
    with pytest.raises(kind) as caught:
        write_json_atomic(target, payload)
    assert str(caught.value) == message
    assert json.loads(target.read_bytes()) == {"old": 1}
    assert temps(tmp_path) == []


def test_a_payload_that_contains_itself_is_refused() -> None:
    """A cycle ends in an error with a path, not in a crash."""
    loop: dict[str, object] = {}
    loop["self"] = loop
    with pytest.raises(ValueError, match=r"nav\.json: self\.self.* is nested deeper than 64 levels"):
        encode_json("nav.json", loop)


def test_the_mode_of_the_old_file_is_kept(tmp_path: Path) -> None:
    """A file that was made readable for the dashboard's user stays so."""
    target = tmp_path / "nav.json"
    write_json_atomic(target, {})
    target.chmod(0o640)
    write_json_atomic(target, {"n": 1})
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    """No private 0600 files of tempfile's kind."""
    old = os.umask(0o027)
    try:
        write_json_atomic(tmp_path / "nav.json", {})
    finally:
        os.umask(old)
    assert (tmp_path / "nav.json").stat().st_mode & 0o777 == 0o640


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    """2,000 reads beside a process that writes all the time: each parses and is of one piece."""
    target = tmp_path / "nav.json"
    writer = start_writer(target)
    try:
        seen = [json.loads(target.read_bytes()) for _ in range(2000)]
    finally:
        kill(writer)
    assert all(state["n"] == state["end"] == state["rows"][-1] for state in seen)
    assert seen[-1]["n"] > seen[0]["n"]


def test_a_killed_writer_leaves_a_whole_file_and_its_orphans_go(tmp_path: Path) -> None:
    """kill -9 at 20 moments of a write: the file parses, and the next start removes what was left."""
    target = tmp_path / "nav.json"
    for attempt in range(20):
        writer = start_writer(target)
        time.sleep(attempt % 7 / 1000)
        kill(writer)
        state = json.loads(target.read_bytes())
        assert state["n"] == state["end"]
        remove_orphans(tmp_path)
        assert temps(tmp_path) == []


def test_a_directory_that_is_a_file_is_an_error_with_the_path(tmp_path: Path) -> None:
    """The target is named, whatever the system call was."""
    (tmp_path / "state").touch()
    with pytest.raises(NotADirectoryError) as caught:
        write_json_atomic(tmp_path / "state" / "nav.json", {})
    assert caught.value.filename == str(tmp_path / "state" / "nav.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_leaves_the_old_file(tmp_path: Path) -> None:
    """PermissionError with the path, old content untouched."""
    target = tmp_path / "nav.json"
    write_json_atomic(target, {"old": 1})
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PermissionError):
            write_json_atomic(target, {"new": 1})
    finally:
        tmp_path.chmod(0o755)
    assert json.loads(target.read_bytes()) == {"old": 1}


AS_NOBODY = """
import os, sys
from execution.storage.atomic_json import write_json_atomic
os.setuid(65534)
try:
    write_json_atomic(sys.argv[1], {"new": 1})
except PermissionError as error:
    print(error.filename)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_directory_of_somebody_else_leaves_the_old_file(tmp_path: Path) -> None:
    """The same as an unprivileged user, started by root."""
    target = tmp_path / "nav.json"
    write_json_atomic(target, {"old": 1})
    for directory in (tmp_path, *tmp_path.parents[:3]):
        directory.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, str(target)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(target)
    assert json.loads(target.read_bytes()) == {"old": 1}
    assert temps(tmp_path) == []


FULL = """
import sys
from execution.storage.atomic_json import write_json_atomic
try:
    write_json_atomic(sys.argv[1], {"rows": ["x" * 1000] * 100})
except OSError as error:
    print(error.errno, error.filename)
"""


def limit_file_size() -> None:
    """In the child: no file over 16 KiB, and an error instead of a signal."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))


def test_a_write_cut_short_leaves_the_old_file(tmp_path: Path) -> None:
    """The system takes a part of the bytes and no more: the old file stays and the part goes."""
    target = tmp_path / "nav.json"
    write_json_atomic(target, {"old": 1})
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(target)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=limit_file_size,
    )
    assert done.stdout.strip() == f"{errno.EFBIG} {target}"
    assert json.loads(target.read_bytes()) == {"old": 1}
    assert temps(tmp_path) == []


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """A real file system without room: ENOSPC with the path, old content, no temporary file."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no tmpfs may be mounted here")
    try:
        target = tmp_path / "nav.json"
        write_json_atomic(target, {"old": 1})
        with pytest.raises(OSError, match="No space left") as caught:
            write_json_atomic(target, {"rows": ["x" * 1000] * 100})
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(target))
        assert json.loads(target.read_bytes()) == {"old": 1}
        assert temps(tmp_path) == []
    finally:
        subprocess.run(["umount", tmp_path], check=True)
