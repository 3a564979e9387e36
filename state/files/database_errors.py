"""What can go wrong with a database: what is damage, what passes by itself, and how an operator reads it."""

import errno
import sqlite3

# Beside files that are no database: tables of another make.
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


class DamagedError(sqlite3.DatabaseError):
    """A database that opens, but cannot be trusted."""


class MovedError(OSError):
    """The file was removed or replaced this very moment."""


def is_damage(error: Exception) -> bool:
    """Whether a database is to be replaced, rather than asked again later."""
    # sqlite quotes the damaged text in its message, and that need not be readable.
    return isinstance(error, DamagedError | UnicodeDecodeError) or _code(error) in _DAMAGE


def is_locked(error: Exception) -> bool:
    """Whether another process held the lock for longer than is waited."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_moved(error: Exception) -> bool:
    """Whether there is another file at the path now, or none: the next look finds out."""
    moved = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED
    return moved or isinstance(error, MovedError)


def _code(error: Exception) -> int:
    """The primary code of sqlite, such as SQLITE_FULL; 0 for an error of something else."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def describe(error: Exception, directory: str, read_only: bool) -> str:
    """One sentence on why a database cannot be used; no path but the directory as it was given."""
    code, words = _code(error), (getattr(error, "strerror", None) or str(error)).lower()
    if is_damage(error):
        fate = "" if read_only else " and could not be replaced"
        cause = f": {words}" if isinstance(error, DamagedError) else ""
        return f"the database in {directory} is damaged{fate}{cause}"
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full: {directory} takes no more"
    if is_locked(error):
        return f"the database in {directory} is locked by another process"
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_ROLLBACK:
        return f"the database in {directory} was left in the middle of a write, which a serving process undoes"
    return f"{directory} is not {'readable' if read_only else 'writable'}: {words}"
