"""A desk's files as a hash of the store carries them: known names only, each with its mtime, packed, within limits."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Mapping

TAPE = "transitions.jsonl"
TAPE_ROTATED = "transitions.jsonl.1"

# Where each file lies, by the name of its field, relative to the state directory.
LOCATIONS: Mapping[str, str] = {
    **{surface.name: surface.location for surface in surfaces.SURFACES},
    TAPE: f"../execution/{TAPE}",
    TAPE_ROTATED: f"../execution/{TAPE_ROTATED}",
}

VERSION = b"version"
MAX_PACKED_BYTES = 4 * 1024 * 1024
MAX_INFLATED_BYTES = 64 * 1024 * 1024

_LONGEST_HEAD = 20
_LATEST_MTIME_NS = 10**10 * 10**9  # the year 2286; file systems end soon after it, each elsewhere
_LONGEST_SHOWN = 60

Fields = dict[bytes, bytes]


class PackingError(ValueError):
    """What a desk sent cannot be taken; the message names the file, the value and the limit."""


class LimitError(PackingError):
    """It is more than a desk may send: nothing of it is taken, so that no more is spent on it."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a desk, whole, with its modification time in nanoseconds."""

    content: bytes
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What of a desk's hash can be taken: the packed files by name, and a sentence for each that cannot."""

    packed: dict[str, bytes]
    version: str
    problems: list[str] = field(default_factory=list)


def pack(file: File) -> bytes:
    """The value of a field."""
    return b"%d\n" % file.mtime_ns + zlib.compress(file.content)


def unpack(name: str, packed: bytes, budget: int = MAX_INFLATED_BYTES) -> File:
    """The file in the value of a field, of at most `budget` bytes; no more than these are ever inflated.

    Raises:
        LimitError: it is larger.
        PackingError: it is none of this format.
    """
    head, end, _ = packed[: _LONGEST_HEAD + 1].partition(b"\n")
    if not end or not head.isdigit() or int(head) > _LATEST_MTIME_NS:
        raise PackingError(f"{name} begins with {head[:_LONGEST_HEAD]!r}; expected its mtime in nanoseconds")
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(memoryview(packed)[len(head) + 1 :], budget + 1)
    except zlib.error as error:
        raise PackingError(f"{name} cannot be inflated: {error}") from None
    if len(content) > budget:
        raise LimitError(f"{name} inflates to more than what is left of {MAX_INFLATED_BYTES >> 20} MiB for a desk")
    if not inflater.eof or inflater.unused_data:
        raise PackingError(f"{name} is {'cut off' if not inflater.eof else 'followed by something else'}")
    return File(content, int(head))


def make_fields(packed: Mapping[str, bytes]) -> Fields:
    """The whole hash of a desk: its files, and a version that tells them from any others."""
    digest = hashlib.sha256()
    for name in sorted(packed):
        digest.update(f"{name}\0{len(packed[name])}\0".encode() + packed[name])
    return {VERSION: digest.hexdigest()[:16].encode(), **{name.encode(): packed[name] for name in packed}}


def open_parcel(fields: Mapping[bytes, bytes]) -> Parcel:
    """The fields that are files of a desk; nothing is inflated yet.

    Raises:
        LimitError: it is more than a desk may send.
    """
    size = sum(map(len, fields)) + sum(map(len, fields.values()))
    if size > MAX_PACKED_BYTES:
        raise LimitError(f"its files take {size:,} bytes packed; expected at most {MAX_PACKED_BYTES:,}")
    known = {name: fields[name.encode()] for name in LOCATIONS if name.encode() in fields}
    unknown = sorted(fields.keys() - {name.encode() for name in known} - {VERSION})
    problems = [f"{_show(unknown[0])} is no file of a desk"] if unknown else []
    if len(unknown) > 1:
        problems = [f"{problems[0]}, nor are {len(unknown) - 1} others"]
    return Parcel(known, fields.get(VERSION, b"")[:64].decode("ascii", "replace"), problems)


def _show(name: bytes) -> str:
    return ascii(name[:_LONGEST_SHOWN].decode("utf-8", "replace"))
