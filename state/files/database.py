"""One small sqlite database that processes share: entries by key, each with its epoch. It raises; its owner copes.

Chosen by measuring: a rollback journal, since a write-ahead log would leave files behind where a terminal only reads;
truncated rather than deleted, and never synced, since a sync costs ten times as much and may stall for seconds. A
killed process leaves nothing half done; a power cut may, and the check at opening and each entry's checksum find it.
"""

import errno
import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from state.files.database_errors import DamagedError, MovedError, is_locked
from state.files.entries import Entries, Entry, make_entry

MAX_FILE_BYTES = 128 * 1024 * 1024
LOCK_TIMEOUT_S = 0.2
LOCK_POLL_S = 0.001

_TABLE = """CREATE TABLE IF NOT EXISTS entries
    (key TEXT PRIMARY KEY, at REAL NOT NULL, checksum INTEGER NOT NULL, value BLOB NOT NULL)"""
# The newer entry stands, whoever writes last; one from the future stands for nothing.
_KEEP = """INSERT INTO entries (key, at, checksum, value) VALUES (:key, :at, :checksum, :value)
    ON CONFLICT (key) DO UPDATE SET at = excluded.at, checksum = excluded.checksum, value = excluded.value
    WHERE :replace OR excluded.at >= entries.at OR entries.at > :latest"""
_FORGET = "DELETE FROM entries WHERE key = ? AND at <= ?"
_CLEAR_DAMAGED = "DELETE FROM entries WHERE key = ? AND CAST(checksum AS BLOB) IS CAST(? AS BLOB)"


