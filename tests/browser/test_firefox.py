"""The page in the other engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from firefox import Tab, firefox_tab, needs_firefox
from serving import serving
from writers import write_healthy

DRAWN = "document.querySelector('{} .main-svg {}') !== null"
AGE = "document.querySelector('#header-nav [data-field=\"nav.age_s\"]').textContent"


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    """It shows a paper desk that has just been written."""
    settings = {"HEDGE_STATE_DIR": str(write_healthy(tmp_path / "logs") / "state"), "HEDGE_REFRESH_MS": "300"}
    with serving(tmp_path / "log", settings) as server, firefox_tab(tmp_path) as tab:
        tab.open(server.url, 1920, 1080)
        yield tab


@needs_firefox
def test_firefox_shows_the_page(tab: Tab) -> None:
    """Charts are drawn, ages go on, nothing is complained of, and a wall does not scroll."""
    tab.await_true("document.querySelector('#alert-line > *') !== null")
    tab.await_true(DRAWN.format(".nav-history", "path.js-line"))
    tab.await_true(DRAWN.format("#aum-donut", "path.surface"))
    before = tab.evaluate(AGE)
    tab.await_true(f"{AGE} !== {before!r}")
    assert tab.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert tab.complaints == []
