"""Why an exchange did not answer as hoped, in words that hold no URL, key or signature, and how long to wait."""

from __future__ import annotations

import enum
import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_WAIT_S = 600.0
LIMIT_WAIT_S = 60.0
# Whoever asks while banned is banned for longer: a ban that seems to be over already is none by the exchange's clock.
LEAST_BAN_S = 60.0
LONGEST_LIMIT_S = 3 * 86_400.0

_CODE = re.compile(r'"(?:code|retCode|ret_code|label)"\s*:\s*"?(-?\w{1,40})')
_BANNED_UNTIL = re.compile(r"until (\d{13})")
# Of an overloaded exchange, and of one that asks to come back later: not of the one who asks.
BUSY_CODES = frozenset({"-1000", "-1001", "-1007", "-1008", "-1016", "10016", "10000"})
KEY_CODES = frozenset({"-1022", "-2014", "-2015", "10003", "10004", "10005", "10010", "33004"})
CLOCK_CODES = frozenset({"-1021", "-5028", "10002"})
LIMIT_CODES = frozenset({"-1003", "10006", "10018"})


class FailureKind(enum.Enum):
    """What is done about it depends on the kind."""

    UNREACHABLE = "unreachable"
    LIMITED = "rate limited"
    KEY = "key refused"
    CLOCK = "clock differs"
    GARBLED = "answer not understood"
    REFUSED = "refused"


class Failure(Exception):  # noqa: N818 - some are passing weather
    """A question that got no usable answer; `until_s` is when one may ask again, where that is known.

    `is_their_time`: that moment is one of the exchange's clock. Nothing is asked for `least_s` seconds in any case.
    """

    def __init__(
        self,
        kind: FailureKind,
        sentence: str,
        until_s: float | None = None,
        *,
        is_their_time: bool = False,
        least_s: float = 0.0,
    ) -> None:
        """`sentence` is shown to the operator."""
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.until_s = until_s
        self._is_their_time = is_their_time
        self._least_s = least_s

    def wait_s(self, now_s: float, skew_s: float) -> float:
        """For how long nothing is asked, from `now_s` on; this machine is `skew_s` ahead of the exchange."""
        if self.until_s is None:
            return self._least_s
        return max(self._least_s, self.until_s + (skew_s if self._is_their_time else 0.0) - now_s)


def translate(error: Exception, names: set[str], status: int | None, headers: Mapping[str, str]) -> Failure:
    """The failure behind an error of ccxt. `names` are those of its class and what that inherits.

    ccxt's own message is looked into for codes and never repeated: it has the signed address.
    """
    said = str(error)
    found = _CODE.search(said)
    code = found[1] if found else None
    kind = _kind(names - {"RateLimitExceeded"} if _is_a_block(said, status) else names, code, status)
    shown = f" ({code})" if code else f" (HTTP {status})" if status and status >= 400 else ""
    if kind is FailureKind.LIMITED:
        least_s = LEAST_BAN_S if status == 418 else 0.0
        until_s, is_their_time = _until(said, headers, time.time())
        at = time.strftime("%H:%M", time.gmtime(max(until_s, time.time() + least_s) + 59.0))
        sentence = f"rate limited until {at} UTC{shown}"
        return Failure(kind, sentence, until_s, is_their_time=is_their_time, least_s=least_s)
    if kind is FailureKind.KEY:
        return Failure(kind, f"key refused{shown}", time.time() + KEY_WAIT_S)
    words = {
        FailureKind.CLOCK: "the clock of this machine differs from the exchange's",
        FailureKind.GARBLED: "answer not understood",
        FailureKind.REFUSED: "the exchange refuses the question",
        FailureKind.UNREACHABLE: "no answer in time" if "RequestTimeout" in names else "no answer",
    }
    return Failure(kind, f"{words[kind]}{shown}")


def _is_a_block(said: str, status: int | None) -> bool:
    """A page of some gateway; Bybit also says 403 to those who ask too often, and says that they do."""
    return status == 403 and "too frequent" not in said


def _kind(names: set[str], code: str | None, status: int | None) -> FailureKind:
    """The first that fits: a code says more than the class that ccxt has chosen for it."""
    is_limit = status in (418, 429) or code in LIMIT_CODES or bool(names & {"DDoSProtection", "RateLimitExceeded"})
    is_down = bool(names & {"OperationFailed", "NetworkError"}) or (status or 0) >= 500 or status == 403
    fits = {
        FailureKind.REFUSED: "NotSupported" in names,
        FailureKind.CLOCK: code in CLOCK_CODES or "InvalidNonce" in names,
        FailureKind.LIMITED: is_limit and code not in BUSY_CODES,
        FailureKind.KEY: code in KEY_CODES or bool(names & {"AuthenticationError", "PermissionDenied"}),
        FailureKind.UNREACHABLE: is_limit or is_down or code in BUSY_CODES or code is None,
    }
    return next((kind for kind, does in fits.items() if does), FailureKind.REFUSED)


def _until(said: str, headers: Mapping[str, str], now_s: float) -> tuple[float, bool]:
    """When the exchange says that it may be asked again, else in a minute; whether that is by its own clock."""
    banned = _BANNED_UNTIL.search(said)
    if banned:
        return min(float(banned[1]) / 1000.0, now_s + LONGEST_LIMIT_S), True
    after = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    wait_s, at_s = _number_of(after), _date_of(after)
    if wait_s is None and at_s is not None:
        return min(max(at_s, now_s + 1.0), now_s + LONGEST_LIMIT_S), True
    return now_s + (LIMIT_WAIT_S if wait_s is None else min(max(wait_s, 1.0), LONGEST_LIMIT_S)), False


def _number_of(after: str) -> float | None:
    """Of a Retry-After that is seconds."""
    try:
        return float(after)
    except ValueError:
        return None


def _date_of(after: str) -> float | None:
    """Of a Retry-After that is a date, epoch seconds."""
    try:
        return parsedate_to_datetime(after).timestamp()
    except ValueError:
        return None
