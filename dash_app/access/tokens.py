"""The file of named tokens: hashes at rest, read again as soon as it changes. No other module here opens a file.

A token has 256 bits of chance, so one round of SHA-256 keeps it: nobody can try them all, with the hashes or without.
"""

import hashlib
import hmac
import logging
import os
import re
import secrets
import stat
import time
from pathlib import Path
from typing import NamedTuple

from dash_app.settings import Settings

LOGGER = logging.getLogger(__name__)

NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
TOKEN = re.compile(r"[A-Za-z0-9_-]{32,200}")
LINE = re.compile(
    rf"(?P<name>{NAME.pattern}):(?:sha256:(?P<hash>[0-9a-f]{{64}})|(?P<plain>{TOKEN.pattern}))(?P<private>:private)?"
)
HOW_TO_HASH = "`python -m dash_app.access hash` hashes it"
EXPECTED = "a line as `python -m dash_app.access token NAME` prints it"
FILE = "HEDGE_TOKENS_FILE"
MAX_BYTES = 1 << 20
SETTLED_S = 2.0  # two writes within one tick of the file system's clock can leave the same stamp

Stamp = tuple[int, ...]


class Token(NamedTuple):
    """What the file says of a token; the token itself is kept nowhere."""

    name: str
    digest: str
    private: bool


class TokenTable(NamedTuple):
    """The tokens that count, a sentence for each line that does not, and one for each line in plain text."""

    tokens: tuple[Token, ...] = ()
    complaints: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def find(self, text: str) -> Token | None:
        """The token that this is; each is compared, in a time that does not tell how much of it was right."""
        if not TOKEN.fullmatch(text):
            return None
        digest = hash_token(text)
        return next((token for token in self.tokens if hmac.compare_digest(token.digest, digest)), None)


def create_token() -> str:
    """A new token, of 43 characters."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What stands in the file for a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def format_line(name: str, token: str, *, private: bool) -> str:
    """The line of a token in the file."""
    return f"{name}:sha256:{hash_token(token)}{':private' if private else ''}"


def hash_line(line: str) -> str:
    """The same line with its token hashed; a line that has no token in plain text stays as it is."""
    match = LINE.fullmatch(line.strip())
    if not match or not match["plain"]:
        return line
    return format_line(match["name"], match["plain"], private=bool(match["private"]))


def read_tokens(path: str) -> TokenTable:
    """All tokens that can be used. A line that cannot lets nobody in, and no sentence shows what is in it."""
    tokens: dict[str, Token] = {}
    complaints, warnings = [], []
    try:
        lines = _read_lines(path)
    except (OSError, ValueError) as error:
        return TokenTable(complaints=(f"{FILE} {_describe(error)}.",))
    for number, line in lines:
        match = LINE.fullmatch(line)
        if not match:
            complaints.append(f"{FILE} line {number} is wrong. Expected {EXPECTED}.")
            continue
        token = Token(match["name"], match["hash"] or hash_token(match["plain"]), bool(match["private"]))
        if token.digest in tokens or token.name in {known.name for known in tokens.values()}:
            complaints.append(f"{FILE} line {number} has a name or a token that was there before.")
            continue
        tokens[token.digest] = token
        if match["plain"]:
            warnings.append(f"{FILE} line {number} has its token in plain text; {HOW_TO_HASH}.")
    return TokenTable(tuple(tokens.values()), tuple(complaints), tuple(warnings))


def check_tokens(settings: Settings) -> None:
    """End the process, with a sentence for each thing that is wrong, unless the file is there and whole."""
    complaints = read_tokens(settings.tokens_file).complaints if settings.tokens_file else ()
    if complaints:
        raise SystemExit("\n".join(complaints))


class TokenFile:
    """The tokens as of now: asked whether it has changed each time, so that what is removed ends at once."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._read: tuple[Stamp | None, TokenTable] = (None, TokenTable())
        self.find("")  # what is wrong with the file is said at the start

    def find(self, text: str) -> Token | None:
        """The token that this is, if the file has it now."""
        return self._current(self._path).find(text) if self._path else None

    def _current(self, path: str) -> TokenTable:
        stamp = _stamp_of(path)
        read_at, known = self._read
        if stamp is not None and stamp == read_at:
            return known
        table = read_tokens(path)
        self._read = (stamp, table)  # at once: a thread that was slower may leave an older pair, never a mixed one
        _tell_changes(known, table)
        return table


def _tell_changes(known: TokenTable, table: TokenTable) -> None:
    for complaint in table.complaints if table.complaints != known.complaints else ():
        LOGGER.error("%s It lets nobody in.", complaint)
    for warning in table.warnings if table.warnings != known.warnings else ():
        LOGGER.warning("%s", warning)


def _stamp_of(path: str) -> Stamp | None:
    """What changes with the file; None while it is not there, or so new that it may change again unseen."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path takes longer than all the rest, and this is done for each request
    except OSError:
        return None
    if abs(time.time() - status.st_ctime) < SETTLED_S:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode


def _read_lines(path: str) -> list[tuple[int, str]]:
    """Number and text of each line that says something; empty lines and `#` comments do not."""
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
        raise ValueError("is not a file of at most 1 MB")
    if status.st_mode & stat.S_IRWXO:
        raise ValueError("is open to everybody on this machine; take that away with chmod o=")
    numbered = enumerate((line.strip() for line in Path(path).read_text(encoding="utf-8").split("\n")), start=1)
    lines = [(number, line) for number, line in numbered if line and not line.startswith("#")]
    if not lines:
        raise ValueError("is empty")
    return lines


def _describe(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    return "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
