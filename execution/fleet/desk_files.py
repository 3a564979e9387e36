"""The files of a desk as its publisher sees them: looked at often, read and packed when they have changed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from execution.fleet.log_ends import read_nav_log_end, read_tape_end, read_whole
from execution.fleet.packing import LOCATIONS, MAX_INFLATED_BYTES, MAX_PACKED_BYTES, TAPE, TAPE_ROTATED, File, pack
from execution.storage.reading import open_regular
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READERS: dict[str, Callable[[int, int], bytes]] = {
    TAPE: read_tape_end,
    TAPE_ROTATED: read_tape_end,
    surfaces.NAV_LOG: read_nav_log_end,
}

# Where a file system keeps whole seconds, a file may change within the second it was seen in and look the same.
COARSE_S = 2.0

Signature = tuple[int, int, int]


class DeskFiles:
    """What is known of a desk's files; `packed` has those that are there, `problems` a sentence for each that is not
    sent as it is.
    """

    def __init__(self, state_dir: Path) -> None:
        """Nothing is read yet."""
        self.state_dir = state_dir
        self._files = [_WatchedFile(name, state_dir / location) for name, location in LOCATIONS.items()]

    def look(self) -> bool:
        """Read what has changed; whether anything has."""
        changed = [file.look() for file in self._files]
        return any(changed)

    @property
    def packed(self) -> dict[str, bytes]:
        """The packed files, by name; the largest are left out where all of them are more than a desk may send."""
        return {file.name: file.packed for file in self._split_by_size()[0] if file.packed is not None}

    @property
    def problems(self) -> list[str]:
        """What a wall has to know of files that it does not see as the desk does."""
        found = [file.problem for file in self._files if file.problem]
        found += [f"{file.name} is too large to be sent" for file in self._split_by_size()[1]]
        if not self.state_dir.is_dir():
            found.append(f"{self.state_dir} is no directory")
        return found + self._find_other_nav_files()

    def _split_by_size(self) -> tuple[list[_WatchedFile], list[_WatchedFile]]:
        """Those that fit, and those that do not."""
        fitting: list[_WatchedFile] = []
        packed, inflated = 0, 0
        for file in sorted(self._files, key=lambda file: len(file.packed or b"")):
            # Room for the names of the fields.
            packed, inflated = packed + len(file.packed or b"") + 64, inflated + file.size
            if packed > MAX_PACKED_BYTES or inflated > MAX_INFLATED_BYTES:
                return fitting, [other for other in self._files if other not in fitting and other.packed]
            fitting.append(file)
        return fitting, []

    def _find_other_nav_files(self) -> list[str]:
        """The reader takes a nav file of any name where it has no other; only known names are sent."""
        known = {file.name for file in self._files if file.packed is not None}
        if known & {surfaces.NAV, surfaces.NAV_STATE}:
            return []
        others = sorted(path.name for path in self.state_dir.glob("nav*.json") if path.name not in LOCATIONS)
        return [f"{others[0]!a} is no known name and is not sent"] if others else []


class _WatchedFile:
    """One of them. What cannot be read stays as it was read last, and is named."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.packed: bytes | None = None
        self.size = 0
        self.problem: str | None = None
        self._signature: Signature | None = None
        self._read: Callable[[int, int], bytes] = READERS.get(name, read_whole)

    def look(self) -> bool:
        """Read it if it has changed; whether it has."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 - this runs for every file twice a second
            if self._signature == _sign(found):
                return False
            return self._keep(self._read_changed())
        except (FileNotFoundError, NotADirectoryError):
            return self._forget()
        except OSError as error:
            self.problem = f"{self.name} cannot be read: {(error.strerror or str(error)).lower()}"
            return False

    def _read_changed(self) -> File:
        with open_regular(self.path) as file:
            found = os.fstat(file.fileno())
            if found.st_size > MAX_INFLATED_BYTES and self._read is read_whole:
                raise OSError(None, f"it is over {MAX_INFLATED_BYTES >> 20} MiB")
            content = self._read(file.fileno(), found.st_size)
            is_still_that = _sign(os.fstat(file.fileno())) == _sign(found)
        # What changes while it is read, or could without a sign, is read again at the next look.
        may_differ = found.st_mtime_ns % 10**9 == 0 and abs(time.time() - found.st_mtime) < COARSE_S
        self._signature = _sign(found) if is_still_that and not may_differ else None
        return File(content, found.st_mtime_ns)

    def _keep(self, file: File) -> bool:
        before, self.problem = self.packed, None
        self.packed, self.size = pack(file), len(file.content)
        return self.packed != before

    def _forget(self) -> bool:
        was_there = self.packed is not None
        self.packed, self.size, self.problem, self._signature = None, 0, None, None
        return was_there


def _sign(found: os.stat_result) -> Signature:
    return found.st_mtime_ns, found.st_size, found.st_ino
