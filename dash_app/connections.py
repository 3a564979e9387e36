"""What a worker holds of one client: the request as it comes in, the answer as it goes out."""

import re
import socket
from collections import deque
from itertools import islice
from typing import Any

from gunicorn import http
from gunicorn.workers.gthread import TConn

MAX_HEAD_BYTES = 32 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_PARTS = 64  # of an answer in one call of the system

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CODED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"


class RefusedRequestError(Exception):
    """A request that is not even waited for; its text is the status line."""


def find_length(received: bytes | bytearray, searched: int = 0) -> int | None:
    """Bytes of the first request in `received`, its body included; None while its head is not whole.

    Only when to begin is decided here: what the request says, gunicorn's own parser decides.

    Raises:
        RefusedRequestError: it is too large, or does not say how large it is.
    """
    end = received.find(_END_OF_HEAD, max(0, searched - 3))
    if (len(received) if end < 0 else end) > MAX_HEAD_BYTES:
        raise RefusedRequestError("431 Request Header Fields Too Large")
    if end < 0:
        return None
    head = bytes(received[: end + 2])
    if _CODED.search(head):
        raise RefusedRequestError("411 Length Required")
    said = _LENGTH.search(head)
    body = int(said[1]) if said else 0
    if body > MAX_BODY_BYTES:
        raise RefusedRequestError("413 Content Too Large")
    return end + len(_END_OF_HEAD) + body


class Outbox:
    """What the application is given as its socket: it takes the whole answer at once, whatever the client reads."""

    def __init__(self) -> None:
        self._parts: deque[tuple[memoryview, int]] = deque()  # what is left of each, and its whole length
        self.held = 0

    def sendall(self, data: bytes) -> None:
        """Keep it until the client takes it."""
        self._parts.append((memoryview(data), len(data)))
        self.held += len(data)

    def send(self, data: bytes) -> int:
        """The same."""
        self.sendall(data)
        return len(data)

    def recv(self, _size: int) -> bytes:
        """The request is there as a whole; a parser that wants more of it gets the end."""
        return b""

    def setblocking(self, _blocking: bool) -> None:
        """Nothing blocks here."""

    def gettimeout(self) -> float:
        """As of a socket that does not block."""
        return 0.0

    def shutdown(self, _how: int) -> None:
        """The worker ends the connection, once the answer is out."""
        raise OSError("not a socket")

    def close(self) -> None:
        """As above."""

    def drain(self, client: socket.socket) -> bool:
        """Hand over what the client takes without waiting; whether that was all."""
        while self._parts:
            try:
                sent = client.sendmsg([left for left, _ in islice(self._parts, MAX_PARTS)])
            except BlockingIOError:
                return False
            self._take_off(sent)
        return True

    def clear(self) -> None:
        """Let go of what nobody takes any more."""
        self._parts.clear()
        self.held = 0

    def _take_off(self, sent: int) -> None:
        while sent:
            left, whole = self._parts.popleft()
            if sent < len(left):
                self._parts.appendleft((left[sent:], whole))
                return
            sent -= len(left)
            self.held -= whole  # it is kept as a whole until its last byte is gone


class Connection(TConn):  # type: ignore[misc] # gunicorn is not typed
    """A client: its socket is the worker's; gunicorn's parser and the application see bytes in memory."""

    def __init__(self, cfg: Any, client: socket.socket, address: Any, server: Any) -> None:
        super().__init__(cfg, client, address, server)
        self.client_socket = client
        self.sock: socket.socket | Outbox = client
        self.outbox = Outbox()
        self.parser = http.get_parser(cfg, self.outbox, address)
        self.data_ready = True
        self.inbox = bytearray()
        self.searched = 0
        self.length: int | None = None
        self.deadline = 0.0
        self.keep = False

    @property
    def held(self) -> int:
        """Bytes that are kept for this client."""
        return len(self.inbox) + self.outbox.held

    def is_whole(self) -> bool:
        """Whether all of a request is there.

        Raises:
            RefusedRequestError: it is not worth waiting for.
        """
        if self.length is None:
            self.length = find_length(self.inbox, self.searched)
            self.searched = len(self.inbox)
        return self.length is not None and len(self.inbox) >= self.length

    def begin(self) -> None:
        """Give what came in to the parser, and the application the outbox as its socket."""
        self.sock = self.outbox
        self.parser.unreader.unread(bytes(self.inbox))
        self._forget()

    def take_back(self) -> None:
        """What came in beyond the request that has been answered is the beginning of the next one."""
        self.sock = self.client_socket
        self.inbox += self.parser.unreader.take_buffered()

    def refuse(self, status: str) -> None:
        """Answer without a thread, for the last time on this connection."""
        self.keep = False
        self._forget()
        self.outbox.sendall(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())

    def _forget(self) -> None:
        self.inbox = bytearray()
        self.searched, self.length = 0, None
