"""Clients, signals and ports: whatever happens on the line, a tab that behaves is answered.

| fault | what the operator sees |
| --- | --- |
| 200 clients that say nothing, dribble a head or a body, read nothing, or never close | nothing: the wall goes on |
| SIGHUP under load | nothing: no request fails |
| kill -9 of gunicorn's master | CONNECTION LOST until it is started again, which it can be at once |
| the port is taken | one sentence, exit code 1 |
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from clients import KINDS, besieged, connect, poll, time_polls
from serving import CORPUS, ROOT, Server, is_healthy, process_environ, serving, wait_until

SETTINGS = {"HEDGE_STATE_DIR": str(CORPUS / "v7.1" / "healthy" / "logs" / "state"), "HEDGE_NOW": "1764197100"}
SLOW_CLIENTS = 200
# A tab gives up on an answer after five seconds; the largest file, asked for 200 times, is work and not waiting.
PATIENCE_S = {"slow reader": 20.0}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("connections") / "log", SETTINGS) as server:
        yield server


@pytest.fixture(scope="module")
def half(server: Server) -> Iterator[socket.socket]:
    """A client that has said half of what it wants."""
    with connect(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n") as client:
        yield client


@pytest.fixture(scope="module")
def silent(server: Server) -> Iterator[socket.socket]:
    """A client that has said nothing."""
    with connect(server) as client:
        yield client


@pytest.mark.usefixtures("half", "silent")
@pytest.mark.parametrize("kind", KINDS)
def test_tab_is_answered_among_slow_clients(server: Server, kind: str) -> None:
    """One worker, four threads: any of these on a plain threaded worker leaves the tab without an answer."""
    with besieged(server, kind, SLOW_CLIENTS) as clients:
        for anew in (False, True):
            took = time_polls(server, 5, anew=anew, timeout_s=PATIENCE_S.get(kind, 5.0))
            assert len(took) == 5
        assert all(client.fileno() > 0 for client in clients)
    assert "Traceback" not in server.log.read_text()


def test_slow_readers_of_the_largest_file_are_held_to_a_budget(server: Server) -> None:
    """200 times 4.6 MB would be 920 MB; those that were slow for longest are cut off instead."""
    (worker,) = server.workers()
    with besieged(server, "slow reader", SLOW_CLIENTS):
        time_polls(server, 1, anew=True)
        assert resident_mb(worker) < 500


def resident_mb(pid: int) -> float:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


REFUSED = {
    "a head without an end": (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, b"431"),
    "a body of a terabyte": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1099511627776\r\n\r\n", b"413"),
    "a body of unknown length": (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: w\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", b"400"),
    "a length that is none": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\nx", b"400"),
    "no HTTP": (b"\x16\x03\x01\r\n\r\n", b"400"),
}


@pytest.mark.parametrize(("said", "status"), REFUSED.values(), ids=REFUSED)
def test_request_that_cannot_be_served_is_refused_at_once(server: Server, said: bytes, status: bytes) -> None:
    with connect(server, said) as client:
        assert client.recv(4096).split()[1] == status
        while client.recv(4096):
            pass  # the rest of the answer, and then the end
    assert is_healthy(server.url)
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_requests_sent_in_pieces_or_together_are_answered_in_order(server: Server, step: int) -> None:
    """Three on one connection without waiting for an answer; the last one ends it."""
    head = b"%s /healthz HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    said = head % (b"GET", b"") + head % (b"POST", b"Content-Length: 3\r\n") + b"abc"
    said += head % (b"GET", b"Connection: close\r\n")
    with connect(server) as client:
        for start in range(0, len(said), step):
            client.sendall(said[start : start + step])
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"200", b"405", b"200"]


def test_request_that_does_not_end_is_ended(server: Server, half: socket.socket, silent: socket.socket) -> None:
    """After ten seconds, most of which have passed: with an answer where something was said, else without one."""
    assert half.recv(100).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert silent.recv(100) == b""
    assert is_healthy(server.url)


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
    with serving(tmp_path / "log", SETTINGS | {"HEDGE_WORKERS": "2"}) as server, besieged(server, "slow head", 20):
        orphans = server.workers()
        time_polls(server, 2, anew=True)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
        with serving(tmp_path / "second-log", SETTINGS | {"HEDGE_BIND": server.address}) as successor:
            assert successor.address == server.address
            wait_until(lambda: not any(is_alive(pid) for pid in orphans), timeout_s=15)
            assert time_polls(successor, 2, anew=True)
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
