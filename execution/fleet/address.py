"""Where the store is and with which password: an address without secrets, and a file or a variable with one."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from execution.storage.reading import open_regular

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PASSWORD = "HEDGE_STORE_PASSWORD"  # noqa: S105 - the name of a variable
SCHEMES = ("redis", "rediss")
EXPECTED = "redis://[USER@]HOST[:PORT][/0], or rediss:// for TLS"
DEFAULT_PORT = 6379
LONGEST_PASSWORD = 1024
LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1")


@dataclass(frozen=True, slots=True)
class Address:
    """A store, by its host and port; `tls` where the way to it is encrypted."""

    host: str
    port: int
    user: str | None
    tls: bool

    @property
    def shown(self) -> str:
        """The address in words for logs and files; there is no secret in it."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{SCHEMES[self.tls]}://{user}{host}:{self.port}/0"

    @property
    def can_be_read_on_the_way(self) -> bool:
        """Whether passwords and figures leave this machine as they are."""
        return not self.tls and not LOOPBACK.fullmatch(self.host)


def parse_address(text: str) -> Address:
    """The address in `text`.

    Raises:
        ValueError: it is none, or carries a password, which is not repeated.
    """
    parts = urlsplit(text)
    if parts.password is not None:
        raise ValueError(f"the address carries a password, which every process list shows; use {PASSWORD} or a file")
    try:
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise ValueError(f"{text!r} has no port that can be; expected {EXPECTED}") from None
    if parts.scheme not in SCHEMES or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is no address of a store; expected {EXPECTED}")
    if parts.path not in ("", "/", "/0"):
        raise ValueError(f"{text!r} names database {parts.path[1:]!r}; expected 0: the users of a store have no other")
    return Address(parts.hostname, port, unquote(parts.username) if parts.username else None, parts.scheme == "rediss")


def read_password(path: Path | None, environ: Mapping[str, str]) -> str | None:
    """The password: what the file at `path` holds, else what the environment does; None without either.

    Raises:
        OSError: the file cannot be read.
        ValueError: others can read it, or it holds no password; what it does hold is not repeated.
    """
    if path is None:
        return environ.get(PASSWORD) or None
    with open_regular(path) as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & stat.S_IRWXO:
            raise ValueError(f"{path} has mode {mode:04o}: others can read the password; expected 0600 or 0640")
        content = file.read(LONGEST_PASSWORD + 2)
    try:
        password = content.decode().strip()
    except UnicodeDecodeError:
        password = ""
    if not password or len(password) > LONGEST_PASSWORD or "\n" in password:
        raise ValueError(f"{path} holds no password; expected one line of up to {LONGEST_PASSWORD} characters")
    return password
