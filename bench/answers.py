"""HTTP as a browser speaks it on a kept connection: the bytes that go up, and the answers that come down."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import NamedTuple

TIMEOUT_S = 15.0
RECEIVE_BYTES = 1 << 18

# What Chromium puts on each request of the page beside the address and the length.
BROWSER_HEADERS = (
    "Connection: keep-alive\r\n"
    'sec-ch-ua-platform: "Linux"\r\n'
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36\r\n"
    "Accept: application/json\r\n"
    'sec-ch-ua: "Chromium";v="143", "Not A(Brand";v="24"\r\n'
    "Content-Type: application/json\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
)
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
BODILESS = (204, 304)


class AnswerError(RuntimeError):
    """The server answered something else than the measurement is about."""


class Answer(NamedTuple):
    """One answer; `size` in bytes, head included."""

    status: int
    body: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Address:
    """host:port of a server on this machine."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Address:
        """The address in http://host:port."""
        host, _, port = url.removeprefix("http://").rpartition(":")
        return cls(host, int(port))

    def connect(self) -> socket.socket:
        """A connection with room for a whole request, so that no send is cut short."""
        line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.settimeout(TIMEOUT_S)
        line.connect((self.host, self.port))
        return line

    def get(self, path: str) -> bytes:
        """The bytes of a GET."""
        return f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{BROWSER_HEADERS}\r\n".encode()

    def post(self, path: str, body: bytes) -> bytes:
        """The bytes of a POST with a JSON body."""
        origin = f"{self.host}:{self.port}"
        head = f"POST {path} HTTP/1.1\r\nHost: {origin}\r\nContent-Length: {len(body)}\r\n"
        return f"{head}Origin: http://{origin}\r\n{BROWSER_HEADERS}\r\n".encode() + body


class Line:
    """One kept connection that waits for each answer; counts the bytes of both directions."""

    def __init__(self, address: Address) -> None:
        """Connect."""
        self.address = address
        self.up = self.down = 0
        self._socket = address.connect()

    def ask(self, request: bytes) -> Answer:
        """Send, and wait for the whole answer."""
        self._socket.sendall(request)
        received = bytearray()
        while (answer := split_answer(received)) is None:
            part = self._socket.recv(RECEIVE_BYTES)
            if not part:
                raise AnswerError(f"connection closed after {len(received)} bytes of an answer")
            received += part
        self.up += len(request)
        self.down += answer.size
        return answer

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def split_answer(received: bytes | bytearray) -> Answer | None:
    """The answer in the bytes received so far, None while it is not whole."""
    end = received.find(HEAD_END)
    if end < 0:
        return None
    status, start = int(received[9:12]), end + len(HEAD_END)
    if status in BODILESS:
        return Answer(status, b"", start)
    length = LENGTH.search(received, 0, start)
    if length is None:
        raise AnswerError(f"answer {status} without a length")
    size = start + int(length[1])
    return Answer(status, bytes(received[start:size]), size) if len(received) >= size else None
