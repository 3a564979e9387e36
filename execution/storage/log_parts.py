"""The files that a log consists of: the one that is written, and the rotated ones, whoever rotated them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Our own writer keeps .1 .. .5.
ROTATED_PARTS = 5

# logrotate's `dateext` and its kind append a day or a time: -20261125, .20261125-13, -1795634304.
_SUFFIX = re.compile(r"[.-](?P<number>\d+)(?P<rest>(-\d+)*)")
SHORTEST_DATE_DIGITS = 6


def list_rotated(path: Path) -> list[Path]:
    """The rotated parts of the log at `path`, youngest first: numbered ones by number, dated ones by date."""
    try:
        siblings = list(path.parent.iterdir())
    except FileNotFoundError:
        return []
    found = [(age, part) for part in siblings if (age := _age(path, part)) is not None]
    return [part for _, part in sorted(found)]


def _age(path: Path, part: Path) -> tuple[int, list[int]] | None:
    """What sorts the younger part before the older one; None for a file that is no part of this log."""
    match = _SUFFIX.fullmatch(part.name.removeprefix(path.name))
    if match is None or not part.name.startswith(path.name):
        return None
    numbers = [int(number) for number in re.findall(r"\d+", match[0])]
    if len(match["number"]) >= SHORTEST_DATE_DIGITS:
        # The zero puts a second part of one day before its first.
        return 1, [*(-number for number in numbers), 0]
    return (0, numbers) if not match["rest"] else None
