"""One answer for all tabs: found by content alone; what no page sends is refused, and what fails here is not hidden."""

import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any

import pytest
from asking import ADDRESS, ENDPOINT, TICK, drawing_of, poll_of
from dash import Dash, Input, Output, dcc
from flask import Flask
from flask.testing import FlaskClient
from keyfiles import PRIVATE, WALL, KeyFiles, bearer
from serving import HEALTHY_STATE, wait_until
from werkzeug.test import TestResponse

from dash_app import callbacks, ids
from dash_app.app import create_app
from dash_app.callbacks import digest_of
from dash_app.panels import GROUPS
from dash_app.render.readings import MASK
from dash_app.server import sharing
from dash_app.server.metrics import COUNTS
from dash_app.server.sharing import ENTRY_BYTES, MAX_BODY_BYTES, AnswerCache, cache_answers
from dash_app.settings import Settings

NOW = 1764197100.0
TABS = 12
ROOM = 10 * ENTRY_BYTES

Json = dict[str, Any]


@pytest.fixture
def server() -> Flask:
    return server_of(Settings(state_dir=str(HEALTHY_STATE), now=NOW))


@pytest.fixture(scope="module")
def standing() -> FlaskClient:
    """A client of a server for many tests, where what it already holds does not matter."""
    return server_of(Settings(state_dir=str(HEALTHY_STATE), now=NOW)).test_client()


def server_of(settings: Settings) -> Flask:
    server: Flask = create_app(settings).server
    server.test_client().get("/_dash-dependencies")
    return server


def ask(client: FlaskClient, body: Json | bytes, **more: Any) -> TestResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(ENDPOINT, data=data, content_type="application/json", **more)


def first_state(client: FlaskClient, search: str = "", **more: Any) -> Json:
    state: Json = ask(client, poll_of(search), **more).get_json()["response"][ids.STATE]["data"]
    return state


def drawn_for(client: FlaskClient, state: Json) -> bytes:
    drawn: bytes = ask(client, drawing_of(state)).data
    return drawn


def counted(column: str, act: Callable[[], Any]) -> float:
    """How much something adds to a count."""
    before = COUNTS.total(column)
    act()
    return COUNTS.total(column) - before


# --- sharing ---------------------------------------------------------------------------------------------------------


def test_tabs_that_draw_the_same_state_share_the_work(server: Flask) -> None:
    """Each polls for itself, and what it gets is the same to the byte."""
    tabs = [server.test_client() for _ in range(TABS)]
    answers: set[bytes] = set()
    assert counted("draws", lambda: answers.update(drawn_for(tab, first_state(tab)) for tab in tabs)) == 1
    assert len(answers) == 1


def test_tabs_that_ask_at_once_share_the_work(server: Flask) -> None:
    """All but one wait for the one that began."""
    body = drawing_of(first_state(server.test_client()))
    gate, answers = threading.Barrier(TABS), list[bytes]()

    def draw(_tab: int) -> None:
        client = server.test_client()
        gate.wait()
        answers.append(ask(client, body).data)

    with ThreadPoolExecutor(TABS) as pool:
        assert counted("draws", lambda: list(pool.map(draw, range(TABS)))) == 1
    assert (len(answers), len(set(answers))) == (TABS, 1)


def test_tabs_that_have_drawn_different_versions_before_share_the_work(server: Flask) -> None:
    """Each polls at its own second, and not all see every version."""
    client, answers = server.test_client(), list[TestResponse]()
    state = first_state(client)
    words = [None, "0" * 16, "1" * 16, digest_of(state, GROUPS[0])]

    def draw() -> None:
        answers.extend(ask(client, drawing_of(state, drawn=word)) for word in words)

    assert counted("draws", draw) == 1
    assert [answer.status_code for answer in answers] == [200, 200, 200, 204]
    assert len({answer.data for answer in answers[:3]}) == 1


@pytest.mark.parametrize("forger_first", [True, False])
def test_forged_state_of_an_honest_version_reaches_its_forger_only(server: Flask, forger_first: bool) -> None:
    """A version is a claim; the bytes that are drawn are not."""
    forger, honest = server.test_client(), server.test_client()
    state = first_state(honest)
    forged = deepcopy(state)
    forged["nav"]["nav_usd"] = 666.66
    if not forger_first:
        drawn_for(honest, state)
    assert b"666.66" in drawn_for(forger, forged)
    for tab in (honest, server.test_client()):
        drawn = drawn_for(tab, first_state(tab))
        assert b"666.66" not in drawn
        assert b"10461.27" in drawn


@pytest.mark.parametrize("searches", [("?privacy=1", ""), ("", "?privacy=1")])
def test_private_and_open_tabs_share_nothing(server: Flask, searches: tuple[str, str]) -> None:
    """Whichever asks first."""
    for search in searches * 2:
        state = first_state(server.test_client(), search)
        assert (state["nav"]["nav_usd"] == MASK) == (search != "")


