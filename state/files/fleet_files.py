"""The files that join the desks of other hosts to a wall: their names, thresholds, and a reading that never fails.

A directory of desks has `NAME/logs/state` for each desk. Where a mirror fills it, the mirror also writes `mirror.json`
beside them, its sign of life, and `desk.json` into each of them. Without these two a desk is simply local.
"""

import os
import re
import stat
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from state.files.decoding import UnusableFileError, decode_object
from state.files.stamps import parse_stamp
from state.files.values import JsonDict, count, flag, mapping, number, positive, text

FORMAT = 1
MIRROR_FILE = "mirror.json"
DESK_FILE = "desk.json"
STATE_PATH = "logs/state"
NAME_PATTERN = "[a-z0-9-]{1,32}"
DESK_ENVIRON = ("ENV", "HEDGE_ENV", "BINANCE_TESTNET")

BEAT_LATE_S = 10.0
BEAT_SILENT_S = 25.0
MIRROR_SILENT_PERIODS = 5.0
MIRROR_SILENT_LEAST_S = 10.0
SKEW_NAMED_S = 1.0  # clocks that differ by more are said
SKEW_FAILS_S = 30.0

MAX_BYTES = 64 * 1024
LONGEST_TEXT = 200
LONGEST_SKEW_S = 10 * 365 * 86400.0
_DEFAULT_PERIOD_S = 1.0
_LONGEST_PERIOD_S = 3600.0

_name = re.compile(NAME_PATTERN)


@dataclass(frozen=True, slots=True)
class Mirror:
    """What the mirror says of itself and of the store. What it does not say is None, and `fault` why.

    `written_at` and `store_since` are epochs of the wall's clock; `store_since` is when `store_up` last changed.
    """

    written_at: float | None = None
    period_s: float = _DEFAULT_PERIOD_S
    store_url: str | None = None
    store_up: bool | None = None
    store_since: float | None = None
    store_error: str | None = None
    fault: str | None = None

    @property
    def silent_after_s(self) -> float:
        """The age of `written_at` from which nobody mirrors."""
        return max(MIRROR_SILENT_PERIODS * self.period_s, MIRROR_SILENT_LEAST_S)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the mirror says of one desk. What it does not say is None, and `fault` why.

    `beat_at` is an epoch of the store's clock and `beat_seen_at` one of the wall's; `skew_s` is the desk's clock less
    the wall's; `environ` are the desk's own words about its environment; `problem` is a sentence about its publisher.
    """

    format: int | None = None
    publisher: str | None = None
    beat_at: float | None = None
    beat_seen_at: float | None = None
    skew_s: float | None = None
    environ: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    problem: str | None = None
    fault: str | None = None


def is_desk_name(name: str) -> bool:
    """Whether a directory of this name is a desk."""
    return _name.fullmatch(name) is not None


def read_mirror(path: str) -> Mirror | None:
    """What a `mirror.json` says; None where there is none. Never raises."""
    content, fault = _read(path)
    return None if content is None else _mirror_of(content, fault)


def read_desk(path: str) -> Desk | None:
    """What a `desk.json` says; None where there is none. Never raises."""
    content, fault = _read(path)
    return None if content is None else _desk_of(content, fault)


def _mirror_of(content: JsonDict, fault: str | None) -> Mirror:
    store = mapping(content.get("store"))
    period_s = positive(content.get("period_s"))
    written_at, up = parse_stamp(content.get("written_at")), flag(store.get("up"))
    return Mirror(
        written_at=written_at,
        period_s=_DEFAULT_PERIOD_S if period_s is None else min(period_s, _LONGEST_PERIOD_S),
        store_url=_short(store.get("url")),
        store_up=up,
        store_since=parse_stamp(store.get("since")),
        store_error=_short(store.get("error")),
        fault=fault
        or _foreign(MIRROR_FILE, content)
        or _lacking(MIRROR_FILE, {"written_at": written_at, "store.up": up}),
    )


def _desk_of(content: JsonDict, fault: str | None) -> Desk:
    seen_at, skew_s = parse_stamp(content.get("beat_seen_at")), number(content.get("skew_s"))
    if skew_s is not None and abs(skew_s) > LONGEST_SKEW_S:
        skew_s = None
    words = mapping(content.get("environ"))
    return Desk(
        format=count(content.get("format")),
        publisher=_short(content.get("publisher")),
        beat_at=parse_stamp(content.get("beat_at")),
        beat_seen_at=seen_at,
        skew_s=skew_s,
        environ=MappingProxyType({name: word for name in DESK_ENVIRON if (word := _short(words.get(name)))}),
        problem=_short(content.get("problem")),
        fault=fault or _lacking(DESK_FILE, {"beat_seen_at": seen_at, "skew_s": skew_s}),
    )


def _short(value: object) -> str | None:
    found = text(value)
    return None if found is None else found[:LONGEST_TEXT]


def _foreign(name: str, content: JsonDict) -> str | None:
    """A mirror and its wall are of one host; what a newer mirror writes may mean something else."""
    said = content.get("format")
    return None if said == FORMAT and said is not True else f"{name} has format {_shown(said)}, not {FORMAT}"


def _shown(value: object) -> str:
    return str(value)[:20] if isinstance(value, int | float) and not isinstance(value, bool) else "unknown"


def _lacking(name: str, needed: dict[str, Any]) -> str | None:
    missing = [key for key, value in needed.items() if value is None]
    return f"{name} has no usable {' and '.join(missing)}" if missing else None


def _read(path: str) -> tuple[JsonDict | None, str | None]:
    """The object in a file and what is wrong with it; (None, None) where there is no such file."""
    name = os.path.basename(path)  # noqa: PTH119
    try:
        return decode_object(_read_bytes(path)), None
    except (FileNotFoundError, NotADirectoryError):
        return None, None
    except UnusableFileError as error:
        return {}, f"{name}: {error}"
    except (OSError, ValueError) as error:
        return {}, f"{name}: {(getattr(error, 'strerror', None) or str(error)).lower()}"


def _read_bytes(path: str) -> bytes:
    # Non-blocking, so that a FIFO put there cannot hang the wall.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnusableFileError("unreadable", "not a regular file")
        content = b""
        while len(content) <= MAX_BYTES and (more := os.read(descriptor, MAX_BYTES + 1)):
            content += more
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise UnusableFileError("unreadable", f"over the limit of {MAX_BYTES // 1024} KiB")
    return content
