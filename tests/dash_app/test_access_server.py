"""A server with tokens as others meet it: its workers, what its log keeps to itself, and requests within requests."""

import logging
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from keyfiles import LOBBY, PRIVATE, WALL, WINDOW, KeyFiles, bearer
from serving import Server, serving, wait_until

from dash_app.access.tokens import hash_token
from dash_app.server.logs import RedactedRecord, redact

# --- the log ---------------------------------------------------------------------------------------------------------

LOGGED = [
    (f"GET /?kiosk=1&token={WALL}", "GET /?[redacted]"),
    ("GET / kiosk=1&token=%77%77%77", "GET / kiosk=1&token=[redacted]"),
    ("GET /hedge/?key=%77%77%77 HTTP/1.1", "GET /hedge/?[redacted] HTTP/1.1"),
    (f"Invalid HTTP Header: 'Authorization: Bearer {WALL}'", "Invalid HTTP Header: 'Authorization: Bearer [redacted]'"),
    (f"hedge-8050={WALL}.1764197100; x=y", "hedge-8050=[redacted].1764197100; x=y"),
    (LOBBY, "lobby:sha256:[redacted]"),
    ("Is nav.json missing? Perhaps.", "Is nav.json missing? Perhaps."),
    ("GET /_dash-update-component 200", "GET /_dash-update-component 200"),
]


@pytest.mark.parametrize(("text", "logged"), LOGGED)
def test_query_strings_and_tokens_are_taken_out(text: str, logged: str) -> None:
    """Whatever they stand in, and no more than them."""
    assert redact(text) == logged


def test_traceback_has_no_token_either() -> None:
    """An exception may carry what it failed on."""
    try:
        raise ValueError(f"/?token={WALL}")
    except ValueError:
        record = RedactedRecord("x", logging.ERROR, "x", 1, "of %s", (WALL,), sys.exc_info())
    text = logging.Formatter().format(record)
    assert WALL not in text
    assert "of [redacted]\nTraceback" in text
    assert "ValueError: /?[redacted]" in text


class Answer(NamedTuple):
    """What came back."""

    status: int
    text: str
    headers: dict[str, str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, KeyFiles]]:
    """Several workers that log what they are asked, in words of their own and in those of an operator."""
    keys = KeyFiles(tmp_path_factory.mktemp("served")).write_all()
    arguments = ["--access-logfile", "-", "--access-logformat", "%(r)s %(q)s %(f)s %({authorization}i)s %({cookie}i)s"]
    with serving(keys.directory / "log", keys.environ(HEDGE_WORKERS="3"), *arguments) as server:
        yield server, keys


def ask(url: str, path: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> Answer:
    """One request; where one is sent is looked at, not gone to."""
    request = urllib.request.Request(url + path, data, headers or {})  # noqa: S310 - our own server
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=20) as answer:
            return Answer(answer.status, answer.read().decode(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, "", dict(error.headers))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """No."""


def exchange(server: Server, sent: str, later: str = "") -> bytes:
    """All that comes back for this, and for what is sent once the first answer begins, until the server closes."""
    host, port = server.address.split(":")
    received = bytearray()
    with socket.create_connection((host, int(port)), timeout=20) as client, suppress(ConnectionError):
        client.sendall(sent.encode())
        if later:
            received += client.recv(65536)
            client.sendall(later.encode())
        client.shutdown(socket.SHUT_WR)
        while part := client.recv(65536):
            received += part
    return bytes(received)


def test_workers_warm_up_behind_the_guard(served: tuple[Server, KeyFiles]) -> None:
    """They need no token for it, and give nobody theirs."""
    server, _ = served
    assert "warm-up" not in server.log.read_text()
    assert {ask(server.url, "/_dash-layout").status for _ in range(6)} == {401}
    assert {ask(server.url, "/metrics", bearer(WALL)).status for _ in range(6)} == {200}


def test_header_with_an_underscore_is_no_header(served: tuple[Server, KeyFiles]) -> None:
    """WSGI could not tell it from one of ours."""
    spoofed = {"hedge.visitor": "1", "hedge_visitor": "1", "X_Remote_User": "alice"}
    assert ask(served[0].url, "/metrics", spoofed).status == 401


def test_removed_token_ends_in_all_workers_at_once(served: tuple[Server, KeyFiles]) -> None:
    """Each looks for itself."""
    server, keys = served
    keys.write(WINDOW)
    assert {ask(server.url, "/metrics", bearer(WALL)).status for _ in range(12)} == {401}
    keys.write_all()
    assert {ask(server.url, "/metrics", bearer(WALL)).status for _ in range(12)} == {200}


def test_reload_with_a_malformed_file_leaves_no_worker_behind(served: tuple[Server, KeyFiles]) -> None:
    """The lines that are whole go on."""
    server, keys = served
    before = set(server.workers())
    keys.write(LOBBY, "oops")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(server.workers()) == 3 and not before & set(server.workers()))
    wait_until(lambda: ask(server.url, "/metrics", bearer(WALL)).status == 200)
    assert "HEDGE_TOKENS_FILE line 2 is wrong" in server.log.read_text()
    keys.write_all()


