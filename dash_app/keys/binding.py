"""A dashboard that others can reach needs a key."""

import socket
from collections.abc import Iterable
from typing import Any

from dash_app.keys.peers import is_local
from dash_app.settings import Settings

ADVICE = (
    "Set HEDGE_TOKENS_FILE or HEDGE_USERS_FILE (docs/security.md says how), or listen on this machine alone with "
    "HEDGE_BIND=127.0.0.1:8050."
)


def refuse_public_bind(settings: Settings, addresses: Iterable[Any]) -> None:
    """End the process when one of the addresses it listens on is not of this machine alone and no key is needed.

    Args:
        addresses: as sockets have them: (host, port, ...), or the path of a unix socket.
    """
    public = [] if settings.has_keys else [address for address in addresses if not is_private(address)]
    if public:
        shown = " and ".join(f"{address[0] or '*'}:{address[1]}" for address in public)
        raise SystemExit(f"Others can reach {shown}, and no key is needed to see the desk there. {ADVICE}")


def is_private(address: Any) -> bool:
    """Whether nobody but this machine can reach a socket address; a name counts for all that it stands for."""
    if not isinstance(address, tuple):
        return True  # a unix socket; a file descriptor is looked at once it is a socket
    try:
        found = socket.getaddrinfo(address[0] or None, address[1], type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return False
    return all(is_local(str(entry[4][0])) for entry in found)
