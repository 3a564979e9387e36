"""What the bench sends is what a browser sends, and an answer that does not fit is no measurement."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from serving import CORPUS, serving

from bench.answers import Address, Answer, AnswerError, split_answer
from bench.desk import MovingDesk
from bench.script import Script
from bench.tab import TICK, Tab
from state.loader import Loader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Request
    from serving import Server

PAGES = 4
HEALTHY = CORPUS / "v7.1" / "healthy" / "logs" / "state"
SETTINGS = {"HEDGE_STATE_DIR": str(HEALTHY), "HEDGE_NOW": "1764197100", "HEDGE_REFRESH_MS": "250"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A desk that stands still."""
    with serving(tmp_path_factory.mktemp("server") / "gunicorn.log", SETTINGS) as server:
        yield server


def test_a_tab_sends_what_chromium_sends(browser: Browser, server: Server) -> None:
    """Each request of the first state and of the tick after it: address, and body byte by byte."""
    tab = Tab(Address.of(server.url))
    sent = record(tab)
    tab.open()
    tab.tick_unchanged()
    tab.close()
    expected = list(map(without_state, sent))
    # A busy browser may have drawn twice before its first tick: then another page is looked at.
    pages = (list(map(without_state, read_browser(browser, server))) for _ in range(PAGES))
    assert any(seen == expected for seen in pages)


def read_browser(browser: Browser, server: Server) -> list[tuple[str, str]]:
    """Path (each page has a token of its own) and body of the callbacks until the first tick."""
    page, seen = browser.new_page(), list[tuple[str, str]]()

    def note(request: Request) -> None:
        if "_dash-update-component" in request.url:
            path, _, _token = request.url.removeprefix(server.url).partition("=")
            seen.append((path, request.post_data or ""))

    page.on("request", note)
    with page.expect_request(lambda request: '"changedPropIds":["tick.n_intervals"]' in (request.post_data or "")):
        page.goto(server.url)
    page.close()
    return seen


def record(tab: Tab) -> list[tuple[str, str]]:
    """What a tab is going to send."""
    sent, ask = list[tuple[str, str]](), tab.line.ask

    def note(request: bytes) -> Answer:
        head, _, body = request.partition(b"\r\n\r\n")
        path, _, _token = head.split()[1].decode().partition("=")
        sent.append((path, body.decode()))
        return ask(request)

    tab.line.ask = note  # type: ignore[method-assign]
    return sent


def without_state(request: tuple[str, str]) -> tuple[str, str]:
    """The order of keys counts; a state differs in its times alone, and a tick in its number."""
    path, body = request
    content = json.loads(body)
    for item in content["inputs"]:
        if item["property"] == "data":
            item["value"] = sorted(item["value"])
        if item["property"] == "n_intervals":
            item["value"] = item.get("value") and 1  # a busy browser may be past its first tick
    for item in content.get("state", []):
        item.pop("value", None)  # and may have drawn before
    return path, json.dumps(content)


def test_the_script_of_a_crowd_says_what_a_tab_says(server: Server) -> None:
    """Poll and drawings, with the same values in the gaps."""
    address = Address.of(server.url)
    script, tab = Script(address), Tab(address)
    tab.open()
    sent = record(tab)
    tab.tick_unchanged()
    drawn = [json.dumps(tab.props[prop]).encode() for prop in tab.find_poll().states]
    assert script.poll.fill(b"1", *drawn).partition(b"\r\n\r\n")[2].decode() == sent[0][1]
    state = json.dumps(tab.props[script.state], separators=(",", ":"), ensure_ascii=False).encode()
    for drawing, callback in zip(script.drawings, tab.callbacks[1:], strict=True):
        known = [json.dumps(tab.props[prop]).encode() for prop in callback.states]
        assert drawing.fill(state, *known).endswith(callback.build_body(tab.props, [script.state]))
    tab.close()


def test_a_tick_that_is_not_answered_as_expected_is_no_measurement(server: Server) -> None:
    """Nothing new where a change was made, and a callback that the server does not have."""
    tab = Tab(Address.of(server.url))
    with pytest.raises(AnswerError, match=r"answered \[200, 200"):
        tab.tick_unchanged()
    with pytest.raises(AnswerError, match=r"answered \[204\]"):
        tab.tick_changed()
    poll = tab.find_poll()
    with pytest.raises(AnswerError, match=r"nothing\.data"):
        tab.ask(type(poll)("nothing.data", poll.inputs, poll.states), [TICK])
    tab.close()


@pytest.mark.parametrize(
    ("received", "found"),
    [
        (b"HTTP/1.1 204 NO CONTENT\r\nServer: x\r\n\r\n", Answer(204, b"", 38)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Answer(200, b"{}", 40)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", None),
        (b"HTTP/1.1 200 OK\r\nContent-Le", None),
    ],
)
def test_an_answer_is_split_off_once_it_is_whole(received: bytes, found: Answer | None) -> None:
    """Whatever part of it has come so far."""
    assert split_answer(received) == found


def test_an_answer_without_a_length_is_refused() -> None:
    """Where it ends is not known."""
    with pytest.raises(AnswerError, match="without a length"):
        split_answer(b"HTTP/1.1 200 OK\r\n\r\n{}")


def test_the_moving_desk_changes_every_section_and_stays_healthy(tmp_path: Path) -> None:
    """One file changes one section; no check fails after any number of changes."""
    desk = MovingDesk(tmp_path / "state")
    loader = Loader(desk.state_dir)
    before = load(loader)
    desk.change_one()
    one = load(loader)
    assert changed(before, one) == {"kpis", "meta"}
    desk.change_all()
    assert changed(one, load(loader)) >= {"nav", "aum", "kpis", "positions", "router", "meta"}
    assert [check for check in load(loader)["meta"]["checks"] if check["status"] == "fail"] == []


def load(loader: Loader) -> dict[str, Any]:
    """The state as of now."""
    return loader.load(time.time(), {})


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Sections with another digest."""
    sections = before["meta"]["sections"], after["meta"]["sections"]
    return {name for name in sections[0] if sections[0][name] != sections[1][name]}
