"""A dashboard that others can reach needs tokens, and something between it and slow clients."""

import socket
from collections.abc import Iterable
from typing import Any

from dash_app.access.peers import is_local
from dash_app.settings import Settings

ADVICE = (
    "Set HEDGE_TOKENS_FILE (docs/security.md says how), or listen on this machine alone with HEDGE_BIND=127.0.0.1:8050."
)
NOT_HELD_OFF = "a client that sends or reads slowly holds a thread, and some dozens of them hold the wall"


def refuse_public_bind(settings: Settings, addresses: Iterable[Any]) -> str | None:
    """End the process when others can reach one of its addresses and it is not made for that.

    Args:
        addresses: as sockets have them: (host, port, ...), or the path of a unix socket.

    Returns:
        What to warn of where it serves others without a proxy.
    """
    public = [address for address in addresses if not is_private(address)]
    if not public:
        return None
    reached = "Others can reach " + " and ".join(f"{address[0] or '*'}:{address[1]}" for address in public)
    if not settings.has_access:
        raise SystemExit(f"{reached}, and no token is needed to see the desk there. {ADVICE}")
    if settings.direct:
        return f"{reached} without a proxy (HEDGE_DIRECT=1): {NOT_HELD_OFF}."
    if not settings.trusted_proxies:
        raise SystemExit(
            f"{reached} without a proxy: {NOT_HELD_OFF}. Put nginx in front (deploy/nginx/hedge.conf) and name its "
            "address in HEDGE_TRUSTED_PROXIES, or take it as it is with HEDGE_DIRECT=1."
        )
    return None


def is_private(address: Any) -> bool:
    """Whether nobody but this machine can reach a socket address; a name counts for all that it stands for."""
    if not isinstance(address, tuple):
        return True  # a unix socket; a file descriptor is looked at once it is a socket
    try:
        found = socket.getaddrinfo(address[0] or None, address[1], type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return False
    return all(is_local(str(entry[4][0])) for entry in found)
