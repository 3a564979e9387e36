"""Requests that no page sends, made from those that one does, the same for the same seed."""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from asking import ENDPOINT, FIRST_POLL, drawing_of

Json = Any

HEAD = "{method} {path} HTTP/1.1\r\nHost: localhost\r\n"

WORDS = (
    "",
    "0",
    "\x00",
    "\ud800",
    "\u202e",
    "<img src=x onerror=alert(1)>",
    "a." * 3000,
    "x" * 20_000,
    "__proto__",
    "..",
)
COMPONENT = {"props": {"children": "x", "id": "state"}, "type": "Div", "namespace": "dash_html_components"}
VALUES: tuple[Any, ...] = (
    *WORDS,
    *(None, True, False, 0, -1, 2**53, 10**39, 1e308, -1e308, 5e-324, 0.1),
    *([], {}, [[]], [None] * 300, {"value": {}}, COMPONENT, [COMPONENT], {"id": {"type": "x", "index": "ALL"}}),
)
TEXTS = (
    b"",
    b" ",
    b"null",
    b"[]",
    b"{}",
    b"{",
    b'"',
    b"\x00",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'{"output":"\xed\xa0\x80"}',
    b'{"output":"state.data","output":"drawn.data"}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"1" * 100_000,
    b"-Infinity",
    b"\x1f\x8b\x08\x00" + bytes(200),
    b"output=state.data",
    b'{"__class__":"os.system"}',
)
NUMBERS = (b"NaN", b"Infinity", b"1e999", b"-1e999", b"9" * 5000, b"1" * 41, b"0x10", b"007", b"1.", b"--1")
PATHS = (
    ENDPOINT + "/",
    ENDPOINT + "?cacheKey=x&job=1&endId=x~y&cancelJob=1",
    "/_dash-component-suites/nope/x.js",
    "/_dash-component-suites/dash/..%2f..%2f..%2fetc/passwd",
    "/_dash-component-suites/os/path.py",
    "/_dash-component-suites/dash/%00.js",
    "/_dash-layout/%ff%fe",
    "/_reload-hash",
    "/assets/..%2fapp.py",
    "/assets/%00",
    "/assets/" + "a" * 4000,
    "/bootstrap/static/%2e%2e/%2e%2e/app.py",
    "/api/state?%ff=%00",
    "/readyz/..",
    "//wall.example/%0d%0aX-Injected:%20yes",
    "/?key=" + "k" * 3000,
    "/%c0%ae%c0%ae/%f0%28%8c%28",
    "/metrics?name[]=x",
    "*",
)
METHODS = ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST")
HEADERS = (
    "Content-Length: -1",
    "Content-Length: 99999999999",
    "Content-Length: 16777217",
    "Content-Length: 1e3",
    "Content-Length: 5\r\nContent-Length: 6",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked\r\nContent-Length: 3",
    "Content-Type: text/plain\r\nContent-Length: 2",
    "Content-Type: application/json; charset=utf-7\r\nContent-Length: 2",
    "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 2",
    "Content-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: 2",
    "Cookie: " + "a=b; " * 700 + "\r\nContent-Length: 2",
    "X-Long: " + "x" * 7000 + "\r\nContent-Length: 2",
    "Cookie: hedge-8050=x.y\r\nAuthorization: Bearer \xff\r\nContent-Length: 2",
    "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: javascript\r\nForwarded: for=unknown\r\nContent-Length: 2",
    "Range: bytes=0-0,1-1\r\nIf-None-Match: *\r\nContent-Length: 2",
    "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2",
)
GARBAGE = (
    b"\x16\x03\x01\x02\x00\r\n\r\n",
    b"GET\r\n\r\n",
    b"\r\n\r\n",
    b"POST / HTTP/9.9\r\n\r\n",
    b"\x00" * 500 + b"\r\n\r\n",
)


class Attack(NamedTuple):
    """What goes over the wire, and whether the answer to it has a body."""

    kind: str
    data: bytes
    head_only: bool = False


def post(body: bytes, headers: str = "", path: str = ENDPOINT) -> bytes:
    """A POST as a page sends it, but for its body."""
    head = HEAD.format(method="POST", path=path) + f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return (head + headers + "\r\n").encode("latin-1") + body


def write(value: Json) -> bytes:
    """JSON as browsers write it."""
    return json.dumps(value, separators=(",", ":")).encode()


