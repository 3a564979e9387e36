"""Small states that a reader once took for something they are not, and what is right in each."""

import json
from pathlib import Path

import pytest
from case_claims import holds
from case_desk import Desk
from telling import differing_paths, told
from worlds import ROOT, State

CASES = ROOT / "tests" / "fixtures" / "cases"
NAMES = sorted(path.parent.name for path in CASES.glob("*/expect.json"))


def wrong_claims(desk: Desk) -> list[str]:
    """What a case claims and what is not so."""
    states: list[State] = []
    wrong = []
    for state, claims in desk.states():
        states.append(state)
        wrong += [f"step {len(states)}: {json.dumps(claim)}" for claim in claims if not holds(claim, states)]
    wrong += [json.dumps(claim) for claim in desk.expect["assert"] if not holds(claim, states)]
    if desk.expect.get("workers"):
        elsewhere = told(desk.load_elsewhere())
        paths = differing_paths(json.loads(json.dumps(told(states[-1]))), elsewhere)
        wrong += [f"a second process says something else of {path}" for path in paths]
    return wrong


@pytest.mark.parametrize("name", NAMES)
def test_case_is_read_right(name: str, tmp_path: Path) -> None:
    """Every claim of the case holds, after each step and at the end."""
    assert wrong_claims(Desk(CASES / name, tmp_path)) == []


def test_all_cases_are_found() -> None:
    """The cases are discovered; an empty directory must not pass."""
    assert len(NAMES) == 38
