"""What a poll asks, read from its body."""

import re
from typing import Any

from dash_app import ids
from dash_app.callbacks import Asked
from dash_app.front.calls import Call
from dash_app.front.refusal import RefusedError

LONGEST_WORD = 2000
LONGEST_BODY = 4096
MOST_HELD = 512

# The one thing in which a tab's polls differ, and which no answer depends on.
_TICK = re.compile(rf'(?<="id":"{ids.TICK}","property":"n_intervals","value":)(0|[1-9][0-9]{{0,15}})(?=}})'.encode())


class Questions:
    """The questions of the polls that came last: all tabs that show the same ask the same, and it is read once."""

    def __init__(self) -> None:
        self._held: dict[bytes, Asked] = {}

    def find(self, body: bytes) -> Asked | None:
        """What a body asks that differs from one held in nothing but its tick."""
        return self._held.get(_TICK.sub(b"0", body, 1)) if len(body) <= LONGEST_BODY else None

    def hold(self, body: bytes, asked: Asked) -> None:
        """Keep the question of a body that was looked at as a whole."""
        if len(self._held) >= MOST_HELD:
            self._held = {}
        if len(body) <= LONGEST_BODY:
            self._held[_TICK.sub(b"0", body, 1)] = asked


def read_question(call: Call) -> Asked:
    """What a poll asks.

    Raises:
        RefusedError: when a value is not of the kind that a page has there.
    """
    tick, search, drawn = *call.inputs, *call.states
    if not isinstance(tick, int | None) or not _is_word(search) or not _is_word(drawn):
        raise RefusedError("arguments")
    return Asked(search, drawn)


def _is_word(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= LONGEST_WORD)
