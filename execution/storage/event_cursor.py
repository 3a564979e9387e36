"""How far a log was read, in a form that outlives renames, copies and restarts."""

from __future__ import annotations

import os
import zlib
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD_BYTES = 256
LARGEST = 2**63 - 1


@dataclass(slots=True)
class Cursor:
    """How far a log was read: `offset` bytes of the file with this inode and these first bytes.

    Some writers replace the whole file at each append, and a truncated file keeps its inode: only the first bytes tell
    whether it is still the same log. `mtime_ns` is the time of the last write that was read; files that were last
    written before are known.
    """

    inode: int = 0
    offset: int = 0
    head_bytes: int = 0
    head_crc: int = 0
    mtime_ns: int = LARGEST

    @classmethod
    def at_start(cls, file: BinaryIO) -> Cursor:
        """Nothing read of this file."""
        return cls(inode=os.fstat(file.fileno()).st_ino)

    @classmethod
    def restore(cls, saved: Mapping[str, Any] | None) -> Cursor | None:
        """The cursor of `save()`; None when it is none that can be."""
        if not saved:
            return None
        values = {field.name: saved.get(field.name, field.default) for field in fields(cls)}
        usable = all(type(value) is int and 0 <= value <= LARGEST for value in values.values())
        if not usable or "offset" not in saved or values["head_bytes"] > min(HEAD_BYTES, values["offset"]):
            return None
        return cls(**values)

    def save(self) -> dict[str, int]:
        """The cursor as JSON."""
        return asdict(self)

    def holds(self, file: BinaryIO) -> bool:
        """True when the file still begins with what was read and is at least as long."""
        found = os.fstat(file.fileno())
        if found.st_size < self.offset:
            return False
        # Every file begins with nothing: without first bytes only the inode tells.
        return _crc(file, self.head_bytes) == self.head_crc if self.head_bytes else found.st_ino == self.inode

    def advance(self, file: BinaryIO, offset: int) -> None:
        """Everything before `offset` has been read; the position of the file stays."""
        self.offset = offset
        if self.head_bytes < HEAD_BYTES:
            self.head_bytes = min(HEAD_BYTES, offset)
            self.head_crc = _crc(file, self.head_bytes)


def _crc(file: BinaryIO, size: int) -> int:
    return zlib.crc32(os.pread(file.fileno(), size, 0))
