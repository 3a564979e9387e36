"""The fake exchange over HTTP on this machine: it verifies signatures, counts weight and does wrong on request."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from execution.account.fake import binance, bybit
from execution.account.fake.faults import ACCOUNT_FAULTS, FAULTS, spoil

if TYPE_CHECKING:
    from execution.account.fake.world import World

# Anybody may know them: nothing is behind them.
KEY, SECRET = "fake-key-of-nobody", "fake-secret-of-nobody"
WEIGHT_LIMIT = 2400
HANG_S = 30.0
LARGEST_SKEW_MS = 5000.0
PARTS = {
    "positions-down": ("/fapi/v3/positionRisk", "/v5/position/list"),
    "fills-down": ("/fapi/v1/income", "/fapi/v1/userTrades", "/v5/execution/list"),
    "candles-down": ("/fapi/v1/klines", "/v5/market/kline"),
    "spot-down": ("/api/v3/account", "/api/v3/ticker/price"),
    "fills-refused": ("/fapi/v1/userTrades", "/v5/execution/list"),
    "spot-refused": ("/api/v3/account",),
    "rights-refused": ("/sapi/v1/account/apiRestrictions", "/v5/user/query-api"),
}
ACCOUNT_PATHS = ("/fapi/v3/account", "/v5/account/wallet-balance")


class Exchange:
    """One account, the faults that are on, and what was asked."""

    def __init__(self, world: World, *, step_s: float | None = None) -> None:
        """With `step_s` the world moves by so much whenever the account is asked for; else with the clock."""
        self.world = world
        self.step_s = step_s
        self.faults: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.heaviest_minute = 0
        self._spent: deque[tuple[float, int]] = deque()

    def now_s(self) -> float:
        """The exchange's clock; under the fault `clock` it goes wrong by a minute."""
        return time.time() - (60.0 if "clock" in self.faults else 0.0)

    def move(self, path: str) -> None:
        """Let the world go on."""
        if self.step_s is None:
            self.world.advance(time.time())
        elif path in ACCOUNT_PATHS:
            self.world.advance(self.world.now_s + self.step_s)

    def spend(self, path: str) -> int:
        """Count a request; what the last minute has cost."""
        clock_s = self.world.now_s if self.step_s else time.time()
        self._spent.append((clock_s, binance.WEIGHTS.get(path, 1)))
        while self._spent[0][0] <= clock_s - 60.0:
            self._spent.popleft()
        used = sum(weight for _, weight in self._spent)
        self.heaviest_minute = max(self.heaviest_minute, used)
        return used

    def spoils(self, path: str) -> str | None:
        """The fault that spoils the answer to this path."""
        for fault in ACCOUNT_FAULTS:
            if fault in self.faults and fault != "clock" and not path.startswith("/fake/"):
                return fault
        part = next((fault for fault, paths in PARTS.items() if fault in self.faults and path in paths), "")
        return "key-refused" if part.endswith("-refused") else "unavailable" if part else None

    def answer(self, path: str, query: str, headers: Any) -> tuple[int, Any]:
        """Status and content of a right answer, or of a refusal of the signature."""
        is_bybit = path.startswith("/v5/")
        venue = bybit if is_bybit else binance
        if path in ("/fapi/v1/time", "/v5/market/time"):
            at_ms = round(self.now_s() * 1000)
            return 200, {"serverTime": at_ms, "time": at_ms, "result": {"timeSecond": str(at_ms // 1000)}, "retCode": 0}
        if path not in venue.OPEN:
            if not venue.is_signed(SECRET, KEY, query, headers):
                return _refusal(-1022, 10004, is_bybit=is_bybit)
            if not self._is_timely(query, headers):
                return _refusal(-1021, 10002, is_bybit=is_bybit)
        found = venue.answer(self.world, path, dict(parse_qsl(query)), self.faults)
        return (404, {"code": -1, "msg": "no such path"}) if found is None else (200, found)

    def _is_timely(self, query: str, headers: Any) -> bool:
        said = dict(parse_qsl(query)).get("timestamp") or headers.get("X-BAPI-TIMESTAMP") or "0"
        return abs(float(said) - self.now_s() * 1000.0) <= LARGEST_SKEW_MS

    def switch(self, order: dict[str, Any]) -> None:
        """Faults on (a list) and a transfer, as the control says.

        Raises:
            ValueError: a fault that there is not.
        """
        faults = set(order.get("faults", self.faults))
        unknown = faults - set(FAULTS)
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))} is no fault; expected of {', '.join(FAULTS)}")
        self.faults = faults
        if order.get("forget_weight"):
            self._spent.clear()
        if "transfer_usd" in order:
            self.world.transfer(float(order["transfer_usd"]), time.time() if self.step_s is None else self.world.now_s)


