"""What a case claims of the states a reader was told: one plain function for each kind of claim."""

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from worlds import State

Claim = dict[str, Any]

MISSING: Any = object()

# Words and the one number that the contract names for what nobody knows.
DEFAULTS = {"dd_state": ("normal", "unknown"), "atr_regime": ("unknown",), "quality": ("unknown",), "nav_zar": (0.0,)}
EMPTY: tuple[Any, ...] = (None, MISSING, "", [], {})
BAD = ("warn", "fail")
SIDES = ("LONG", "SHORT")


class Spot(NamedTuple):
    """A place in a state: what is there, and why it is unknown where it is."""

    name: str
    value: Any
    reason: str


def value_under(state: Any, path: str) -> Any:
    """The value at a dotted path, list items by index; `MISSING` where the path leads nowhere."""
    spot = state
    for key in path.split("."):
        try:
            spot = spot[int(key)] if isinstance(spot, list) else spot[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return MISSING
    return spot


def reason_of(state: State, path: str) -> str:
    """Why a path is unknown, by its own reason or that of the nearest block around it."""
    reasons = state["meta"]["unknown"]
    while path and not reasons.get(path):
        path = path.rpartition(".")[0]
    return str(reasons[path]) if path else ""


def holds(claim: Claim, states: list[State]) -> bool:
    """Whether a claim is true of the last state; a `same` looks at all of them.

    Raises:
        ValueError: the claim has a key that no kind of claim knows, or asserts nothing.
    """
    kind = next((name for name in KINDS if name in claim), None)
    if kind is None or claim.keys() - {kind} - KINDS[kind].options:
        raise ValueError(f"no claim that can be judged: {json.dumps(claim)}")
    return KINDS[kind].judge(claim, states)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _near(value: Any, want: float, claim: Claim, rel: float = 1e-4) -> bool:
    return _is_number(value) and math.isclose(
        value, want, rel_tol=claim.get("rel", rel), abs_tol=claim.get("abs", 1e-6)
    )


def _equal(value: Any, want: Any) -> bool:
    """Equal and of one kind: 1 is no True."""
    return bool(value == want) and (type(value) is type(want) or (_is_number(value) and _is_number(want)))


def _found(pattern: str, text: Any) -> bool:
    return isinstance(text, str) and re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None


def _nothing_known(spot: Spot) -> bool:
    empty = any(_equal(spot.value, item) for item in (*EMPTY, *DEFAULTS.get(spot.name, ())))
    return empty and bool(spot.reason)


Operator = Callable[[Spot, Any, Claim], bool]

OPERATORS: dict[str, Operator] = {
    "near": lambda spot, want, claim: _near(spot.value, want, claim),
    "is": lambda spot, want, _: _equal(spot.value, want),
    "in": lambda spot, want, _: any(_equal(spot.value, item) for item in want),
    "above": lambda spot, want, _: _is_number(spot.value) and spot.value > want,
    "below": lambda spot, want, _: _is_number(spot.value) and spot.value < want,
    "matches": lambda spot, want, _: _found(want, spot.value),
    "exists": lambda spot, want, _: (spot.value is not MISSING) is want,
    "unknown": lambda spot, want, _: _nothing_known(spot) is want,
    "reason": lambda spot, want, _: bool(spot.reason) and _found(want, spot.reason),
}


def _at(claim: Claim, state: State, path: str) -> bool:
    """Whether what stands at a path is as each operator of the claim wants it."""
    spot = Spot(path.rpartition(".")[2], value_under(state, path), reason_of(state, path))
    wanted = [name for name in OPERATORS if name in claim]
    if not wanted:
        raise ValueError(f"nothing is claimed: {json.dumps(claim)}")
    return all(OPERATORS[name](spot, claim[name], claim) for name in wanted)


def _path(claim: Claim, states: list[State]) -> bool:
    return _at(claim, states[-1], claim["path"])


def _position(claim: Claim, states: list[State]) -> bool:
    symbol, _, side = claim["position"].rpartition(" ")
    if side not in SIDES:
        symbol, side = claim["position"], ""
    return _rows(claim, states[-1], "positions", lambda row: row["symbol"] == symbol and side in ("", row["side"]))


def _slice(claim: Claim, states: list[State]) -> bool:
    name = claim["slice"]
    # A label may have been made distinct: `BTC (Ledger)`.
    return _rows(claim, states[-1], "aum.slices", lambda row: f"{row['label']} ".startswith(f"{name} "))


def _surface(claim: Claim, states: list[State]) -> bool:
    return _rows(claim, states[-1], "meta.surfaces", lambda row: row["name"] == claim["surface"])


def _rows(claim: Claim, state: State, base: str, wanted: Callable[[State], bool]) -> bool:
    """Whether one of the rows is as the claim says, or their sum, or whether there is none."""
    found = [index for index, row in enumerate(value_under(state, base)) if wanted(row)]
    if "absent" in claim:
        return (not found) is claim["absent"]
    paths = [f"{base}.{index}.{claim['field']}" for index in found]
    if "sum" not in claim:
        return any(_at(claim, state, path) for path in paths)
    values = [value_under(state, path) for path in paths]
    return bool(values) and all(map(_is_number, values)) and _near(sum(values), claim["sum"], claim)


def _alert(claim: Claim, states: list[State]) -> bool:
    return _has_alert(claim["alert"], claim, states[-1])


def _no_alert(claim: Claim, states: list[State]) -> bool:
    return not _has_alert(claim["no_alert"], claim, states[-1])


def _has_alert(pattern: str, claim: Claim, state: State) -> bool:
    wanted = claim.get("severity", ["info", *BAD])
    severities = [wanted] if isinstance(wanted, str) else wanted
    return any(
        item["severity"] in severities and _found(pattern, f"{item['title']} {item['text']}")
        for item in state["meta"]["alerts"]
    )


def _check(claim: Claim, states: list[State]) -> bool:
    return any(
        claim["check"] in ("*", item["name"])
        and item["status"] in claim["status"]
        and _found(claim.get("about", ""), _words_of_check(item))
        for item in states[-1]["meta"]["checks"]
    )


def _words_of_check(check: State) -> str:
    return f"{check['name']} {check['label']} {check['detail']} {check['left']['label']} {check['right']['label']}"


def _said(claim: Claim, states: list[State]) -> bool:
    return any(_found(claim["said"], text) for text in _troubles(states[-1]["meta"], claim.get("under", "")))


def _troubles(meta: State, under: str) -> Iterator[str]:
    yield from (f"{item['title']} {item['text']}" for item in meta["alerts"])
    yield from (_words_of_check(item) for item in meta["checks"] if item["status"] in BAD)
    for path, reason in meta["unknown"].items():
        if not under or f"{path}.".startswith(f"{under}."):
            yield f"{path} {reason}"


def _series(claim: Claim, states: list[State]) -> bool:
    first, last = claim["series"]
    series = value_under(states[-1], "nav.series")
    count = 0 if series is MISSING else sum(first < at < last and _is_number(nav) for at, nav in series)
    return bool(count == claim["count"]) if "count" in claim else bool(count >= claim["at_least"])


def _same(claim: Claim, states: list[State]) -> bool:
    first, *others = [value_under(state, claim["same"]) for state in states]
    if _is_number(first):
        return all(_near(value, first, claim, rel=0.0) for value in others)
    return first is not MISSING and all(_equal(value, first) for value in others)


def _any(claim: Claim, states: list[State]) -> bool:
    return any(all(holds(item, states) for item in branch) for branch in claim["any"])


def _all(claim: Claim, states: list[State]) -> bool:
    return all(holds(item, states) for item in claim["all"])


def _not(claim: Claim, states: list[State]) -> bool:
    return not holds(claim["not"], states)


class Kind(NamedTuple):
    """How a kind of claim is judged, and which other keys it may have."""

    judge: Callable[[Claim, list[State]], bool]
    options: frozenset[str] = frozenset()


_VALUE = frozenset({*OPERATORS, "rel", "abs"})
_ROW = _VALUE | {"field", "absent", "sum"}

KINDS = {
    "any": Kind(_any),
    "all": Kind(_all),
    "not": Kind(_not),
    "path": Kind(_path, _VALUE),
    "position": Kind(_position, _ROW),
    "slice": Kind(_slice, _ROW),
    "surface": Kind(_surface, _VALUE | {"field"}),
    "alert": Kind(_alert, frozenset({"severity"})),
    "no_alert": Kind(_no_alert, frozenset({"severity"})),
    "check": Kind(_check, frozenset({"status", "about"})),
    "said": Kind(_said, frozenset({"under"})),
    "series": Kind(_series, frozenset({"count", "at_least"})),
    "same": Kind(_same, frozenset({"rel", "abs"})),
}
