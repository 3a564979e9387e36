"""The sign of life of a desk's publisher: who it is, when by which clock, and in which environment the desk runs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from execution.utils.numbers import describe, finite_number
from state.files.fleet_files import DESK_ENVIRON, FORMAT, LONGEST_SKEW_S, LONGEST_TEXT, SKEW_NAMED_S

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 8 * 1024
_LONGEST_WORD = 64
_LONGEST_VERSION = 64


class BeatError(ValueError):
    """A beat says nothing that can be used; the message names the field and what was expected."""


@dataclass(frozen=True, slots=True)
class Beat:
    """`sent_at` is an epoch of the store's clock, `offset_s` the desk's clock less the store's; `version` names the
    files that the hash held then, `problem` what the publisher could not send as it is.
    """

    publisher: str
    sent_at: float
    offset_s: float
    version: str
    environ: Mapping[str, str]
    problem: str | None = None
    format: int = FORMAT

    def encode(self) -> bytes:
        """The value of the key."""
        return json.dumps(asdict(self), allow_nan=False).encode()


def decode_beat(content: bytes | Exception) -> Beat:
    """The beat that a desk sent, whatever it sent.

    Raises:
        BeatError: it is no beat.
    """
    if isinstance(content, Exception):
        raise BeatError("its beat is no text in the store")
    if len(content) >= MAX_BYTES:
        raise BeatError(f"its beat is longer than {MAX_BYTES:,} bytes")
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError):
        raise BeatError("its beat is not JSON") from None
    if not isinstance(found, dict):
        raise BeatError(f"its beat is {describe(found)}; expected an object")
    spoken = found.get("format")
    if not isinstance(spoken, int) or isinstance(spoken, bool) or not 0 < spoken < 10**6:
        raise BeatError(f"its beat has format {describe(spoken)}; expected {FORMAT}")
    words = found.get("environ")
    return Beat(
        publisher=_text(found, "publisher", LONGEST_TEXT),
        sent_at=_number(found, "sent_at", 1e11),
        offset_s=_number(found, "offset_s", LONGEST_SKEW_S),
        version=_text(found, "version", _LONGEST_VERSION),
        environ=pick_environ(words if isinstance(words, dict) else {}),
        problem=None if found.get("problem") is None else _text(found, "problem", LONGEST_TEXT),
        format=spoken,
    )


def pick_environ(environ: Mapping[str, Any]) -> dict[str, str]:
    """What of an environment tells which one it is."""
    found = {name: environ.get(name) for name in DESK_ENVIRON}
    return {name: word[:_LONGEST_WORD] for name, word in found.items() if isinstance(word, str) and word}


def describe_skew(offset_s: float, whose: str, others: str) -> str | None:
    """A sentence about clocks that differ by more than a second, None for those that agree."""
    if abs(offset_s) <= SKEW_NAMED_S:
        return None
    return f"{whose} is {abs(offset_s):.1f} s {'ahead of' if offset_s > 0 else 'behind'} {others}"


def join_problems(*problems: str | None) -> str | None:
    """All that is known to be wrong, in one line that fits where it is shown; None where nothing is."""
    line = "; ".join(problem for problem in problems if problem)
    return (line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 3]}...") or None


def _text(found: dict[str, Any], key: str, most: int) -> str:
    value = found.get(key)
    if not isinstance(value, str) or len(value) > most:
        raise BeatError(f"{key} of its beat is {describe(value)}; expected text of up to {most} characters")
    return value.encode("utf-8", "replace").decode()


def _number(found: dict[str, Any], key: str, most: float) -> float:
    value = finite_number(found.get(key))
    if value is None or abs(value) > most:
        raise BeatError(f"{key} of its beat is {describe(found.get(key))}; expected a number of seconds")
    return value
