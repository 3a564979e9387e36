"""The rest of what an operator once misread: books, histories, routers and tapes, on the page as it is drawn."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from case_desk import Desk
from pages import Shown, find_scenario, shown
from playwright.sync_api import Browser
from serving import serving
from walls import CASES, case_settings

HEALTHY = find_scenario("v7.1/healthy")
COLOUR = "element => getComputedStyle(element).color"
GREY = "rgb(130, 146, 166)"
# Of each cell of a column: where its point, or the digit before a missing one, ends.
POINTS = """key => [
    ...document.querySelectorAll(`#positions-table td[data-dash-column=${key}] .dash-cell-value`),
].map((cell) => {
    const [text, range] = [cell.firstChild, document.createRange()];
    const place = text.textContent.search(/[.\\u2008]/);
    range.setStart(text, place < 0 ? text.length : place);
    range.setEnd(text, place < 0 ? text.length : place);
    return Math.round(range.getBoundingClientRect().x);
})"""


@contextmanager
def drawn(browser: Browser, settings: Mapping[str, str], directory: Path) -> Iterator[Shown]:
    """A page whose charts stand."""
    with serving(directory / "log", settings) as server, shown(browser, server) as view:
        view.await_true("document.querySelector('#surface-chips .chip') !== null")
        yield view


def page_of(
    browser: Browser, factory: pytest.TempPathFactory, settings: Mapping[str, str], state_dir: Path | None = None
) -> Iterator[Shown]:
    """The page of one desk, of which its settings say where it is unless a directory does."""
    own = {} if state_dir is None else {"HEDGE_STATE_DIR": str(state_dir)}
    with drawn(browser, {**settings, **own}, factory.mktemp("page")) as view:
        yield view


@pytest.fixture(scope="module")
def idle(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A desk that has not traded."""
    yield from page_of(browser, tmp_path_factory, find_scenario("v7.1/no_trades").settings)


