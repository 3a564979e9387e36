"""Reading one surface: stat'ed each time, parsed only when it changed, its last good content kept over a torn read."""

import os
import stat
from dataclasses import dataclass, replace

from state.files.content import same_content
from state.files.decoding import UnusableFileError, decode_object
from state.files.nav_log import NavLog, read_nav_log
from state.files.nav_week import sample_week
from state.files.stamps import age_of, ahead_of_writing, content_stamp
from state.files.surfaces import Surface
from state.files.values import JsonDict
from state.formatting import fmt_clock

MAX_BYTES = 64 * 1024 * 1024
GROWTH_BYTES = 64 * 1024

Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one surface after a look at it.

    `data` is the parsed content, or the last good one when `status` is not `ok` but the file is still there; None
    without. `updated_at`, `changed_at` and `written_at` belong to that content; the last is the latest moment it can
    have been written at by the time of its file. `log` is what a log that is read by its end has been
    read from, `content` the bytes of a file that has just been read, until they are kept.
    """

    surface: Surface
    status: str = "missing"
    data: JsonDict | None = None
    updated_at: float | None = None
    changed_at: float | None = None
    mtime: float | None = None
    error: str | None = None
    signature: Signature | None = None
    log: NavLog | None = None
    content: bytes | None = None
    written_at: float | None = None

    @property
    def name(self) -> str:
        """File name of the surface."""
        return self.surface.name

    @property
    def skew_s(self) -> float:
        """Seconds that its writer's clock was ahead when it wrote; 0 where the time of the file does not show it."""
        return 0.0 if self.updated_at is None else ahead_of_writing(self.updated_at, self.written_at) or 0.0

    def ahead_s(self, now: float) -> float | None:
        """Seconds that the clock of its writer is ahead by, or of its reader behind; None where both are right."""
        return None if self.updated_at is None else self._ahead_of(self.updated_at, now)

    def ahead_words(self, stamp: float | None) -> str:
        """Where a stamp lies whose clock is ahead: the same words for as long as this version stands."""
        late = stamp is not None and ahead_of_writing(stamp, self.written_at) is not None
        return "later than it was written" if late else "in the future"

    def age_s(self, now: float) -> float | None:
        """Seconds since its own stamp."""
        return self.age_of(self.updated_at, now)

    def age_of(self, stamp: float | None, now: float) -> float | None:
        """Seconds since a stamp that stands in it; None without one, and where that or its own is of a wrong clock."""
        if stamp is None or self.ahead_s(now) is not None or self._ahead_of(stamp, now) is not None:
            return None
        return age_of(stamp, now)

    def _ahead_of(self, stamp: float, now: float) -> float | None:
        return ahead_of_writing(stamp, self.written_at) or (stamp - now if age_of(stamp, now) is None else None)


def read_surface(path: str, surface: Surface, previous: Reading | None) -> Reading:
    """Look at one surface; never raises. `previous` is what the last look found."""
    try:
        signature, mtime = _inspect(path, surface)
        if previous is not None and previous.signature == signature and not is_coarse(signature):
            return previous
        return _read_changed(path, surface, signature, mtime, previous)
    except (FileNotFoundError, NotADirectoryError):
        return Reading(surface)
    except UnusableFileError as error:
        return _keep_last_good(surface, error.status, str(error), previous)
    except (OSError, ValueError) as error:
        return _keep_last_good(surface, "unreadable", _describe_os_error(error), previous)


def find_directory_fault(path: str) -> str | None:
    """What is wrong with a directory that is none, in words; None where it is one, or where nobody may look."""
    try:
        return None if stat.S_ISDIR(os.stat(path).st_mode) else f"{path} is no directory"  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return f"{path} does not exist"
    except (OSError, ValueError):
        return None


def is_coarse(signature: Signature | None) -> bool:
    """Whether the file system may keep whole seconds only: two versions of one second then look the same."""
    return signature is not None and signature[0] % 1_000_000_000 == 0


def latest_write(mtime_ns: int) -> float:
    """Epoch until which a file was written; of a file system that keeps whole seconds only, the end of the second."""
    return mtime_ns / 1e9 + (1.0 if mtime_ns % 1_000_000_000 == 0 else 0.0)


