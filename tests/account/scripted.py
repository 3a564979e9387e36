"""An exchange on this machine that answers what a test has written down, so that answers take the whole way in."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from execution.account.credentials import Credentials
from execution.account.venues.table import VENUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from execution.account.link import Link

ADDRESS = "0x" + "a" * 40
KEYS = Credentials("key-of-nobody", "secret-of-nobody", "passphrase-of-nobody", ADDRESS)
# Bitget's and Bybit's answers have this around what they tell.
BITGET_OK: dict[str, Any] = {"code": "00000", "msg": "success", "requestTime": 1}
BYBIT_OK: dict[str, Any] = {"retCode": 0, "retMsg": "OK", "time": 1}


@dataclass
class Scripted:
    """`answers` by path (of a POST by its type): what is told, (status, what), or a function of the query."""

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def link(self, name: str) -> Link:
        """A reader of an account there; ccxt is loaded here, for those tests alone."""
        from execution.account.guard import build_client  # noqa: PLC0415
        from execution.account.link import Link  # noqa: PLC0415

        venue = VENUES[name]()
        if hasattr(venue, "address"):
            venue.address = ADDRESS
        return Link(venue, build_client(venue, KEYS, "live", self.url, paced=False))

    def answer(self, name: str, query: dict[str, Any]) -> tuple[int, bytes]:
        """Status and body; 404 for what was not written down."""
        self.asked.append(name)
        told = self.answers.get(name, (404, {"code": "404", "msg": "not written down"}))
        told = told(query) if callable(told) else told
        status, content = told if isinstance(told, tuple) else (200, told)
        return status, content.encode() if isinstance(content, str) else json.dumps(content).encode()


class _Handler(BaseHTTPRequestHandler):
    scripted: Scripted

    def log_message(self, *arguments: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """By the path."""
        found = urlsplit(self.path)
        self._send(*self.scripted.answer(found.path, dict(parse_qsl(found.query))))

    def do_POST(self) -> None:
        """By the type that is asked for."""
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._send(*self.scripted.answer(str(query.get("type")), query))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def scripting() -> Iterator[Scripted]:
    """Listens on a free port until the block ends."""
    found = Scripted()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_ScriptedHandler", (_Handler,), {"scripted": found}))
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
