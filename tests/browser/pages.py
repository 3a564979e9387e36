"""The page as a browser shows it, beside the state as `python -m state` prints it."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page
from serving import CORPUS, ROOT, Server, process_environ, serving

WALL = (1920, 1080)
TIMEOUT_MS = 60000  # costs nothing while all is well, and a busy machine may need it

FIELDS = """elements => elements.map(element => [
    element.dataset.field, element.textContent, element.dataset.unknown ?? null])"""
ROWS = """table => [...table.querySelectorAll("tr:has(td)")].map(row => Object.fromEntries(
    [...row.querySelectorAll("td")].map(cell => [cell.dataset.dashColumn, cell.textContent])))"""

DRAWN = """["#alert-line > *", "#clock:not(:empty)"].every(
    selector => document.querySelector(selector)?.checkVisibility({ visibilityProperty: true }))
    && [...document.querySelectorAll(".table-box")].every(box => box.querySelector("table"))"""
BEFORE = "getComputedStyle(tag, '::before').content.replace('none', '').replaceAll('\"', '')"
TAGS = f"""panel => [...document.querySelectorAll(`${{panel}} .source-age`)].filter(tag => tag.checkVisibility())
    .map(tag => {BEFORE} + tag.textContent)"""

BEATS = """async () => {
    for (let beats = 0; beats < 2; beats += 1) {
        await new Promise(done => document.addEventListener("hedge-beat", done, { once: true }));
    }
}"""


class Field(NamedTuple):
    """One displayed value: its path in the state, its text, and the reason when it is unknown."""

    path: str
    text: str
    unknown: str | None


@dataclass
class Shown:
    """A page, what it asked for and what it complained about, and the state it has to agree with."""

    page: Page
    server: Server
    state: Any = None
    complaints: list[str] = field(default_factory=list)
    urls: set[str] = field(default_factory=set)

    @property
    def hosts(self) -> set[str]:
        """Every host that was asked."""
        return {urlsplit(url).netloc for url in self.urls}

    def visit(self, search: str = "") -> None:
        """Load the page, with what its address asks for, until it has drawn its first state."""
        self.page.goto(self.server.url + search)
        self.await_drawn()

    def await_drawn(self) -> None:
        """Return once the page has drawn a state; no animation frame is waited for, which a busy machine starves."""
        self.await_true(DRAWN)

    def await_beats(self) -> None:
        """Return once the page has written its ages twice, as it does each second."""
        self.page.evaluate(BEATS)

    def age_tags(self, panel: str) -> list[str]:
        """The tags of an age that is not of now, in sight, with their words."""
        found: list[str] = self.page.evaluate(TAGS, panel)
        return found

    def fields(self) -> list[Field]:
        """Every element that shows a value of the state."""
        return [Field(*found) for found in self.page.eval_on_selector_all("[data-field]", FIELDS)]

    def rows(self, table: str) -> list[dict[str, str]]:
        """The cells of a table by column, for the rows on its first page."""
        rows: list[dict[str, str]] = self.page.locator(f"#{table}").evaluate(ROWS)
        return rows

    def await_text(self, selector: str, text: str, timeout_ms: float = TIMEOUT_MS) -> None:
        """Return once an element shows the text."""
        self.page.locator(selector).filter(has_text=text).first.wait_for(timeout=timeout_ms)

    def await_on_tape(self, text: str, tape: str = "#changes") -> None:
        """Return once an entry of what changed says so, on a tape that has room for it or not."""
        self.await_true(
            f"[...document.querySelectorAll('{tape} .change')].some(one => one.textContent.includes('{text}'))"
        )

    def await_told(self, text: str, timeout_ms: float = TIMEOUT_MS) -> None:
        """Return once the alert line says so, in sight or within reach of pointer, key and touch."""
        parts = "[...document.querySelectorAll('#alert-line, #alert-line *')]"
        self.await_true(f"{parts}.some(one => (one.textContent + one.dataset.tell).includes('{text}'))", timeout_ms)

    def await_true(self, expression: str, timeout_ms: float = TIMEOUT_MS) -> None:
        """Return once an expression holds in the page."""
        await_true(self.page, expression, timeout_ms)


def await_true(page: Page, expression: str, timeout_ms: float = TIMEOUT_MS) -> None:
    """Return once an expression holds; Playwright's own wait would evaluate text, which the page forbids."""
    deadline, pause_ms = time.monotonic() + timeout_ms / 1000, 20.0
    while not _holds(page, expression):
        assert time.monotonic() < deadline, f"not within {timeout_ms} ms: {expression}"
        page.wait_for_timeout(pause_ms)
        pause_ms = min(1.5 * pause_ms, 200.0)


