"""What has to hold of every state, and of some what takes longer to look at."""

import json
import logging
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from contract import assert_contract
from walks import Files, State, Step

from dash_app.address import View, show_as
from dash_app.panels import PANELS
from dash_app.privacy import NAV_AMOUNTS, POSITION_AMOUNTS, RISK_AMOUNTS
from dash_app.render.readings import MASK
from state.doctor import report
from state.loader import Loader
from state.trust.readiness import find_obstacles

TWICE_EVERY, DRAWN_EVERY = 10, 50
VIEWS = (View(), View(kiosk=True), View(private=True))
POSITION_FACTS = ("qty", "entry_price", "mark_price", "leverage")

_errors: list[logging.LogRecord] = []


class Ear(logging.Handler):
    """Hears the loader say that something was raised; the state it returns then keeps the contract too."""

    def emit(self, record: logging.LogRecord) -> None:
        """Remember it for the verdict."""
        _errors.append(record)


logging.getLogger("state.loader").addHandler(Ear())


def judge(number: int, step: Step, state: State, facts: set[float], state_dir: Path) -> None:
    """Raises where something does not hold; `facts` are the numbers of all files this page has seen."""
    if _errors:
        raise AssertionError(_errors.pop().getMessage())
    assert_contract(state)
    assert_facts(state, facts)
    if number % TWICE_EVERY == 0:
        first, second = (Loader(state_dir).load(step.now, step.environ) for _ in range(2))
        assert first == second, "two pages that start now differ"
    if number % DRAWN_EVERY == 0:
        assert_drawn(state)


def assert_facts(state: State, facts: set[float]) -> None:
    """What a file says and nobody computes has to stand in a file."""
    shown = [state["nav"].get("nav_usd"), *(row[key] for row in state["positions"] for key in POSITION_FACTS)]
    invented = [value for value in shown if value is not None and abs(value) not in facts]
    assert not invented, f"in no file: {invented}"


def numbers_of(files: Files) -> set[float]:
    """The size of every number in the files that can be read."""
    return set().union(*(_numbers_in(content) for content in files.values() if content))


@lru_cache(maxsize=500)
def _numbers_in(content: bytes) -> frozenset[float]:
    try:
        return frozenset(_numbers(json.loads(content)))
    except (ValueError, RecursionError):
        return frozenset()


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300:
        yield abs(float(value))
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _numbers(item)


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
