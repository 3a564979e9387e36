"""What has to hold of every state, and of some what takes longer to look at."""

import json
import logging
from typing import Any

from contract import assert_contract
from walks import Stage, State, Step
from written import Written

from dash_app.address import View
from dash_app.panels import PANELS
from dash_app.privacy import NAV_AMOUNTS, POSITION_AMOUNTS, RISK_AMOUNTS, show_as
from dash_app.render.readings import MASK
from state.doctor import report
from state.trust.readiness import find_obstacles

TWICE_EVERY, DRAWN_EVERY = 10, 50
VIEWS = (View(), View(kiosk=True), View(private=True))
AVERAGED = ("entry_price", "mark_price", "leverage")

_errors: list[logging.LogRecord] = []


class Ear(logging.Handler):
    """Hears the loader say that something was raised; the state it returns then keeps the contract too."""

    def emit(self, record: logging.LogRecord) -> None:
        """Remember it for the verdict."""
        _errors.append(record)


logging.getLogger("state.loader").addHandler(Ear())


def judge(number: int, step: Step, state: State, facts: Written, stage: Stage) -> None:
    """Raises where something does not hold; `facts` are the numbers of all files this page has seen."""
    if _errors:
        raise AssertionError(_errors.pop().getMessage())
    assert_contract(state)
    assert_facts(state, facts)
    if number % TWICE_EVERY == 0 and not stage.was_set_back:
        other = stage.start(read_only=True).load(step.now, step.environ)
        differences = differing(state, other)
        assert not differences, "\n".join(["a process that starts now differs", *differences])
    if number % DRAWN_EVERY == 0:
        assert_drawn(state)


def differing(state: Any, other: Any, path: str = "") -> list[str]:
    """Where two states are not the same."""
    if isinstance(state, dict) and isinstance(other, dict) and state.keys() == other.keys():
        return [line for key in state for line in differing(state[key], other[key], f"{path}.{key}")]
    if isinstance(state, list) and isinstance(other, list) and len(state) == len(other):
        pairs = enumerate(zip(state, other, strict=True))
        return [line for index, pair in pairs for line in differing(*pair, f"{path}.{index}")]
    return [] if state == other else [f"{path}: {state!r:.200} and {other!r:.200}"]


def assert_facts(state: State, facts: Written) -> None:
    """What a file says and nobody computes has to stand in a file; rows of one leg add up, their prices average."""
    exact = [state["nav"].get("nav_usd"), *(row["qty"] for row in state["positions"])]
    invented = [value for value in exact if value is not None and not facts.has(value)]
    averaged = [row[key] for row in state["positions"] for key in AVERAGED]
    invented += [value for value in averaged if value is not None and not facts.covers(value)]
    assert not invented, f"in no file: {invented}"


def assert_drawn(state: State) -> None:
    """Every panel draws it in every view, every program gets an answer, and the private view has no amount."""
    before = json.dumps(state)
    for view in VIEWS:
        shown = json.loads(json.dumps(show_as(state, view)))
        for panel in PANELS:
            panel.render(shown)
    assert all(isinstance(reason["reason"], str) for reason in find_obstacles(state))
    assert "Traceback" not in "\n".join(report(state))
    assert_private(show_as(state, View(private=True)))
    assert json.dumps(state) == before, "a reader has changed the state"


def assert_private(masked: State) -> None:
    """Where amounts stood there is the mask, or nothing."""
    shown = [masked["nav"].get(key) for key in NAV_AMOUNTS]
    shown += [masked["kpis"]["risk"].get(key) for key in RISK_AMOUNTS]
    shown += [row.get(key) for row in masked["positions"] for key in POSITION_AMOUNTS]
    shown += [row.get(key) for row in masked["aum"]["slices"] for key in ("usd", "zar")]
    assert {value for value in shown if value is not None} <= {MASK}
