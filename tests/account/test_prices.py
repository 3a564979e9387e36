"""Transfers and fees in coins: where the exchange has a price it is found, and where it has none nothing is held up."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from scripted import BYBIT_OK

from execution.account.fake import bybit
from execution.account.fake.world import START_PRICES, begin_world
from execution.account.source import AccountSource
from execution.storage.writer_lock import release_writers
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scripted import Scripted

LOG, TICKERS, EXECUTIONS = "/v5/account/transaction-log", "/v5/market/tickers", "/v5/execution/list"
PATHS = (
    "/v5/account/wallet-balance", "/v5/position/list", EXECUTIONS, "/v5/position/closed-pnl", LOG,
    "/v5/market/kline", "/v5/market/instruments-info", TICKERS,
)  # fmt: skip


class Desk:
    """A source of a Bybit account as the fake exchange has it, save for what a test writes down."""

    def __init__(self, scripted: Scripted, log_dir: Path) -> None:
        self.scripted, self.log_dir, self.now_s = scripted, log_dir, time.time()
        world = begin_world(self.now_s)

        def told(path: str) -> Callable[[dict[str, Any]], Any]:
            return lambda query: bybit.answer(world, path, query, set())

        scripted.answers |= {path: told(path) for path in PATHS}
        scripted.answers["/v5/market/time"] = lambda _: (
            BYBIT_OK
            | {
                "time": round(time.time() * 1000),
                "result": {"timeSecond": str(int(time.time()))},
            }
        )
        self.source = AccountSource(scripted.link("bybit"), log_dir, "fake", self.now_s)

    def cycle(self, times: int) -> dict[str, Any]:
        """So many cycles of ten seconds; the risk snapshot."""
        for _ in range(times):
            self.now_s += 10.0
            self.source.cycle(self.now_s)
        found: dict[str, Any] = json.loads((self.log_dir / "state" / surfaces.RISK_SNAPSHOT).read_text())
        return found

    def transfer(self, coin: str) -> None:
        """Half a coin comes in."""
        row = {"id": "t", "currency": coin, "change": "0.5", "transactionTime": str(round(self.now_s * 1000))}

        def told(query: dict[str, Any]) -> Any:
            found = [row | {"type": "TRANSFER_IN"}] if query["type"] == "TRANSFER_IN" else []
            return BYBIT_OK | {"result": {"list": found, "nextPageCursor": ""}}

        self.scripted.answers[LOG] = told

    def asked(self, path: str, cycles: int) -> int:
        """How often in so many cycles."""
        self.scripted.asked.clear()
        self.cycle(cycles)
        return self.scripted.asked.count(path)


@pytest.fixture
def desk(scripted: Scripted, tmp_path: Path) -> Iterator[Desk]:
    """It has told an account."""
    release_writers()
    found = Desk(scripted, tmp_path)
    found.cycle(2)
    yield found
    found.source.close(found.now_s)
    release_writers()


def test_a_transfer_in_a_coin_is_worth_its_price(desk: Desk) -> None:
    """The exchange has a market for it, though none of it lies in a wallet; that is asked for once."""
    before_usd = desk.source.peak.peak_usd
    desk.transfer("BTC")
    assert desk.asked(TICKERS, 30) == 1
    assert "drawdown" not in desk.cycle(1)["anomalies"]
    assert desk.source.peak.peak_usd == pytest.approx(before_usd + 0.5 * START_PRICES["BTCUSDT"], rel=0.1)


def test_a_transfer_in_a_coin_without_a_market_is_said_and_over(desk: Desk) -> None:
    """The drawdown is known again, and neither transfers nor prices are asked for more often."""
    desk.transfer("XYZ")
    risk = desk.cycle(12)
    assert risk["anomalies"]["drawdown"].endswith("a transfer in XYZ has no price")
    assert desk.source.view.drawdown is not None
    assert desk.source.view.troubles == {}
    # In and out are a question each, every minute.
    assert desk.asked(LOG, 60) == 20
    assert desk.asked(TICKERS, 60) <= 2


def test_prices_that_are_not_told_are_waited_for(desk: Desk) -> None:
    """Whether there is one is not known then: the drawdown is unknown, and asked for once a minute."""
    desk.transfer("BTC")
    right = desk.scripted.answers[TICKERS]
    desk.scripted.answers[TICKERS] = (503, "<html>")
    assert desk.asked(LOG, 60) in range(18, 25)
    assert desk.source.view.drawdown is None
    assert desk.source.view.troubles["transfers"] == "no answer (HTTP 503)"
    desk.scripted.answers[TICKERS] = right
    risk = desk.cycle(12)
    assert desk.source.view.drawdown is not None
    assert "drawdown" not in risk["anomalies"]


@pytest.mark.parametrize(("coin", "is_known"), [("BTC", True), ("MNT", False)])
def test_a_fee_in_a_coin_holds_up_nothing(desk: Desk, coin: str, is_known: bool) -> None:
    """Without a price the fees of the week are unknown, and the fills go on."""
    right = desk.scripted.answers[EXECUTIONS]

    def told(query: dict[str, Any]) -> Any:
        found = right(query)
        newest = found["result"]["list"][0] | {"execId": "new", "execFee": "0.5", "feeCurrency": coin}
        found["result"]["list"] = [newest | {"execType": "Trade", "orderId": "new"}, *found["result"]["list"][1:]]
        return found

    desk.scripted.answers[EXECUTIONS] = told
    risk = desk.cycle(12)
    assert "fills" not in desk.source.view.troubles
    assert (risk["fee_pnl"]["fees"] is not None, "fees" not in risk["anomalies"]) == (is_known, is_known)
