"""The one module of the page that opens files: those that hold keys, and the memory that all workers share."""

import mmap
import os
import stat
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

MAX_BYTES = 1 << 20


class KeyFileError(ValueError):
    """A file of keys that cannot be used; the text says why, and never what is in it."""


class SharedMemory:
    """Zeros that a process and all its children see alike, gone with the last of them; `fd` is what they lock."""

    def __init__(self, size: int) -> None:
        with tempfile.TemporaryFile(prefix="hedge-keys-") as file:
            file.truncate(size)
            self.map = mmap.mmap(file.fileno(), size)
            self.fd = os.dup(file.fileno())
        weakref.finalize(self, os.close, self.fd)


def read_lines(path: str) -> Iterator[tuple[int, str]]:
    """Number and text of each line that says something; empty lines and `#` comments do not.

    Raises:
        KeyFileError: when it is no readable text file, or others than its owner and group may read it.
    """
    try:
        _refuse_unfit(Path(path).stat())
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise KeyFileError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KeyFileError("is not UTF-8 text") from None
    numbered = enumerate((line.strip() for line in text.split("\n")), start=1)
    return ((number, line) for number, line in numbered if line and not line.startswith("#"))


def _refuse_unfit(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
        raise KeyFileError("is not a file of at most 1 MB")
    if status.st_mode & stat.S_IRWXO:
        raise KeyFileError("can be read by everybody on this machine; take that away with chmod o=")


def stamp_of(path: str | None) -> tuple[int, ...] | None:
    """What changes with the file; None when it is not there."""
    if path is None:
        return None
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode)