@pytest.mark.parametrize("order", [(PRIVATE, WALL), (WALL, PRIVATE)])
def test_private_and_open_tokens_share_nothing(tmp_path: Any, order: tuple[str, str]) -> None:
    """Whatever their addresses say."""
    server = KeyFiles(tmp_path).write_all().server()
    for token in order * 2:
        state = first_state(server.test_client(), headers=bearer(token))
        assert (state["nav"]["nav_usd"] == MASK) == (token == PRIVATE)


def test_digests_of_a_private_state_tell_nothing_of_one_section(server: Flask) -> None:
    """The digest of a book of one position could be tried out."""
    shown, masked = first_state(server.test_client()), first_state(server.test_client(), "?privacy=1")
    assert not set(shown["meta"]["sections"].values()) & set(masked["meta"]["sections"].values())


def test_shared_state_is_some_seconds_old_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its ages go on in the browser."""
    monkeypatch.setattr(callbacks, "CACHE_S", 0.2)
    server = server_of(Settings(state_dir=str(HEALTHY_STATE)))
    first = first_state(server.test_client())["meta"]["loaded_at"]
    wait_until(lambda: first_state(server.test_client())["meta"]["loaded_at"] > first, timeout_s=5)


def test_unchanged_group_is_answered_as_unchanged_to_all(server: Flask) -> None:
    """Nothing changed is an answer too."""
    state = first_state(server.test_client())
    body = drawing_of(state, GROUPS[1], digest_of(state, GROUPS[1]))
    assert [what(ask(server.test_client(), body)) for _ in range(3)] == [(204, b"")] * 3


def what(answer: TestResponse) -> tuple[int, bytes]:
    return answer.status_code, answer.data


def test_poll_is_answered_once_for_a_version_and_what_the_tab_has_drawn() -> None:
    """However often a tab has asked; what has no version is answered each time."""
    app, versions, asked = Dash(), iter(["1", "1", "1", "1", "2", None, None]), list[str]()
    app.layout = dcc.Store(id=ids.STATE)

    @app.callback(Output(ids.STATE, "data"), Input(TICK, "n_intervals"), Input(ADDRESS, "search"))
    def load(_count: int, search: str) -> str:
        asked.append(search)
        return search

    cache_answers(app, f"{ids.STATE}.data", lambda _asked: next(versions))
    client = app.server.test_client()
    for count, search in enumerate(["", "", "?kiosk=1", "", "", "", ""]):
        body = poll_of(search)
        del body["state"]
        body["inputs"][0]["value"] = count
        assert ask(client, body).get_json()["response"][ids.STATE]["data"] == search
    assert asked == ["", "?kiosk=1", "", "", ""]


# --- what is held ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 109])
def test_held_answers_stay_within_their_room(length: int) -> None:
    """The oldest go first, those that say no more than that nothing has changed as well."""
    held = AnswerCache(ROOM)
    for number in range(100):
        held.get_or_make(number, lambda: bytes(length))
        assert held.size_bytes <= ROOM
    assert (held.find(99), held.find(0)) == (bytes(length), None)


def test_answer_that_is_used_outlives_the_others() -> None:
    """As the state that most walls show."""
    held = AnswerCache(ROOM)
    for number in range(100):
        held.get_or_make(number, lambda: bytes(100))
        held.get_or_make("used", lambda: b"used")
    assert held.find("used") == b"used"


def test_huge_answer_turns_nothing_out() -> None:
    """It is given, and not kept."""
    held = AnswerCache(ROOM)
    held.get_or_make("kept", lambda: b"kept")
    assert held.get_or_make("huge", lambda: bytes(ROOM // 2)) == bytes(ROOM // 2)
    assert (held.find("kept"), held.find("huge"), held.size_bytes) == (b"kept", None, ENTRY_BYTES + 4)


def test_failed_making_is_tried_again() -> None:
    """A failure is no answer."""
    held = AnswerCache(ROOM)
    with pytest.raises(ZeroDivisionError):
        held.get_or_make("key", lambda: bytes(1 // 0))
    assert held.get_or_make("key", lambda: b"made") == b"made"


def test_waiting_for_another_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who began goes on; who waited is told to come again."""
    monkeypatch.setattr(sharing, "WAIT_TIMEOUT_S", 0.05)
    held, begun, go_on = AnswerCache(ROOM), threading.Event(), threading.Event()

    def make_slowly() -> bytes:
        begun.set()
        go_on.wait(10)
        return b"slow"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(held.get_or_make, "key", make_slowly)
        begun.wait(10)
        with pytest.raises(TimeoutError):
            held.get_or_make("key", lambda: b"other")
        go_on.set()
        assert slow.result() == b"slow"
    assert held.find("key") == b"slow"


# --- refusals --------------------------------------------------------------------------------------------------------


def changed(body: Json, **more: Any) -> Json:
    return {**deepcopy(body), **more}


