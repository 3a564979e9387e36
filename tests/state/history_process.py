"""Programs that share a history with a test: `python history_process.py PROGRAM PATH ...`."""

import os
import resource
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

from state.files import database
from state.files.history import History

NOW = 1_000_000.0
LARGE_BYTES = 100_000


def write(path: Path, writer: str) -> None:
    """Commit on and on: three entries of its own and one that all writers share; say which of them the file has."""
    database.LOCK_TIMEOUT_S = 30.0  # two that do nothing else are in each other's way
    history = History(path)
    for number in count(1):
        history.open(NOW)
        history.keep(f"{writer}.first", number, number)
        history.keep(f"{writer}.large", number.to_bytes(8) * (LARGE_BYTES // 8), number)
        history.keep(f"{writer}.last", number, number)
        history.keep("shared", {"writer": writer, "number": number}, number)
        history.commit(NOW)
        if stored_at(path, f"{writer}.last") == number:
            print(number, flush=True)


def stored_at(path: Path, key: str) -> float | None:
    """The epoch of an entry in the file, past the history; None without, or while the file cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT at FROM entries WHERE key = ?", (key,)).fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else float(row[0])


def fork(path: Path) -> None:
    """Write in a child that was forked with the connection open, then in the parent."""
    history = History(path)
    history.open(NOW)
    history.keep("before", 1, 1.0)
    history.commit(NOW)
    child = os.fork()
    history.open(NOW)
    history.keep("child" if child == 0 else "parent", 2, 2.0)
    history.commit(NOW)
    files = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
    if child:
        _, status = os.waitpid(child, 0)
        print("parent", status, files.count(str(path)), history.reason, flush=True)
    else:
        print("child", files.count(str(path)), history.reason, flush=True)
    history.close()


def overflow(path: Path) -> None:
    """Write more than a file may have, then let it have more."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
    history = History(path)
    history.open(NOW)
    history.keep("small", 1, 1.0)
    history.commit(NOW)
    print(history.reason)
    history.keep("large", bytes(LARGE_BYTES), 1.0)
    history.commit(NOW)
    print(history.reason)
    history.open(NOW)
    print(history.get("small"), len(history.get("large") or b""))


def visit(path: Path) -> None:
    """As nobody: read, and try to write."""
    os.setuid(65534)
    history = History(path)
    history.open(NOW)
    history.keep("other", 2, 2.0)
    history.commit(NOW)
    print(history.get("key"), history.get("other"), history.reason)


if __name__ == "__main__":
    PROGRAMS: dict[str, Callable[..., None]] = {"write": write, "fork": fork, "overflow": overflow, "visit": visit}
    PROGRAMS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
