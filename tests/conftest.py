"""Fixtures of tests that need a real browser: the browser, and a server on a healthy state that a test may damage."""

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import CHROMIUM_ARGUMENTS, chromium_path
from playwright.sync_api import Browser, sync_playwright
from pretended import Pretended, pretending
from scripted import Scripted, scripting
from serving import HEALTHY_STATE, Server, serving


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> None:
    """Hundreds of processes start: what one has compiled the next one reads, and none of it beside the sources."""
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix) / "pycache"))


@pytest.fixture(scope="session", autouse=True)
def _history_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What loads remember goes to a temporary directory, and never beside the fixtures."""
    os.environ["HEDGE_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory on show; empty until a test uses `files`."""
    return tmp_path_factory.mktemp("shown") / "state"


@pytest.fixture(scope="module")
def settings(state_dir: Path) -> dict[str, str]:
    """A page of this directory."""
    return {"HEDGE_STATE_DIR": str(state_dir)}


@pytest.fixture(scope="module")
def server(settings: dict[str, str], state_dir: Path) -> Iterator[Server]:
    """One for all tests of a module."""
    with serving(state_dir.with_name("log"), settings) as server:
        yield server


@pytest.fixture
def files(state_dir: Path) -> None:
    """All files as they were, whatever the test before did to them."""
    shutil.rmtree(state_dir, ignore_errors=True)
    shutil.copytree(HEALTHY_STATE, state_dir)


@pytest.fixture(scope="module")
def _pretended() -> Iterator[Pretended]:
    """A fake exchange whose account moves with the clock; one for all tests of a module."""
    with pretending() as found:
        yield found


@pytest.fixture
def exchange(_pretended: Pretended) -> Iterator[Pretended]:
    """It is without faults at the beginning and in the end."""
    _pretended.control(faults=[], forget_weight=True)
    yield _pretended
    _pretended.control(faults=[])


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """An exchange that answers what the test writes down."""
    with scripting() as found:
        yield found


def pytest_collection_finish() -> None:
    """What has been collected stays until the end: nobody need search it for garbage again and again."""
    gc.collect()
    gc.freeze()
