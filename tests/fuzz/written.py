"""The numbers that stand in files, and those that rows of one leg make together."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from walks import Files

DIGITS = 11  # after the first; sums of the same numbers in another order agree so far
ROW_LISTS = ("rows", "positions", "items")
QUANTITIES = ("qty", "size", "positionAmt")


@dataclass(frozen=True)
class Written:
    """`numbers` without their signs, sums of quantities included; `spans` of the numbers in rows of one symbol."""

    numbers: frozenset[float] = field(default_factory=frozenset)
    spans: frozenset[tuple[float, float]] = field(default_factory=frozenset)

    def __or__(self, other: "Written") -> "Written":
        """What stands in either."""
        return Written(self.numbers | other.numbers, self.spans | other.spans)

    def has(self, value: float) -> bool:
        """Whether it stands somewhere, or is the sum of a leg."""
        return _size(value) in self.numbers

    def covers(self, value: float) -> bool:
        """Whether it stands somewhere, or may be an average over the rows of a leg."""
        return self.has(value) or any(low <= _size(value) <= high for low, high in self.spans)


def written_in(files: Files) -> Written:
    """What stands in the files that can be read."""
    found = Written()
    for content in files.values():
        found |= _written_in(content) if content else found
    return found


@lru_cache(maxsize=500)
def _written_in(content: bytes) -> Written:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return Written()
    legs = list(_legs(document))
    sums = {_size(total) for leg in legs for total in _totals(leg)}
    spans = {(min(sizes), max(sizes)) for leg in legs if (sizes := [_size(value) for value in _numbers(leg)])}
    return Written(frozenset({*map(_size, _numbers(document)), *sums}), frozenset(spans))


def _size(value: float) -> float:
    return float(f"{abs(value):.{DIGITS}e}")


def _numbers(value: Any) -> Iterator[float]:
    number = _number(value)
    if number is not None:
        yield number
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _numbers(item)


def _number(value: Any) -> float | None:
    """A number, text of one included, that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e300 else None


def _legs(document: Any) -> Iterator[list[dict[str, Any]]]:
    """Rows of one symbol, and those among them that agree on the side, or in all, wherever there are several."""
    lists = [document.get(key) for key in ROW_LISTS] if isinstance(document, dict) else []
    for rows in (rows for rows in lists if isinstance(rows, list)):
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for row in (row for row in rows if isinstance(row, dict)):
            symbol, side = str(row.get("symbol")).strip(), row.get("positionSide", row.get("side"))
            groups[symbol,].append(row)
            groups[symbol, str(side).strip().upper()].append(row)
            # Of one side by their word, rows are of two legs where some are refuted by their own price.
            groups[symbol, "alike", json.dumps(row, sort_keys=True)].append(row)
        yield from (group for group in groups.values() if len(group) > 1)


def _totals(leg: list[dict[str, Any]]) -> Iterator[float]:
    """Of all its quantities, whatever sign they have, and of those of either sign."""
    found = [next((n for key in QUANTITIES if (n := _number(row.get(key))) is not None), 0.0) for row in leg]
    yield math.fsum(map(abs, found))
    yield math.fsum(found)
    yield math.fsum(number for number in found if number > 0)
    yield math.fsum(number for number in found if number < 0)