def raw(value: bytes) -> bytes:
    return json.dumps(drawing_of({"nav": "HERE"})).encode().replace(b'"HERE"', value)


NONSENSE: list[Json | bytes] = [
    b"",
    b"{",
    b"\xff{}",
    "{}".encode("utf-16")[:-1],
    b"\x00",
    b"null",
    b"[]",
    b'"state.data"',
    b"{}",
    raw(b"1" * 5000),
    raw(b"[" * 100_000 + b"]" * 100_000),
    changed(poll_of(), output="other.data"),
    changed(poll_of(), output=["state.data"]),
    changed(poll_of(), output={}),
    changed(poll_of(), inputs=None),
    changed(poll_of(), inputs=[TICK]),
    changed(poll_of(), inputs=[TICK, "search"]),
    changed(poll_of(), inputs=[TICK, [ADDRESS]]),
    changed(poll_of(), state=[]),
    changed(poll_of(), state=5),
    changed(drawing_of({}), outputs=None),
    changed(drawing_of({}), outputs=[]),
    changed(drawing_of({}), outputs={"id": "x", "property": "y"}),
    changed(drawing_of({}), inputs=[]),
    changed(drawing_of({}), changedPropIds=5),
    drawing_of("state"),
]


@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: str(body)[:40])
def test_what_no_page_sends_is_refused(
    standing: FlaskClient, body: Json | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """With 400, without a traceback in the answer or in the log, and counted."""
    answers = list[TestResponse]()
    with caplog.at_level(logging.DEBUG):
        assert counted("refusals", lambda: answers.append(ask(standing, body))) == 1
    assert [(answer.status_code, b"Traceback" in answer.data) for answer in answers] == [(400, False)]
    assert caplog.records == []


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"CONTENT_LENGTH": str(MAX_BODY_BYTES + 1)}, 413),
        ({"CONTENT_LENGTH": "9" * 500}, 413),
        ({"CONTENT_TYPE": "text/plain"}, 415),
        ({"CONTENT_TYPE": ""}, 415),
        ({"CONTENT_TYPE": "Application/JSON; charset=utf-8"}, 200),
    ],
    ids=str,
)
def test_body_is_json_and_not_too_large(standing: FlaskClient, environ: dict[str, str], status: int) -> None:
    """As Flask checks it, before anything is read."""
    assert ask(standing, poll_of(), environ_overrides=environ).status_code == status


def test_failure_of_our_own_is_no_fault_of_the_client(monkeypatch: pytest.MonkeyPatch, server: Flask) -> None:
    """It stays a 500, and is logged."""
    monkeypatch.setattr("dash_app.callbacks.read_address", lambda *_args, **_more: 1 // 0)
    assert ask(server.test_client(), poll_of()).status_code == 500


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_callbacks_are_posted(standing: FlaskClient, method: str) -> None:
    """Dash itself would answer a GET with the page."""
    assert standing.open(ENDPOINT, method=method).status_code == 405


@pytest.mark.parametrize("path", ["nope/x.js", "dash/x.js", "dash/../../../etc/passwd", "os/path.py", "dash/%00.js"])
def test_script_that_is_not_there_is_not_found(
    standing: FlaskClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is that a failure of the server."""
    assert standing.get(f"/_dash-component-suites/{path}").status_code == 404
    assert caplog.records == []


FORGED: list[Json] = [
    {"nav": {"nav_usd": 10**39, "peak_usd": -1e308, "series": [[1e308, 10**39], ["x", None], 7, [], [None]]}},
    {"positions": [{"symbol": "x" * 100_000, "notional": 1e308, "qty": 10**39}, None, 7, [[]]]},
    {"kpis": {"symbols": {"a." * 50_000: {}, "9" * 5000: {"dd_state": []}, "\ud800": 5}}},
    {"aum": {"slices": [{"label": {}, "usd": [], "zar": {}}, {"usd": 1e308}] * 2, "unpriced": {"a": 1}}},
    {"meta": {"surfaces": [0] * 500, "checks": [{"left": 5}] * 500, "unknown": [], "version": {}, "sections": 5}},
    {"meta": {"loaded_at": 1e308, "alerts": [{"since": 10**39, "title": []}], "unknown": {"nav": ["\ud800"]}}},
    {"transitions": [{"at": -1e308, "text": 5}, {"at": {}, "kind": []}], "router": {"worst": 5, "quality_counts": []}},
]


@pytest.mark.parametrize("part", FORGED, ids=list)
def test_forged_state_is_drawn_without_a_failure_of_the_server(
    standing: FlaskClient, part: Json, caplog: pytest.LogCaptureFixture
) -> None:
    """Panels that cannot draw it say so."""
    state = {**first_state(standing), **part}
    for group in GROUPS:
        answer = ask(standing, drawing_of(state, group))
        assert answer.status_code == 200
        assert b"Traceback" not in answer.data
    assert len(caplog.text) < 40_000
