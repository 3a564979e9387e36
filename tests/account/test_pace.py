"""Questions keep below what the exchange allows in a minute, by their weight, and a usual cycle does not wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scripted import KEYS

from execution.account.guard import build_client
from execution.account.link import Link
from execution.account.venues import binanceusdm, bybit
from execution.account.venues.table import VENUES

if TYPE_CHECKING:
    from scripted import Scripted

    from execution.account.venues.venue import Read

QUESTIONS = 60


def waits_of(scripted: Scripted, name: str, reads: list[Read]) -> list[float]:
    """Seconds that ccxt would let pass before each of the questions, since the one before; none of them pass here."""
    venue, waits = VENUES[name](), list[float]()
    client = build_client(venue, KEYS, "live", scripted.url, paced=True)
    client.throttle = lambda cost: waits.append(cost * client.rateLimit / 1000.0)
    link = Link(venue, client)
    for read in reads:
        link.ask(read)
    return waits


def test_a_long_look_back_stays_below_the_limit(scripted: Scripted) -> None:
    """Sixty pages of income weigh 1,800: what is asked at once and what a minute of waiting lets through are 80 %."""
    scripted.answers["/fapi/v1/income"] = []
    waits = waits_of(scripted, "binanceusdm", [binanceusdm.INCOME] * QUESTIONS)
    at_once = [wait for wait in waits if wait < 0.1]
    paced = waits[len(at_once) :]
    assert waits == at_once + paced
    assert paced == pytest.approx([1.875] * len(paced))
    weight = binanceusdm.INCOME.weight
    assert len(at_once) * weight + 60.0 / paced[0] * weight == pytest.approx(0.8 * 2400)


def test_a_usual_minute_waits_for_nothing(scripted: Scripted) -> None:
    """Account and positions six times, income twice, the trades of ten symbols, and what comes every ten minutes."""
    scripted.answers |= {
        "/fapi/v3/account": {"totalMarginBalance": "1", "assets": []},
        "/api/v3/account": {"balances": []},
    }
    often, seldom = [binanceusdm.ACCOUNT, binanceusdm.POSITIONS] * 6, [binanceusdm.CONFIG, binanceusdm.SPOT]
    reads = [*often, *[binanceusdm.INCOME] * 2, *[binanceusdm.TRADES] * 10, *seldom]
    scripted.answers |= {read.wire: [] for read in reads if read.many}
    assert waits_of(scripted, "binanceusdm", reads) == pytest.approx([0.05] * len(reads))


def test_where_no_weight_is_counted_the_pace_is_that_of_ccxt(scripted: Scripted) -> None:
    """Bybit limits each question by itself."""
    scripted.answers["/v5/market/time"] = {"retCode": 0, "result": {"timeSecond": "1"}}
    assert waits_of(scripted, "bybit", [bybit.TIME] * QUESTIONS) == pytest.approx([0.02] * QUESTIONS)
