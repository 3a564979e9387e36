"""Clients that hold a connection and do not behave, beside one that does."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection

from asking import FIRST_POLL
from serving import Server

POLL = json.dumps(FIRST_POLL).encode()
LARGEST = "/_dash-component-suites/plotly/package_data/plotly.min.js"
DRIBBLE_EVERY_S = 0.2

Dribble = Callable[[socket.socket], bytes]


def connect(server: Server, said: bytes = b"", *, receive_buffer: int | None = None) -> socket.socket:
    """A connection on which `said` has been sent."""
    host, port = server.address.split(":")
    client = socket.socket()
    if receive_buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(20)
    client.connect((host, int(port)))
    client.sendall(said)
    return client


def say_nothing(server: Server) -> socket.socket:
    """It connects and says nothing."""
    return connect(server)


def start_head(server: Server) -> socket.socket:
    """Its request never gets to the end of the headers."""
    return connect(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")


def start_body(server: Server) -> socket.socket:
    """It announces a body that does not come."""
    head = b"POST /_dash-update-component HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return connect(server, head + b"Content-Length: 5000\r\n\r\n{")


def read_nothing(server: Server) -> socket.socket:
    """It asks for the largest file there is and reads nothing of it."""
    return connect(server, f"GET {LARGEST} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), receive_buffer=4096)


def never_close(server: Server) -> socket.socket:
    """It asks for the last answer on its connection, and does not close it when it has it."""
    return connect(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


KINDS: dict[str, Callable[[Server], socket.socket]] = {
    "silent": say_nothing,
    "slow head": start_head,
    "slow body": start_body,
    "slow reader": read_nothing,
    "never closes": never_close,
}


@contextmanager
def besieged(server: Server, kind: str, count: int) -> Iterator[list[socket.socket]]:
    """`count` such clients; those in the middle of a request add a byte now and then, so that they never look dead."""
    ended = threading.Event()
    with ExitStack() as stack:
        clients = [stack.enter_context(KINDS[kind](server)) for _ in range(count)]
        dribbler = threading.Thread(target=_dribble, args=(clients, kind, ended))
        dribbler.start()
        try:
            yield clients
        finally:
            ended.set()
            dribbler.join()


def _dribble(clients: list[socket.socket], kind: str, ended: threading.Event) -> None:
    while not ended.wait(DRIBBLE_EVERY_S):
        for client in clients if kind in ("slow head", "slow body") else []:
            try:
                client.send(b"x")
            except OSError:  # the server has had enough of it
                continue


def poll(connection: HTTPConnection) -> int:
    """What a tab asks at each tick; the status of the answer."""
    connection.request("POST", "/_dash-update-component", POLL, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def time_polls(server: Server, count: int, *, anew: bool, timeout_s: float = 20.0) -> list[float]:
    """Seconds each of `count` polls took, on one connection or each on a new one."""
    host, port = server.address.split(":")
    connection, took = HTTPConnection(host, int(port), timeout=timeout_s), []
    for _ in range(count):
        began = time.monotonic()
        assert poll(connection) == 200
        took.append(time.monotonic() - began)
        if anew:
            connection.close()
    connection.close()
    return took
