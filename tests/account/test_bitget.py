"""Bitget through a client: which kind of account it is, and what it tells where there is nothing to tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from scripted import BITGET_OK

from execution.account.answers import Figures, History, Instrument, Rights
from execution.account.failures import Failure, FailureKind
from execution.account.reading import read_account
from execution.account.venues.venue import Instruments

if TYPE_CHECKING:
    from scripted import Scripted

BTC = Instruments(
    {
        "BTCUSDT": Instrument("BTCUSDT", "BTC", "USDT", 1.0),
        "BTCPERP": Instrument("BTCPERP", "BTC", "USDC", 1.0),
        "BTCUSD": Instrument("BTCUSD", "BTC", "USD", 1.0, is_linear=False),
    }
)
ACCOUNTS, POSITIONS = "/api/v2/mix/account/accounts", "/api/v2/mix/position/all-position"
UNIFIED_ASSETS, UNIFIED_POSITIONS = "/api/v3/account/assets", "/api/v3/position/current-position"


def ok(data: Any) -> dict[str, Any]:
    """An answer of Bitget."""
    return BITGET_OK | {"data": data}


def refusal(code: str) -> tuple[int, dict[str, Any]]:
    """As an account of the other kind, or a wrong key, gets it."""
    return 400, {"code": code, "msg": "said by a test", "requestTime": 1, "data": None}


def equity(**said: Any) -> dict[str, Any]:
    """A unified account of 1,000 USD."""
    return ok({"accountEquity": "1000", "unrealisedPnl": "0", "imr": "0", "mmr": "0"} | said)


def is_classic(scripted: Scripted) -> None:
    """A classic account of 500 USD without positions."""
    account = {"marginCoin": "USDT", "accountEquity": "500", "unrealizedPL": "0"}
    scripted.answers |= {ACCOUNTS: ok([account]), POSITIONS: ok([])}


def is_unified(scripted: Scripted, code: str) -> None:
    """Everything of a classic account is refused with this code."""
    scripted.answers |= {ACCOUNTS: refusal(code), POSITIONS: refusal(code), "/api/v2/spot/account/info": refusal(code)}
    scripted.answers |= {UNIFIED_ASSETS: equity(), UNIFIED_POSITIONS: ok({"list": []})}


@pytest.mark.parametrize("code", ["40085", "40731"])
def test_a_unified_account_is_found_out_whatever_the_refusal(scripted: Scripted, code: str) -> None:
    """ccxt takes one of them for a key that is refused; the kind is found out once."""
    is_unified(scripted, code)
    link = scripted.link("bitget")
    for _ in range(2):
        assert read_account(link, BTC, time.time()).figures.nav_usd == 1000.0
    assert scripted.asked.count(ACCOUNTS) == 1


@pytest.mark.parametrize(("code", "kind"), [("40012", FailureKind.KEY), ("40085", FailureKind.KEY)])
def test_a_key_that_neither_kind_takes_is_refused(scripted: Scripted, code: str, kind: FailureKind) -> None:
    """In the words of the first question."""
    is_unified(scripted, code)
    scripted.answers[UNIFIED_ASSETS] = refusal("40037")
    with pytest.raises(Failure, match=code) as caught:
        read_account(scripted.link("bitget"), BTC, time.time())
    assert caught.value.kind is kind


def test_an_account_may_be_made_a_unified_one(scripted: Scripted) -> None:
    """The first refusal is told; then it is read as what it has become."""
    is_classic(scripted)
    link = scripted.link("bitget")
    assert read_account(link, BTC, time.time()).figures.nav_usd == 500.0
    is_unified(scripted, "40085")
    with pytest.raises(Failure, match="40085"):
        read_account(link, BTC, time.time())
    assert read_account(link, BTC, time.time()).figures == Figures(1000.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("permissions", "kind", "expected"),
    [
        (["uta_mgt", "uta_trade"], "read-only", Rights(can_withdraw=False, can_trade=False)),
        (["uta_trade"], "read-and-write", Rights(can_withdraw=False, can_trade=True)),
        (["uta_mgt"], "read-and-write", Rights(can_withdraw=True, can_trade=False)),
        (["withdraw"], "read-and-write", Rights(can_withdraw=True, can_trade=False)),
    ],
)
def test_the_rights_of_a_key_of_a_unified_account(
    scripted: Scripted, permissions: list[str], kind: str, expected: Rights
) -> None:
    """The classic question is refused there."""
    is_unified(scripted, "40085")
    scripted.answers["/api/v3/account/info"] = ok({"permissions": permissions, "permType": kind, "ips": "192.0.2.1"})
    link = scripted.link("bitget")
    assert link.venue.rights(link.ask) == expected


@pytest.mark.parametrize("empty", [[], None])
def test_an_empty_page_may_be_a_list_or_null(scripted: Scripted, empty: list[Any] | None) -> None:
    """In ten quiet minutes nothing was filled, paid or moved; a book without positions is empty."""
    is_classic(scripted)
    scripted.answers["/api/v2/mix/order/fills"] = ok({"fillList": empty, "endId": None})
    scripted.answers["/api/v2/mix/account/bill"] = ok({"bills": empty, "endId": None})
    classic, since_ms = scripted.link("bitget"), int(time.time() * 1000) - 600_000
    assert read_account(classic, BTC, time.time()).positions == []
    assert classic.venue.history(classic.ask, BTC, since_ms) == History([], [])
    assert classic.venue.transfers(classic.ask, since_ms) == []
    is_unified(scripted, "40085")
    scripted.answers |= {UNIFIED_POSITIONS: ok({"list": empty}), "/api/v3/trade/fills": ok({"list": empty})}
    unified = scripted.link("bitget")
    assert read_account(unified, BTC, time.time()).positions == []
    assert unified.venue.history(unified.ask, BTC, since_ms) == History([], [])


@pytest.mark.parametrize("data", [None, {}, [], {"list": {}}, {"list": "none"}])
def test_what_is_neither_a_list_nor_null_is_no_empty_book(scripted: Scripted, data: Any) -> None:
    """Half an answer is none."""
    is_unified(scripted, "40085")
    scripted.answers[UNIFIED_POSITIONS] = ok(data)
    with pytest.raises(Failure, match="answer not understood"):
        read_account(scripted.link("bitget"), BTC, time.time())


@pytest.mark.parametrize(
    ("category", "market", "symbol"), [("USDC-FUTURES", "BTCPERP", "BTCUSDC"), ("COIN-FUTURES", "BTCUSD", None)]
)
def test_a_unified_account_has_contracts_of_every_settlement(
    scripted: Scripted, category: str, market: str, symbol: str | None
) -> None:
    """All are in its equity: a book that lacks one is none."""
    leg = {
        "symbol": market, "posSide": "long", "holdMode": "one_way_mode", "total": "0.1", "avgPrice": "9",
        "markPrice": "9", "unrealisedPnl": "0",
    }  # fmt: skip
    is_unified(scripted, "40085")
    scripted.answers[UNIFIED_POSITIONS] = lambda query: ok({"list": [leg] if query["category"] == category else None})
    link = scripted.link("bitget")
    if symbol is None:
        with pytest.raises(Failure, match=f"{market} is no contract that is quoted and settled in US dollars"):
            read_account(link, BTC, time.time())
    else:
        assert [found.symbol for found in read_account(link, BTC, time.time()).positions] == [symbol]


def test_resting_orders_are_no_positions(scripted: Scripted) -> None:
    """Initial margin is bound by orders as well; what has to be maintained is of positions alone."""
    is_unified(scripted, "40085")
    scripted.answers[UNIFIED_ASSETS] = equity(imr="200")
    assert read_account(scripted.link("bitget"), BTC, time.time()).positions == []
    scripted.answers[UNIFIED_ASSETS] = equity(imr="200", mmr="20")
    with pytest.raises(Failure, match="no position is told, and the account has margin in positions"):
        read_account(scripted.link("bitget"), BTC, time.time())


@pytest.mark.parametrize("told", [{"assetMode": "union"}, {"assetMode": "UNION", "accountEquity": "-4767.74"}])
def test_an_account_whose_margin_is_many_coins_is_refused(scripted: Scripted, told: dict[str, Any]) -> None:
    """The equity of the USDT coin is not that of the account."""
    is_classic(scripted)
    account = {"marginCoin": "USDT", "accountEquity": "500", "unrealizedPL": "0", "assetMode": "single"}
    scripted.answers[ACCOUNTS] = ok([account])
    assert read_account(scripted.link("bitget"), BTC, time.time()).figures.nav_usd == 500.0
    scripted.answers[ACCOUNTS] = ok([account | told])
    with pytest.raises(Failure, match="several coins as margin"):
        read_account(scripted.link("bitget"), BTC, time.time())


@pytest.mark.parametrize(
    ("parts", "fees"),
    [
        ([("BGB", "-0.05"), ("USDT", "-0.3")], ((0.05, "BGB"), (0.3, "USDT"))),
        ([("USDT", "-0.1"), ("USDT", "-0.2")], ((pytest.approx(0.3), "USDT"),)),
        ([("", "0.02")], ((-0.02, "USDT"),)),
        ([], ()),
    ],
)
def test_each_part_of_a_fee_is_in_its_own_coin(
    scripted: Scripted, parts: list[tuple[str, str]], fees: tuple[tuple[float, str], ...]
) -> None:
    """Five hundredths of a coin and thirty cents are no 0.35 of either."""
    row = {
        "tradeId": "1", "orderId": "2", "symbol": "BTCUSDT", "price": "100000", "baseVolume": "0.01", "profit": "12",
        "side": "buy", "tradeSide": "close", "posMode": "hedge_mode", "tradeScope": "taker", "cTime": "1700000000000",
        "feeDetail": [{"feeCoin": coin, "totalFee": amount} for coin, amount in parts],
    }  # fmt: skip
    is_classic(scripted)
    scripted.answers["/api/v2/mix/order/fills"] = ok({"fillList": [row], "endId": "1"})
    scripted.answers["/api/v2/mix/account/bill"] = ok({"bills": None, "endId": None})
    link = scripted.link("bitget")
    (fill,) = link.venue.history(link.ask, BTC, int(time.time() * 1000) - 60_000).fills
    assert fill.fees == fees


def test_coins_have_the_names_of_the_exchange(scripted: Scripted) -> None:
    """Others have given some of them other names, under which no position is found again."""
    contract = {"symbol": "OMNIUSDT", "baseCoin": "OMNI", "quoteCoin": "USDT", "symbolType": "perpetual"}
    sizes = {"supportMarginCoins": ["USDT"], "sizeMultiplier": "0.1", "volumePlace": "1", "pricePlace": "2"}
    ends = {"priceEndStep": "1", "minTradeNum": "0.1", "symbolStatus": "normal"}
    scripted.answers["/api/v2/mix/market/contracts"] = ok([contract | sizes | ends])
    assert scripted.link("bitget").load_instruments()["OMNIUSDT"].symbol == "OMNIUSDT"
