"""Clients, signals and ports: whatever happens on the line, a tab that behaves is answered.

| fault | what the operator sees |
| --- | --- |
| 200 clients behind nginx that say nothing, dribble a head or a body, read nothing, or never close | nothing |
| the same without a proxy, as long as they stall and do not dribble | ten seconds without an answer, two more a body |
| SIGHUP under load | nothing: no request fails |
| kill -9 of gunicorn's master | CONNECTION LOST until it is started again, which it can be within seconds |
| the port is taken | one sentence, exit code 1 |
| the disk of the state hangs | CONNECTION LOST; /healthz goes on answering |
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from clients import KINDS, Door, besieged, poll, time_polls
from nginx import needs_nginx, serving_site
from serving import CORPUS, ROOT, Server, is_healthy, process_environ, serving, wait_until

SETTINGS = {"HEDGE_STATE_DIR": str(CORPUS / "v7.1" / "healthy" / "logs" / "state"), "HEDGE_NOW": "1764197100"}
SLOW_CLIENTS = 200
STALL_S = 10  # what a stalled client is waited for


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The way in through nginx."""
    with serving_site(tmp_path_factory.mktemp("nginx"), SETTINGS) as site:
        tls = ssl.create_default_context(cafile=str(site.root / "fullchain.pem"))
        yield Door("127.0.0.1", site.tls_port, "/hedge/", tls)
        assert "Traceback" not in site.dashboard.log.read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For requests that leave nothing behind."""
    with serving(tmp_path_factory.mktemp("server") / "log", SETTINGS) as server:
        yield server


@needs_nginx
@pytest.mark.parametrize("kind", KINDS)
def test_tab_is_answered_among_slow_clients(proxied: Door, kind: str) -> None:
    """nginx waits for them; any of these kinds without it holds the threads that the tab needs."""
    with besieged(proxied, kind, SLOW_CLIENTS):
        for anew in (False, True):
            assert len(time_polls(proxied, 5, anew=anew)) == 5


# More silent ones than threads. gunicorn waits two seconds for each client that is dropped amid a body, one by one, and
# is itself taken for dead where that lasts 30 seconds.
STALLING = {"slow reader": 5, "silent": 35, "slow body": 6}


def test_clients_that_stall_are_dropped_without_a_proxy_too(tmp_path: Path) -> None:
    """They hold the threads until the time of the sockets is over; their tracebacks are not logged."""
    with serving(tmp_path / "log", SETTINGS) as server, ExitStack() as clients:
        door = Door.of(server)
        held = {kind: [clients.enter_context(KINDS[kind](door)) for _ in range(STALLING[kind])] for kind in STALLING}
        assert is_dropped(held["slow body"][0], within_s=12 * STALL_S)
        wait_until(lambda: is_healthy(server.url), timeout_s=12 * STALL_S)
        assert "Traceback" not in server.log.read_text()


def is_dropped(client: socket.socket, within_s: float) -> bool:
    """Whether the server ends a connection that its client keeps open; what it says first is read over."""
    client.settimeout(within_s)
    with suppress(ConnectionError):
        while client.recv(65536):
            pass
    return True


REFUSED = {
    "a header of 40,000 letters": ("GET / HTTP/1.1\r\nX: " + "x" * 40_000 + "\r\n\r\n", "431"),
    "a body of a terabyte": ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1099511627776\r\n\r\n", "405"),
    "a drawing of a terabyte": (
        "POST /_dash-update-component HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1099511627776\r\n\r\n",
        "413",
    ),
    "two lengths": ("POST / HTTP/1.1\r\nHost: w\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "400"),
    "a length and chunks": (
        "POST / HTTP/1.1\r\nHost: w\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    "a length that is none": ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\nx", "400"),
    "no HTTP": ("\x16\x03\x01\r\n\r\n", "400"),
}


def test_request_that_cannot_be_served_is_refused(server: Server) -> None:
    """By gunicorn and Flask as they are."""
    for what, (said, status) in REFUSED.items():
        with Door.of(server).connect(said) as client:
            assert (what, client.recv(4096).split()[1].decode()) == (what, status)
    assert is_healthy(server.url)
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("length", ["{}", "0000000000000000000000{}", "{}.0", "0x{}", "{} "])
def test_no_length_smuggles_a_second_request(server: Server, length: str) -> None:
    """What a proxy takes for a body is no request to gunicorn either, or the connection ends with an error."""
    smuggled = "GET /api/state HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = f"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length.format(len(smuggled))}\r\n"
    with Door.of(server).connect(f"{head}\r\n{smuggled}") as client:
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"nav_usd" not in answer


# Every look at the directory hangs while the file `hang` is there, as on a network disk that is gone.
HANG = """
import os, sys, time
from pathlib import Path

hang, state_dir = Path({hang!r}), {state_dir!r}

def wait(event, args):
    if event in ("open", "os.listdir", "os.scandir") and args and str(args[0]).startswith(state_dir):
        while os.path.exists(hang):
            time.sleep(0.05)

