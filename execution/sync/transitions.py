"""What changed between two looks at the desk, in sentences an operator understands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from execution.utils.timestamps import FUTURE_TOLERANCE_S
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from execution.sync.book import Legs

LIVE, SILENT = "live", "silent"


class _Topic(NamedTuple):
    """Where the change of a word belongs, and how it reads."""

    kind: str
    subject: str
    title: str


TOPICS: dict[str, _Topic] = {
    "dd_state": _Topic("dd_state", "portfolio", "Drawdown state"),
    "atr_regime": _Topic("atr_regime", "portfolio", "ATR regime"),
    "router_quality": _Topic("router_quality", "portfolio", "Router quality"),
    "environment": _Topic("environment", "environment", "Environment"),
    "testnet": _Topic("environment", "testnet", "Testnet"),
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One change: `at_s` in epoch seconds; `before` and `after` are words, None where there was or is nothing."""

    at_s: float
    kind: str
    subject: str
    before: str | None
    after: str | None
    text: str

    def as_row(self) -> dict[str, Any]:
        """The record of transitions.jsonl."""
        return {
            "at": self.at_s,
            "kind": self.kind,
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look has shown: words by topic, the book (None: unknown), content stamps by surface."""

    words: Mapping[str, str] = field(default_factory=dict)
    legs: Legs | None = None
    stamps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """The last that is known of everything, as of `at_s` (epoch seconds); `silent` are the surfaces nobody renews."""

    at_s: float = 0.0
    words: Mapping[str, str] = field(default_factory=dict)
    legs: Legs | None = None
    stamps: Mapping[str, float] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()

    def after(self, sighting: Sighting, now_s: float) -> World:
        """This world with what a look at `now_s` has shown; what it has not shown stays the last that is known."""
        fresh = {name: at_s for name, at_s in sighting.stamps.items() if at_s <= now_s + FUTURE_TOLERANCE_S}
        stamps = {**self.stamps, **fresh}
        silent = frozenset(name for name, at_s in stamps.items() if now_s - at_s > surfaces.BY_NAME[name].stale_after_s)
        legs = self.legs if sighting.legs is None else sighting.legs
        return World(now_s, {**self.words, **sighting.words}, legs, stamps, silent)


def find_transitions(before: World, after: World) -> list[Transition]:
    """Every change from one world to the next; what is unknown in either of them has not changed."""
    return [*_compare_words(before, after), *_compare_books(before, after), *_compare_surfaces(before, after)]


def _compare_words(before: World, after: World) -> Iterator[Transition]:
    for name, topic in TOPICS.items():
        old, new = before.words.get(name), after.words.get(name)
        if old is not None and new is not None and old != new:
            text = f"{topic.title} {new}, was {old}"
            yield Transition(after.at_s, topic.kind, topic.subject, old, new, text)


def _compare_books(before: World, after: World) -> Iterator[Transition]:
    if before.legs is None or after.legs is None:
        return
    for symbol in sorted({*before.legs, *after.legs}):
        old, new = before.legs.get(symbol, {}), after.legs.get(symbol, {})
        closed = {side: qty for side, qty in old.items() if side not in new}
        opened = {side: qty for side, qty in new.items() if side not in old}
        if closed or opened:
            text = f"{symbol} {_describe_change(closed, opened)}"
            yield Transition(after.at_s, "position", symbol, _side(closed), _side(opened), text)


def _describe_change(closed: Mapping[str, float], opened: Mapping[str, float]) -> str:
    if closed and opened:
        return f"flipped {_describe_leg(closed)} to {_describe_leg(opened)}"
    return f"opened {_describe_leg(opened)}" if opened else f"closed {_describe_leg(closed)}"


def _describe_leg(legs: Mapping[str, float]) -> str:
    # Both legs of a hedge may come or go at once.
    return " and ".join(f"{side} {_format_qty(qty)}" for side, qty in sorted(legs.items()))


def _side(legs: Mapping[str, float]) -> str | None:
    return " and ".join(sorted(legs)) or None


def _format_qty(qty: float) -> str:
    return f"{qty:.8f}".rstrip("0").rstrip(".")


def _compare_surfaces(before: World, after: World) -> Iterator[Transition]:
    for name in sorted(after.silent - before.silent):
        # What was silent when it was first seen has not fallen silent.
        if name in before.stamps:
            threshold_s = surfaces.BY_NAME[name].stale_after_s
            text = f"{name} silent: nothing new for {_format_duration(threshold_s)}"
            at_s = min(after.stamps[name] + threshold_s, after.at_s)
            yield Transition(at_s, "surface", name, LIVE, SILENT, text)
    for name in sorted(before.silent - after.silent):
        # Its stamp stands still when only the clock was set back.
        paused_s = after.stamps[name] - before.stamps[name]
        text = f"{name} back" + (f" after {_format_duration(paused_s)}" if paused_s > 0 else "")
        yield Transition(after.at_s, "surface", name, SILENT, LIVE, text)


def _format_duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