@pytest.fixture(scope="module")
def gap(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A desk with hours missing in its NAV log."""
    yield from page_of(browser, tmp_path_factory, case_settings("gap"))


@pytest.fixture(scope="module")
def withdrawal(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A desk whose history is above the peak that its writer goes by."""
    yield from page_of(browser, tmp_path_factory, case_settings("withdrawal"))


@pytest.fixture(scope="module")
def vanished(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A desk whose book is in doubt, and was last known the day before."""
    desk = Desk(CASES / "last_book_date", tmp_path_factory.mktemp("vanished"))
    assert len(list(desk.states())) == 2
    yield from page_of(browser, tmp_path_factory, case_settings("last_book_date"), desk.state_dir)


@pytest.fixture(scope="module")
def nothing(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """No files at all."""
    yield from page_of(browser, tmp_path_factory, {}, tmp_path_factory.mktemp("nothing"))


def change(path: Path, **fields: Any) -> None:
    """Other fields in a state file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def flap(index: int) -> dict[str, object]:
    """One change of the router's quality, to and fro, three minutes apart."""
    words = ("ok", "good") if index % 2 else ("good", "ok")
    told = {"kind": "router_quality", "subject": "portfolio", "before": words[0], "after": words[1]}
    return {"at": HEALTHY.now - 3600 + 180 * index, **told, "text": f"Router quality {words[0]} → {words[1]}"}


@pytest.fixture(scope="module")
def amended(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A desk with fees on a loss, two holdings of one name, many more, and a router that flaps."""
    logs = shutil.copytree(CASES / "many_aum" / "logs", tmp_path_factory.mktemp("amended") / "logs")
    fees = {"fee_pnl_ratio": 2.0, "fees": 20.0, "pnl": -10.0, "window_days": 7}
    change(logs / "state" / "risk_snapshot.json", fee_pnl=fees)
    nav = (logs / "state" / "nav.json").read_text()
    (logs / "state" / "nav.json").write_text(nav.replace('"COIN1"', '"COIN0"'))
    (logs / "execution").mkdir(exist_ok=True)
    tape = "".join(json.dumps(flap(index)) + "\n" for index in range(12))
    (logs / "execution" / "transitions.jsonl").write_text(tape)
    yield from page_of(browser, tmp_path_factory, case_settings("many_aum"), logs / "state")


def test_a_router_without_an_order_is_not_called_ok(idle: Shown) -> None:
    """The writers put `ok` where there was none: grey, without a mark, with that reason."""
    quality = idle.page.locator("#kpi-cards .card", has_text="Router Quality")
    word = quality.locator("[data-field='router.quality']")
    assert word.inner_text() == "unknown"
    assert word.evaluate(COLOUR) == GREY
    assert "no order" in (word.get_attribute("data-unknown") or "")
    assert quality.locator(".sign").count() == 0
    assert "ok" not in quality.inner_text().split()


def test_a_default_word_is_marked_as_one(nothing: Shown) -> None:
    """Grey, dotted, without the mark of what is fine, and with the reason in place of a "(default)"."""
    word = nothing.page.locator("#kpi-cards [data-field='kpis.risk.dd_state']")
    assert word.inner_text() == "normal"
    assert word.evaluate(COLOUR) == GREY
    assert "is missing" in (word.get_attribute("data-unknown") or "")
    assert nothing.page.locator("#kpi-cards .sign").count() == 0
    assert "(default)" not in nothing.page.inner_text("#page")


def test_now_and_the_deepest_are_said_in_different_words(gap: Shown) -> None:
    """The card tells how far the NAV is below the peak now; the chart, how far it has been, in words of its own."""
    gap.await_true("document.querySelector('#nav-history .annotation-text') !== null")
    assert "below peak now" in gap.page.inner_text("#kpi-cards")
    words = gap.page.locator(".nav-history").text_content() or ""
    assert "9.53" in words
    assert "below peak" not in words


def test_no_line_is_drawn_through_a_gap(gap: Shown) -> None:
    """It ends and begins anew, and the gap has its length."""
    gap.await_true("document.querySelector('#nav-history .js-line') !== null")
    paths = gap.page.locator("#nav-history .js-line").evaluate_all("lines => lines.map(line => line.getAttribute('d'))")
    assert sum(path.count("M") for path in paths) == 2
    words = gap.page.locator("#nav-history .annotation-text").all_text_contents()
    assert "no data 4.4 h" in words


def test_a_history_above_the_peak_is_said_in_the_same_words_twice(withdrawal: Shown) -> None:
    """On the card of the drawdown and below the chart; and never as a withdrawal, which nobody has written."""
    sentence = re.compile(r"history was higher: 10,461\.27 at [0-9:]+ UTC, above the writer's peak of [0-9,.]+")
    card, chart = (withdrawal.page.inner_text(part) for part in ("#kpi-cards", "#nav-caption"))
    found = sentence.search(card)
    assert found is not None
    assert found[0] in chart
    assert "withdraw" not in withdrawal.page.inner_text("#page").lower()


def test_gains_and_losses_have_their_signs_and_nothing_has_none(gap: Shown) -> None:
    """A PnL of 0.00 is neither, in word and in colour."""
    cells = gap.page.locator("#positions-table td[data-dash-column=pnl_fmt]")
    found = [(cell.inner_text().strip(), cell.get_attribute("data-tone")) for cell in cells.all()]
    assert {tone for _, tone in found} == {"gain", "loss", None}
    signs = {"gain": r"\+[0-9.,]+", "loss": r"-[0-9.,]+", None: r"0\.00"}
    assert [text for text, tone in found if not re.fullmatch(signs[tone], text)] == []


@pytest.mark.parametrize("column", ["qty", "entry_price", "mark_price"])
def test_points_stand_under_each_other(gap: Shown, column: str) -> None:
    """Whatever the number of digits behind them."""
    places = gap.page.evaluate(POINTS, column)
    assert len(places) == 5
    assert max(places) - min(places) <= 1


def test_an_old_book_is_told_with_its_day(vanished: Shown) -> None:
    """A time alone would be read as one of today."""
    words = vanished.page.inner_text("#positions-empty")
    assert words.startswith("Positions unknown")
    assert "Last known at 2025-11-25 16:44:48 UTC: 5 positions" in words


def test_fees_on_a_loss_say_so(amended: Shown) -> None:
    """A ratio has no sign of its own; above 1 it is amber."""
    card = amended.page.locator("#kpi-cards .card", has_text="Fee / PnL")
    assert re.search(r"2\.00\s+loss", card.locator(".big").inner_text())
    assert "a loss of -10.00" in card.inner_text()
    assert card.locator(".big .warn").count() == 2


def test_holdings_of_one_name_stay_apart_and_no_two_have_one_colour(amended: Shown) -> None:
    """What more there are than colours is one slice, with its number; the ring has as many slices as the table."""
    amended.await_true("document.querySelector('#aum-donut path.surface') !== null")
    fills = "slices => slices.map(slice => slice.style.fill)"
    colours = amended.page.locator("#aum-donut path.surface").evaluate_all(fills)
    rows = amended.page.locator("#aum-legend .legend-row .legend-label").all_text_contents()
    assert len(set(colours)) == len(colours) == len(rows) == 8
    assert rows[:3] == ["Futures", "COIN0", "COIN0"]
    assert rows[-1] == "12 others"


def test_a_router_that_flaps_is_one_line(amended: Shown) -> None:
    """With how often and since when, so that it hides nothing else."""
    lines = amended.page.locator("#changes .change-text").all_text_contents()
    assert len(lines) == 1
    assert re.fullmatch(r"Router quality ok ⇄ good, 12 times since 21:45:00 UTC", lines[0].strip())
