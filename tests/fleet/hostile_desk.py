"""What a desk that means harm may put into its keys, one by one and at random; and what must hold after it."""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from typing import TYPE_CHECKING, Any

from fleet_worlds import Pair, step
from redis import Redis

from execution.fleet.beat import Beat
from execution.fleet.packing import LOCATIONS, MAX_INFLATED_BYTES, File, PackingError, pack, unpack
from state.files.fleet_files import DESK_FILE, read_desk, read_mirror

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from redis_server import RedisServer

Keys = dict[str, Any]
EVIL = "evil"
MTIME_NS = 1_764_197_100_000_000_001

_GOOD = pack(File(b'{"nav": 5}', MTIME_NS))
# 64 MiB and a byte of zeros, deflated: what a bomb looks like.
BOMB = b"%d\n" % MTIME_NS + zlib.compress(bytes(MAX_INFLATED_BYTES + 1))

NAMES = [
    b"../nav.json",
    b"../../../../evil.json",
    b"/tmp/evil.json",
    b"..",
    b".",
    b"",
    b"nav.json/",
    b"state/nav.json",
    b"nav.json\0",
    b"NAV.JSON",
    b"desk.json",
    b"mirror.json",
    b"\xff\xfe",
    b"n" * 100_000,
    "nàv.json".encode(),
]
VALUES = [
    b"",
    b"\n",
    b"5",
    _GOOD[:-3],
    _GOOD + b"more",
    _GOOD + _GOOD,
    b"-5\n" + _GOOD.partition(b"\n")[2],
    b"1e9\n" + _GOOD.partition(b"\n")[2],
    b"9" * 19 + b"\n" + _GOOD.partition(b"\n")[2],
    b"9" * 5000 + b"\n" + _GOOD.partition(b"\n")[2],
    b"\xb2\n" + _GOOD.partition(b"\n")[2],
    b'{"nav": 5}',
    b"5\n" + b"x" * 1000,
    zlib.compress(b'{"nav": 5}'),
    BOMB,
]
BEATS = [
    b"{",
    b"null",
    b"[" * 5000,
    b"\xff",
    b"x" * 100_000,
    b"{}",
    *(
        json.dumps({**json.loads(Beat("h:/d", 1764197100.0, 0.0, "v", {}).encode()), key: value}).encode()
        for key, value in [
            ("format", "1"),
            ("format", True),
            ("format", 10**400),
            ("format", -1),
            ("format", None),
            ("publisher", 5),
            ("publisher", "x" * 5000),
            ("sent_at", "now"),
            ("sent_at", float("nan")),
            ("sent_at", float("inf")),
            ("sent_at", 10**400),
            ("sent_at", None),
            ("offset_s", 1e300),
            ("offset_s", []),
            ("version", None),
            ("version", "v" * 5000),
            ("problem", {"a": 1}),
            ("problem", "x" * 5000),
        ]
    ),
]
# Beats that can be used, with words that are not to be taken.
ODD_BEATS: list[dict[str, Any]] = [
    {"environ": {"PATH": "/evil", "ENV": 5, "HEDGE_ENV": ["x"], "BINANCE_TESTNET": "y" * 5000}},
    {"environ": [1]},
    {"environ": None},
    {"publisher": "\ud800\u202e<script>"},
    {"problem": "a\nb\x1b[31m"},
    {"sent_at": 9e10},
    {"sent_at": -9e10},
    {"format": 999_999},
]


def beat(version: str, **changes: Any) -> bytes:
    """A beat that can be used, but for what is changed."""
    return json.dumps({**json.loads(Beat("h:/d", 1764197100.0, 0.0, version, {}).encode()), **changes}).encode()


def describe_table() -> list[tuple[str, Keys]]:
    """One kind of harm each: the keys of the desk, by their last part."""
    files = [(f"name {name[:20]!r}", {name: _GOOD}) for name in NAMES]
    files += [(f"value {value[:20]!r} of {len(value)}", {b"nav.json": value}) for value in VALUES]
    files += [
        ("bombs everywhere", {name.encode(): BOMB for name in LOCATIONS}),
        *((f"{size} MB", {b"nav.json": b"5\n" + os.urandom(size * 1_000_000)}) for size in (5, 9)),
        ("100,000 fields", {b"field-%d" % number: b"x" for number in range(100_000)}),
        ("no version", {b"nav.json": _GOOD}),
    ]
    kinds: list[tuple[str, Keys]] = [(name, {"beat": beat("v"), "files": found}) for name, found in files]
    kinds += [(f"beat {content[:40]!r} of {len(content)}", {"beat": content, "files": {}}) for content in BEATS]
    kinds += [(f"odd beat {odd}"[:60], {"beat": beat("v", **odd), "files": {b"nav.json": _GOOD}}) for odd in ODD_BEATS]
    kinds += [("files are text", {"beat": beat("v"), "files": b"text"})]
    kinds += [("files are a list", {"beat": beat("v"), "files": [b"a", b"b"]})]
    kinds += [("beat is a list", {"beat": [b"a"], "files": {}}), ("beat is a hash", {"beat": {b"a": b"b"}})]
    return kinds


