"""What the fake exchange does wrong on request; each names what the table of errors in docs/account.md calls it."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

HTML = b"<html><body><h1>Service</h1></body></html>"


class Spoilt(NamedTuple):
    """What is answered instead: status, type, body, further headers."""

    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


# What an account's questions are answered with, by the name of the switch.
ACCOUNT_FAULTS = (
    "timeout", "cut-connection", "forbidden", "unavailable", "unknown-error", "busy", "limited", "banned",
    "key-refused", "bad-signature", "clock", "html", "null", "truncated", "redirect",
)  # fmt: skip
# One part of what is told is wrong, the rest is right.
PART_FAULTS = (
    "positions-down", "empty-book", "unknown-instrument", "fills-down", "candles-down", "spot-down", "fills-refused",
    "spot-refused",
)  # fmt: skip
KEY_FAULTS = ("withdraw-rights", "no-trade-rights", "rights-refused")
FAULTS = (*ACCOUNT_FAULTS, *PART_FAULTS, *KEY_FAULTS)

LIMIT_S = 3
BINANCE_CODES = {
    "unknown-error": (400, -1000),
    "busy": (503, -1008),
    "key-refused": (401, -2015),
    "bad-signature": (400, -1022),
    "clock": (400, -1021),
}
BYBIT_CODES = {
    "unknown-error": (200, 10016),
    "busy": (200, 10000),
    "key-refused": (200, 10003),
    "bad-signature": (200, 10004),
    "clock": (200, 10002),
}


def spoil(fault: str, body: bytes, *, bybit: bool) -> Spoilt | None:
    """The answer under a fault; None where this fault does not touch the answer itself."""
    codes = BYBIT_CODES if bybit else BINANCE_CODES
    if fault in codes:
        status, code = codes[fault]
        said = {"retCode": code, "retMsg": "said by a fault"} if bybit else {"code": code, "msg": "said by a fault"}
        return Spoilt(status, "application/json", json.dumps(said).encode())
    plain = {
        "forbidden": Spoilt(403, "text/html", HTML),
        "unavailable": Spoilt(503, "text/html", HTML),
        "html": Spoilt(200, "text/html", HTML),
        "null": Spoilt(200, "application/json", b"null"),
        "truncated": Spoilt(200, "application/json", body[: len(body) // 2]),
        "redirect": Spoilt(302, "text/html", b"", (("Location", "/fapi/v1/time"),)),
        "limited": Spoilt(429, "application/json", _limit(None), (("Retry-After", str(LIMIT_S)),)),
        "banned": Spoilt(418, "application/json", _limit(time.time() + LIMIT_S)),
    }
    return plain.get(fault)


def _limit(until_s: float | None) -> bytes:
    until = f"; IP banned until {int(until_s * 1000)}." if until_s else ""
    return json.dumps({"code": -1003, "msg": f"Way too many requests{until}"}).encode()
