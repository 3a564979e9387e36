"""gunicorn's threaded worker with buffers before and behind the threads, so that no client can hold one.

A thread gets a request once all of it is there and is free again when the answer is made; what a client takes its time
for, saying nothing, sending, reading, closing, is waited for by the one loop that waits for all of them.
"""

import errno
import resource
import selectors
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from dash_app.connections import Connection, RefusedRequestError

if TYPE_CHECKING:
    from concurrent.futures import Future

REQUEST_S = 10.0  # from the first byte of a request to its last
ANSWER_S = 60.0  # for the largest file of the page over a slow line
LINGER_S = 2.0  # for a client to close after the last answer
CHUNK_BYTES = 256 * 1024
MAX_HELD_BYTES = 64 * 1024 * 1024
SPARE_FILES = 64  # descriptors of a worker beside its connections
LOOK_EVERY_S = 0.5


def read_some(client: socket.socket) -> bytes | None:
    """What a client has sent; nothing (b"") when it has closed, None when there is nothing to read yet."""
    try:
        return client.recv(CHUNK_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""


class BufferedWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is not typed
    """A ThreadWorker whose threads never wait for a client."""

    worker_connections: int
    max_keepalived: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cfg.set("sendfile", False)  # an answer is bytes, not a file
        self.waiting: dict[Connection, None] = {}  # for the client, longest first
        self.next_look = 0.0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse what this worker cannot do: there is no TLS here, a proxy in front does that."""
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise SystemExit("This server speaks plain HTTP: leave out certfile and keyfile, and put a proxy in front.")

    def init_process(self) -> None:
        """Every connection needs a descriptor; running out of them would end the worker."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.worker_connections + SPARE_FILES
        if soft < wanted:
            soft = min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.worker_connections = min(self.worker_connections, soft - SPARE_FILES)
        self.max_keepalived = self.worker_connections - self.cfg.threads
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Wait for what a new client has to say."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, client, address, listener.getsockname())
        self._wait(conn, selectors.EVENT_READ, self._receive, REQUEST_S)

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """The next request on a connection that was kept begins."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._receive(conn, client)

    def _receive(self, conn: Connection, client: socket.socket) -> None:
        received = read_some(client)
        if received == b"":
            self._drop(conn)
            return
        conn.inbox += received or b""
        self._begin_or_wait(conn)

    def _begin_or_wait(self, conn: Connection) -> None:
        try:
            whole = conn.is_whole()
        except RefusedRequestError as refusal:
            conn.refuse(str(refusal))
            self._answer(conn)
            return
        if whole:
            self._stop_waiting(conn)
            conn.begin()
            self.enqueue_req(conn)
        elif conn not in self.waiting:
            self._wait(conn, selectors.EVENT_READ, self._receive, REQUEST_S)
        if len(conn.inbox) > CHUNK_BYTES:
            self._make_room()

    def finish_request(self, conn: Connection, made: "Future[bool]") -> None:
        """An answer is there as a whole: its thread is free, and the client may take its time."""
        conn.keep = not made.cancelled() and made.exception() is None and bool(made.result())
        self._answer(conn)

    def _answer(self, conn: Connection, _client: socket.socket | None = None) -> None:
        try:
            done = conn.outbox.drain(conn.client_socket)
        except OSError:
            self._drop(conn)
            return
        if not done:
            if conn not in self.waiting:
                self._wait(conn, selectors.EVENT_WRITE, self._answer, ANSWER_S)
                self._make_room()
            return
        self._stop_waiting(conn)
        if conn.keep:
            self._keep(conn)
        else:
            self._linger(conn)

    def _keep(self, conn: Connection) -> None:
        conn.take_back()
        if conn.inbox:
            self._begin_or_wait(conn)
            return
        conn.set_timeout()
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.keepalived_conns.append(conn)
        self.poller.register(conn.client_socket, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))

    def _linger(self, conn: Connection) -> None:
        """Closing at once could take the end of the answer from a client that is still sending."""
        try:
            conn.client_socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
        else:
            self._wait(conn, selectors.EVENT_READ, self._discard, LINGER_S)

    def _discard(self, conn: Connection, client: socket.socket) -> None:
        if read_some(client) == b"":
            self._drop(conn)

    def _wait(self, conn: Connection, event: int, then: Any, seconds: float) -> None:
        conn.deadline = time.monotonic() + seconds
        self.waiting[conn] = None
        self.poller.register(conn.client_socket, event, partial(then, conn))

    def _stop_waiting(self, conn: Connection) -> None:
        if conn in self.waiting:
            del self.waiting[conn]
            self.poller.unregister(conn.client_socket)

    def _drop(self, conn: Connection) -> None:
        if conn.client_socket.fileno() < 0:
            return  # dropped already, while an event of its own was waiting to be handled
        self._stop_waiting(conn)
        self.nr_conns -= 1
        conn.outbox.clear()
        conn.client_socket.close()

    def _make_room(self) -> None:
        """Clients that have been slow for longest go first when all together hold too much memory."""
        held = sum(conn.held for conn in self.waiting)
        for conn in [conn for conn in self.waiting if conn.held > CHUNK_BYTES] if held > MAX_HELD_BYTES else []:
            held -= conn.held
            self._drop(conn)
            if held <= MAX_HELD_BYTES:
                return

    def murder_pending(self) -> None:
        """Give up clients whose time is over."""
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + LOOK_EVERY_S
        for conn in [conn for conn in self.waiting if conn.deadline <= now]:
            if conn.inbox:
                conn.refuse("408 Request Timeout")
                self._answer(conn)
            else:
                self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """A worker that ends gives its port back at once, and waits for no client but one that reads its answer."""
        for listener in self.sockets:
            listener.close()
        super()._cap_keepalive(deadline)
        for conn in self.waiting:
            if not conn.outbox.held:
                conn.deadline = min(conn.deadline, deadline)
