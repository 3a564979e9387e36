"""What the files of keys say, read again when one of them changes."""

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from dash_app.keys.files import KeyFileError, read_lines, stamp_of
from dash_app.settings import Settings, SettingsError

LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25  # a changed or removed key is out within this time
NAME = r"(?P<name>[A-Za-z0-9._@-]{1,64})"
METHOD = r"scrypt:[0-9]{1,8}:[0-9]{1,3}:[0-9]{1,3}|pbkdf2:sha(?:256|384|512):[0-9]{1,8}"
USER = re.compile(rf"{NAME}:(?P<hash>(?:{METHOD})\$[^$\s]+\$[0-9a-f]{{32,}})")
NAME_ONLY = re.compile(NAME)
TOKEN = re.compile(rf"{NAME}:(?P<token>[A-Za-z0-9_-]{{32,200}})(?P<private>:private)?")
SECRET = re.compile(r"[!-~]{32,200}")

USERS = "name:hash as `python -m dash_app.keys hash NAME` prints it"
TOKENS = "name:token or name:token:private, the token at least 32 letters, digits, - or _"
SECRETS = "one line of at least 32 characters, such as `python -m dash_app.keys secret` prints"
EXPECTED = {"HEDGE_USERS_FILE": USERS, "HEDGE_TOKENS_FILE": TOKENS}

Report = Callable[[str], None]


class Token(NamedTuple):
    """The key of a wall or a program; what it is itself is not kept."""

    name: str
    id: str
    digest: bytes
    key: bytes
    private: bool


@dataclass(frozen=True)
class Keyring:
    """All keys: password hashes by user, tokens by id, and what sessions of users are signed with."""

    users: dict[str, str] = field(default_factory=dict, repr=False)
    tokens: dict[str, Token] = field(default_factory=dict, repr=False)
    secret: bytes = field(default=b"", repr=False)
    complaints: tuple[str, ...] = ()

    def find_token(self, text: str) -> Token | None:
        """The token that this is. Each is compared, in a time that does not tell how much of it was right."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        found = None
        for token in self.tokens.values():
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found


def read_keyring(settings: Settings) -> Keyring:
    """All keys that can be used, with a sentence for each line that cannot: such a line lets nobody in."""
    complaints: list[str] = []
    users = dict(_read_users(settings.users_file, complaints.append))
    tokens = {token.id: token for token in _read_tokens(settings.tokens_file, complaints.append)}
    secret = _read_secret(settings.secret_file, complaints.append)
    return Keyring(users if secret else {}, tokens, secret, tuple(complaints))


def check_keys(settings: Settings) -> None:
    """All files of keys are there and whole.

    Raises:
        SettingsError: with one sentence for each thing that is wrong; no sentence shows a key.
    """
    complaints = read_keyring(settings).complaints
    if complaints:
        raise SettingsError("\n".join(complaints))


def _read_users(path: str | None, report: Report) -> Iterator[tuple[str, str]]:
    for match in _matches("HEDGE_USERS_FILE", path, USER, report):
        yield match["name"], match["hash"]


def _read_tokens(path: str | None, report: Report) -> Iterator[Token]:
    for match in _matches("HEDGE_TOKENS_FILE", path, TOKEN, report):
        token = match["token"].encode()
        key = hmac.digest(token, b"hedge wall cookie", "sha256")
        name_of_key = hmac.digest(token, b"hedge token id", "sha256").hex()[:16]
        yield Token(match["name"], name_of_key, hashlib.sha256(token).digest(), key, bool(match["private"]))


def _matches(setting: str, path: str | None, pattern: re.Pattern[str], report: Report) -> Iterator[re.Match[str]]:
    """The lines of a file that are as expected; the first line of a name counts."""
    seen: set[str] = set()
    for number, line in _lines(setting, path, report):
        match = pattern.fullmatch(line)
        if not match:
            report(f"{setting} line {number} is wrong. Expected {EXPECTED[setting]}.")
        elif match["name"] in seen:
            report(f"{setting} line {number} has a name that was there before.")
        else:
            seen.add(match["name"])
            yield match


def _read_secret(path: str | None, report: Report) -> bytes:
    lines = [line for _, line in _lines("HEDGE_SECRET_FILE", path, report)]
    if path and lines and (len(lines) != 1 or not SECRET.fullmatch(lines[0])):
        report(f"HEDGE_SECRET_FILE is wrong. Expected {SECRETS}.")
        return b""
    return lines[0].encode() if lines else b""


def _lines(setting: str, path: str | None, report: Report) -> list[tuple[int, str]]:
    if path is None:
        return []
    try:
        lines = list(read_lines(path))
    except KeyFileError as error:
        report(f"{setting} {error}.")
        return []
    if not lines:
        report(f"{setting} is empty.")
    return lines


class Keyholder:
    """The keys as of now: looks now and then whether a file has changed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._paths = (settings.users_file, settings.tokens_file, settings.secret_file)
        self._stamps = self._look()
        self._looked_at = time.monotonic()
        self._keyring = self._read()

    def current(self) -> Keyring:
        """The same object until a file changes."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            stamps = self._look()
            if stamps != self._stamps:
                self._stamps, self._keyring = stamps, self._read()
        return self._keyring

    def _look(self) -> list[tuple[int, ...] | None]:
        return [stamp_of(path) for path in self._paths]

    def _read(self) -> Keyring:
        keyring = read_keyring(self._settings)
        for complaint in keyring.complaints:
            LOGGER.error("%s It lets nobody in.", complaint)
        return keyring
