"""Schema drift: a field that used to be published and is gone, or a shape nobody knows."""

from collections.abc import Iterator
from typing import Any

from state.facts.sources import Sources
from state.files.reading import Reading
from state.files.values import mapping, number
from state.trust.shapes import UNRECOGNISED, find_fields, find_shape

Drift = dict[str, Any]


def find_drift(sources: Sources) -> list[Drift]:
    """What the files have stopped publishing, by file; each shape of a file is held against its own past."""
    return [item for reading in sources.readings.values() for item in _of_surface(reading, sources)]


def _of_surface(reading: Reading, sources: Sources) -> Iterator[Drift]:
    if reading.status != "ok" or reading.data is None:
        return
    shape = find_shape(sources, reading.name)
    at = reading.updated_at or reading.mtime or sources.now
    if shape == UNRECOGNISED:
        yield _drift(reading.name, "", at, f"{reading.name} has a shape this dashboard does not know")
        return
    key = f"fields/{reading.name}/{shape}"
    known = mapping(sources.history.get(key))
    seen = {path: last for path, value in known.items() if (last := number(value)) is not None and last <= at}
    seen |= dict.fromkeys(find_fields(sources, reading.name), at)
    if sources.history.at(key) != at:
        sources.history.keep(key, seen, at)
    gone = [path for path, last in seen.items() if last < at]
    for path in gone:
        # A block that is gone speaks for all that was in it.
        if path.rpartition(".")[0] not in gone:
            yield _drift(reading.name, path, seen[path], f"{reading.name}: {path} not published any more")


def _drift(name: str, path: str, since: float, text: str) -> Drift:
    return {"surface": name, "path": path, "since": since, "text": text}