def _read_changed(path: str, surface: Surface, signature: Signature, mtime: float, previous: Reading | None) -> Reading:
    try:
        if surface.root is list:
            return _follow(path, surface, signature, mtime, previous)
        content, written_at = _read_bytes(path, signature[1])
        found = _accept(surface, decode_object(content), signature, mtime, previous)
        return replace(found, content=content, written_at=written_at)
    except UnusableFileError as error:
        # The signature is kept, so that a broken file is not parsed again until it changes.
        return replace(_keep_last_good(surface, error.status, str(error), previous), signature=signature, mtime=mtime)


def _inspect(path: str, surface: Surface) -> tuple[Signature, float]:
    found = os.stat(path)  # noqa: PTH116
    if not stat.S_ISREG(found.st_mode):
        raise UnusableFileError("unreadable", "not a regular file")
    # Of a list only the end is read.
    if found.st_size > MAX_BYTES and surface.root is not list:
        raise UnusableFileError("unreadable", f"{found.st_size:,} bytes, over the limit of 64 MiB")
    return (found.st_mtime_ns, found.st_size, found.st_ino), found.st_mtime


def _read_bytes(path: str, expected_bytes: int) -> tuple[bytes, float]:
    """What is in a file, and until when it was written: another version may stand there since it was looked at."""
    # Non-blocking, so that a FIFO put there since the stat cannot hang the page.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        # A read makes room for all it is asked for: the size that was seen, then only where the file has grown.
        content = os.read(descriptor, expected_bytes + 1)
        while len(content) <= MAX_BYTES and (more := os.read(descriptor, GROWTH_BYTES)):
            content += more
        written_at = latest_write(os.fstat(descriptor).st_mtime_ns)
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise UnusableFileError("unreadable", "grew over the limit of 64 MiB while it was read")
    return content, written_at


def _follow(path: str, surface: Surface, signature: Signature, mtime: float, previous: Reading | None) -> Reading:
    """A log that is read by its end; `data` stays the same object while nothing was added."""
    known = previous.log if previous is not None else None
    log = read_nav_log(path, mtime, known)
    if previous is not None and known is not None and _is_the_same(log, known):
        return replace(previous, status="ok", mtime=mtime, error=None, signature=signature, log=log)
    week = sample_week(log, mtime, previous.data.get("week") if previous is not None and previous.data else None)
    data = {"series": log.points, "faults": len(log.faults), "updated_at": log.updated_at, "week": week}
    written_at = latest_write(os.stat(path).st_mtime_ns)  # noqa: PTH116 - points may have come since it was looked at
    return replace(_accept(surface, data, signature, mtime, previous), log=log, written_at=written_at)


def _is_the_same(log: NavLog, known: NavLog) -> bool:
    return (log.points is known.points, log.faults, log.updated_at) == (True, known.faults, known.updated_at)


def _accept(surface: Surface, data: JsonDict, signature: Signature, mtime: float, previous: Reading | None) -> Reading:
    updated_at = content_stamp(data)
    changed_at = _change_time(surface, data, updated_at, mtime, previous)
    return Reading(surface, "ok", data, updated_at, changed_at, mtime, None, signature)


def _change_time(
    surface: Surface, data: JsonDict, updated_at: float | None, mtime: float, previous: Reading | None
) -> float | None:
    """When the content changed: by its own stamp, unless that stood still."""
    before = None
    if previous is not None and previous.data is not None:
        if same_content(surface, previous.data, data):
            return previous.changed_at
        before = previous.changed_at
    return updated_at if updated_at is not None and (before is None or updated_at > before) else mtime


def _keep_last_good(surface: Surface, status: str, reason: str, previous: Reading | None) -> Reading:
    if previous is None or previous.data is None:
        return Reading(surface, status, error=reason)
    kept = "" if previous.updated_at is None else f" of {fmt_clock(previous.updated_at)}"
    return replace(previous, status=status, signature=None, error=f"{reason}; last good content{kept} kept")


def _describe_os_error(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