BROKEN_REQUESTS = [
    f"GET /?token={WALL} HTTP/9.9\r\n\r\n",
    f"GET /?token={WALL}\r\n\r\n",
    f"GET /?key={WALL} nonsense HTTP/1.1\r\n\r\n",
    f"{WALL} / HTTP/1.1\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WALL}\x01\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: x\r\n Cookie: hedge-8050={WALL}\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: x\r\nCookie {WALL}: x\r\n\r\n",
    f"GET /?token={WALL} HTTP/1.1\r\nHost: x\r\nContent-Length: {WALL}\r\n\r\n",
    f"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\ntoken={WALL}\r\n",
    f"GET http://[x/?token={WALL} HTTP/1.1\r\nHost: [x\r\nConnection: close\r\n\r\n",
]


def test_no_token_is_in_the_log(served: tuple[Server, KeyFiles]) -> None:
    """Requests that are fine, those of a browser and those that nobody can read, in an access log of whatever form."""
    server, _ = served
    cookie = {"Cookie": f"hedge-{server.url.rpartition(':')[2]}={WALL}", "Referer": f"{server.url}/?token={WALL}"}
    for path in (f"/?token={WALL}", f"/?kiosk=1&key={PRIVATE}", f"/login?x={WALL}", f"/?token={'%77' * 43}"):
        ask(server.url, path, cookie)
        ask(server.url, path, bearer(WALL), b"token=" + WALL.encode())
    for request in BROKEN_REQUESTS:
        exchange(server, request)
    text = server.log.read_text()
    secrets = (WALL, PRIVATE, "%77" * 3, hash_token(WALL), hash_token(PRIVATE))
    assert [secret for secret in secrets if secret in text] == []
    assert "GET /?[redacted]" in text


def test_public_server_without_a_proxy_says_what_it_does_not_hold_off(tmp_path: Path) -> None:
    """Once, where it is started."""
    keys, log = KeyFiles(tmp_path).write_all(), tmp_path / "log"
    with serving(log, keys.environ(HEDGE_BIND="0.0.0.0:0", HEDGE_DIRECT="1")) as server:
        local = server.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - what it was told
        assert ask(local, "/api/state").status == 401
        assert ask(local, "/api/state", bearer(WALL)).status == 200
    assert log.read_text().count("reads slowly") == 1


# --- requests in requests --------------------------------------------------------------------------------------------

INNER = "GET /api/state HTTP/1.1\r\nHost: x\r\nX-Remote-User: alice\r\n\r\n"
LAST = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
LENGTHS = [
    f"Content-Length: {len(INNER)}",
    f"Content-Length: {len(INNER):019}",
    f"Content-Length: {len(INNER):0200}",
    f"Content-Length: +{len(INNER)}",
    f"Content-Length : {len(INNER)}",
    f"Content-Length: {len(INNER)}, {len(INNER)}",
    f"Content-Length: {len(INNER)}\r\nContent-Length: 0",
    f"Content-Length: {len(INNER)}\r\nTransfer-Encoding: chunked",
    f"content-length:\t{len(INNER)}\t",
    f"Content-Length: {len(INNER)}_0",
]


@pytest.fixture(scope="module")
def vouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes its proxy a user's name."""
    keys = KeyFiles(tmp_path_factory.mktemp("vouched")).write_all()
    told = {"HEDGE_USER_HEADER": "X-Remote-User", "HEDGE_TRUSTED_PROXIES": "127.0.0.1"}
    with serving(keys.directory / "log", keys.environ(**told)) as server:
        yield server


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/_dash-update-component"])
def test_body_is_never_taken_for_a_request(vouched: Server, length: str, path: str) -> None:
    """A proxy on the way has passed it on as a body, with a name in it that the proxy itself would have taken out."""
    assert b"nav_usd" in exchange(vouched, INNER + LAST)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n"
    for received in (exchange(vouched, head, INNER + LAST), exchange(vouched, head + INNER + LAST)):
        assert received.startswith(b"HTTP/1.1 4")
        assert b"nav_usd" not in received
        assert received.count(b"HTTP/1.1 ") <= 2
