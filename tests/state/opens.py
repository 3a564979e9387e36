"""Which files a piece of code opens, by an audit hook."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WATCHED: list[str] = []
WATCHING: list[str] = []


def note_open(event: str, args: tuple[Any, ...]) -> None:
    """An audit hook: remembers what is opened below the watched directory."""
    if WATCHING and event == "open" and str(args[0]).startswith(WATCHING[0]):
        WATCHED.append(Path(str(args[0])).name)


sys.addaudithook(note_open)


@contextmanager
def opened_below(directory: Path) -> Iterator[list[str]]:
    """The names of the files opened below a directory meanwhile."""
    WATCHED.clear()
    WATCHING.append(str(directory))
    try:
        yield WATCHED
    finally:
        WATCHING.clear()
