"""What gunicorn leaves to the system: taken ports, clients that stall, open files, workers that cannot start."""

import errno
import os
import resource
import socket
import struct
import time
from collections.abc import Iterable

SOCKET_TIMEOUT_S = 10  # that one read or write of a thread waits for a client
SPARE_FILES = 100  # descriptors of a worker beside its connections
FORKS_S = 10.0
FORK_PAUSE_S = 1.0
PORT_TIMEOUT_S = 8.0  # workers whose master was killed see it within a second, and then end what they have begun
LOOK_EVERY_S = 0.2
INHERITED = ("GUNICORN_FD", "LISTEN_FDS")  # sockets that whoever started this process has opened already


def require_free_port(addresses: Iterable[object]) -> None:
    """Wait a moment for each (host, port) to be free; SystemExit with what to do about one that is not."""
    if any(name in os.environ for name in INHERITED):
        return
    for address in addresses:
        if isinstance(address, tuple) and address[1]:
            _await_free(str(address[0]), int(address[1]))


def _await_free(host: str, port: int) -> None:
    end = time.monotonic() + PORT_TIMEOUT_S
    while is_taken(host, port):
        if time.monotonic() > end:
            name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            raise SystemExit(
                f"{name} is taken: another process listens there. Stop it, or choose another address with HEDGE_BIND."
            )
        time.sleep(LOOK_EVERY_S)


def is_taken(host: str, port: int) -> bool:
    """Whether another process listens at an address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return False
    except OSError as error:
        return error.errno == errno.EADDRINUSE  # anything else gunicorn says itself


def set_client_timeouts(listeners: Iterable[socket.socket]) -> None:
    """Connections inherit these time-outs from the socket they come in by, so that who stalls does not keep a thread.

    A client that sends or reads a little now and then is not dropped: that is for the proxy to hold off.
    """
    for listener in listeners:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", SOCKET_TIMEOUT_S, 0))


def allow_open_files(connections: int) -> None:
    """Every connection needs a descriptor; as many as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


_forks: list[float] = []


def slow_down_restarts(workers: int) -> None:
    """Pause before a fork when there were more of them lately than a start and a reload need."""
    now = time.monotonic()
    _forks[:] = [moment for moment in _forks if now - moment < FORKS_S] + [now]
    if len(_forks) > 3 * workers:
        time.sleep(FORK_PAUSE_S)