def _refusal(code: int, bybit_code: int, *, is_bybit: bool) -> tuple[int, dict[str, Any]]:
    return (200, {"retCode": bybit_code, "retMsg": "no"}) if is_bybit else (400, {"code": code, "msg": "no"})


class Handler(BaseHTTPRequestHandler):
    """GET is answered as an exchange does; everything else is counted, and refused."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: the second of two waits 40 ms for the first to be acknowledged
    exchange: Exchange

    def log_message(self, *arguments: object) -> None:
        """Nothing: an address has a signature in it."""

    def do_GET(self) -> None:
        """An answer of the exchange, spoilt where a fault says so."""
        found, exchange = urlsplit(self.path), self.exchange
        if found.path == "/fake/asked":
            self._send(200, json.dumps(dict(exchange.asked) | {"heaviest_minute": exchange.heaviest_minute}).encode())
            return
        with exchange.lock:
            exchange.asked[f"GET {found.path}"] += 1
            exchange.move(found.path)
            used = exchange.spend(found.path)
            status, content = exchange.answer(found.path, found.query, self.headers)
        body, fault = json.dumps(content).encode(), exchange.spoils(found.path)
        if used > WEIGHT_LIMIT:
            fault = fault or "limited"
        if fault is not None:
            self._spoil(fault, status, body)
        else:
            self._send(status, body, headers=(("X-MBX-USED-WEIGHT-1M", str(used)),))

    def do_POST(self) -> None:
        """The control; from an exchange's client nothing is taken."""
        self.exchange.asked[f"{self.command} {urlsplit(self.path).path}"] += 1
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/fake/control" or self.command != "POST":
            self._send(405, b'{"code": -1, "msg": "this account is only read"}')
            return
        try:
            with self.exchange.lock:
                self.exchange.switch(json.loads(body))
        except (ValueError, AttributeError) as error:
            self._send(400, json.dumps({"error": str(error)}).encode())
            return
        self._send(200, json.dumps({"faults": sorted(self.exchange.faults)}).encode())

    do_PUT = do_DELETE = do_PATCH = do_POST  # noqa: N815

    def _spoil(self, fault: str, status: int, body: bytes) -> None:
        if fault == "timeout":
            self.exchange.stopped.wait(HANG_S)
        if fault in ("timeout", "cut-connection"):
            self.close_connection = True
            self.connection.close()
            return
        spoilt = spoil(fault, body, bybit=self.path.startswith("/v5/"))
        if spoilt is None:
            self._send(status, body)
        else:
            self._send(spoilt.status, spoilt.body, spoilt.kind, spoilt.headers)

    def _send(
        self, status: int, body: bytes, kind: str = "application/json", headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """On loopback alone; clients that go away in the middle are none of its errors."""

    daemon_threads = True

    def handle_error(self, *arguments: object) -> None:
        """Nothing: faults cut connections."""


def make_server(exchange: Exchange, port: int) -> Server:
    """A server that listens on 127.0.0.1; port 0 takes a free one."""
    handler = type("ExchangeHandler", (Handler,), {"exchange": exchange})
    return Server(("127.0.0.1", port), handler)