class Attacker:
    """An endless stream of attacks by one who has seen a page's requests."""

    def __init__(self, seed: int, state: Json) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same for the same seed
        self._state = write(state)
        self._bodies = (write(FIRST_POLL), write(drawing_of(state)))

    def __iter__(self) -> Iterator[Attack]:
        makers, weights = zip(*MAKERS.items(), strict=True)
        while True:
            (make,) = self._random.choices(makers, weights)
            yield make(self)

    def forge_state(self) -> Attack:
        """A drawing of a state that no server ever gave, under a version that one did."""
        state = json.loads(self._state)
        for _ in range(self._random.randint(1, 6)):
            self._spoil(state)
        return Attack("state", post(write(drawing_of(state))))

    def bend_request(self) -> Attack:
        """A request whose envelope is another."""
        body = json.loads(self._random.choice(self._bodies))
        for _ in range(self._random.randint(1, 3)):
            self._spoil(body)
        return Attack("request", post(write(body)))

    def bend_bytes(self) -> Attack:
        """A request cut, doubled or with bytes that are not of it."""
        body = bytearray(self._random.choice(self._bodies))
        for _ in range(self._random.randint(1, 4)):
            at = self._random.randrange(len(body) or 1)
            how = self._random.randrange(4)
            if how == 0:
                del body[at:]
            elif how == 1:
                body[at : at + 1] = self._random.randbytes(2)
            elif how == 2:
                body[at:at] = body[at : at + 50]
            else:
                body[at:at] = self._random.choice(NUMBERS)
        return Attack("bytes", post(bytes(body)))

    def write_number(self) -> Attack:
        """A state with a number that no desk has."""
        number = self._random.choice(NUMBERS)
        return Attack("number", post(write(drawing_of({"nav": {"nav_usd": "HERE"}})).replace(b'"HERE"', number)))

    def write_text(self) -> Attack:
        """A body that is none."""
        return Attack("text", post(self._random.choice(TEXTS)))

    def write_poll(self) -> Attack:
        """A poll of a tab that is somewhere else."""
        body = json.loads(self._bodies[0])
        body["inputs"][0]["value"] = deepcopy(self._random.choice(VALUES))
        body["inputs"][1]["value"] = self._random.choice(WORDS) if self._random.random() < 0.7 else "?privacy=0&" * 50
        body["state"][0]["value"] = deepcopy(self._random.choice(VALUES))
        return Attack("poll", post(write(body)))

    def bend_head(self) -> Attack:
        """A head that contradicts its body, or itself."""
        head = HEAD.format(method="POST", path=ENDPOINT) + self._random.choice(HEADERS) + "\r\n\r\n"
        return Attack("head", head.encode("latin-1") + b'{"a":1}')

    def ask_elsewhere(self) -> Attack:
        """Another path, or another method."""
        method, path = self._random.choice(METHODS), self._random.choice((ENDPOINT, *PATHS))
        head = HEAD.format(method=method, path=path) + "Content-Length: 0\r\n\r\n"
        return Attack("path", head.encode("latin-1"), head_only=method == "HEAD")

    def speak_nonsense(self) -> Attack:
        """Bytes that are no request at all."""
        return Attack("nonsense", self._random.choice(GARBAGE))

    def flood(self) -> Attack:
        """A little that would become very much."""
        fill = self._random.choice(
            (
                {"positions": [0] * 200_000},
                {"nav": {"series": [[0, 1]] * 100_000}},
                {"meta": {"surfaces": [0] * 250_000}},
                {"meta": {"unknown": {"." * 100_000: "x"}}, "kpis": {"symbols": {"." * 200_000: {}}}},
                {"aum": {"slices": [{"label": "x" * 500_000}] * 3}},
                {"router": {"worst": ["x" * 1_000_000]}},
            )
        )
        return Attack("flood", post(write(drawing_of(fill))))

    def _spoil(self, value: Json) -> None:
        """Change one thing somewhere inside."""
        while True:
            keys = list(value) if isinstance(value, dict) else list(range(len(value)))
            if not keys:
                return
            key = self._random.choice(keys)
            if isinstance(value[key], dict | list) and value[key] and self._random.random() < 0.8:
                value = value[key]
                continue
            if isinstance(value, dict) and self._random.random() < 0.2:
                del value[key]
            else:
                value[key] = deepcopy(self._random.choice(VALUES))
            return


MAKERS: dict[Callable[[Attacker], Attack], float] = {
    Attacker.bend_request: 25,
    Attacker.bend_bytes: 15,
    Attacker.write_poll: 15,
    Attacker.forge_state: 10,
    Attacker.write_text: 10,
    Attacker.write_number: 5,
    Attacker.bend_head: 8,
    Attacker.ask_elsewhere: 9,
    Attacker.speak_nonsense: 2,
    Attacker.flood: 0.3,
}
