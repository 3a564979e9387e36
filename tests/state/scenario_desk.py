"""A corpus scenario in memory, read again and again with some of its values changed."""

import pickle
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from changes import Change, Place, changed, changes_of, written_places
from coherence import misfits
from telling import told
from worlds import Scenario, State

from state.facts.sources import Derived, Sources
from state.files.history import History
from state.files.nav_log import read_rows
from state.files.reading import read_surface
from state.files.stamps import content_stamp
from state.files.surfaces import NAV_LOG, SURFACES
from state.files.transitions import Tape
from state.normalize import normalize

UNDRAWN = ("nav", "router")  # raw blocks of kpis: passed through, and drawn by no panel
EARLIER_S = 60.0


class Desk:
    """A scenario whose files have just been read, as a process sees it that read them a minute ago as well."""

    def __init__(self, scenario: Scenario) -> None:
        self._now, self._environ = scenario.expected["now"], scenario.expected["environ"]
        read = {item.name: read_surface(str(scenario.state_dir / item.location), item, None) for item in SURFACES}
        self._readings = {name: item for name, item in read.items() if item.data is not None}
        self._history, self._derived = History(None), Derived()
        self._history.open(self._now)
        before = {
            name: replace(item, updated_at=item.updated_at and item.updated_at - EARLIER_S)
            for name, item in self._readings.items()
        }
        normalize(Sources(before, self._now, self._environ, self._history, self._derived, Tape()), "")
        self._before = pickle.dumps(self._history)
        normal = self.read()
        self.page, self.usual_misfits = on_the_page(normal), misfits(normal)
        self._values = Counter(value for _, content in self._contents() for value in _values(content))

    def _contents(self) -> Iterator[tuple[str, Any]]:
        for name, reading in self._readings.items():
            yield name, self._rows() if name == NAV_LOG else reading.data

    def _rows(self) -> list[dict[str, Any]]:
        """The points of nav_log.json as they are written."""
        data = self._readings[NAV_LOG].data or {}
        return [point._asdict() for point in data["series"]]

    @cached_property
    def places(self) -> list[tuple[str, Place]]:
        """Every written value of every file that is read."""
        return [(name, place) for name, content in self._contents() for place in written_places(content)]

    def changes(self) -> Iterator[tuple[str, Change]]:
        """Everything that can be done to one value of a file."""
        return ((name, change) for name, place in self.places for change in changes_of(place))

    def read(self, file: str = "", *changes: Change) -> State:
        """The state with some values of a file changed."""
        readings = dict(self._readings)
        if file:
            reading = readings[file]
            content = changed(self._rows() if file == NAV_LOG else reading.data, *changes)
            if file == NAV_LOG:
                points, faults = read_rows(content)
                content = {"series": points, "faults": len(faults), "updated_at": content[-1].get("t"), "week": []}
            stamp = content_stamp(content)
            readings[file] = replace(reading, data=content, updated_at=stamp, changed_at=stamp)
        # The history as it was before this load.
        history, derived = pickle.loads(self._before), dict(self._derived)  # noqa: S301 - our own
        return normalize(Sources(readings, self._now, self._environ, history, derived, Tape()), "")

    def stands_elsewhere(self, value: Any) -> bool:
        """Whether the same value is written in another place."""
        return self._values[value] > 1


def _values(content: Any) -> Iterator[Any]:
    if isinstance(content, dict | list):
        for item in content.values() if isinstance(content, dict) else content:
            yield from _values(item)
    elif content is not None:
        yield content


def on_the_page(state: State) -> State:
    """What an operator is told, without what no panel draws."""
    said = told(state)
    raw = tuple(f"kpis.{name}" for name in UNDRAWN)
    kpis = {key: block for key, block in said["kpis"].items() if key not in UNDRAWN}
    unknown = {path: reason for path, reason in said["unknown"].items() if not path.startswith(raw)}
    return {**said, "kpis": kpis, "unknown": unknown}
