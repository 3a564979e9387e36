"""What one load has to work with: a reading of each surface, the clock, the environment and what was seen before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import is_
from typing import Any, TypeVar

from state.facts.unknowns import Unknowns
from state.files.history import History
from state.files.reading import Reading
from state.files.transitions import Tape
from state.files.values import JsonDict

T = TypeVar("T")

# The content of every surface that has none: one object, since contents are told apart by identity.
_NOTHING: JsonDict = {}


# What was worked out of which contents, by function and files.
Derived = dict[tuple[Callable[..., Any], tuple[str, ...]], tuple[list[JsonDict], Any]]


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything the normalizers may look at. They read no file and no clock themselves.

    `history` is what outlives a load, `unknown` and `stale` collect the reason of each value that is not known, or old,
    `directory_fault` says what is wrong with the directory itself.
    """

    readings: Mapping[str, Reading]
    now: float
    environ: Mapping[str, str]
    history: History = field(default_factory=lambda: History(None))
    derived: Derived = field(default_factory=dict)
    tape: Tape = field(default_factory=Tape)
    unknown: Unknowns = field(default_factory=Unknowns)
    stale: Unknowns = field(default_factory=Unknowns)
    directory_fault: str | None = None

    def data(self, name: str) -> JsonDict:
        """Content of a surface; an empty dict when there is none."""
        reading = self.readings.get(name)
        return reading.data if reading is not None and reading.data is not None else _NOTHING

    def derive(self, function: Callable[..., T], *names: str) -> T:
        """`function` of the contents of these surfaces; worked out again only when one of them has changed.

        It sees nothing but the contents, and nobody may change what it returns.
        """
        contents = [self.data(name) for name in names]
        known = self.derived.get((function, names))
        if known is not None and all(map(is_, known[0], contents)):
            kept: T = known[1]
            return kept
        found = function(*contents)
        self.derived[function, names] = contents, found
        return found

    def has(self, name: str) -> bool:
        """Whether a surface has content to show."""
        reading = self.readings.get(name)
        return reading is not None and reading.data is not None

    def stamp(self, name: str) -> float | None:
        """Content stamp of a surface; None as well when its clock is wrong."""
        reading = self.readings.get(name)
        return None if reading is None or reading.ahead_s(self.now) is not None else reading.updated_at

    def age(self, name: str) -> float | None:
        """Seconds since the content stamp of a surface."""
        reading = self.readings.get(name)
        return None if reading is None else reading.age_s(self.now)

    def age_of(self, name: str, stamp: float | None) -> float | None:
        """Seconds since a stamp that stands in a surface; None as well where its clock is wrong."""
        reading = self.readings.get(name)
        return None if reading is None else reading.age_of(stamp, self.now)

    def lacks(self, what: str, *names: str) -> str:
        """A sentence on why `what` is unknown, from the state of the files that should carry it."""
        return f"no {what}: " + ", ".join(self._excuse(name) for name in names)

    def _excuse(self, name: str) -> str:
        reading = self.readings.get(name)
        if reading is None or reading.status == "missing":
            return f"{name} is missing"
        return f"{name} does not carry it" if reading.data is not None else f"{name} is {reading.status}"
