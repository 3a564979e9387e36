"""Keys of an account: from the environment, or from a file that nobody else can read. They are never shown."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from execution.storage.reading import open_regular

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from execution.account.venues.venue import Venue

VARIABLES = {
    "key": "HEDGE_ACCOUNT_KEY",
    "secret": "HEDGE_ACCOUNT_SECRET",
    "password": "HEDGE_ACCOUNT_PASSWORD",
    "wallet": "HEDGE_ACCOUNT_WALLET",
}
# How ccxt, freqtrade and passivbot name the same.
NAMES = {
    "key": ("apiKey", "key", "api_key"),
    "secret": ("secret", "apiSecret", "api_secret"),
    "password": ("password", "passphrase"),
    "wallet": ("walletAddress", "wallet_address", "wallet"),
}
PRIVATE_KEYS = ("privateKey", "private_key")
ALIASES = {"binance": "binanceusdm", "gateio": "gate"}
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
SIGNATURE = re.compile(
    r"(?i)\b(signature|sign|apikey|api_key|access-sign|access-key|access-passphrase)([\"'=: ]+)[^\s&\"',}]+"
)
HIDDEN = "[hidden]"


class CredentialsError(Exception):
    """The keys cannot be used; the message says why, and holds none of them."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a venue needs to be read; empty where it needs none. Its text shows nothing."""

    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    wallet: str = field(default="", repr=False)

    def for_ccxt(self) -> dict[str, str]:
        """In the names of ccxt."""
        named = {"apiKey": self.key, "secret": self.secret, "password": self.password, "walletAddress": self.wallet}
        return {name: value for name, value in named.items() if value}

    @property
    def identity(self) -> str:
        """What tells the account from others at its exchange: the address, in whatever case, or else the key."""
        return self.wallet.lower() or self.key

    def scrub(self, text: str) -> str:
        """The text without any of them, and without signatures."""
        for value in filter(None, (self.key, self.secret, self.password)):
            # A short passphrase is part of many words, and hidden where it is one.
            text = text.replace(value, HIDDEN) if len(value) > 3 else _hide_word(text, value)
        return SIGNATURE.sub(rf"\1\2{HIDDEN}", text)


def _hide_word(text: str, word: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", HIDDEN, text)


def find_credentials(
    venue: Venue, environ: Mapping[str, str], path: Path | None = None, user: str | None = None
) -> Credentials:
    """From the file where one is named, else from the environment.

    Raises:
        CredentialsError: something is missing, refused, or can be read by others.
    """
    if path is None:
        found = {name: environ.get(variable, "") for name, variable in VARIABLES.items()}
        where = "the environment"
    else:
        found, where = read_file(path, venue.name, user), str(path)
    return _choose(venue, found, where)


def _choose(venue: Venue, found: Mapping[str, str], where: str) -> Credentials:
    """What this venue needs, and nothing more."""
    if "wallet" in venue.needs:
        if found.get("secret") or found.get("private"):
            raise CredentialsError(
                f"{where} has a private key for {venue.name}; it is read by address, take the key out"
            )
        if not ADDRESS.fullmatch(found.get("wallet", "")):
            expected = f"expected 0x and 40 hexadecimal digits in {VARIABLES['wallet']}"
            raise CredentialsError(f"{where} has no address for {venue.name}; {expected}")
    missing = [name for name in venue.needs if not found.get(name)]
    if missing:
        named = ", ".join(VARIABLES[name] for name in missing)
        raise CredentialsError(f"{where} lacks the {' and the '.join(missing)} of {venue.name} ({named}, or a file)")
    # Keys from a text file end in a line break as often as not.
    return Credentials(**{name: found[name].strip() for name in venue.needs})


def read_file(path: Path, venue: str, user: str | None = None) -> dict[str, str]:
    """What the file has for a venue, in the form of ccxt, freqtrade or passivbot.

    Raises:
        CredentialsError: it cannot be read, others can read it, or it has nothing for the venue.
    """
    try:
        with open_regular(path) as file:
            status, content = os.fstat(file.fileno()), file.read(1_000_000)
    except OSError as error:
        raise CredentialsError(f"{path} cannot be read: {error.strerror}") from None
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise CredentialsError(f"{path} can be read by others; chmod 600 {path}")
    if status.st_uid not in (0, os.geteuid()):
        raise CredentialsError(f"{path} belongs to another user")
    try:
        block = json.loads(content)
    except (ValueError, RecursionError):
        raise CredentialsError(f"{path} is not JSON") from None
    return _read_entry(_find_entry(block, path, venue, user))


def _find_entry(block: object, path: Path, venue: str, user: str | None) -> dict[str, Any]:
    entries = _entries(block, venue, user)
    if len(entries) > 1:
        names = ", ".join(sorted(entries))
        raise CredentialsError(f"{path} has several accounts at {venue} ({names}); say which with --user")
    if not entries:
        whose = f" of user {user}" if user else ""
        raise CredentialsError(f"{path} has nothing for {venue}{whose} in the form of ccxt, freqtrade or passivbot")
    return next(iter(entries.values()))


def _entries(block: object, venue: str, user: str | None) -> dict[str, dict[str, Any]]:
    """The accounts at a venue, by the name they have in the file."""
    if not isinstance(block, dict):
        return {}
    freqtrade = block.get("exchange")
    if isinstance(freqtrade, dict):
        return {"exchange": freqtrade} if _is_venue(freqtrade.get("name"), venue) else {}
    if any(isinstance(block.get(name), str) for names in NAMES.values() for name in names):
        return {"": block}
    found = {}
    for name, entry in block.items():
        if isinstance(entry, dict) and _is_venue(entry.get("exchange", name), venue) and user in (None, name):
            found[str(name)] = entry
    return found


def _is_venue(name: object, venue: str) -> bool:
    return isinstance(name, str) and ALIASES.get(name.lower(), name.lower()) == venue


def _read_entry(entry: Mapping[str, Any]) -> dict[str, str]:
    found = {name: _text(entry, keys) for name, keys in NAMES.items()}
    return found | {"private": _text(entry, PRIVATE_KEYS)}


def _text(entry: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((entry[key] for key in keys if isinstance(entry.get(key), str) and entry[key]), "")
