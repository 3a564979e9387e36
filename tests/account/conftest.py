"""One fake exchange for the tests of a module; each test finds it without faults."""

from collections.abc import Iterator

import pytest
from pretended import Pretended, pretending


@pytest.fixture(scope="module")
def _running() -> Iterator[Pretended]:
    with pretending() as exchange:
        yield exchange


@pytest.fixture
def exchange(_running: Pretended) -> Iterator[Pretended]:
    """It serves an account that moves with the clock."""
    _running.control(faults=[], forget_weight=True)
    yield _running
    _running.control(faults=[])
