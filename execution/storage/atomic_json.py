"""Write one JSON file whole or not at all."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import secrets
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMP_SUFFIX = ".tmp"
MAX_DEPTH = 64

# An integer of more bits is no number for a reader that has floats alone.
MAX_INTEGER_BITS = 1023
MAX_TEMP_AGE_S = 3600.0

# A container restarts with the same pid, so a pid alone does not tell this life of the process from the last one.
_LIFE = secrets.token_hex(4)
_serial = itertools.count()


def write_json_atomic(path: Path | str, payload: object) -> None:
    """Replace the file at `path` by `payload` as JSON; readers see the old content or the new, never a part.

    Raises:
        ValueError: a number is NaN or infinite, or the payload is nested too deep; the message names the field.
        TypeError: a value or a key has no JSON form; the message names the field.
        OSError: the file cannot be written; the old one is untouched and no temporary file stays.
    """
    target = Path(path)
    content = encode_json(target.name, payload)
    temp = _temp_path(target)
    try:
        _write_durably(temp, content, _mode_of(target))
        temp.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        with contextlib.suppress(OSError):
            temp.unlink()
    _sync_directory(target.parent)


def encode_json(name: str, payload: object) -> bytes:
    """JSON bytes of `payload`; an error names the field as `name: path`."""
    for path, problem in _problems(payload, "", 0):
        message = f"{name}: {path.lstrip('.') or 'payload'} {problem}"
        raise (TypeError if problem.startswith("has") else ValueError)(message)
    return json.dumps(payload, allow_nan=False, separators=(",", ":")).encode()


def remove_orphans(directory: Path | str) -> list[Path]:
    """Delete the temporary files that dead processes left in `directory`; returns what was deleted."""
    removed = []
    for temp in sorted(Path(directory).glob(f".*.json.*{TEMP_SUFFIX}")):
        if _is_orphan(temp):
            temp.unlink(missing_ok=True)
            removed.append(temp)
    return removed


def _temp_path(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}-{_LIFE}-{next(_serial)}{TEMP_SUFFIX}")


def _write_durably(temp: Path, content: bytes, mode: int | None) -> None:
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _mode_of(target: Path) -> int | None:
    """Permission bits of the file to be replaced, None when there is none (the umask then decides)."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return None


def _sync_directory(directory: Path) -> None:
    # Some file systems refuse fsync on a directory; the rename itself has succeeded by now.
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _problems(value: object, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield (path, what is wrong) for every part that JSON cannot carry."""
    if depth > MAX_DEPTH:
        yield path, f"is nested deeper than {MAX_DEPTH} levels"
    elif isinstance(value, dict):
        yield from _dict_problems(value, path, depth)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _problems(item, f"{path}[{index}]", depth + 1)
    elif type(value) is float:
        if not math.isfinite(value):
            yield path, f"is {'NaN' if math.isnan(value) else 'infinite'}"
    elif type(value) is int:
        if value.bit_length() > MAX_INTEGER_BITS:
            yield path, "is an integer beyond 10^308"
    elif value is not None and type(value) not in (str, bool):
        yield path, f"has no JSON form: {type(value).__name__}"


def _dict_problems(value: dict[object, object], path: str, depth: int) -> Iterator[tuple[str, str]]:
    for key, item in value.items():
        if type(key) is str:
            yield from _problems(item, f"{path}.{key}", depth + 1)
        else:
            yield path, f"has a key that is not text: {key!r}"


def _is_orphan(temp: Path) -> bool:
    pid, _, life_and_serial = temp.name.removesuffix(TEMP_SUFFIX).rpartition(".")[2].partition("-")
    if not pid.isdecimal():
        return False
    if int(pid) == os.getpid():
        return not life_and_serial.startswith(_LIFE)
    return not _is_running(int(pid)) or _age_s(temp) > MAX_TEMP_AGE_S


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
