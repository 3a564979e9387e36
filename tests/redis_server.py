"""A real redis-server of its own for a test: on a free port, ended by its process, with whatever is to go wrong."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

from redis import Redis

from execution.fleet.address import Address
from execution.fleet.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 30.0
QUIET = ("--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--loglevel", "warning")


class RedisServer:
    """One redis-server on a port of its own."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        """Start it and wait until it answers; `arguments` are its settings."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.directory, self.arguments = directory, arguments
        self.start()

    @property
    def url(self) -> str:
        """Its address, as on a command line."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it anew: empty."""
        command = ["redis-server", "--port", str(self.port), "--dir", str(self.directory), *QUIET, *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers)

    def answers(self) -> bool:
        """Whether it takes connections; a server that ended at once is an error."""
        assert self.process.poll() is None
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(1) in (b"+", b"-")
        return False

    def connect(self, user: str | None = None, password: str | None = None, ahead_s: float = 0.0) -> Store:
        """A store on it, for a host whose clock is ahead by so much."""
        return Store(Address("127.0.0.1", self.port, user, False), password, now=lambda: time.time() + ahead_s)

    def ask(self, *command: Any) -> Any:
        """What it answers to anybody who may do all."""
        with Redis(port=self.port, protocol=2) as client:
            return client.execute_command(*command)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    @contextlib.contextmanager
    def hung(self) -> Iterator[None]:
        """It stands still while the block runs: connections are taken, and nothing is answered."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def redis_server(directory: Path, *arguments: str) -> Iterator[RedisServer]:
    """A server that does not outlive the block."""
    server = RedisServer(directory, *arguments)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait(PATIENCE_S)


def wait_until(condition: Callable[[], object]) -> None:
    """Look until it holds."""
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError(f"{condition} did not come to hold in {PATIENCE_S} s")
        time.sleep(0.02)
