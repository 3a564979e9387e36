"""Changing one written value of a file at a time: which values a file has, and how each can be made another."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Path = tuple[str | int, ...]

REMOVED: Any = object()

# Words that stand for one another under a key; a word becomes the next one of its list, any other the first.
WORDS: dict[str, tuple[str, ...]] = {
    "dd_state": ("normal", "cautious", "defensive"),
    "atr_regime": ("quiet", "normal", "hot", "panic", "unknown"),
    "quality": ("good", "ok", "degraded", "broken"),
    "policy_quality": ("good", "ok", "degraded", "broken"),
    "router_quality": ("good", "ok", "degraded", "poor", "unknown"),
    "side": ("LONG", "SHORT"),
    "positionSide": ("LONG", "SHORT"),
    "source": ("live", "cache", "unavailable", "manual"),
    "risk_mode": ("OK", "WARN", "DEFENSIVE", "HALTED"),
    "sharpe_state": ("strong", "neutral", "poor", "unknown"),
    "taker_bias": ("prefer_maker", "balanced", "prefer_taker"),
    "bias": ("prefer_maker", "balanced", "prefer_taker"),
    "symbol": ("ZZZUSDT",),
    "env": ("testnet", "prod"),
}

# Names of the world below these keys, and any names in capitals, are one field: `*`.
NAMED = frozenset({"correlation_groups"})


class Place(NamedTuple):
    """A written value: where it is, the same with `*` for list items and names of the world, and what it is."""

    path: Path
    pattern: str
    value: Any


class Change(NamedTuple):
    """Another value for a place (`REMOVED`: none), and what that is called."""

    place: Place
    kind: str
    value: Any


def written_places(content: Any) -> Iterator[Place]:
    """Every value that is not null; of lists and names of the world the first and the last."""
    return _places(content, (), ())


def _places(value: Any, path: Path, pattern: tuple[str, ...]) -> Iterator[Place]:
    if isinstance(value, dict):
        named = bool(value) and (bool(NAMED.intersection(path[-1:])) or all(map(str.isupper, value)))
        for key in _few(list(value)) if named else value:
            yield from _places(value[key], (*path, key), (*pattern, "*" if named else key))
    elif isinstance(value, list):
        for index in _few(list(range(len(value)))):
            yield from _places(value[index], (*path, index), (*pattern, "*"))
    elif value is not None:
        yield Place(path, ".".join(pattern), value)


def _few(items: list[Any]) -> list[Any]:
    return items if len(items) <= 2 else [items[0], items[-1]]


def changes_of(place: Place) -> Iterator[Change]:
    """Everything that is done to a value; zero has no sign and no size."""
    yield Change(place, "removed", REMOVED)
    value = place.value
    if isinstance(value, bool):
        yield Change(place, "flipped", not value)
    elif isinstance(value, str):
        yield from _other_words(place)
    elif value:
        yield Change(place, "sign", -value)
        yield Change(place, "x10", value * 10)
        yield Change(place, "x0.99", value * 0.99)


def _other_words(place: Place) -> Iterator[Change]:
    words = WORDS.get(str(place.path[-1]))
    if words:
        index = words.index(place.value) + 1 if place.value in words else 0
        yield Change(place, "word", words[index % len(words)])
    moment = _moment(place.value)
    if moment:
        yield Change(place, "a day older", (moment - timedelta(days=1)).isoformat())


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None


def changed(content: Any, *changes: Change) -> Any:
    """The content with these values changed; what is not changed is shared with it."""
    for change in changes:
        content = _with(content, change.place.path, change.value)
    return content


def _with(content: Any, path: Path, value: Any) -> Any:
    copy = dict(content) if isinstance(content, dict) else list(content)
    key: Any = path[0]
    if len(path) > 1:
        copy[key] = _with(copy[key], path[1:], value)
    elif value is REMOVED:
        del copy[key]
    else:
        copy[key] = value
    return copy
