"""Real gunicorn processes for tests, each on a port of its own."""

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "fixtures" / "corpus"
HEALTHY_STATE = CORPUS / "v7.1" / "healthy" / "logs" / "state"
START_TIMEOUT_S = 60.0
KEPT = ("PATH", "HOME", "LANG", "HEDGE_CACHE_DIR", "PYTHONPYCACHEPREFIX")
# Below those that the system gives away by itself; test processes begin at different ones.
FIRST_PORT = 20_000 + os.getpid() % 700 * 16
LISTENING = re.compile(r"Listening at: (http://[0-9.]+:[0-9]+)")


def wait_until(condition: Callable[[], object], timeout_s: float = START_TIMEOUT_S) -> None:
    """Return as soon as the condition holds; fail when it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.02)


def process_environ(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: nothing of this process that could change what it serves."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | dict(settings)


def find_address() -> str:
    """The first loopback address of this process that is free: a browser has compiled what it got from there before."""
    for port in itertools.count(FIRST_PORT):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return f"127.0.0.1:{port}"
    raise AssertionError  # the count is without end


def start_gunicorn(log: Path, settings: Mapping[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """gunicorn from the root of the repository, on a free loopback port unless the settings name one."""
    address = settings.get("HEDGE_BIND") or find_address()
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *arguments],
            cwd=ROOT,
            env=process_environ({**settings, "HEDGE_BIND": address}),
            stdout=output,
            stderr=output,
        )


@dataclass(frozen=True)
class Server:
    """A gunicorn that answers."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        """host:port, as HEDGE_BIND takes it."""
        return self.url.removeprefix("http://")

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in children.read_text().split()]

    def stop(self) -> int:
        """End it as an operator does; the exit code."""
        self.process.terminate()
        try:
            return self.process.wait(15)
        finally:
            self.process.kill()


@contextmanager
def serving(log: Path, settings: Mapping[str, str], *arguments: str) -> Iterator[Server]:
    """A server that is stopped when the block ends, if it was not before."""
    before = log.stat().st_size if log.exists() else 0
    process = start_gunicorn(log, settings, *arguments)
    try:
        url = _await_url(process, log, before)
        wait_until(lambda: process.poll() is not None or is_healthy(url))
        yield Server(url, process, log)
    finally:
        # What a graceful stop does is shown by `Server.stop`; it waits two seconds for each connection that is kept.
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)


def is_healthy(url: str) -> bool:
    """Whether /healthz answers 200."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _await_url(process: subprocess.Popen[bytes], log: Path, before: int) -> str:
    wait_until(lambda: process.poll() is not None or LISTENING.search(log.read_text()[before:]))
    said = LISTENING.findall(log.read_text()[before:])
    assert said, f"gunicorn ended before it listened:\n{log.read_text()}"
    return str(said[-1])
