"""The requests of any tab of one page, built once as bytes with gaps for what differs from tab to tab."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.answers import AnswerError
from bench.tab import TICK, Tab

if TYPE_CHECKING:
    from bench.answers import Address
    from bench.tab import Callback, Prop

GAP = "\N{SYMBOL FOR SUBSTITUTE}"
QUOTED_GAP = f'"{GAP}"'.encode()


@dataclass(frozen=True)
class Template:
    """A request's body, cut where the values of one tab belong."""

    address: Address
    path: str
    pieces: tuple[bytes, ...]

    def fill(self, *values: bytes) -> bytes:
        """The request with these JSON values in the gaps, in order."""
        body = self.pieces[0] + b"".join(value + piece for value, piece in zip(values, self.pieces[1:], strict=True))
        return self.address.post(self.path, body)


class Script:
    """What a tab of this page asks for: a poll, and where it brings a state, every drawing of it."""

    def __init__(self, address: Address) -> None:
        """Learn it from a tab that has opened the page."""
        tab = Tab(address)
        tab.open()
        poll = tab.find_poll()
        (self.state,) = poll.outputs
        drawings = [callback for callback in tab.callbacks if callback is not poll]
        if any(callback.inputs != (self.state,) for callback in drawings):
            raise AnswerError("a drawing depends on something else than what the poll brings")
        self.poll = self._template(tab, poll, [TICK], (TICK, *poll.states))
        self.drawings = [
            self._template(tab, callback, [self.state], (self.state, *callback.states)) for callback in drawings
        ]
        # The places, among the states of the poll, of what a drawing sends back of what it has drawn.
        self.known = [[poll.states.index(prop) for prop in callback.states] for callback in drawings]
        # Which drawing tells the value of which state of the poll, and how to find it in the answer.
        self.drawn = [
            next((number, _pattern(prop)) for number, callback in enumerate(drawings) if prop in callback.outputs)
            for prop in poll.states
        ]
        self._around = b'{"multi":true,"response":{"%s":{"%s":' % tuple(name.encode() for name in self.state), b"}}}"
        tab.close()

    def read_state(self, answer: bytes) -> bytes:
        """The JSON of the state in a poll's answer, cut out without parsing it."""
        before, after = self._around
        body = answer.rstrip()
        if not (body.startswith(before) and body.endswith(after)):
            raise AnswerError(f"a poll's answer of another form: {body[:80]!r}")
        return body[len(before) : -len(after)]

    def read_drawn(self, number: int, answer: bytes) -> dict[int, bytes]:
        """From the answer of one drawing: the values the poll sends back, by their place among its states."""
        return {
            place: pattern.findall(answer)[-1] for place, (source, pattern) in enumerate(self.drawn) if source == number
        }

    def _template(self, tab: Tab, callback: Callback, changed: list[Prop], gaps: Any) -> Template:
        props = tab.props | dict.fromkeys(gaps, GAP)
        return Template(tab.line.address, tab.path, tuple(callback.build_body(props, changed).split(QUOTED_GAP)))


def _pattern(prop: Prop) -> re.Pattern[bytes]:
    name, key = (re.escape(part.encode()) for part in prop)
    return re.compile(rb'"%s": ?\{"%s": ?("[^"]*"|null)' % (name, key))