def make_keys(dice: random.Random) -> Keys:
    """Keys at random, of the same parts: a few fields, good and bad, and a beat."""
    fields = {
        dice.choice([*NAMES, *(name.encode() for name in LOCATIONS)]): _value(dice) for _ in range(dice.randint(0, 6))
    }
    version = f"v{dice.random()}"
    said = dice.choice(BEATS) if dice.random() < 0.2 else beat(version, **dice.choice([{}, *ODD_BEATS]))
    return {"beat": _damage(dice, said) if dice.random() < 0.2 else said, "files": fields}


def _value(dice: random.Random) -> bytes:
    if dice.random() < 0.4:
        return _damage(dice, _GOOD)
    if dice.random() < 0.3:
        return pack(File(dice.randbytes(dice.randint(0, 3000)), dice.randint(0, 10**19)))
    return dice.choice([_GOOD, *VALUES[:-1]])


def _damage(dice: random.Random, content: bytes) -> bytes:
    if not content:
        return content
    position = dice.randrange(len(content))
    return content[:position] + dice.randbytes(dice.randint(0, 3)) + content[position + dice.randint(0, 3) :]


class Siege:
    """A good desk and a hostile one in one store, and the mirror of both."""

    def __init__(self, server: RedisServer, directory: Path) -> None:
        """The good desk is on the wall."""
        self.pair = Pair(server, directory)
        self.pair.pass_on()
        self.client = Redis(port=server.port, protocol=2)
        self.directory, self.desks = directory, self.pair.desks
        self.good, self.taken, self._said = self._read_good(), 0, b""
        logs = self.desks / EVIL / "logs"
        names = (
            location.removeprefix("../") if "/" in location else f"state/{location}" for location in LOCATIONS.values()
        )
        self._known = {*(logs / name for name in names), self.desks / EVIL / DESK_FILE}
        self._before = self._list_files()

    def put(self, keys: Keys) -> None:
        """The hostile desk's keys are these."""
        self._said = keys["beat"]
        with self.client.pipeline() as pipe:
            for kind in ("beat", "files"):
                pipe.delete(f"hedge:{EVIL}:{kind}")
                value = keys.get(kind)
                if isinstance(value, bytes):
                    pipe.set(f"hedge:{EVIL}:{kind}", value)
                elif isinstance(value, list):
                    pipe.rpush(f"hedge:{EVIL}:{kind}", *value)
                elif value:
                    pipe.hset(f"hedge:{EVIL}:{kind}", mapping=value)
            pipe.execute()

    def look(self) -> None:
        """The mirror looks at everything, whatever it has refused or taken a moment ago."""
        mirror = self.pair.mirror
        mirror._steps = 0
        if desk := mirror._desks.get(EVIL):
            desk._refused_s, desk._asked_for, desk._version = float("-inf"), None, None
        step(mirror)

    def endure(self, keys: Keys) -> None:
        """These keys are there, the mirror looks, and nothing bad has come of it.

        Raises:
            AssertionError: something has, and of which keys.
        """
        self.put(keys)
        self.look()
        try:
            self.check(keys)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{keys!s:.2000}") from error

    def check(self, keys: Keys) -> None:
        """Nothing is written but known files of that desk, each as it was sent; all the rest is as before.

        Raises:
            AssertionError: something else.
        """
        assert self._read_good() == self.good
        mirrored = read_mirror(str(self.desks / "mirror.json"))
        assert mirrored is not None
        assert (mirrored.fault, mirrored.store_up, self.pair.mirror._errors.current) == (None, True, {})
        assert self._list_files() - self._before - self._known == set()
        if (self.desks / EVIL).exists():
            assert read_desk(str(self.desks / EVIL / DESK_FILE)) is not None
        if isinstance(keys.get("files"), dict) and self._is_taken():
            self._check_files(keys["files"])

    def _check_files(self, fields: dict[bytes, bytes]) -> None:
        """Each file that can be taken is there as it was sent; one that is not in the hash is not there."""
        for name, location in LOCATIONS.items():
            path, packed = self.desks / EVIL / "logs" / "state" / location, fields.get(name.encode())
            if packed is None:
                assert not path.exists()
                continue
            with contextlib.suppress(PackingError):
                file = unpack(name, packed)
                assert (path.read_bytes(), path.stat().st_mtime_ns) == (file.content, file.mtime_ns)
                self.taken += 1

    def _is_taken(self) -> bool:
        """Whether what is there was all asked for and not refused as a whole; an empty hash is none."""
        desk = self.pair.mirror._desks.get(EVIL)
        if desk is None or desk._beat is None or not self.client.exists(f"hedge:{EVIL}:files"):
            return False
        return desk._asked_for == desk._beat.version and self._said == desk._raw

    def _list_files(self) -> set[Path]:
        return {path for path in self.directory.rglob("*") if not path.is_dir()}

    def _read_good(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (self.desks / "alpha").rglob("*") if path.is_file()}

    def start_again(self) -> None:
        """A new mirror, which knows nothing of what it has refused."""
        self.pair.mirror.store.close()
        self.pair.mirror = self.pair.another_mirror()
        self.look()
        # A mirror that has just started sees the good desk's beat, which nobody renews here, at another moment.
        sign = self.desks / "alpha" / DESK_FILE
        self.good[sign] = sign.read_bytes()
