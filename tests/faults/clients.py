"""Clients that hold a connection and do not behave, beside one that does."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPSConnection
from typing import NamedTuple

from asking import FIRST_POLL
from serving import Server

POLL = json.dumps(FIRST_POLL).encode()
LARGEST = "_dash-component-suites/plotly/package_data/plotly.min.js"
DRIBBLE_EVERY_S = 0.2

Client = socket.socket


class Door(NamedTuple):
    """Where clients come in: gunicorn's own port, or that of a proxy over TLS with what it asks its certificate."""

    host: str
    port: int
    root: str = "/"
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, server: Server) -> "Door":
        """Of a gunicorn."""
        host, port = server.address.split(":")
        return cls(host, int(port))

    def connect(self, said: str = "", *, receive_buffer: int | None = None) -> Client:
        """A connection on which `said` has been sent, `{root}` being the path that the page is at."""
        client = socket.socket()
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(20)
        client.connect((self.host, self.port))
        if self.tls:
            client = self.tls.wrap_socket(client, server_hostname=self.host)
        client.sendall(said.replace("{root}", self.root).encode())
        return client

    def open(self, timeout_s: float = 20.0) -> HTTPConnection:
        """A connection for requests as they should be."""
        if self.tls:
            return HTTPSConnection(self.host, self.port, timeout=timeout_s, context=self.tls)
        return HTTPConnection(self.host, self.port, timeout=timeout_s)


def say_nothing(door: Door) -> Client:
    """It connects and says nothing."""
    return door.connect()


def start_head(door: Door) -> Client:
    """Its request never gets to the end of the headers."""
    return door.connect("GET {root}healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")


def start_body(door: Door) -> Client:
    """It announces a body that does not come."""
    head = "POST {root}_dash-update-component HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return door.connect(head + "Content-Length: 5000\r\n\r\n{")


def read_nothing(door: Door) -> Client:
    """It asks for the largest file there is and reads nothing of it."""
    return door.connect(f"GET {{root}}{LARGEST} HTTP/1.1\r\nHost: localhost\r\n\r\n", receive_buffer=4096)


def never_close(door: Door) -> Client:
    """It asks for the last answer on its connection, and does not close it when it has it."""
    return door.connect("GET {root}healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


KINDS: dict[str, Callable[[Door], Client]] = {
    "silent": say_nothing,
    "slow head": start_head,
    "slow body": start_body,
    "slow reader": read_nothing,
    "never closes": never_close,
}


@contextmanager
def besieged(door: Door, kind: str, count: int) -> Iterator[list[Client]]:
    """`count` such clients; those in the middle of a request add a byte now and then, so that they never look dead."""
    ended = threading.Event()
    with ExitStack() as stack:
        clients = [stack.enter_context(KINDS[kind](door)) for _ in range(count)]
        dribbler = threading.Thread(target=_dribble, args=(clients, kind, ended))
        dribbler.start()
        try:
            yield clients
        finally:
            ended.set()
            dribbler.join()


def _dribble(clients: list[Client], kind: str, ended: threading.Event) -> None:
    while not ended.wait(DRIBBLE_EVERY_S):
        for client in clients if kind in ("slow head", "slow body") else []:
            try:
                client.send(b"x")
            except OSError:  # the server has had enough of it
                continue


def poll(connection: HTTPConnection, root: str = "/") -> int:
    """What a tab asks at each tick; the status of the answer."""
    connection.request("POST", f"{root}_dash-update-component", POLL, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def time_polls(door: Door, count: int, *, anew: bool, timeout_s: float = 20.0) -> list[float]:
    """Seconds each of `count` polls took, on one connection or each on a new one."""
    connection, took = door.open(timeout_s), []
    for _ in range(count):
        began = time.monotonic()
        assert poll(connection, door.root) == 200
        took.append(time.monotonic() - began)
        if anew:
            connection.close()
    connection.close()
    return took
