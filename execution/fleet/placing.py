"""How a mirror writes files that others read: whole, under their final name at once, with the times of the desk."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MODE = 0o644


def place(path: Path, content: bytes, mtime_ns: int | None = None) -> None:
    """Replace the file at `path`; unlike the desk's own it is not forced to the disk, since it can be had again.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    temp = path.with_name(f".{path.name}.tmp")
    try:
        descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, MODE)
            file.write(content)
        if mtime_ns is not None:
            os.utime(temp, ns=(mtime_ns, mtime_ns))
        temp.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temp.unlink()
        raise


def place_json(path: Path, content: object) -> None:
    """Replace the file at `path` by JSON.

    Raises:
        OSError: as `place`.
    """
    place(path, json.dumps(content, allow_nan=False).encode())
