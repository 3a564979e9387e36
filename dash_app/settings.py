"""Everything the environment can say, read once and checked at the start."""

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from dash_app.access.peers import Peers
from state.files.fleet_files import is_desk_name

LATEST_EPOCH = 4102444800  # 2100-01-01; an epoch in milliseconds lies far beyond it


class SettingsError(ValueError):
    """One or more settings have a value that cannot be used; the text says which and what was expected."""


class Setting(NamedTuple):
    """How one field is read: the first of `names` that is set wins."""

    attribute: str
    names: tuple[str, ...]
    parse: Callable[[str], Any]
    expected: str


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return parse


def _matching(pattern: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return parse


def _epoch(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or not 0 <= value <= LATEST_EPOCH:
        raise ValueError(text)
    return value


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    _matching(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")(host)
    _whole(0, 65535)(port)
    return text


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, OSError) as error:  # not found, or a directory such as "Europe"
        raise ValueError(text) from error


def _yes_or_no(text: str) -> bool:
    return bool(_whole(0, 1)(text))


def _desk_names(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")]
    if not all(map(is_desk_name, names)):
        raise ValueError(text)
    return tuple(dict.fromkeys(names))


_prefix = _matching(r"(?a)/(\w[\w.~-]*/)*")
_word = _matching(r"[\w.-]{1,20}")
_time_of_day = _matching("([01][0-9]|2[0-3]):[0-5][0-9]")
_header = _matching("[A-Za-z0-9]+(-[A-Za-z0-9]+)*")

_PERIOD = "a whole number of milliseconds from 250 to 60000"
_PEERS = "addresses or networks, not of everybody, with commas between them, such as 127.0.0.1,10.1.0.0/16, or unix"

_NAMES = (
    "names of desks with commas between them, each of at most 32 small letters, digits and dashes, such as alpha,beta"
)

SETTINGS = (
    Setting("state_dir", ("HEDGE_STATE_DIR",), str, "a directory"),
    Setting("desks_dir", ("HEDGE_DESKS_DIR",), str, "a directory with a directory for each desk"),
    Setting("desks", ("HEDGE_DESKS",), _desk_names, _NAMES),
    Setting("refresh_ms", ("HEDGE_REFRESH_MS",), _whole(250, 60000), _PERIOD),
    Setting("bind", ("HEDGE_BIND",), _address, "host:port, such as 127.0.0.1:8050"),
    Setting("prefix", ("HEDGE_PREFIX",), _prefix, "a path that begins and ends with a slash, such as /hedge/"),
    Setting("badge", ("HEDGE_ENV",), _word, "one word of at most 20 letters, digits, dots or dashes"),
    Setting("zone", ("HEDGE_TZ",), _zone, "the name of a time zone, such as UTC or Africa/Johannesburg"),
    Setting("now", ("HEDGE_NOW",), _epoch, f"seconds since 1970, from 0 to {LATEST_EPOCH}"),
    Setting("reload_at", ("HEDGE_RELOAD_AT",), _time_of_day, "a time of day from 00:00 to 23:59, such as 04:30"),
    Setting("workers", ("HEDGE_WORKERS", "WEB_CONCURRENCY"), _whole(1, 32), "a whole number from 1 to 32"),
    Setting("threads", ("HEDGE_THREADS",), _whole(1, 256), "a whole number from 1 to 256"),
    Setting("tokens_file", ("HEDGE_TOKENS_FILE",), str, "a file"),
    Setting("trusted_proxies", ("HEDGE_TRUSTED_PROXIES",), Peers.parse, _PEERS),
    Setting("user_header", ("HEDGE_USER_HEADER",), _header, "the name of a header, such as X-Remote-User"),
    Setting("direct", ("HEDGE_DIRECT",), _yes_or_no, "1 or 0"),
)

LACKS_DESKS_DIR = "HEDGE_DESKS needs HEDGE_DESKS_DIR: the directory in which these desks are expected."
TWO_DIRECTORIES = (
    "HEDGE_STATE_DIR and HEDGE_DESKS_DIR are both set. Expected one: the state of a desk, or several desks."
)
LACKS_PROXIES = "HEDGE_USER_HEADER needs HEDGE_TRUSTED_PROXIES: the addresses of the proxies that set it."

# Whoever had locked the page with these must not find it open, or locked in another way than he knows.
RETIRED = ("HEDGE_USERS_FILE", "HEDGE_SECRET_FILE")
REPLACED = (
    "{} is no setting any more, since there are no passwords any more. Give each person a token in HEDGE_TOKENS_FILE "
    "(`python -m dash_app.access token NAME`), or let a proxy sign people in (HEDGE_USER_HEADER), and take {} out of "
    "the environment; docs/security.md says how."
)

# What other programs of this repository read.
OF_OTHERS = (
    "HEDGE_CACHE_DIR",
    "HEDGE_LOG_DIR",
    "HEDGE_EXECUTOR_ARGS",
    "HEDGE_ACCOUNT_ARGS",
    "HEDGE_ACCOUNT_KEY",
    "HEDGE_ACCOUNT_SECRET",
    "HEDGE_ACCOUNT_PASSWORD",
    "HEDGE_ACCOUNT_WALLET",
)
PREFIX = "HEDGE_"
LIKENESS = 0.7  # HEDGE_TOKENS is as near as this to HEDGE_TOKENS_FILE


@dataclass(frozen=True)
class Settings:
    """What this process was told; `environ` is what the loader may know of its environment."""

    state_dir: str = "logs/state"
    desks_dir: str | None = None
    desks: tuple[str, ...] = ()
    refresh_ms: int = 1000
    bind: str = "127.0.0.1:8050"
    prefix: str = "/"
    badge: str | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    now: float | None = None
    reload_at: str | None = None
    workers: int = 1
    threads: int = 32
    tokens_file: str | None = None
    trusted_proxies: Peers = field(default_factory=Peers)
    user_header: str | None = None
    direct: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)  # others' secrets too

    @property
    def has_access(self) -> bool:
        """Whether there are tokens, or a proxy's word, and one of them is needed to see anything."""
        return bool(self.tokens_file or self.user_header)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read all settings; an empty variable counts as not set.

        Raises:
            SettingsError: with one sentence for each value that cannot be used.
        """
        values: dict[str, Any] = {}
        errors = list(_find_strays(environ))
        for setting in SETTINGS:
            name = next((name for name in setting.names if environ.get(name)), None)
            if name is None:
                continue
            try:
                values[setting.attribute] = setting.parse(environ[name])
            except ValueError:
                errors.append(f"{name} has value {environ[name]!r}. Expected {setting.expected}.")
        if "user_header" in values and not environ.get("HEDGE_TRUSTED_PROXIES"):
            errors.append(LACKS_PROXIES)
        if "desks_dir" in values and "state_dir" in values:
            errors.append(TWO_DIRECTORIES)
        if "desks" in values and "desks_dir" not in values:
            errors.append(LACKS_DESKS_DIR)
        if errors:
            raise SettingsError("\n".join(errors))
        return cls(**values, environ=MappingProxyType(dict(environ)))


def _find_strays(environ: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each variable that is no setting any more, and for each that looks like a misspelt one."""
    known = [name for setting in SETTINGS for name in setting.names] + [*OF_OTHERS, *RETIRED]
    for name, value in environ.items():
        if value and name in RETIRED:
            yield REPLACED.format(name, name)
        elif value and name.startswith(PREFIX) and name not in known:
            rests = [other.removeprefix(PREFIX) for other in known]
            likely = difflib.get_close_matches(name.removeprefix(PREFIX), rests, n=1, cutoff=LIKENESS)
            if likely:
                yield f"{name} is no setting. Did you mean {PREFIX}{likely[0]}?"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings, or the end of the process with the reason in plain words."""
    try:
        return Settings.from_environ(environ)
    except SettingsError as error:
        raise SystemExit(str(error)) from None