def look_at(path: Path) -> os.stat_result | None:
    """What stands at the path; None for nothing or an empty file, which a process killed early leaves.

    Raises:
        OSError: the place cannot be looked at, or something else than a file stands there.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - this runs at each load
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, f"{path.name} is not a regular file")
    return found if found.st_size else None


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=0.0, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError:
        if mode != "rwc" and not os.path.lexists(path):
            raise MovedError from None
        raise
    connection.text_factory = bytes  # a damaged text must not make the others unreadable
    return connection


class Database:
    """One connection, for the process that made it. Every method raises sqlite3.Error or OSError."""

    def __init__(self, path: Path, mode: str) -> None:
        """Connect with sqlite's `mode`: ro, rw, or rwc, which makes the file and its directory where they are not."""
        if mode == "rwc":
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path, self.ident = path, 0
        self._deadline_s = 0.0
        self._version: int | None = None
        self._damaged: dict[str, Any] = {}
        self._connection = _connect(path, mode)
        try:
            self._file = os.stat(path)  # noqa: PTH116
            if mode == "rwc" and self._file.st_size == 0:
                path.chmod(0o600)
        except FileNotFoundError:
            self._connection.close()
            raise MovedError from None
        except OSError:
            self._connection.close()
            raise

    def is_at(self, found: os.stat_result | None) -> bool:
        """Whether this is the file that is connected; while it is, no other can have its inode."""
        return found is not None and (found.st_ino, found.st_dev) == (self._file.st_ino, self._file.st_dev)

    def check(self) -> None:
        """Look through the whole file once.

        Raises:
            sqlite3.DatabaseError: it is damaged, or none of ours; `is_damage` knows.
        """
        if self._file.st_size > MAX_FILE_BYTES:
            raise DamagedError(f"{self._file.st_size:,} bytes, over the limit of {MAX_FILE_BYTES:,}")
        self._start()
        if self._ask("PRAGMA quick_check(1)") != b"ok":
            raise DamagedError("the check found errors")
        if self._ask("PRAGMA journal_mode") == b"wal":
            raise DamagedError("somebody turned on its write-ahead log")
        for pragma in ("journal_mode = TRUNCATE", "synchronous = OFF", "cache_spill = OFF"):
            self._ask(f"PRAGMA {pragma}")

    def read(self, known: Mapping[str, Entry]) -> dict[str, Entry] | None:
        """All entries, those that are as known without being read again; None while no other process has written."""
        self._start()
        version = int(self._ask("PRAGMA data_version"))
        if version == self._version:
            return None
        self._ask("BEGIN")
        try:
            self.ident = int(self._ask("PRAGMA application_id"))
            entries = self._read_entries(known) if self.ident else {}
        finally:
            self._roll_back()
        self._version = version
        return entries

    def has_changed(self) -> bool:
        """Whether another process has written since `read`; not while it is writing, and so never waits."""
        try:
            found = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            return not is_locked(error)
        return found is not None and found[0] != self._version

    def write(self, entries: Entries) -> None:
        """Write what is unsaved, all or nothing. Without anything it still shows whether writing works."""
        rows = [_row(name, entries) for name in entries.unsaved]
        damaged = [(name, self._damaged[name]) for name in entries.unsaved if name in self._damaged]
        self._start()
        self._ask("BEGIN IMMEDIATE")
        try:
            ident = self._prepare()
            self._connection.executemany(_FORGET, entries.forgotten.items())
            self._connection.executemany(_CLEAR_DAMAGED, damaged)
            self._connection.executemany(_KEEP, rows)
            self._ask("COMMIT")
            self.ident = ident
        finally:
            self._roll_back()

    def discard(self) -> None:
        """Remove the file that is connected, and no other that has taken its place meanwhile."""
        try:
            if self.is_at(look_at(self.path)):
                self.path.unlink(missing_ok=True)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the file; never raises."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def _start(self) -> None:
        """From now on locks are waited for."""
        self._deadline_s = time.monotonic() + LOCK_TIMEOUT_S

    def _ask(self, statement: str) -> Any:
        """The first value of the answer; a lock is asked for again and again, since sqlite itself pauses too long."""
        while True:
            try:
                row = self._connection.execute(statement).fetchone()
            except sqlite3.OperationalError as error:
                if not is_locked(error) or time.monotonic() >= self._deadline_s:
                    raise
                time.sleep(LOCK_POLL_S)
            else:
                return row[0] if row else None

    def _prepare(self) -> int:
        """Make the table, and a number that tells this database from any other that takes its place."""
        ident = int(self._ask("PRAGMA application_id"))
        if not ident:
            ident = secrets.randbelow(2**31 - 1) + 1
            self._connection.execute(_TABLE)
            self._connection.execute(f"PRAGMA application_id = {ident}")
        self._connection.execute("PRAGMA user_version = 1")  # so that something is written at all
        return ident

    def _read_entries(self, known: Mapping[str, Entry]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        self._damaged = {}
        for key, checksum in self._connection.execute("SELECT key, checksum FROM entries").fetchall():
            name = key.decode("ascii", "replace") if isinstance(key, bytes) else ""
            entry = known.get(name)
            if entry is None or entry.checksum != checksum:
                entry = self._read_entry(name)
            if entry is not None and entry.checksum == checksum:
                entries[name] = entry
            else:
                self._damaged[name] = checksum
        return entries

    def _read_entry(self, name: str) -> Entry | None:
        question = "SELECT at, value, typeof(value) FROM entries WHERE key = ?"
        row = self._connection.execute(question, (name,)).fetchone()
        if row is None or not isinstance(row[0], float) or not isinstance(row[1], bytes):
            return None
        return make_entry(name, row[1], row[2] == b"text", row[0])

    def _roll_back(self) -> None:
        """End what was not committed."""
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.rollback()


def _row(name: str, entries: Entries) -> dict[str, Any]:
    entry, replace = entries.known[name], entries.unsaved[name]
    value = entry.content.decode("ascii") if entry.is_json else entry.content
    limits = {"replace": replace, "latest": entries.latest}
    return {"key": name, "at": entry.at, "checksum": entry.checksum, "value": value} | limits
