"""Who is at the other end of a connection, and which forwarded headers of a trusted proxy count."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Self

UNIX = "unix"  # the peer of a unix socket has no address

Network = IPv4Network | IPv6Network
Environ = Mapping[str, Any]


@dataclass(frozen=True)
class Peers:
    """A set of addresses, networks and perhaps the peers of a unix socket."""

    networks: tuple[Network, ...] = ()
    unix: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """`127.0.0.1, 10.1.0.0/16, unix`.

        Raises:
            ValueError: for what is none of these, and for a network that is everybody.
        """
        words = [word.strip() for word in text.split(",")]
        networks = tuple(ip_network(word) for word in words if word != UNIX)
        if any(network.prefixlen == 0 for network in networks):
            raise ValueError(text)
        return cls(networks, UNIX in words)

    def __bool__(self) -> bool:
        return bool(self.networks) or self.unix

    def __contains__(self, peer: object) -> bool:
        """Whether a REMOTE_ADDR is one of them."""
        return isinstance(peer, str) and _is_within(self, peer)


@lru_cache(maxsize=1024)
def _is_within(peers: Peers, peer: str) -> bool:
    address = read_address(peer)
    if address is None:
        return peers.unix and not peer
    return any(address in network for network in peers.networks)


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, the IPv4 one where it is mapped into IPv6; None for anything else."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=1024)
def is_local(peer: str) -> bool:
    """Whether a REMOTE_ADDR is of this machine: loopback, or a unix socket."""
    address = read_address(peer)
    return not peer if address is None else address.is_loopback


def is_secure(environ: Environ, trusted: Peers) -> bool:
    """Whether the browser came over TLS: to this server itself, or as a trusted proxy says."""
    if environ["wsgi.url_scheme"] == "https":
        return True
    said: str = environ.get("HTTP_X_FORWARDED_PROTO", "")
    return bool(said) and environ.get("REMOTE_ADDR", "") in trusted and said.rpartition(",")[2].strip() == "https"


def find_client(environ: Environ, trusted: Peers) -> str:
    """The address attempts are counted by: the last one that a trusted proxy names and that is not itself trusted.

    An IPv6 client owns its whole /64, so that is what is counted.
    """
    client = environ.get("REMOTE_ADDR", "")
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if client in trusted else []
    while forwarded and client in trusted:
        named = forwarded.pop().strip()
        if read_address(named) is None:
            break
        client = named
    address = read_address(client)
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address or UNIX)
