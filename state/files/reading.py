"""Reading one surface: stat'ed each time, parsed only when it changed, its last good content kept over a torn read."""

import os
import stat
from dataclasses import dataclass, replace

from state.files.content import same_content
from state.files.decoding import UnusableFileError, decode_object
from state.files.nav_log import NavLog, read_nav_log
from state.files.nav_week import sample_week
from state.files.stamps import content_stamp
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
    without. `updated_at` and `changed_at` belong to that content. `log` is what a log that is read by its end has been
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

    @property
    def name(self) -> str:
        """File name of the surface."""
        return self.surface.name


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


def _read_changed(path: str, surface: Surface, signature: Signature, mtime: float, previous: Reading | None) -> Reading:
    try:
        if surface.root is list:
            return _follow(path, surface, signature, mtime, previous)
        content = _read_bytes(path, signature[1])
        return replace(_accept(surface, decode_object(content), signature, mtime, previous), content=content)
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


def _read_bytes(path: str, expected_bytes: int) -> bytes:
    # Non-blocking, so that a FIFO put there since the stat cannot hang the page.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        # A read makes room for all it is asked for: the size that was seen, then only where the file has grown.
        content = os.read(descriptor, expected_bytes + 1)
        while len(content) <= MAX_BYTES and (more := os.read(descriptor, GROWTH_BYTES)):
            content += more
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise UnusableFileError("unreadable", "grew over the limit of 64 MiB while it was read")
    return content


def _follow(path: str, surface: Surface, signature: Signature, mtime: float, previous: Reading | None) -> Reading:
    """A log that is read by its end; `data` stays the same object while nothing was added."""
    known = previous.log if previous is not None else None
    log = read_nav_log(path, mtime, known)
    if previous is not None and known is not None and log.points is known.points and log.faults == known.faults:
        return replace(previous, status="ok", mtime=mtime, error=None, signature=signature, log=log)
    week = sample_week(log, mtime, previous.data.get("week") if previous is not None and previous.data else None)
    data = {"series": log.points, "faults": len(log.faults), "updated_at": log.updated_at, "week": week}
    return replace(_accept(surface, data, signature, mtime, previous), log=log)


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
