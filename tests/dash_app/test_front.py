"""What stands before Dash: it answers as Dash would, shares by content alone, and refuses what no page sends."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from keyfiles import PRIVATE, WALL, KeyFiles, bearer
from prometheus_client.parser import text_string_to_metric_families
from serving import CORPUS, wait_until
from werkzeug.test import TestResponse

from dash_app import ids
from dash_app.app import create_app
from dash_app.front import answers, bodies
from dash_app.front.answers import Answers
from dash_app.front.bodies import MAX_BYTES, check_extent, check_state
from dash_app.front.refusal import SENTENCES, RefusedError
from dash_app.front.view import ENDPOINT
from dash_app.keys.cookies import issue_user
from dash_app.keys.keyring import Keyholder
from dash_app.render.readings import MASK, value_at
from dash_app.server.warmup import FIRST_POLL, drawing_of
from dash_app.settings import Settings
from state import load_all_state

NOW = 1764197100.0
HEALTHY = CORPUS / "v7.1" / "healthy" / "logs" / "state"
SCENARIOS = sorted(path.parent / "logs" / "state" for path in CORPUS.glob("*/*/expected.json"))
TABS = 12

Json = dict[str, Any]


def server_of(state_dir: Path) -> Flask:
    server: Flask = create_app(Settings(state_dir=str(state_dir), now=NOW)).server
    server.test_client().get("/_dash-dependencies")
    return server


def front_of(server: Flask) -> Any:
    view: Any = server.view_functions[ENDPOINT]
    return view.__self__


def take_way(server: Any, way: Any) -> None:
    server.wsgi_app = way


@pytest.fixture(scope="module")
def plain() -> FlaskClient:
    """Dash alone, on the same state."""
    server = server_of(HEALTHY)
    server.view_functions[ENDPOINT] = front_of(server)._ask_dash
    take_way(server, Flask.wsgi_app.__get__(server))
    return server.test_client()


@pytest.fixture(scope="module")
def standing() -> FlaskClient:
    """A server for many tests, where what it already holds does not matter."""
    return server_of(HEALTHY).test_client()


@pytest.fixture
def server() -> Flask:
    return server_of(HEALTHY)


@pytest.fixture
def client(server: Flask) -> Iterator[FlaskClient]:
    with server.test_client() as client:
        yield client


def poll_of(search: str | None = "", drawn: str | None = None, tick: int | None = 1) -> Json:
    body = deepcopy(FIRST_POLL)
    body["inputs"][0]["value"], body["inputs"][1]["value"], body["state"][0]["value"] = tick, search, drawn
    return body


def compact(body: Json) -> bytes:
    """As browsers write it."""
    return json.dumps(body, separators=(",", ":")).encode()


def ask(client: FlaskClient, body: Json | bytes, **more: Any) -> TestResponse:
    data = body if isinstance(body, bytes) else compact(body)
    return client.post(ENDPOINT, data=data, content_type="application/json", **more)


def first_state(client: FlaskClient, search: str = "") -> Json:
    state: Json = ask(client, poll_of(search)).get_json()["response"][ids.STATE]["data"]
    return state


def count(client: FlaskClient, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == name and sample.labels == labels)


# --- as Dash would ---------------------------------------------------------------------------------------------------

VERSION = load_all_state(str(HEALTHY), now=NOW, environ={})["meta"]["version"]
POLLS = [
    poll_of(),
    poll_of(tick=None),
    poll_of(drawn="another"),
    poll_of(drawn=VERSION),
    poll_of(drawn=VERSION, tick=987654),
    poll_of(None),
    poll_of(None, VERSION),
    poll_of("?privacy=1"),
    poll_of("?kiosk=1&privacy=1"),
    poll_of("?privacy=1", VERSION),
    poll_of("?%ff=\ud800&privacy=\x00"),
]


def what(answer: TestResponse) -> tuple[int, bytes, str | None]:
    return answer.status_code, answer.data, answer.headers.get("Content-Type")


@pytest.mark.parametrize("body", POLLS, ids=str)
def test_poll_is_answered_as_dash_answers(plain: FlaskClient, standing: FlaskClient, body: Json) -> None:
    wanted = what(ask(plain, body))
    assert [what(ask(standing, body)) for _ in range(3)] == [wanted] * 3


@pytest.mark.parametrize("state_dir", SCENARIOS, ids=lambda path: path.parts[-3])
def test_drawing_is_answered_as_dash_answers(plain: FlaskClient, standing: FlaskClient, state_dir: Path) -> None:
    body = drawing_of(load_all_state(str(state_dir), now=NOW, environ={}))
    wanted = what(ask(plain, body))
    assert wanted[0] == 200
    assert [what(ask(standing, body)) for _ in range(2)] == [wanted] * 2


@pytest.mark.parametrize("state", [None, {}])
def test_nothing_to_draw_is_answered_as_dash_answers(plain: FlaskClient, standing: FlaskClient, state: Json) -> None:
    assert what(ask(standing, drawing_of(state))) == what(ask(plain, drawing_of(state)))


def test_a_poll_loads_once(client: FlaskClient) -> None:
    for body in (poll_of(), poll_of(drawn="another"), poll_of(drawn=VERSION), poll_of(drawn=VERSION, tick=2)):
        before = count(client, "hedge_loads_total")
        ask(client, body)
        assert count(client, "hedge_loads_total") == before + 2  # the scrape loads too


# --- the way past Flask ----------------------------------------------------------------------------------------------


def both_ways(client: FlaskClient, body: Json, **more: Any) -> list[tuple[str, list[tuple[str, str]], bytes]]:
    """Status, headers and body, past Flask and through it."""
    lane: Any = client.application.wsgi_app
    found = []
    for way in (lane, lane._flask):
        take_way(client.application, way)
        answer = ask(client, body, **more)
        kept = sorted(item for item in answer.headers if item[0] != "X-Hedge-Now")
        found.append((answer.status, kept, answer.data))
    take_way(client.application, lane)
    return found


def let_in(tmp_path: Path, kind: str, base_url: str) -> FlaskClient:
    """A browser that has shown a key."""
    keys = KeyFiles(tmp_path).write_all()
    client = keys.client()
    if kind == "user":
        keyring = Keyholder(keys.settings()).current()
        client.set_cookie("hedge-user-8050", issue_user("alice", keyring, time.time()))
    else:
        client.get(f"/?key={WALL if kind == 'wall' else PRIVATE}", base_url=base_url)
    return client


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [("local", "http"), ("local", "https"), ("wall", "http"), ("wall", "https"), ("private", "http"), ("user", "http")],
)
def test_the_way_past_flask_says_the_same(tmp_path: Path, client: FlaskClient, kind: str, scheme: str) -> None:
    base_url = f"{scheme}://localhost"
    if kind != "local":
        client = let_in(tmp_path, kind, base_url)
    state = ask(client, poll_of(), base_url=base_url).get_json()["response"][ids.STATE]["data"]
    for body in (poll_of(drawn=VERSION), poll_of(drawn="another"), drawing_of(state)):
        ask(client, body, base_url=base_url)
        past, through = both_ways(client, body, base_url=base_url)
        assert past == through


def test_the_way_past_flask_is_taken(monkeypatch: pytest.MonkeyPatch, client: FlaskClient) -> None:
    """Else the test above compares Flask with Flask."""
    asked: list[Any] = []
    lane: Any = client.application.wsgi_app
    flask = lane._flask

    def note(environ: Any, start: Any) -> Any:
        asked.append(environ)
        return flask(environ, start)

    monkeypatch.setattr(lane, "_flask", note)
    first_state(client)
    ask(client, poll_of(drawn=VERSION))
    assert len(asked) == 2
    ask(client, poll_of(drawn=VERSION, tick=2))
    first_state(client)
    assert len(asked) == 2


@pytest.mark.parametrize("body", [poll_of(drawn=VERSION), poll_of(), b"{", b"x" * (MAX_BYTES + 1)])
def test_nothing_is_answered_without_a_key(tmp_path: Path, body: Json | bytes) -> None:
    server = KeyFiles(tmp_path).write_all().server()
    for _ in range(2):
        assert ask(server.test_client(), body, headers=bearer(WALL)).status_code != 401
        for headers in ({}, bearer("wrong"), {"Cookie": "hedge-wall-8050=forged"}):
            assert ask(server.test_client(), body, headers=headers).status_code == 401


def test_key_that_is_taken_away_is_missed_at_once(tmp_path: Path) -> None:
    keys, body = KeyFiles(tmp_path).write_all(), poll_of(drawn=VERSION)
    client = keys.client()
    client.get(f"/?key={WALL}")
    assert [ask(client, body).status_code for _ in range(2)] == [204, 204]
    keys.write("tokens", f"shop-window:{PRIVATE}:private\n")
    wait_until(lambda: ask(client, body).status_code == 401)


def test_stranger_gets_nothing_of_a_desk_without_keys(client: FlaskClient) -> None:
    body = poll_of(drawn=VERSION)
    assert ask(client, body).status_code == 204
    assert ask(client, body, environ_overrides={"REMOTE_ADDR": "10.0.0.7"}).status_code == 403


# --- sharing ---------------------------------------------------------------------------------------------------------


def drawn_for(client: FlaskClient, state: Json) -> bytes:
    drawn: bytes = ask(client, drawing_of(state)).data
    return drawn


def test_tabs_that_draw_the_same_state_share_the_work(server: Flask) -> None:
    tabs = [server.test_client() for _ in range(TABS)]
    before = count(tabs[0], "hedge_draws_total")
    answers = {drawn_for(tab, first_state(tab)) for tab in tabs}
    assert len(answers) == 1
    assert count(tabs[0], "hedge_draws_total") == before + 1


def test_tabs_that_ask_at_once_share_the_work(server: Flask) -> None:
    body = drawing_of(first_state(server.test_client()))
    before = count(server.test_client(), "hedge_draws_total")
    gate = threading.Barrier(TABS)

    def draw(_tab: int) -> bytes:
        client = server.test_client()
        gate.wait()
        drawn: bytes = ask(client, body).data
        return drawn

    with ThreadPoolExecutor(TABS) as pool:
        assert len(set(pool.map(draw, range(TABS)))) == 1
    assert count(server.test_client(), "hedge_draws_total") == before + 1


@pytest.mark.parametrize("forger_first", [True, False])
def test_forged_state_of_an_honest_version_reaches_its_forger_only(server: Flask, forger_first: bool) -> None:
    forger, honest = server.test_client(), server.test_client()
    state = first_state(honest)
    forged = deepcopy(state)
    forged["nav"]["nav_usd"] = 666.66
    assert forged["meta"] == state["meta"]
    if not forger_first:
        drawn_for(honest, state)
    assert b"666.66" in drawn_for(forger, forged)
    for tab in (honest, server.test_client()):
        assert b"666.66" not in drawn_for(tab, first_state(tab))
        assert b"10461.27" in drawn_for(tab, first_state(tab))


@pytest.mark.parametrize("searches", [("?privacy=1", ""), ("", "?privacy=1")])
def test_private_and_open_tabs_share_nothing(server: Flask, searches: tuple[str, str]) -> None:
    for search in searches * 2:
        state = first_state(server.test_client(), search)
        assert (state["nav"]["nav_usd"] == MASK) == (search != "")


@pytest.mark.parametrize("order", [(PRIVATE, WALL), (WALL, PRIVATE)])
def test_private_and_open_keys_share_nothing(tmp_path: Path, order: tuple[str, str]) -> None:
    server = KeyFiles(tmp_path).write_all().server()
    for token in order * 2:
        answer = ask(server.test_client(), poll_of(), headers=bearer(token)).get_json()
        assert (answer["response"][ids.STATE]["data"]["nav"]["nav_usd"] == MASK) == (token == PRIVATE)


@pytest.mark.parametrize("order", [(PRIVATE, WALL), (WALL, PRIVATE)])
def test_private_and_open_walls_share_nothing(tmp_path: Path, order: tuple[str, str]) -> None:
    server = KeyFiles(tmp_path).write_all().server()
    walls = [(token, server.test_client()) for token in order]
    for token, wall in walls:
        wall.get(f"/?key={token}")
    for token, wall in walls * 3:
        assert (first_state(wall)["nav"]["nav_usd"] == MASK) == (token == PRIVATE)


def test_shared_state_is_five_seconds_old_at_most(server: Flask) -> None:
    front = front_of(server)
    loaded_at = []
    for later_s in (0.0, 4.9, 5.1):
        front._settings = Settings(state_dir=str(HEALTHY), now=NOW + later_s)
        loaded_at.append(first_state(server.test_client())["meta"]["loaded_at"])
    assert loaded_at == [NOW, NOW, NOW + 5.1]


# --- what is held ----------------------------------------------------------------------------------------------------


def test_held_answers_stay_within_their_room() -> None:
    held = Answers(1000)
    for number in range(100):
        held.find_or_make(number, lambda number=number: bytes(10 + number))  # type: ignore[misc]
        assert held.size_bytes <= 1000
    assert held.find(99) == bytes(109)
    assert held.find(0) is None


def test_answer_that_is_used_outlives_the_others() -> None:
    held = Answers(1000)
    for number in range(100):
        held.find_or_make(number, lambda: bytes(100))
        held.find_or_make("used", lambda: b"used")
    assert held.find("used") == b"used"


def test_huge_answer_turns_nothing_out() -> None:
    held = Answers(1000)
    held.find_or_make("kept", lambda: b"kept")
    assert held.find_or_make("huge", lambda: bytes(500)) == bytes(500)
    assert (held.find("kept"), held.find("huge")) == (b"kept", None)


def test_failed_making_is_tried_again() -> None:
    held = Answers(1000)
    with pytest.raises(ZeroDivisionError):
        held.find_or_make("key", lambda: bytes(1 // 0))
    assert held.find_or_make("key", lambda: b"made") == b"made"


def test_waiting_for_another_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PATIENCE_S", 0.05)
    held, begun, go_on = Answers(1000), threading.Event(), threading.Event()

    def make_slowly() -> bytes:
        begun.set()
        go_on.wait(10)
        return b"slow"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(held.find_or_make, "key", make_slowly)
        begun.wait(10)
        with pytest.raises(RefusedError, match="busy"):
            held.find_or_make("key", lambda: b"other")
        go_on.set()
        assert slow.result() == b"slow"
    assert held.find("key") == b"slow"


# --- refusals --------------------------------------------------------------------------------------------------------


def changed(body: Json, **more: Any) -> Json:
    return {**deepcopy(body), **more}


def with_state(**more: Any) -> Json:
    return drawing_of({"meta": {"version": "x"}, **more})


def nested(depth: int) -> bytes:
    return json.dumps(drawing_of({"nav": "DEEP"})).encode().replace(b'"DEEP"', b"[" * depth + b"]" * depth)


def raw(value: str) -> bytes:
    return json.dumps(drawing_of({"nav": "HERE"})).encode().replace(b'"HERE"', value.encode("utf-8", "surrogatepass"))


TICK_INPUT, ADDRESS_INPUT = FIRST_POLL["inputs"]
REFUSALS = [
    (b"", "length"),
    (b"{", "json"),
    (b"\xff{}", "json"),
    ("{}".encode("utf-16"), "json"),
    ("\ufeff{}".encode(), "json"),
    (b"\x00", "json"),
    (b"null", "shape"),
    (b"[]", "shape"),
    (b'"state.data"', "shape"),
    (b"{}", "output"),
    (raw("NaN"), "json"),
    (raw("-Infinity"), "json"),
    (raw("1e999"), "json"),
    (raw("1" * 41), "json"),
    (raw("1" * 5000), "json"),
    (raw('"\ud800"'), "json"),
    (nested(30), "depth"),
    (nested(100_000), "depth"),
    (changed(poll_of(), output="other.data"), "output"),
    (changed(poll_of(), output=["state.data"]), "output"),
    (changed(poll_of(), output={}), "output"),
    (changed(poll_of(), outputs={"id": "state", "property": "clear_data"}), "output"),
    (changed(poll_of(), outputs=[{"id": "state", "property": "data"}]), "output"),
    (changed(poll_of(), outputs=None), "output"),
    (changed(poll_of(), more=1), "shape"),
    (changed(poll_of(), changedPropIds="tick.n_intervals"), "shape"),
    (changed(poll_of(), changedPropIds=["other.data"]), "shape"),
    (changed(poll_of(), changedPropIds=[{}]), "shape"),
    (changed(poll_of(), changedPropIds=["tick.n_intervals"] * 3), "shape"),
    (changed(poll_of(), inputs=None), "arguments"),
    (changed(poll_of(), inputs=[TICK_INPUT]), "arguments"),
    (changed(poll_of(), inputs=[ADDRESS_INPUT, TICK_INPUT]), "arguments"),
    (changed(poll_of(), inputs=[TICK_INPUT, "search"]), "arguments"),
    (changed(poll_of(), inputs=[TICK_INPUT, {"id": {"type": "x"}, "property": "search"}]), "arguments"),
    (changed(poll_of(), inputs=[TICK_INPUT, [ADDRESS_INPUT]]), "arguments"),
    (changed(poll_of(), inputs=[TICK_INPUT, {**ADDRESS_INPUT, "more": 1}]), "arguments"),
    (changed(poll_of(), state=[]), "arguments"),
    (poll_of(search=["?"]), "arguments"),  # type: ignore[arg-type]
    (poll_of(search="?" * 2001), "arguments"),
    (poll_of(drawn={}), "arguments"),  # type: ignore[arg-type]
    (poll_of(tick="1"), "arguments"),  # type: ignore[arg-type]
    (compact(poll_of(tick=7)).replace(b'"value":7}', b'"value":007}'), "json"),
    (drawing_of([]), "arguments"),  # type: ignore[arg-type]
    (drawing_of("state"), "arguments"),  # type: ignore[arg-type]
    (drawing_of(7), "arguments"),  # type: ignore[arg-type]
    (with_state(positions=[0] * 10_001), "many"),
    (with_state(kpis={"symbols": dict.fromkeys(map(str, range(10_001)))}), "many"),
    (with_state(nav={"series": [[0, 1]] * 2001}), "many"),
    (with_state(meta={"surfaces": [{}] * 501}), "many"),
    (with_state(router=[0] * 300_000), "many"),
    (b" " * (MAX_BYTES + 1), "size"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSALS, ids=lambda value: str(value)[:40])
def test_what_no_page_sends_is_refused(standing: FlaskClient, body: Json | bytes, reason: str) -> None:
    before = count(standing, "hedge_refusals_total", reason=reason)
    answer = ask(standing, body)
    sentence = SENTENCES[reason]
    assert (answer.status_code, answer.get_json()) == (sentence.status, {"refused": sentence.text})
    assert count(standing, "hedge_refusals_total", reason=reason) == before + 1


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"CONTENT_LENGTH": ""}, 411),
        ({"CONTENT_LENGTH": "-1"}, 411),
        ({"CONTENT_LENGTH": "+5"}, 411),
        ({"CONTENT_LENGTH": "9" * 5000}, 413),
        ({"CONTENT_LENGTH": "99999"}, 411),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ({"CONTENT_TYPE": "text/plain"}, 415),
        ({"CONTENT_TYPE": ""}, 415),
        ({"CONTENT_TYPE": "application/json; charset=utf-16"}, 204),
        ({"CONTENT_TYPE": "Application/JSON"}, 204),
    ],
    ids=str,
)
def test_body_has_a_length_and_a_type(standing: FlaskClient, environ: dict[str, str], status: int) -> None:
    assert ask(standing, poll_of(drawn=VERSION), environ_overrides=environ).status_code == status


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_callbacks_are_posted(standing: FlaskClient, method: str) -> None:
    assert standing.open(ENDPOINT, method=method).status_code == 405


@pytest.mark.parametrize("path", ["nope/x.js", "dash/x.js", "dash/../../../etc/passwd", "os/path.py", "dash/%00.js"])
def test_script_that_is_not_there_is_not_found(
    standing: FlaskClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert standing.get(f"/_dash-component-suites/{path}").status_code == 404
    assert caplog.records == []


def test_largest_desk_is_let_through() -> None:
    """5,000 symbols, two thirds of them held, six reasons each."""
    state = json.loads(json.dumps(load_all_state(CORPUS / "v7.1" / "large_universe" / "logs" / "state", environ={})))
    leg, symbol = state["positions"][0], next(iter(state["kpis"]["symbols"].values()))
    state["positions"] = [leg] * 3334
    state["kpis"]["symbols"] = {f"SYMBOL{number}USDT": symbol for number in range(5000)}
    reasons = {f"kpis.symbols.SYMBOL{number}USDT.slip_q50_bps": "x" * 94 for number in range(30_000)}
    state["meta"]["unknown"] = reasons
    body = drawing_of(state)
    assert len(json.dumps(body)) < MAX_BYTES
    check_extent(body)
    check_state(state)


def test_limits_have_room_above_a_real_state() -> None:
    for state_dir in SCENARIOS:
        state = load_all_state(str(state_dir), now=NOW, environ={})
        for path, most in bodies.MOST.items():
            part = value_at(state, path)
            assert 20 * len(part or []) <= most or path == "nav.series", path


@pytest.mark.parametrize(
    "part",
    [
        {"nav": {"nav_usd": 10**39, "peak_usd": -1e308, "series": [[1e308, 10**39], ["x", None], 7, [], [None]]}},
        {"positions": [{"symbol": "x" * 100_000, "notional": 1e308, "qty": 10**39}, None, 7, [[]]]},
        {"kpis": {"symbols": {"a." * 50_000: {}, "9" * 5000: {"dd_state": []}, "\ud800": 5}}},
        {
            "aum": {
                "slices": [{"label": {}, "usd": [], "zar": {}}, {"usd": 1e308}, {"usd": 1e308}],
                "unpriced": {"a": 1},
            }
        },
        {"meta": {"surfaces": [0] * 500, "checks": [{"left": 5}] * 500, "unknown": [], "version": {}}},
        {"meta": {"loaded_at": 1e308, "alerts": [{"since": 10**39, "title": []}], "unknown": {"nav": ["\ud800"]}}},
        {
            "transitions": [{"at": -1e308, "text": 5}, {"at": {}, "kind": []}],
            "router": {"worst": 5, "quality_counts": []},
        },
    ],
    ids=list,
)
def test_forged_state_is_drawn_without_a_failure_of_the_server(
    standing: FlaskClient, part: Json, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            answer = ask(standing, drawing_of({**first_state(standing), **part}))
            assert answer.status_code == 200
            assert b"Traceback" not in answer.data
    assert len(caplog.text) < 40_000
