"""Some damaged states through the loader, and every case that was ever found to break something.

A test run sees the same states each time; `make fuzz` sees new ones, and a million of them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_fuzz import fuzz, scratch, walk_and_judge
from walks import STEPS, Stage, Walk, make_walk

WALKS = 40
SAVED = sorted((Path(__file__).parent / "corpus").glob("*.json"))


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory in memory."""
    with scratch() as name:
        yield Path(name) / "stage"


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_what_broke_once_holds(path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a page that goes on and one that has just started, at each step."""
    monkeypatch.setattr("verdicts.TWICE_EVERY", 1)
    saved = json.loads(path.read_text())
    assert walk_and_judge(Stage(directory), Walk.from_json(saved)).failures == []


def test_contract_holds_in_every_damaged_state(directory: Path) -> None:
    found = fuzz("every day", range(WALKS), directory)
    assert found.failures == []
    assert found.states == WALKS * STEPS


def test_walk_is_its_seed_and_survives_being_saved() -> None:
    walk, other = make_walk("1"), make_walk("2")
    assert walk == make_walk("1") != other
    assert Walk.from_json(json.loads(json.dumps(walk.to_json()))) == walk
    assert len(walk.steps) == STEPS


def test_break_of_the_contract_is_found(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuzzer itself: a loader that forgets its reasons, and a case that shows it again."""
    monkeypatch.setattr("state.facts.unknowns.Unknowns.note", lambda *_: None)
    found = fuzz("fault", range(20), directory)
    assert found.failures
    assert walk_and_judge(Stage(directory), Walk.from_json(found.failures[0])).failures