def _holds(page: Page, expression: str) -> bool:
    try:
        return bool(page.evaluate(expression))
    except Error:  # the page is just being replaced
        return False


@contextmanager
def shown(
    browser: Browser, server: Server, *, size: tuple[int, int] = WALL, any_certificate: bool = False, search: str = ""
) -> Iterator[Shown]:
    """A page that has drawn its first state; `search` is what the address asks for."""
    with opened(browser, server, size=size, any_certificate=any_certificate) as view:
        view.visit(search)
        yield view


@contextmanager
def opened(
    browser: Browser, server: Server, *, size: tuple[int, int] = WALL, any_certificate: bool = False
) -> Iterator[Shown]:
    """The same before it is visited, for what has to be there first, such as a clock to move on."""
    with _tab(browser, server, any_certificate=any_certificate) as page:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        view = Shown(page, server)
        page.on("console", lambda message: _note(view, message.type, message.text))
        page.on("pageerror", lambda error: view.complaints.append(str(error)))
        page.on("request", lambda request: view.urls.add(request.url))
        yield view


@contextmanager
def _tab(browser: Browser, server: Server, *, any_certificate: bool) -> Iterator[Page]:
    """A tab of a browser that remembers nothing of the page, but what it has compiled."""
    shared = _shared_context(browser)
    is_alone = not any_certificate and server.address not in {urlsplit(page.url).netloc for page in shared.pages}
    context = shared if is_alone else browser.new_context(ignore_https_errors=any_certificate)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    session = context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": server.url, "storageTypes": "all"})
    session.detach()
    try:
        yield page
    finally:
        page.close()
        context.clear_cookies()
        if not is_alone:
            context.close()


@cache
def _shared_context(browser: Browser) -> BrowserContext:
    """Where one tab after the other is opened."""
    return browser.new_context()