sys.addaudithook(wait)
"""


def test_healthz_is_answered_while_the_disk_of_the_state_hangs(tmp_path: Path) -> None:
    """More tabs than threads ask meanwhile; they are told so within seconds, and all is well once the disk is back."""
    state_dir = tmp_path / "state"
    state_dir.mkdir()
    (state_dir / "nav_state.json").write_text('{"total_equity": 1.0}')
    hang = tmp_path / "hang"
    (tmp_path / "sitecustomize.py").write_text(HANG.format(hang=str(hang), state_dir=str(state_dir)))
    with serving(tmp_path / "log", {"HEDGE_STATE_DIR": str(state_dir), "PYTHONPATH": f"{tmp_path}:{ROOT}"}) as server:
        hang.touch()
        (state_dir / "nav_state.json").write_text('{"total_equity": 22.0}')
        stuck = [threading.Thread(target=ask_for_state, args=(server,)) for _ in range(60)]
        for thread in stuck:
            thread.start()
        wait_until(lambda: sum(thread.is_alive() for thread in stuck) <= 1)
        began = time.monotonic()
        assert all(is_healthy(server.url) for _ in range(20))
        assert time.monotonic() - began < 5.0
        assert ask_for_state(server).status == 503
        hang.unlink()
        wait_until(lambda: "22.0" in ask_for_state(server).text)
    assert "Traceback" not in server.log.read_text()


class Answer(NamedTuple):
    """Status and body."""

    status: int
    text: str


def ask_for_state(server: Server) -> Answer:
    """/api/state, on a connection of its own; the one request that looks at the disk waits until it is back."""
    with closing(Door.of(server).open(60)) as connection:
        connection.request("GET", "/api/state")
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode())


# --- reload ----------------------------------------------------------------------------------------------------------

RELOADS = 3
# Pauses between two polls of a tab, and whether it opens a new connection for each.
TABS = [(0.05, False)] * 6 + [(0.05, True)] * 4 + [(1.0, False)] * 4 + [(3.0, False)] * 2


class Tab(threading.Thread):
    """Polls until it is told to stop; like a browser it looks whether its connection is still open before it sends."""

    def __init__(self, server: Server, pause_s: float, anew: bool, ended: threading.Event) -> None:
        super().__init__()
        host, port = server.address.split(":")
        self.connection = HTTPConnection(host, int(port), timeout=20)
        self.pause_s, self.anew, self.ended = pause_s, anew, ended
        self.answered, self.failed = 0, list[str]()

    def run(self) -> None:
        while not self.ended.wait(self.pause_s):
            try:
                if self.anew or is_closed(self.connection.sock):
                    self.connection.close()
                assert poll(self.connection) == 200
                self.answered += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a failed request
                self.failed.append(repr(error))
                self.connection.close()
        self.connection.close()


def is_closed(client: socket.socket | None) -> bool:
    """Whether the other side has closed a connection on which nothing is expected."""
    if client is None:
        return False
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        client.settimeout(20)


def test_reload_under_load_fails_no_request(tmp_path: Path) -> None:
    """With the one worker that is the default there is none beside it to help out."""
    with serving(tmp_path / "log", SETTINGS) as server:
        ended, first = threading.Event(), set(server.workers())
        tabs = [Tab(server, pause_s, anew, ended) for pause_s, anew in TABS]
        for tab in tabs:
            tab.start()
        try:
            for _ in range(RELOADS):
                before = set(server.workers())
                server.process.send_signal(signal.SIGHUP)
                wait_until(lambda before=before: len(set(server.workers()) - before) == 1)  # type: ignore[misc]
                answered = tabs[0].answered
                wait_until(lambda answered=answered: tabs[0].answered > answered + 5)  # type: ignore[misc]
            wait_until(lambda: not first & set(server.workers()))
        finally:
            ended.set()
            for tab in tabs:
                tab.join()
        assert [tab.failed for tab in tabs if tab.failed] == []
        assert sum(tab.answered for tab in tabs) > 100
        assert "Traceback" not in server.log.read_text()


# --- the end ---------------------------------------------------------------------------------------------------------


def test_killed_master_takes_its_workers_along_and_frees_the_port(tmp_path: Path) -> None:
    """With tabs connected and slow clients hanging on; the next one starts on the same port while they still do."""
    with (
        serving(tmp_path / "log", SETTINGS | {"HEDGE_WORKERS": "2"}) as server,
        besieged(Door.of(server), "slow head", 20),
    ):
        orphans = server.workers()
        time_polls(Door.of(server), 2, anew=True)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
        with serving(tmp_path / "second-log", SETTINGS | {"HEDGE_BIND": server.address}) as successor:
            assert successor.address == server.address
            wait_until(lambda: not any(is_alive(pid) for pid in orphans), timeout_s=15)
            assert time_polls(Door.of(successor), 2, anew=True)
        assert "taken" not in (tmp_path / "second-log").read_text()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_taken_port_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = subprocess.run(
            [sys.executable, "-m", "gunicorn", "--log-level", "warning"],
            cwd=ROOT,
            env=process_environ(SETTINGS | {"HEDGE_BIND": address}),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    sentence = (
        f"{address} is taken: another process listens there. Stop it, or choose another address with HEDGE_BIND.\n"
    )
    assert (ended.returncode, ended.stderr) == (1, sentence)
