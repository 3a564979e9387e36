"""What a field of a surface may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from execution.utils.numbers import finite_number
from execution.utils.timestamps import EPOCH_RANGE_S, parse_epoch_s

if TYPE_CHECKING:
    from collections.abc import Callable

ATR_REGIMES = ("quiet", "normal", "hot", "panic", "unknown")
DD_STATES = ("normal", "cautious", "defensive", "unknown")
QUALITIES = ("good", "ok", "degraded", "broken", "poor", "unknown")
SHARPE_STATES = ("strong", "neutral", "poor", "unknown")
RISK_MODES = ("OK", "WARN", "DEFENSIVE", "HALTED")


class Rule(NamedTuple):
    """What is expected, in words, and the test for it."""

    expected: str
    holds: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return finite_number(value) is not None


def within(low: float, high: float) -> Callable[[Any], bool]:
    """A test for numbers from `low` to `high`."""
    return lambda value: _is_number(value) and low <= value <= high


def or_null(rule: Rule) -> Rule:
    """The rule, or nothing known."""
    return Rule(f"{rule.expected} or null", lambda value: value is None or rule.holds(value))


def one_of(*words: str) -> Rule:
    """One of these words."""
    return Rule(f"one of {', '.join(words)}", lambda value: isinstance(value, str) and value in words)


NUMBER = Rule("a number", _is_number)
POSITIVE = Rule("a positive number", lambda value: _is_number(value) and value > 0)
NOT_NEGATIVE = Rule("a number, 0 or more", lambda value: _is_number(value) and value >= 0)
NOT_ZERO = Rule("a number that is not 0", lambda value: _is_number(value) and value != 0)
FRACTION = Rule("a fraction 0..1", within(0.0, 1.0))
COUNT = Rule("a count", lambda value: type(value) is int and value >= 0)
TEXT = Rule("a text", lambda value: isinstance(value, str) and bool(value))
BOOLEAN = Rule("true or false", lambda value: isinstance(value, bool))
LIST = Rule("a list", lambda value: isinstance(value, list))
DICT = Rule("an object", lambda value: isinstance(value, dict))
STAMP = Rule("an epoch in seconds or an ISO time", lambda value: within(*EPOCH_RANGE_S)(parse_epoch_s(value)))
SIDE = one_of("LONG", "SHORT")
POSITION_SIDE = one_of("LONG", "SHORT", "BOTH")
