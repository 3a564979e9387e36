"""Every value on the page is the value of the state, for every scenario of the corpus."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pages import (
    Shown,
    agrees_at,
    find_scenario,
    list_wrong_positions,
    list_wrong_symbols,
    reads_as_unknown,
    reason_at,
    shown_scenario,
)
from playwright.sync_api import Browser
from walls import INTERRUPT, await_still

from dash_app.layout import POSITIONS_PER_PAGE, SYMBOLS_PER_PAGE

# One of each kind of page; the others of the corpus look like one of these.
SCENARIOS = [
    "head/wallet_btc_unpriced",
    "v7.1/drawdown",
    "v7.1/exchange_down",
    "v7.1/executor_only",
    "v7.1/large_universe",
    "v7.1/no_trades",
    "v7.1/offexchange",
    "v7.6/healthy",
]
SIZES = [(1920, 1080), (3840, 2160), (390, 844)]


@pytest.fixture(scope="module", params=SCENARIOS)
def view(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    log = tmp_path_factory.mktemp("scenario") / "log"
    with shown_scenario(browser, find_scenario(request.param), log) as view:
        yield view


def test_every_known_field_shows_the_value_of_the_state(view: Shown) -> None:
    known = [field for field in view.fields() if field.unknown is None]
    assert len(known) > 20
    assert [field for field in known if not agrees_at(field, view.state)] == []


def test_no_known_field_is_unknown_in_the_state(view: Shown) -> None:
    unknown = view.state["meta"]["unknown"]
    assert [field for field in view.fields() if field.unknown is None and field.path in unknown] == []


def test_every_unknown_field_has_the_reason_of_the_state(view: Shown) -> None:
    unexplained = [field for field in view.fields() if field.unknown is not None]
    assert [field for field in unexplained if field.unknown != reason_at(view.state, field.path)] == []


def test_no_unknown_field_shows_a_number(view: Shown) -> None:
    unknown = [field for field in view.fields() if field.unknown is not None]
    assert [field for field in unknown if not reads_as_unknown(field, view.state)] == []


@pytest.mark.parametrize(
    "path", ["nav.nav_usd", "nav.nav_zar", "aum.total_usd", "kpis.risk.dd_state", "router.quality"]
)
def test_required_field_is_on_the_page(view: Shown, path: str) -> None:
    assert path in {field.path for field in view.fields()}


def test_header_has_its_words(view: Shown) -> None:
    nav, source = view.state["nav"]["nav_usd"], view.state["nav"]["source"]
    header = view.page.inner_text("#header-nav")
    assert f"NAV: {nav:.2f} USD" in header
    assert f"Source: {source} • Age: {view.state['nav']['age_s']:.1f}s" in header


def test_positions_table_equals_the_state(view: Shown) -> None:
    rows = view.rows("positions-table")
    assert len(rows) == min(len(view.state["positions"]), POSITIONS_PER_PAGE)
    assert list_wrong_positions(rows, view.state) == []


def test_symbols_table_equals_the_state(view: Shown) -> None:
    expected = min(len(view.state["kpis"]["symbols"]), SYMBOLS_PER_PAGE)
    # Its rows are fewer while the panels around it are still being drawn.
    view.await_true(f"document.querySelectorAll('#symbols-table tr:has(td)').length === {expected}")
    rows = view.rows("symbols-table")
    assert list_wrong_symbols(rows, view.state) == []


def test_a_lost_connection_takes_no_row(view: Shown) -> None:
    """What the browser noticed stands beside the shorter table."""
    before = len(view.rows("symbols-table"))
    view.page.evaluate(INTERRUPT)
    view.await_text(".tape", "Connection lost")
    await_still(view.page)
    assert len(view.rows("symbols-table")) == before


def test_no_positions_are_said_to_be_flat_or_unknown(view: Shown) -> None:
    words = view.page.inner_text("#positions-empty")
    if view.state["positions"]:
        assert words == ""
    elif "positions" in view.state["meta"]["unknown"]:
        assert words.startswith("Positions unknown")
    else:
        assert words.startswith("No open positions")


def test_fixed_clock_is_said_and_stands(view: Shown) -> None:
    day = datetime.fromtimestamp(view.state["meta"]["loaded_at"], UTC).strftime("%Y-%m-%d")
    assert view.page.inner_text("#fixed-clock").startswith(f"clock fixed at {day}")
    assert view.page.inner_text("#clock") in view.page.inner_text("#fixed-clock")


@pytest.mark.parametrize("size", SIZES)
def test_nothing_sticks_out_sideways_and_a_wall_has_no_fold(view: Shown, size: tuple[int, int]) -> None:
    width, height = size
    view.page.set_viewport_size({"width": width, "height": height})
    view.await_true(f"innerWidth === {width} && document.documentElement.scrollWidth <= {width}")
    if width >= 1920:
        view.await_true(f"document.documentElement.scrollHeight <= {height}")


# The two below look at all that the page did until here.
def test_console_is_silent(view: Shown) -> None:
    assert view.complaints == []


def test_no_other_host_is_asked(view: Shown) -> None:
    assert {host for host in view.hosts if host} == {view.server.address}
