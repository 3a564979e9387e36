"""Who is at the other end of a connection, which proxies are believed, and which names this server answers to."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

UNIX = "unix"  # the peer of a unix socket has no address


@dataclass(frozen=True)
class Peers:
    """A set of addresses, networks and perhaps the peers of a unix socket."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
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


@lru_cache(maxsize=1024)
def is_own_host(host: str, bind: str) -> bool:
    """Whether a Host header names this machine, or what the server was told to listen on.

    A web page can make a name of its own stand for the loopback address, but not an address stand for another.
    """
    name, own = _host_of(host), _host_of(bind)
    return name in ("", "localhost", own) or name.endswith(".localhost") or read_address(name) is not None


def is_same_host(origin: str, host: str) -> bool:
    """Whether an Origin header is of the host that was asked."""
    return "//" in origin and _host_of(origin.partition("//")[2]) == _host_of(host)


def _host_of(netloc: str) -> str:
    """`Desk.example:8050` -> `desk.example`; what is no host is a name that nobody has."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return "?"


def trust_proxies(app: "WSGIApplication", trusted: Peers) -> "WSGIApplication":
    """Take the scheme from what a trusted proxy says of it, and nothing else from any header of anybody."""
    proxied = ProxyFix(app, x_for=0, x_proto=1)

    def choose(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return (proxied if environ.get("REMOTE_ADDR", "") in trusted else app)(environ, start_response)

    return choose
