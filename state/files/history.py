"""What one load cannot see in the files: kept over loads and restarts, shared by all processes of a state directory."""

import hashlib
import math
import os
import re
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from state.files.database import Database, look_at
from state.files.database_errors import DamagedError, describe, is_damage, is_locked, is_moved
from state.files.entries import Entries, escape_key
from state.files.stamps import FUTURE_TOLERANCE_S

# A place that is broken is not tried at every load.
RETRY_S = 5.0

# The number of no database: whichever comes next, all that is known goes there.
_UNKNOWN = -1

# A connection that was made before a fork may be neither used nor closed after it.
_left_behind: list[Database] = []


def locate(state_dir: str | os.PathLike[str], environ: Mapping[str, str]) -> Path:
    """Where the history of a state directory is: below `HEDGE_CACHE_DIR`, else in `cache/dashboard` beside it."""
    try:
        resolved = Path(os.path.realpath(state_dir))
    except (OSError, ValueError):
        resolved = Path(state_dir)
    cache = environ.get("HEDGE_CACHE_DIR")
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(resolved.parts[-3:])).strip("-.")[-60:] or "state"
    digest = hashlib.sha256(str(resolved).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return (Path(cache) if cache else resolved.parent / "cache" / "dashboard") / f"{stem}-{digest}.sqlite3"


class History:
    """Keys to JSON values or bytes, each with the epoch it belongs to. Not locked: its owner's lock guards every call.

    Everything known is in memory as well, so that a place that breaks costs nothing and is filled again once it works.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        """`path` None remembers alone, in memory, on purpose; `read_only` neither makes nor changes any file."""
        self._path, self._read_only = path, read_only
        self._directory = "" if path is None else str(path.parent)
        self._entries = Entries()
        self._database: Database | None = None
        self._ident, self._is_proven, self._pid = _UNKNOWN, False, os.getpid()
        self._retry_s = self._replaced_s = -math.inf
        self._was_locked = False  # once may be a disk that stalls under another process; that is no reason yet
        self._reason: str | None = None

    @property
    def reason(self) -> str | None:
        """Why this process remembers alone, in one sentence; None while it shares, or does not want to.

        Whether a place can be written is known once `commit` has tried.
        """
        return self._reason

    def open(self, now: float) -> None:
        """Before a load: see what other processes wrote, and whether the file is still the one it was. Never raises."""
        self._entries.latest = now + FUTURE_TOLERANCE_S
        if self._path is None:
            return
        self._leave_behind()
        try:
            self._look(self._path)
        except (OSError, ValueError, sqlite3.Error) as error:
            self._fail(error)

    def has_news(self) -> bool:
        """Whether `open` may find more than it last did: what others wrote, another file, or a place to try again."""
        is_broken = self._reason is not None or self._database is None
        if self._path is None or (is_broken and time.monotonic() < self._retry_s):
            return False
        if self._reason is not None or self._pid != os.getpid():
            return True
        try:
            found = look_at(self._path)
        except OSError:
            return True
        if self._database is None:
            return found is not None
        return not self._database.is_at(found) or self._database.has_changed()

    def get(self, key: str) -> Any | None:
        """The value, which nobody may change; None without one and for one from the future."""
        entry = self._entries.find(escape_key(key))
        return None if entry is None else entry.value()

    def at(self, key: str) -> float | None:
        """The epoch of the value."""
        entry = self._entries.find(escape_key(key))
        return None if entry is None else entry.at

    def keep(self, key: str, value: Any, at: float, *, replace: bool = False) -> None:
        """Remember bytes or what JSON can say, up to 1 MiB; written by `commit`.

        The newer epoch stands; `replace` puts an older one in its place. What lies in the future is not kept. What is
        too large or no JSON is not kept either, nor is the older value it would have replaced.
        """
        self._entries.keep(escape_key(key), value, at, replace)

    def forget(self, key: str) -> None:
        """Drop a value; what another process learns later stays."""
        self._entries.forget(escape_key(key))

    def commit(self, now: float) -> None:
        """After a load: write what is new, all of it or nothing. Never raises; what fails is tried again later."""
        self._entries.latest = now + FUTURE_TOLERANCE_S
        if self._entries.unsaved:
            self._entries.limit()
        if self._path is None:
            self._entries.mark_saved()
            return
        self._leave_behind()
        if self._has_to_write() and time.monotonic() >= self._retry_s:
            self._save(self._path)

    def close(self) -> None:
        """Let go of the file; what was not committed stays in memory only."""
        self._leave_behind()
        self._disconnect()

    def _look(self, path: Path) -> None:
        found = look_at(path)
        self._let_go_unless(found)
        if self._database is not None:
            self._read(self._database)
        elif found is not None and time.monotonic() >= self._retry_s:
            self._connect(path, "ro" if self._read_only else "rw")
        if self._read_only and (self._database is not None or found is None):
            self._reason = None

    def _let_go_unless(self, found: os.stat_result | None) -> None:
        """Another file stands at the path now, or none: what is known has to be written there."""
        if self._database is not None and not self._database.is_at(found):
            self._disconnect()
            self._ident, self._retry_s, self._is_proven = _UNKNOWN, -math.inf, False

    def _connect(self, path: Path, mode: str) -> Database:
        self._database, self._is_proven = Database(path, mode), False
        self._database.check()
        self._read(self._database)
        return self._database

    def _read(self, database: Database) -> None:
        stored = database.read(self._entries.known)
        if database.ident != self._ident:
            # Another database than the one all this was in: it goes there as well.
            self._entries.mark_unsaved()
            self._ident = database.ident
        if stored is not None:
            self._entries.merge(stored)

    def _has_to_write(self) -> bool:
        entries = self._entries
        if self._read_only or (self._database is None and not entries.known and self._reason is None):
            return False
        return bool(entries.unsaved or entries.forgotten or self._reason) or not self._is_proven

    def _save(self, path: Path) -> None:
        try:
            self._let_go_unless(look_at(path))
            if self._reason is not None:
                self._disconnect()
            database = self._database or self._connect(path, "rwc")
        except (OSError, ValueError, sqlite3.Error) as error:
            self._fail(error)
            return
        try:
            self._write(database)
        except (OSError, ValueError, sqlite3.Error) as error:
            self._fail(error, can_read=True)

    def _write(self, database: Database) -> None:
        database.write(self._entries)
        self._entries.mark_saved()
        self._ident, self._is_proven, self._was_locked, self._reason = database.ident, True, False, None

    def _fail(self, error: Exception, *, can_read: bool = False) -> None:
        """Go on alone, and say why; a damaged database is removed, so that the next commit makes a new one."""
        if self._has_moved(error):
            self._disconnect()
            self._ident = _UNKNOWN
            return
        if is_damage(error) and not self._read_only:
            obstacle = self._discard()
            if obstacle is None:
                return
            error = DamagedError(obstacle)
        if self._was_locked or self._read_only or not is_locked(error):
            self._reason = describe(error, self._directory, self._read_only)
        self._was_locked, self._retry_s = is_locked(error), time.monotonic() + RETRY_S
        if not can_read or is_damage(error):
            self._disconnect()

    def _has_moved(self, error: Exception) -> bool:
        """Whether it failed only since there is another file at the path now, or none."""
        try:
            return is_moved(error) or (
                self._database is not None and not self._database.is_at(look_at(self._database.path))
            )
        except OSError:
            return False

    def _discard(self) -> str | None:
        """Remove a damaged database; what is in the way of that, if anything."""
        if time.monotonic() < self._replaced_s + RETRY_S:
            return "it was replaced a moment ago"
        database, self._database, self._replaced_s = self._database, None, time.monotonic()
        try:
            if database is not None:
                database.discard()
        except OSError as failure:
            return failure.strerror or "it cannot be removed"
        return None

    def _disconnect(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _leave_behind(self) -> None:
        """After a fork, connect anew."""
        if self._pid != os.getpid():
            self._pid, self._retry_s = os.getpid(), -math.inf
            if self._database is not None:
                _left_behind.append(self._database)
                self._database = None
