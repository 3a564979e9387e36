"""What one load has to work with: a reading of each surface, the clock, the environment and what was seen before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import is_
from typing import Any, TypeVar

from state.facts.unknowns import Unknowns
from state.files.reading import Reading
from state.files.stamps import age_of
from state.files.transitions import Tape
from state.files.values import JsonDict

T = TypeVar("T")

# The content of every surface that has none: one object, since contents are told apart by identity.
_NOTHING: JsonDict = {}


@dataclass(slots=True)
class Memory:
    """What outlives a load: the last exchange rate, the last book that was known, and the fields each file had.

    `fields` has, by file and shape, when each field was last published; `derived`, by function and files, what was
    worked out of which contents.
    """

    fx_usd_zar: float | None = None
    fx_updated_at: float | None = None
    last_book: dict[str, Any] | None = None
    fields: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    derived: dict[tuple[Callable[..., Any], tuple[str, ...]], tuple[list[JsonDict], Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything the normalizers may look at. They read no file and no clock themselves."""

    readings: Mapping[str, Reading]
    now: float
    environ: Mapping[str, str]
    memory: Memory
    tape: Tape = field(default_factory=Tape)
    unknown: Unknowns = field(default_factory=Unknowns)

    def data(self, name: str) -> JsonDict:
        """Content of a surface; an empty dict when there is none."""
        reading = self.readings.get(name)
        return reading.data if reading is not None and reading.data is not None else _NOTHING

    def derive(self, function: Callable[..., T], *names: str) -> T:
        """`function` of the contents of these surfaces; worked out again only when one of them has changed.

        It sees nothing but the contents, and nobody may change what it returns.
        """
        contents = [self.data(name) for name in names]
        known = self.memory.derived.get((function, names))
        if known is not None and all(map(is_, known[0], contents)):
            kept: T = known[1]
            return kept
        found = function(*contents)
        self.memory.derived[function, names] = contents, found
        return found

    def has(self, name: str) -> bool:
        """Whether a surface has content to show."""
        reading = self.readings.get(name)
        return reading is not None and reading.data is not None

    def stamp(self, name: str) -> float | None:
        """Content stamp of a surface; None as well when it lies in the future."""
        reading = self.readings.get(name)
        if reading is None or age_of(reading.updated_at, self.now) is None:
            return None
        return reading.updated_at

    def age(self, name: str) -> float | None:
        """Seconds since the content stamp of a surface."""
        reading = self.readings.get(name)
        return None if reading is None else age_of(reading.updated_at, self.now)

    def lacks(self, what: str, *names: str) -> str:
        """A sentence on why `what` is unknown, from the state of the files that should carry it."""
        return f"no {what}: " + ", ".join(self._excuse(name) for name in names)

    def _excuse(self, name: str) -> str:
        reading = self.readings.get(name)
        if reading is None or reading.status == "missing":
            return f"{name} is missing"
        return f"{name} does not carry it" if reading.data is not None else f"{name} is {reading.status}"
