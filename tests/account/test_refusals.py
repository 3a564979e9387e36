"""What an error of ccxt means, in words that hold nothing of its message; and what that does to the schedule."""

from __future__ import annotations

import calendar
import time

import ccxt
import pytest

from execution.account import schedule as times
from execution.account.failures import Failure, FailureKind, translate
from execution.account.schedule import Schedule

SIGNED = "GET https://fapi.binance.com/fapi/v3/account?timestamp=1&signature=abc"


def translated(error: ccxt.BaseError, status: int | None = None, headers: dict[str, str] | None = None) -> Failure:
    """As a link does it."""
    return translate(error, {kind.__name__ for kind in type(error).__mro__}, status, headers or {})


@pytest.mark.parametrize(
    ("error", "status", "kind", "sentence"),
    [
        (ccxt.RequestTimeout(SIGNED), None, FailureKind.UNREACHABLE, "no answer in time"),
        (ccxt.NetworkError(SIGNED), None, FailureKind.UNREACHABLE, "no answer"),
        (ccxt.ExchangeError(SIGNED), None, FailureKind.UNREACHABLE, "no answer"),
        (ccxt.ExchangeNotAvailable(f"{SIGNED} 503"), 503, FailureKind.UNREACHABLE, "no answer (HTTP 503)"),
        (ccxt.RateLimitExceeded(f"{SIGNED} 403 <html>"), 403, FailureKind.UNREACHABLE, "no answer (HTTP 403)"),
        (ccxt.ExchangeError('x {"code":-1008,"msg":""}'), 503, FailureKind.UNREACHABLE, "no answer (-1008)"),
        (
            ccxt.ExchangeError('x {"code":-4061,"msg":""}'),
            400,
            FailureKind.REFUSED,
            "the exchange refuses the question (-4061)",
        ),
        (ccxt.AuthenticationError('x {"code":-2015,"msg":""}'), 401, FailureKind.KEY, "key refused (-2015)"),
        # ccxt takes a key that is refused after it was good for a ban.
        (ccxt.DDoSProtection('x {"code":-2015,"msg":""}'), 401, FailureKind.LIMITED, "rate limited until"),
        (ccxt.InvalidNonce('x {"code":-1021,"msg":""}'), 400, FailureKind.CLOCK, "the clock of this machine differs"),
        (ccxt.RateLimitExceeded("x 403 access too frequent"), 403, FailureKind.LIMITED, "rate limited until"),
    ],
)
def test_kinds(error: ccxt.BaseError, status: int | None, kind: FailureKind, sentence: str) -> None:
    """A code says more than a class, and no address is repeated."""
    failure = translated(error, status)
    assert failure.kind is kind
    assert failure.sentence.startswith(sentence)
    assert "signature" not in failure.sentence


@pytest.mark.parametrize(
    ("said", "headers", "wait_s"),
    [
        ("", {"Retry-After": "90"}, 90.0),
        ("", {"retry-after": "%a, %d %b %Y %H:%M:%S GMT"}, 300.0),
        ("", {"Retry-After": "soon"}, 60.0),
        ("", {}, 60.0),
        ("banned until %s000.", {"Retry-After": "5"}, 1800.0),
        ("banned until 9999999999999.", {}, 3 * 86_400.0),
    ],
)
def test_how_long_a_limit_lasts(said: str, headers: dict[str, str], wait_s: float) -> None:
    """What the exchange names, here a moment so far ahead; else a minute; never for ever."""
    ends = time.gmtime(time.time() + wait_s)
    headers = {name: time.strftime(value, ends) for name, value in headers.items()}
    said = said.replace("%s", str(calendar.timegm(ends)))
    failure = translated(ccxt.RateLimitExceeded(f"429 {said}"), 429, headers)
    assert failure.until_s == pytest.approx(time.time() + wait_s, abs=20.0)


def test_back_off_and_blocks() -> None:
    """10, 20, 40 and 60 s for the account; its refused key stops every question, that of a part only the part."""
    plan, now_s, pauses = Schedule(), 1000.0, []
    for _ in range(5):
        plan.fail(times.ACCOUNT, Failure(FailureKind.UNREACHABLE, "no answer"), now_s)
        pauses.append(next(pause for pause in range(1, 100) if plan.is_due(times.ACCOUNT, now_s + pause)))
    assert pauses == [10, 20, 40, 60, 60]
    plan.succeed(times.ACCOUNT, now_s)
    plan.fail(times.CANDLES, Failure(FailureKind.UNREACHABLE, "no answer"), now_s)
    assert plan.is_due(times.ACCOUNT, now_s + 10.0)
    assert not plan.is_due(times.CANDLES, now_s + 60.0)
    refused = Failure(FailureKind.KEY, "key refused", time.time() + 600.0)
    plan.fail(times.HISTORY, refused, now_s)
    assert plan.is_due(times.ACCOUNT, now_s + 10.0)
    assert not plan.is_due(times.HISTORY, now_s + 590.0)
    plan.fail(times.ACCOUNT, refused, now_s)
    assert not any(plan.is_due(name, now_s + 590.0) for name in times.PERIODS_S)
    assert plan.is_due(times.ACCOUNT, now_s + 601.0)


def test_a_clock_that_is_set_back_makes_all_due_and_ends_no_ban() -> None:
    """What is left of a ban is what was left of it before; a second that a clock loses is none."""
    plan = Schedule()

    def due(now_s: float) -> set[str]:
        plan.begin(now_s)
        return {name for name in times.PERIODS_S if plan.is_due(name, now_s)}

    everything = due(5000.0)
    assert everything == set(times.PERIODS_S)
    for name in everything:
        plan.succeed(name, 5000.0)
    assert due(4999.2) == set()
    assert due(4400.0) == everything
    plan.fail(times.ACCOUNT, Failure(FailureKind.LIMITED, "rate limited", time.time() + 300.0), 4400.0)
    assert due(3800.0) == due(4090.0) == set()
    assert due(4101.0) == everything


@pytest.mark.parametrize(
    ("status", "said", "headers", "skew_s", "wait_s"),
    [
        (418, "banned until {}.", {}, 180.0, 300.0),
        (418, "banned until {}.", {}, 0.0, 120.0),
        (418, "banned until {}.", {}, -90.0, 60.0),
        (418, "", {"Retry-After": "5"}, 0.0, 60.0),
        (418, "", {"Retry-After": "90"}, 180.0, 90.0),
        (429, "", {"Retry-After": "5"}, 180.0, 5.0),
        (429, "", {"Retry-After": "%a, %d %b %Y %H:%M:%S GMT"}, 180.0, 300.0),
    ],
)
def test_a_ban_ends_by_the_clock_of_the_exchange(
    status: int, said: str, headers: dict[str, str], skew_s: float, wait_s: float
) -> None:
    """Two minutes from now are five where this machine is three ahead; a ban is never waited for less than a minute."""
    ends_s = int(time.time()) + 120
    headers = {name: time.strftime(value, time.gmtime(ends_s)) for name, value in headers.items()}
    failure = translated(ccxt.DDoSProtection(f"{status} {said.format(ends_s * 1000)}"), status, headers)
    plan = Schedule()
    plan.fail(times.ACCOUNT, failure, 1000.0, skew_s)
    assert plan.blocked_until_s == pytest.approx(1000.0 + wait_s, abs=4.0)
