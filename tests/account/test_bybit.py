"""Bybit through a client: contracts that are in the equity and not in the book."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from scripted import BYBIT_OK

from execution.account.answers import Instrument
from execution.account.check import Finding, Verdict, check_account
from execution.account.failures import Failure
from execution.account.reading import read_account
from execution.account.venues.venue import Instruments

if TYPE_CHECKING:
    from scripted import Scripted

BTC = Instruments({"BTCUSDT": Instrument("BTCUSDT", "BTC", "USDT", 1.0)})
LEG = {
    "positionIdx": 0, "symbol": "BTCUSDT", "side": "Buy", "size": "0.1", "avgPrice": "100000", "markPrice": "100000",
    "unrealisedPnl": "0", "leverage": "10", "liqPrice": "", "positionIM": "1200", "tradeMode": 0,
}  # fmt: skip
MARKET = {
    "symbol": "BTCUSDT", "contractType": "LinearPerpetual", "status": "Trading", "baseCoin": "BTC", "quoteCoin": "USDT",
    "settleCoin": "USDT", "launchTime": "1585526400000", "deliveryTime": "0", "priceScale": "2", "leverageFilter": {},
    "priceFilter": {"tickSize": "0.10"}, "lotSizeFilter": {"qtyStep": "0.001"},
}  # fmt: skip
COINS = [
    {"coin": "BTC", "equity": "0.05", "usdValue": "5000", "totalPositionIM": "0.008"},
    {"coin": "USDT", "equity": "5000", "usdValue": "5000", "totalPositionIM": "1200"},
]


def has(scripted: Scripted, **books: list[dict[str, Any]] | int) -> None:
    """An account of 10,000 USD with these positions by category, or the code with which they are refused."""

    def told(query: dict[str, Any]) -> Any:
        book = books.get(query["category"], []) if query.get("settleCoin") != "USDC" else []
        if isinstance(book, int):
            return {"retCode": book, "retMsg": "said by a test"}
        return BYBIT_OK | {"result": {"list": book, "nextPageCursor": ""}}

    account = {"accountType": "UNIFIED", "totalEquity": "10000", "totalPerpUPL": "0", "coin": COINS}
    scripted.answers["/v5/position/list"] = told
    scripted.answers["/v5/account/wallet-balance"] = BYBIT_OK | {"result": {"list": [account]}}


@pytest.mark.parametrize(("category", "symbol"), [("inverse", "BTCUSD"), ("option", "BTC-26DEC26-90000-C")])
def test_a_book_that_lacks_an_open_contract_is_none(scripted: Scripted, category: str, symbol: str) -> None:
    """Its margin is a small part of all, and its exposure may be any; a row of size 0 is nothing that is open."""
    link = scripted.link("bybit")
    has(scripted, linear=[LEG], **{category: [{"symbol": symbol, "size": "0"}]})
    assert len(read_account(link, BTC, time.time()).positions) == 1
    has(scripted, linear=[LEG], **{category: [{"symbol": symbol, "size": "800"}]})
    with pytest.raises(Failure, match=rf"a position in {symbol} \({category}\) is open, and is not read"):
        read_account(link, BTC, time.time())


@pytest.mark.parametrize("code", [10005, 10001])
def test_contracts_that_the_key_may_not_see_are_said(scripted: Scripted, code: int) -> None:
    """The rest goes on, and they are not asked for at every cycle."""
    link = scripted.link("bybit")
    has(scripted, linear=[LEG], option=code)
    for _ in range(3):
        assert len(read_account(link, BTC, time.time()).positions) == 1
    assert link.venue.unseen == "option contracts are refused to this key; open ones are not in it"
    scripted.answers["/v5/market/instruments-info"] = BYBIT_OK | {"result": {"category": "linear", "list": [MARKET]}}
    assert Finding(Verdict.WARN, str(link.venue.unseen)) in list(check_account(link))
    # Two currencies and the inverse contracts each time, the options once.
    assert scripted.asked.count("/v5/position/list") == 13


def test_a_refusal_of_what_is_read_is_none_of_the_others(scripted: Scripted) -> None:
    """Then nothing is known of the book."""
    has(scripted, linear=10005)
    with pytest.raises(Failure, match="10005"):
        read_account(scripted.link("bybit"), BTC, time.time())
