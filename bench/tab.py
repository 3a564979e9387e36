"""A browser tab without its browser: asks what Dash's renderer would ask, and keeps what it would keep."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.answers import AnswerError, Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.answers import Address, Answer

Prop = tuple[str, str]

TICK: Prop = ("tick", "n_intervals")
SEARCH: Prop = ("address", "search")
SEVERAL: Prop = ("shown", "hidden")
UPDATE = "/_dash-update-component"
# The token of the page that the renderer sends back with each callback.
END_ID = re.compile(rb'"end_id": ?"([^"]+)"')


@dataclass(frozen=True)
class Callback:
    """One entry of /_dash-dependencies."""

    output: str
    inputs: tuple[Prop, ...]
    states: tuple[Prop, ...]

    @property
    def is_multiple(self) -> bool:
        """Whether it is written `..a.x...b.y..`."""
        return self.output.startswith("..")

    @property
    def outputs(self) -> list[Prop]:
        """What it fills."""
        names = self.output[2:-2].split("...") if self.is_multiple else [self.output]
        return [_split(name) for name in names]

    def build_body(self, props: dict[Prop, Any], changed: Iterable[Prop]) -> bytes:
        """The request as the renderer writes it; a property without a value has no `value`."""
        fills = [{"id": name, "property": prop} for name, prop in self.outputs]
        names = [".".join(item) for item in self.inputs if item in set(changed)]
        body = {
            "output": self.output,
            "outputs": fills if self.is_multiple else fills[0],
            "inputs": _list_values(self.inputs, props),
            "changedPropIds": names,
            "parsedChangedPropsIds": names,
        }
        if self.states:
            body["state"] = _list_values(self.states, props)
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


class Tab:
    """One page that is open; `statuses` are the answers of its last tick, in order."""

    def __init__(self, address: Address) -> None:
        """Load the page and what belongs to it; no callback is asked for yet."""
        self.line = Line(address)
        page = self._fetch("/")
        found = END_ID.search(page)
        self.path = f"{UPDATE}?endId={found[1].decode()}" if found else UPDATE
        self.props = dict(_walk(json.loads(self._fetch("/_dash-layout"))))
        self.callbacks = _read_callbacks(json.loads(self._fetch("/_dash-dependencies")))
        self.statuses: list[int] = []
        self.props[SEARCH] = ""

    def open(self) -> None:
        """The first poll, as soon as the tab has read its own address, and all that follows from it."""
        self._run([SEARCH])
        self._expect_drawn()

    def tick(self) -> list[int]:
        """One firing of the Interval and every callback that follows from it."""
        self.props[TICK] = (self.props.get(TICK) or 0) + 1
        self._run([TICK])
        return self.statuses

    def tick_unchanged(self) -> None:
        """A tick that must find nothing new."""
        if self.tick() != [204]:
            raise AnswerError(f"a tick without a change was answered {self.statuses}")

    def tick_changed(self) -> None:
        """A tick that must bring a state, and draw it."""
        self.tick()
        self._expect_drawn()

    def find_poll(self) -> Callback:
        """The one callback that each tick asks for."""
        return next(iter(self._triggered_by([TICK])))

    def ask(self, callback: Callback, changed: Iterable[Prop]) -> set[Prop]:
        """One callback; what it changed. Anything but 200 and 204 is an error."""
        answer = self.line.ask(self.line.address.post(self.path, callback.build_body(self.props, changed)))
        self.statuses.append(answer.status)
        return self.take(callback, answer)

    def take(self, callback: Callback, answer: Answer) -> set[Prop]:
        """Keep what an answer says; the properties it changed."""
        if answer.status == 204:
            return set()
        if answer.status != 200:
            raise AnswerError(f"{callback.output} was answered {answer.status}: {answer.body[:200]!r}")
        fresh = {
            (name, prop): value
            for name, props in json.loads(answer.body)["response"].items()
            for prop, value in props.items()
        }
        # Of several desks each page leaves alone what the other one shows.
        if (missing := set(callback.outputs) - fresh.keys()) and SEVERAL not in self.props:
            raise AnswerError(f"{callback.output} was answered without {sorted(missing)}")
        self.props |= fresh
        return set(fresh)

    def close(self) -> None:
        """As a user closes it."""
        self.line.close()

    def _run(self, changed: Iterable[Prop]) -> None:
        """Ask for everything that depends on what changed, until nothing more does."""
        self.statuses = []
        waiting = [(callback, changed) for callback in self._triggered_by(changed)]
        while waiting:
            callback, because = waiting.pop(0)
            fresh = self.ask(callback, because)
            waiting += [(follower, fresh) for follower in self._triggered_by(fresh)]

    def _triggered_by(self, changed: Iterable[Prop]) -> Iterator[Callback]:
        changed = set(changed)
        return (callback for callback in self.callbacks if changed & set(callback.inputs))

    def _expect_drawn(self) -> None:
        """A state came, each callback was asked to draw it, and at least one of them had to."""
        polled, *drawn = self.statuses
        if polled != 200 or len(drawn) != len(self.callbacks) - 1 or 200 not in drawn:
            raise AnswerError(f"a tick with a change was answered {self.statuses}")
        if any(self.props.get(prop) is None for prop in self.find_poll().states):
            raise AnswerError("a callback has not said what it has drawn")

    def _fetch(self, path: str) -> bytes:
        answer = self.line.ask(self.line.address.get(path))
        if answer.status != 200:
            raise AnswerError(f"{path} was answered {answer.status}")
        return answer.body


def count_drawings(address: Address) -> int:
    """How many callbacks draw what a poll brings."""
    tab = Tab(address)
    tab.close()
    return len(tab.callbacks) - 1


def _split(name: str) -> Prop:
    component, _, prop = name.rpartition(".")
    return component, prop


def _read_callbacks(dependencies: list[dict[str, Any]]) -> list[Callback]:
    """Those that the server answers; callbacks in the browser cost it nothing."""
    return [
        Callback(entry["output"], _list_props(entry["inputs"]), _list_props(entry["state"]))
        for entry in dependencies
        if not entry["clientside_function"]
    ]


def _list_props(entries: list[dict[str, str]]) -> tuple[Prop, ...]:
    return tuple((entry["id"], entry["property"]) for entry in entries)


def _list_values(names: Iterable[Prop], props: dict[Prop, Any]) -> list[dict[str, Any]]:
    return [
        {"id": name, "property": prop} | ({"value": props[name, prop]} if (name, prop) in props else {})
        for name, prop in names
    ]


def _walk(component: Any) -> Iterator[tuple[Prop, Any]]:
    """Every property of every component with an id."""
    if isinstance(component, list):
        for child in component:
            yield from _walk(child)
    elif isinstance(component, dict) and "props" in component:
        props = component["props"]
        if "id" in props:
            yield from (((props["id"], prop), value) for prop, value in props.items() if prop != "children")
        yield from _walk(props.get("children"))
