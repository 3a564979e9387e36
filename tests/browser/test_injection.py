"""Whatever the names, words and reasons of the state are, they stay text: on the page, in a terminal, for programs."""

import json
import math
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile import ATTACKS, HARMLESS_STATE, NOW, write_hostile
from pages import Shown, shown
from playwright.sync_api import Browser
from prometheus_client.parser import text_string_to_metric_families
from serving import ROOT, Server, process_environ, serving

MARKS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x1b\x9b]")
ELEMENTS = "script, img, iframe, object, embed, link, style, a, form, base, svg a, foreignObject, .modebar *"
COUNT = f"""() => {{
    const counts = {{}};
    document.querySelectorAll({json.dumps(ELEMENTS)}).forEach((element) => {{
        counts[element.tagName] = (counts[element.tagName] || 0) + 1;
    }});
    return counts;
}}"""
HANDLERS = """() => [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes])
    .filter(({ name, value }) => name.startsWith("on") || /^\\s*javascript:/i.test(value)).length"""


@pytest.fixture(scope="module", params=["", "/?kiosk=1&privacy=1"], ids=["page", "private-kiosk"])
def search(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state_dir = tmp_path_factory.mktemp("hostile") / "state"
    write_hostile(state_dir)
    return state_dir


@pytest.fixture(scope="module")
def hostile(state_dir: Path) -> Iterator[Server]:
    with serving(state_dir.with_name("log"), {"HEDGE_STATE_DIR": str(state_dir), "HEDGE_NOW": str(NOW)}) as server:
        yield server


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("harmless") / "log"
    with serving(log, {"HEDGE_STATE_DIR": str(HARMLESS_STATE), "HEDGE_NOW": str(NOW)}) as server:
        yield server


@pytest.fixture(scope="module")
def view(browser: Browser, hostile: Server, search: str) -> Iterator[Shown]:
    """A hostile page that has drawn everything, over which the mouse has gone."""
    with shown(browser, hostile, search=search) as view:
        view.page.on("dialog", lambda dialog: view.complaints.append(f"dialog: {dialog.message}"))
        view.page.wait_for_selector("#positions-table td")
        for target in ("#aum-donut", "#nav-history", "#positions-table td", "#symbols-table .unknown"):
            found = view.page.locator(target).first
            if found.count():
                found.hover(force=True)
        view.page.wait_for_timeout(400)  # a tooltip comes after 200 ms
        yield view


def count_elements(browser: Browser, server: Server, search: str) -> Any:
    with shown(browser, server, search=search) as view:
        view.page.wait_for_selector("#positions-table td")
        return view.page.evaluate(COUNT)


def test_page_has_no_element_more(view: Shown, browser: Browser, harmless: Server, search: str) -> None:
    found, known = view.page.evaluate(COUNT), count_elements(browser, harmless, search)
    assert {name: count for name, count in found.items() if count > known.get(name, 0) and name != "STYLE"} == {}
    assert view.page.evaluate(HANDLERS) == 0


def test_nothing_ran_and_nothing_was_asked_of_others(view: Shown, hostile: Server) -> None:
    assert view.page.evaluate("window.pwned") is None
    assert view.complaints == []
    assert view.hosts <= {hostile.address, ""}


def test_attacks_are_shown_as_text(view: Shown) -> None:
    """A test of nothing would pass too: they are really on the page, and letter by letter."""
    shown_text = view.page.evaluate("document.body.textContent")
    for attack in (ATTACKS[0], ATTACKS[1], ATTACKS[3], ATTACKS[4]):
        assert attack in shown_text


def test_labels_of_charts_are_text(view: Shown) -> None:
    """Plotly takes a few tags for its own."""
    styled = ".graph text tspan[style*='font-weight'], .graph text tspan[style*='baseline'], .graph text a"
    labels = set()
    for degrees in range(5, 360, 15):
        labels |= set(hover_donut(view, degrees))
        assert view.page.locator(styled).count() == 0
    assert any("<" in label for label in labels)


def hover_donut(view: Shown, degrees: float) -> list[str]:
    """The words beside the ring where the mouse is, clockwise from the top."""
    box = view.page.locator("#aum-donut").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    reach = 0.83 * min(box["width"], box["height"]) / 2
    angle = math.radians(degrees)
    view.page.mouse.move(middle[0] + reach * math.sin(angle), middle[1] - reach * math.cos(angle))
    view.page.wait_for_selector("#aum-donut .hovertext")
    texts = "all => all.map((text) => text.textContent)"
    words: list[str] = view.page.eval_on_selector_all("#aum-donut .hovertext text", texts)
    return words


def test_no_mark_turns_words_around(view: Shown) -> None:
    assert MARKS.search(view.page.content() + view.page.title()) is None


def test_layout_holds(view: Shown) -> None:
    """A word of 3,000 letters widens nothing."""
    assert view.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("arguments", [[], ["doctor"]], ids=["summary", "doctor"])
def test_terminal_gets_no_control_character(state_dir: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "state", *arguments, "--state-dir", str(state_dir), "--now", str(NOW)]
    done = subprocess.run(command, cwd=ROOT, env=process_environ({}), capture_output=True, text=True, check=False)
    assert any(attack[:12] in done.stdout for attack in ATTACKS)
    assert done.stderr == ""
    assert [char for char in done.stdout if not char.isprintable() and char != "\n"] == []


def fetch(server: Server, path: str) -> tuple[str, dict[str, str]]:
    with urllib.request.urlopen(server.url + path, timeout=10) as answer:  # noqa: S310 - our own server
        return answer.read().decode(), dict(answer.headers)


def test_programs_get_it_as_values(hostile: Server) -> None:
    text, headers = fetch(hostile, "/api/state")
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == ("application/json", "nosniff")
    assert any(ATTACKS[0] in row["symbol"] for row in json.loads(text)["positions"])
    text, headers = fetch(hostile, "/metrics")
    assert headers["Content-Type"].startswith("text/plain")
    names = {family.name for family in text_string_to_metric_families(text)}
    assert all(name.startswith("hedge_") for name in names)
