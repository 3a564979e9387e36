"""Callback requests as a page of this application sends them, and no others."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dash_app.front.refusal import RefusedError

Json = dict[str, Any]
Prop = tuple[str, str]

KEYS = {"output", "outputs", "inputs", "state", "changedPropIds", "parsedChangedPropsIds"}


class Call(NamedTuple):
    """A request that has the form of one of the callbacks; the values are still whatever a client likes to send."""

    output: str
    inputs: list[Any]
    states: list[Any]


class Form(NamedTuple):
    """What the requests of one callback have in common; inputs and states as (id, property)."""

    output: str
    outputs: Any
    inputs: list[Prop]
    states: list[Prop]

    def read(self, body: Json) -> Call:
        """The call with its values in order.

        Raises:
            RefusedError: when anything but the values differs from what a page sends.
        """
        if body.get("outputs") != self.outputs:
            raise RefusedError("output")
        for name in ("changedPropIds", "parsedChangedPropsIds"):
            _check_changed(body.get(name, []), self.inputs)
        inputs, states = body.get("inputs"), body.get("state", [])
        return Call(self.output, _values(inputs, self.inputs), _values(states, self.states))


class Forms:
    """The forms of all callbacks of an application."""

    def __init__(self, callback_map: Mapping[str, Json]) -> None:
        self._forms = {output: _form(output, callback) for output, callback in callback_map.items()}

    def read(self, body: Any) -> Call:
        """The call that a body makes.

        Raises:
            RefusedError: when no page of this application sends such a body.
        """
        if not isinstance(body, dict) or not body.keys() <= KEYS:
            raise RefusedError("shape")
        output = body.get("output")
        form = self._forms.get(output) if isinstance(output, str) else None
        if form is None:
            raise RefusedError("output")
        return form.read(body)


def _form(output: str, callback: Json) -> Form:
    many = output.startswith("..")
    names = output.removeprefix("..").removesuffix("..").split("...") if many else [output]
    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
    inputs, states = ([(part["id"], part["property"]) for part in callback[kind]] for kind in ("inputs", "state"))
    return Form(output, outputs if many else outputs[0], inputs, states)


def _check_changed(changed: Any, inputs: list[Prop]) -> None:
    """Which inputs have changed, each at most once."""
    names = [".".join(prop) for prop in inputs]
    if not isinstance(changed, list) or len(changed) > len(names) or any(name not in names for name in changed):
        raise RefusedError("shape")


def _values(parts: Any, props: list[Prop]) -> list[Any]:
    """The values of the parts, None where a page has none yet."""
    if not isinstance(parts, list) or len(parts) != len(props):
        raise RefusedError("arguments")
    return [_value(part, prop) for part, prop in zip(parts, props, strict=True)]


def _value(part: Any, prop: Prop) -> Any:
    if not isinstance(part, dict) or not {"id", "property"} <= part.keys() <= {"id", "property", "value"}:
        raise RefusedError("arguments")
    if (part["id"], part["property"]) != prop:
        raise RefusedError("arguments")
    return part.get("value")
