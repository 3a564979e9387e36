"""What can be wrong with a file: each a way to make it so."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

MIB = 1024 * 1024

Damage = Callable[[Path], None]


def holding(content: bytes) -> Damage:
    """The file with this content."""

    def fill(path: Path) -> None:
        path.write_bytes(content)

    return fill


def with_field(name: str, token: str) -> Damage:
    """The file with one top-level field written as this token of JSON text."""

    def write(path: Path) -> None:
        content = json.loads(path.read_bytes()) | {name: "\0"}
        path.write_text(json.dumps(content).replace('"\\u0000"', token))

    return write


def with_stamp(change: Callable[[float], Any]) -> Damage:
    """The file with its stamp of epoch seconds changed; None drops it."""

    def write(path: Path) -> None:
        content = json.loads(path.read_bytes())
        stamp = change(content.pop("updated_at"))
        path.write_text(json.dumps(content if stamp is None else {"updated_at": stamp, **content}))

    return write


def in_encoding(name: str) -> Damage:
    """The same text in another encoding."""

    def encode(path: Path) -> None:
        path.write_bytes(path.read_text().encode(name))

    return encode


def cut_to(share: float) -> Damage:
    """The beginning of the file."""

    def cut(path: Path) -> None:
        os.truncate(path, int(path.stat().st_size * share))

    return cut


def grown_to(size: int) -> Damage:
    """A file of this size, of which the disk holds nothing but the beginning."""

    def grow(path: Path) -> None:
        os.truncate(path, size)

    return grow


def linked_to(target: str) -> Damage:
    """A symbolic link in place of the file."""

    def link(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return link


def become_secret(path: Path) -> None:
    """The next write of a writer whose umask lets nobody read."""
    path.write_bytes(path.read_bytes() + b"\n")
    path.chmod(0)


def become_directory(path: Path) -> None:
    """A directory in place of the file."""
    path.unlink()
    path.mkdir()


def become_fifo(path: Path) -> None:
    """A pipe that nobody writes to: whoever opens it to read waits for ever."""
    path.unlink()
    os.mkfifo(path)


def become_socket(path: Path) -> None:
    """A socket that nobody listens on any more."""
    path.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
