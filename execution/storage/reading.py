"""Read what others write: really a file, and whatever it holds, the error is one sentence that names it."""

from __future__ import annotations

import errno
import json
import os
import stat
from typing import TYPE_CHECKING, Any, BinaryIO

from execution.utils.numbers import describe

if TYPE_CHECKING:
    from pathlib import Path


def open_regular(path: Path) -> BinaryIO:
    """The file, opened for reading; a pipe that somebody put in its place would hold the process up for ever.

    Raises:
        FileNotFoundError: it is not there.
        OSError: it cannot be read, or is a directory, a pipe or a device.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def read_json(path: Path) -> object:
    """The content of the file at `path`.

    Raises:
        FileNotFoundError: it is not there.
        OSError: it cannot be read, or is no regular file.
        ValueError: it is not JSON: empty, cut off, not UTF-8, nested too deep.
    """
    with open_regular(path) as file:
        content = file.read()
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError(f"{path} is not JSON that can be read: nested too deep") from None
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error if content else 'it is empty'}") from None


def read_json_object(path: Path) -> dict[str, Any]:
    """The content of the file at `path`, which has to be an object.

    Raises:
        FileNotFoundError, OSError, ValueError: as `read_json`.
        ValueError: it holds something else.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds {describe(content)}; expected an object")
    return content
