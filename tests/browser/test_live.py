"""A page that is left alone while its files change and time passes."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from pages import Shown, opened, shown
from playwright.sync_api import Browser, Page
from serving import HEALTHY_STATE, Server, serving

pytestmark = pytest.mark.usefixtures("files")

# Two refreshes of 300 ms, and a busy machine.
SOON_MS = 2 * 300 + 15000
HEADER_AGE = "#header-nav [data-field='nav.age_s']"


@pytest.fixture(scope="module")
def tab(browser: Browser, server: Server) -> Iterator[Shown]:
    """One tab for all tests, as a wall has it."""
    with shown(browser, server) as view:
        yield view


@pytest.fixture
def view(tab: Shown, files: None) -> Shown:  # noqa: ARG001 - the files come first
    """The tab once it shows the files as they were."""
    tab.await_text("#header-nav", "NAV: 10461.27 USD")
    tab.await_text("#header-nav", "Source: nav_state.json")
    tab.await_text("#positions-table", "BTCUSDT")
    return tab


WATCH_ANSWERS = """() => {
    window.given = [];
    const plain = window.fetch;
    window.fetch = async (...asked) => {
        const response = await plain(...asked);
        const answer = response.status === 200 ? await response.clone().json() : {};
        if (answer.multi && !answer.response.state) window.given.push(...Object.keys(answer.response));
        return response;
    };
}"""


def test_deleted_nav_state_moves_the_header_to_nav(view: Shown, state_dir: Path) -> None:
    (state_dir / "nav_state.json").unlink()
    view.await_text("#header-nav", "Source: nav.json", timeout_ms=SOON_MS)


def test_nav_state_that_comes_back_is_shown_again(view: Shown, state_dir: Path) -> None:
    (state_dir / "nav_state.json").rename(state_dir / "aside")
    view.await_text("#header-nav", "Source: nav.json")
    (state_dir / "aside").rename(state_dir / "nav_state.json")
    view.await_text("#header-nav", "Source: nav_state.json")


def test_torn_nav_state_keeps_its_last_values_and_says_so(view: Shown, state_dir: Path) -> None:
    content = (state_dir / "nav_state.json").read_bytes()
    (state_dir / "nav_state.json").write_bytes(content[: len(content) // 2])
    view.await_text(".surface[data-surface='nav_state.json']", "malformed")
    assert "NAV: 10461.27 USD" in view.page.inner_text("#header-nav")
    assert "Source: nav_state.json" in view.page.inner_text("#header-nav")


def test_changed_value_is_shown(view: Shown, state_dir: Path) -> None:
    path = state_dir / "nav_state.json"
    path.write_text(path.read_text().replace("10461.27", "10999.99"))
    view.await_text("#header-nav", "NAV: 10999.99 USD")


def test_ages_tick_without_a_new_state(view: Shown) -> None:
    before = header_age(view.page)
    view.await_true(f'parseFloat(document.querySelector("{HEADER_AGE}").textContent) > {before + 1}')


def test_old_surfaces_are_marked_stale_by_their_age(view: Shown) -> None:
    view.page.wait_for_selector(".surface.stale[data-surface='nav_state.json']")
    assert view.page.locator(".surface.fresh").count() == 0


def test_live_page_does_not_say_that_its_clock_is_fixed(view: Shown) -> None:
    assert view.page.inner_text("#fixed-clock") == ""


def test_connection_is_quiet_when_all_is_well(view: Shown) -> None:
    view.await_text("#connection", "connected")
    assert view.complaints == []


def test_wrong_clock_of_the_browser_changes_no_age_and_the_clock_is_that_of_the_zone(
    browser: Browser, view: Shown, settings: dict[str, str], tmp_path: Path
) -> None:
    johannesburg = settings | {"HEDGE_TZ": "Africa/Johannesburg"}
    with serving(tmp_path / "log", johannesburg) as server, opened(browser, server) as wrong:
        wrong.page.add_init_script("const real = Date.now; Date.now = () => real() + 7200 * 1000;")
        wrong.visit()
        assert abs(header_age(wrong.page) - header_age(view.page)) < 60
        assert wrong.page.inner_text("#clock").endswith(" SAST")


def test_no_state_is_said_and_no_number_is_made_up(browser: Browser, tmp_path: Path) -> None:
    """Neither without a directory nor with an empty one; a kiosk, which no mouse goes over, writes the reasons out."""
    state_dir = tmp_path / "absent"
    with serving(tmp_path / "log", {"HEDGE_STATE_DIR": str(state_dir)}) as server, shown(browser, server) as view:
        for make in (None, state_dir.mkdir):
            if make:
                make()
                view.visit("?kiosk=1")
            assert_made_up_nothing(view)
        content = "getComputedStyle(document.querySelector('.nav-figure [data-unknown]'), '::after').content"
        assert len(view.page.evaluate(content)) > 10


def assert_made_up_nothing(view: Shown) -> None:
    words = view.page.inner_text("body")
    assert "0.00" not in words
    assert "n/a" in view.page.inner_text("#header-nav")
    assert view.page.inner_text("#positions-empty").startswith("Positions unknown")
    assert "nav_state.json" in words
    assert view.complaints == []


def header_age(page: Page) -> float:
    return float(page.inner_text(HEADER_AGE))


def test_panels_that_stay_as_they_are_are_left_alone(view: Shown, state_dir: Path) -> None:
    """What a change does not touch does not reach Dash; what it does is shown, there and back."""
    view.page.evaluate(WATCH_ANSWERS)
    path = state_dir / "nav_state.json"
    content = path.read_text()
    path.write_text(content.replace("10461.27", "10999.99"))
    view.await_text("#header-nav", "NAV: 10999.99 USD")
    given = set(view.page.evaluate("window.given"))
    assert {"header-nav", "overview-cards"} <= given
    assert not {"positions-table", "symbols-table"} & given
    path.write_text(content)
    view.await_text("#header-nav", "NAV: 10461.27 USD")


# How long one of two texts has changed and the other not: the NAV of the header (cards) and below its chart (charts),
# the sum in a heading (cards) and the price-made figure in the row (tables). Each pair comes from one file.
WATCH_VERSIONS = """pairs => {
    const watched = pairs.map((pair) => pair.map((selector) => ({ selector, text: null, changes: -1 })));
    window.apart = { spansMs: [], changes: [] };
    const since = pairs.map(() => null);
    const look = () => {
        watched.forEach((pair, index) => {
            pair.forEach((part) => {
                const text = document.querySelector(part.selector)?.textContent;
                if (text !== part.text) part.changes += 1;
                part.text = text;
            });
            const apart = pair[0].changes !== pair[1].changes;
            if (!apart && since[index] !== null) window.apart.spansMs.push(performance.now() - since[index]);
            since[index] = apart ? since[index] ?? performance.now() : null;
        });
        window.apart.changes = watched.flat().map((part) => part.changes);
        requestAnimationFrame(look);
    };
    look();
}"""
PAIRS = [
    ["#header-nav .nav-figure", "#nav-caption .visually-hidden"],
    ["#positions-title", "#positions-table td[data-dash-column=notional_fmt]"],
]
VERSIONS = 3
# Answers to requests of the same moment, on a machine that others use too; who waits for the next refresh takes longer.
RARELY_MS, APART_MS = 4000, 2000
REFRESH = "window.dash_clientside.set_props('tick', { n_intervals: Date.now() })"


def test_panels_differ_in_version_for_moments_only(view: Shown, state_dir: Path) -> None:
    """Each group asks for itself, all of them as soon as the Store has a state; none waits for the next refresh."""
    view.await_text("#positions-table", "BTCUSDT")
    view.page.evaluate(f"window.dash_clientside.set_props('tick', {{ interval: {RARELY_MS} }})")
    view.page.evaluate(WATCH_VERSIONS, PAIRS)
    for version in range(VERSIONS):
        replace_numbers(state_dir / "nav_state.json", {"10461.27": f"10{version}99.27"})
        for name in ("positions.json", "synced_state.json"):  # whichever of them the prices come from
            replace_numbers(state_dir / name, {"90412.5": f"9{version}499.5"})
        view.page.evaluate(REFRESH)
        view.await_true(f"Math.min(...window.apart.changes) > {version}")
    view.await_true(
        "new Set(window.apart.changes.slice(0, 2)).size === 1 && new Set(window.apart.changes.slice(2)).size === 1"
    )
    spans_ms = view.page.evaluate("window.apart.spansMs")
    assert not spans_ms or median(spans_ms) < APART_MS


def replace_numbers(path: Path, replaced: dict[str, str]) -> None:
    """The file of the healthy desk with other numbers, there as a whole at once."""
    text = (HEALTHY_STATE / path.name).read_text()
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)