def _note(view: Shown, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        view.complaints.append(text)


class Scenario(NamedTuple):
    """A corpus scenario with its clock and environment."""

    state_dir: Path
    now: float
    environ: Mapping[str, str]

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to show the scenario as of its time."""
        return {"HEDGE_STATE_DIR": str(self.state_dir), "HEDGE_NOW": str(self.now), **self.environ}

    def print_state(self) -> Any:
        """The normalized state, as the command prints it."""
        return print_state(self.state_dir, "--now", str(self.now), environ=self.environ)


def print_state(state_dir: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Any:
    """What `python -m state --json` prints of a directory."""
    command = [sys.executable, "-m", "state", "--json", "--state-dir", str(state_dir), *arguments]
    environ = process_environ(environ or {})
    printed = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(printed.stdout)


def find_scenario(name: str) -> Scenario:
    """The scenario `v7.1/healthy` and its like."""
    expected = json.loads((CORPUS / name / "expected.json").read_text())
    return Scenario(CORPUS / name / "logs" / "state", expected["now"], expected["environ"])


@contextmanager
def shown_scenario(browser: Browser, scenario: Scenario, log: Path) -> Iterator[Shown]:
    """The page of a scenario, as of its time."""
    with serving(log, scenario.settings) as server, shown(browser, server) as view:
        view.state = scenario.print_state()
        yield view


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"[0-9]+ [smhd]( [0-9]+ [smhd])?")
NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?")


def agrees(text: str, value: Any) -> bool:
    """Whether a text shows a value: numbers to their printed digits, words as words."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return text.casefold() == str(value).casefold()
    if isinstance(value, list):
        return all(str(item) in text for item in value)
    if DURATION.fullmatch(text):
        return _duration_agrees(text, value)
    printed = NUMBER.search(text)
    return printed is not None and _number_agrees(printed[0].replace(",", ""), value)


def shows_age_between(text: str, low: float, high: float) -> bool:
    """Whether an age, to its printed digits, lies between two numbers of seconds."""
    parts = [(float(number), UNITS[unit]) for number, unit in re.findall(r"([0-9.]+) ([smhd])", text)]
    if not parts and not NUMBER.fullmatch(text):
        return False
    least = sum(number * unit for number, unit in parts) if parts else float(text)
    return least <= high and least + (parts[-1][1] if parts else 0.1) >= low


def _number_agrees(printed: str, value: float) -> bool:
    digits = len(printed.partition(".")[2])
    return bool(abs(float(printed) - value) <= 0.5 / 10**digits + 1e-9 * abs(value) + 1e-12)


def _duration_agrees(text: str, value: float) -> bool:
    parts = [(int(number), UNITS[unit]) for number, unit in re.findall(r"([0-9]+) ([smhd])", text)]
    least = sum(number * unit for number, unit in parts)
    return bool(least <= round(value, 1) < least + parts[-1][1])


def value_at(state: Any, path: str) -> Any:
    """The value at a dotted path."""
    for key in path.split("."):
        state = state[int(key)] if isinstance(state, list) else state.get(key)
        if state is None:
            return None
    return state


DEFAULT_WORDS = {"normal", "unknown"}
NOT_A_NUMBER = "n/a"
NOT_IN_STATE = "not in the state files"
WORD_COLUMNS = ("dd_state", "atr_regime")

POSITION_COLUMNS = (
    "symbol",
    "side",
    "qty",
    "notional_fmt",
    "pnl_fmt",
    "dd_state",
    "dd_today_pct",
    "atr_ratio",
    "atr_regime",
)


def agrees_at(field: Field, state: Any) -> bool:
    """Whether a known field shows its value; what is empty is said in words."""
    value = value_at(state, field.path)
    if field.path == "meta.testnet":
        return field.text == "TESTNET" and value is True
    return field.text.startswith("No ") if value in ({}, []) else agrees(field.text, value)


def reason_at(state: Any, path: str) -> str | None:
    """The reason of a path, else of what it belongs to; what is empty has no reason of its own."""
    unknown: dict[str, str] = state["meta"]["unknown"]
    empty = value_at(state, path) in ({}, [])
    while path and path not in unknown:
        path = path.rpartition(".")[0]
    return unknown.get(path) or (NOT_IN_STATE if empty else None)


def reads_as_unknown(field: Field, state: Any) -> bool:
    """n/a, a default word, or words that begin with what is unknown."""
    value = value_at(state, field.path)
    if isinstance(value, str):
        return field.text.casefold() == value.casefold() and value in DEFAULT_WORDS
    return not any(letter.isdigit() for letter in field.text.replace(field.unknown or "", ""))


def cell_agrees(state: Any, path: str, text: str) -> bool:
    """Unknown numbers are n/a, unknown words their default, and a side may carry its mark."""
    value = value_at(state, path)
    if value is None or (path.removesuffix("_fmt") in state["meta"]["unknown"] and not isinstance(value, str)):
        return text == NOT_A_NUMBER or (path.endswith(WORD_COLUMNS) and text in DEFAULT_WORDS)
    if path.endswith(("pnl_fmt", "side")):
        return agrees(text.rsplit(maxsplit=1)[-1].lstrip("+"), value.lstrip("+"))
    return agrees(text.strip(), value)


def list_wrong_positions(rows: list[dict[str, str]], state: Any) -> list[tuple[str, str, str]]:
    """Symbol, column and text of each cell of the book that is not what the state says."""
    return [
        (row["symbol"], column, row[column])
        for index, row in enumerate(rows)
        for column in POSITION_COLUMNS
        if not cell_agrees(state, f"positions.{index}.{column}", row[column])
    ]


def list_wrong_symbols(rows: list[dict[str, str]], state: Any) -> list[tuple[str, str, str]]:
    """The same for the table by symbol."""
    return [
        (row["symbol"], column, text)
        for row in rows
        for column, text in row.items()
        if column not in {"symbol", "tones"} and not cell_agrees(state, f"kpis.symbols.{row['symbol']}.{column}", text)
    ]
