"""One desk of a mirror: its directory, and what the store has of it that is not written there yet."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from execution.fleet.beat import Beat, BeatError, decode_beat, describe_skew, join_problems
from execution.fleet.packing import (
    LOCATIONS,
    MAX_INFLATED_BYTES,
    Fields,
    LimitError,
    PackingError,
    Parcel,
    open_parcel,
    unpack,
)  # fmt: skip
from execution.fleet.placing import place, place_json
from state.files.fleet_files import DESK_FILE, FORMAT, STATE_PATH

if TYPE_CHECKING:
    from pathlib import Path

# What was refused is not looked at again before, so that one desk cannot keep the others waiting.
REFUSED_FOR_S = 10.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Now on the wall's clock (epoch seconds), and how far that is ahead of the store's (seconds)."""

    now: float
    offset_s: float


class DeskCopy:
    """The copy of one desk. Errors of its files are its own and named in desk.json; OSError is the disk's."""

    def __init__(self, root: Path, name: str) -> None:
        """Nothing is written yet."""
        self.name, self.directory = name, root / name
        self.state_dir = self.directory / STATE_PATH
        self._raw: bytes | Exception | None = None
        self._is_written = True
        self._beat: Beat | None = None
        self._seen_at: float | None = None
        self._skew_s: float | None = None
        self._beat_problem: str | None = None
        self._files_problem: str | None = None
        self._asked_for: str | None = None
        self._version: str | None = None
        self._written: dict[str, bytes] = {}
        self._refused_s = float("-inf")

    @property
    def is_local(self) -> bool:
        """Whether the directory belongs to a desk that was not mirrored here: its files are never touched."""
        return self.state_dir.exists() and not (self.directory / DESK_FILE).exists()

    @property
    def wants_files(self) -> bool:
        """Whether the store has files that were not asked for yet."""
        if self._beat is None or self._beat.version in (self._version, self._asked_for):
            return False
        return time.monotonic() - self._refused_s >= REFUSED_FOR_S

    def note_beat(self, raw: bytes | Exception | None, moment: Moment) -> None:
        """Take the answer to the question for the beat; a desk that vanished from the store keeps what it has."""
        if raw is not None and raw not in (b"", self._raw):
            self._raw, self._is_written = raw, False
            try:
                self._take(decode_beat(raw), moment)
            except BeatError as error:
                self._beat_problem = str(error)
        if not self._is_written:
            self._write_desk_file()

    def note_files(self, fields: Fields | Exception) -> None:
        """Write what has changed of the files, and remove those that the desk no longer has."""
        problem = self._files_problem
        try:
            if isinstance(fields, Exception):
                raise PackingError(str(fields) if isinstance(fields, ValueError) else "its files are no hash")
            if fields:
                problem = self._write_files(open_parcel(fields))
            self._asked_for = self._beat.version if self._beat else None
        except PackingError as error:
            self._refused_s, problem = time.monotonic(), f"files refused: {error}"
        if problem != self._files_problem:
            self._files_problem = problem
            self._write_desk_file()

    def _take(self, beat: Beat, moment: Moment) -> None:
        # What lies in the store when a mirror starts, or after it was filled from a backup, may be hours old.
        is_newer = self._beat is not None and beat.sent_at > self._beat.sent_at
        age_s = 0.0 if is_newer else max(0.0, moment.now - moment.offset_s - beat.sent_at)
        self._beat, self._seen_at, self._skew_s = beat, moment.now - age_s, beat.offset_s - moment.offset_s
        skew = describe_skew(self._skew_s, "the desk's clock", "the wall's")
        foreign = f"publisher speaks format {beat.format}, the mirror {FORMAT}" if beat.format != FORMAT else None
        self._beat_problem = join_problems(foreign, beat.problem, skew)

    def _write_files(self, parcel: Parcel) -> str | None:
        """In the order in which the desk wrote them, so that no reader sees a mixture that never was."""
        files, problems, budget = {}, list(parcel.problems), MAX_INFLATED_BYTES
        for name, packed in parcel.packed.items():
            if self._written.get(name) == _digest(packed) and (self.state_dir / LOCATIONS[name]).exists():
                continue
            try:
                files[name] = unpack(name, packed, budget)
            except LimitError:
                raise
            except PackingError as error:
                problems.append(str(error))
                continue
            budget -= len(files[name].content)
        for name, file in sorted(files.items(), key=lambda item: item[1].mtime_ns):
            path = self.state_dir / LOCATIONS[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            place(path, file.content, file.mtime_ns)
            self._written[name] = _digest(parcel.packed[name])
        self._remove(LOCATIONS.keys() - parcel.packed.keys())
        self._version = parcel.version
        return join_problems(*problems)

    def _remove(self, names: set[str]) -> None:
        for name in names:
            (self.state_dir / LOCATIONS[name]).unlink(missing_ok=True)
            self._written.pop(name, None)

    def _write_desk_file(self) -> None:
        """First of all, so that a directory without it is a local desk's."""
        if not (self.directory / DESK_FILE).exists():
            # The directory is new, or somebody has deleted it: whatever was written there is asked for once more.
            self._version = self._asked_for = None
            self._written.clear()
        self.state_dir.mkdir(parents=True, exist_ok=True)
        beat = self._beat
        content = {
            "format": beat.format if beat else None,
            "publisher": beat.publisher if beat else None,
            "beat_at": beat.sent_at if beat else None,
            "beat_seen_at": self._seen_at,
            "skew_s": self._skew_s,
            "environ": dict(beat.environ) if beat else {},
            "problem": join_problems(self._beat_problem, self._files_problem),
        }
        self._is_written = False
        place_json(self.directory / DESK_FILE, content)
        self._is_written = True


def _digest(packed: bytes) -> bytes:
    return hashlib.sha256(packed).digest()
