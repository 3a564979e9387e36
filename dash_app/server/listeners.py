"""Whether the port is free, asked before gunicorn asks, so that the answer is one sentence."""

import errno
import os
import socket
import time
from collections.abc import Iterable

PATIENCE_S = 3.0  # workers whose master was killed see it within a second
LOOK_EVERY_S = 0.2
INHERITED = ("GUNICORN_FD", "LISTEN_FDS")  # sockets that whoever started this process has opened already


def refuse_taken_port(addresses: Iterable[object]) -> None:
    """Wait a moment for each (host, port) to be free; SystemExit with what to do about one that is not."""
    if any(name in os.environ for name in INHERITED):
        return
    for address in addresses:
        if isinstance(address, tuple) and address[1]:
            _await_free(str(address[0]), int(address[1]))


def _await_free(host: str, port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while _is_taken(host, port):
        if time.monotonic() > end:
            name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            raise SystemExit(
                f"{name} is taken: another process listens there. Stop it, or choose another address with HEDGE_BIND."
            )
        time.sleep(LOOK_EVERY_S)


def _is_taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return False
    except OSError as error:
        return error.errno == errno.EADDRINUSE  # anything else gunicorn says itself
