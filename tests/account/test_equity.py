"""What the account block of an exchange means, asked for through a client: in each mode, and in none that is known."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from execution.account.answers import Figures, Instrument, NotUnderstoodError
from execution.account.failures import Failure
from execution.account.reading import read_account
from execution.account.venues.venue import Instruments

if TYPE_CHECKING:
    from scripted import Scripted

BTC = Instruments(
    {
        "BTCUSDT": Instrument("BTCUSDT", "BTC", "USDT", 1.0),
        "BTCUSDC": Instrument("BTCUSDC", "BTC", "USDC", 1.0),
    }
)


def asset(name: str, margin: float, pnl: float = 0.0, tied: float = 0.0) -> dict[str, str]:
    """A coin of Binance's account block."""
    told = {"marginBalance": margin, "unrealizedProfit": pnl, "positionInitialMargin": tied}
    return {"asset": name} | {key: str(value) for key, value in told.items()}


def binance_account(total: float, assets: list[dict[str, str]], **said: Any) -> dict[str, Any]:
    """The block with a total of margin; open PnL and tied margin are those of USDT."""
    totals = {"totalMarginBalance": str(total), "totalUnrealizedProfit": "0", "totalPositionInitialMargin": "0"}
    return totals | {"assets": assets, "positions": []} | said


DOLLARS = [asset("USDT", 100.0), asset("USDC", 48_800.0, -1200.0, 2000.0)]
BNB = asset("BNB", 2.0)
BINANCE = [
    # Single-asset mode: the totals are of USDT alone.
    (binance_account(100.0, DOLLARS), Figures(48_900.0, -1200.0, 2000.0)),
    (binance_account(100.0, [*DOLLARS, BNB], multiAssetsMargin=False), Figures(48_900.0, -1200.0, 2000.0)),
    (binance_account(0.0, [BNB]), Figures(0.0, 0.0, 0.0)),
    # Multi-assets mode: the totals are of everything, at market prices.
    (binance_account(48_880.0, DOLLARS), Figures(48_880.0, 0.0, 0.0)),
    (binance_account(50_090.0, [*DOLLARS, BNB]), Figures(50_090.0, 0.0, 0.0)),
    (binance_account(99.9, DOLLARS[:1], multiAssetsMargin=True), Figures(99.9, 0.0, 0.0)),
]


@pytest.mark.parametrize(("told", "expected"), BINANCE)
def test_the_equity_of_binance_has_every_coin_that_its_mode_counts(
    scripted: Scripted, told: dict[str, Any], expected: Figures
) -> None:
    """USDC is margin beside USDT; BNB is where all assets are."""
    scripted.answers["/fapi/v3/account"] = told
    link = scripted.link("binanceusdm")
    assert link.venue.figures(link.ask) == pytest.approx(expected)


@pytest.mark.parametrize(
    "told",
    [
        binance_account(1000.0, []),
        binance_account(1000.0, DOLLARS),
        binance_account(48_880.0, DOLLARS, multiAssetsMargin=False),
    ],
)
def test_totals_that_no_mode_explains_are_refused(scripted: Scripted, told: dict[str, Any]) -> None:
    """They are neither of USDT alone nor of all assets."""
    scripted.answers["/fapi/v3/account"] = told
    link = scripted.link("binanceusdm")
    with pytest.raises(NotUnderstoodError, match="the assets add up to something else"):
        link.venue.figures(link.ask)


def test_an_empty_book_is_held_against_every_coin(scripted: Scripted) -> None:
    """The margin is tied up in USDC."""
    scripted.answers |= {"/fapi/v3/account": binance_account(100.0, DOLLARS), "/fapi/v3/positionRisk": []}
    with pytest.raises(Failure, match="no position is told, and the account has margin in positions"):
        read_account(scripted.link("binanceusdm"), BTC, time.time())


@pytest.mark.parametrize(
    ("total", "moved"), [(100.0, [("USDC", 5000.0)]), (50_090.0, [("USDC", 5000.0), ("BNB", 2.0)])]
)
def test_what_is_not_in_the_equity_moves_no_peak(
    scripted: Scripted, total: float, moved: list[tuple[str, float]]
) -> None:
    """BNB comes into the equity where all assets are margin."""
    row = {"symbol": "", "incomeType": "TRANSFER", "time": 1}
    scripted.answers["/fapi/v3/account"] = binance_account(total, [*DOLLARS, BNB])
    scripted.answers["/fapi/v1/income"] = [
        row | {"asset": coin, "income": str(amount), "tranId": number}
        for number, (coin, amount) in enumerate((("USDC", 5000.0), ("BNB", 2.0)))
    ]
    link = scripted.link("binanceusdm")
    link.venue.figures(link.ask)
    assert [(found.asset, found.amount) for found in link.venue.transfers(link.ask, 0)] == moved


@pytest.mark.parametrize(
    ("margins", "mode"),
    [
        ({"isolatedMargin": "0", "isolatedWallet": "0"}, "cross"),
        ({"isolatedMargin": "20", "isolatedWallet": "25"}, "isolated"),
        ({"isolatedMargin": "-3.5", "isolatedWallet": "100"}, "isolated"),
    ],
)
def test_a_position_that_has_lost_its_margin_is_isolated_still(
    scripted: Scripted, margins: dict[str, str], mode: str
) -> None:
    """The mode does not follow from what is left."""
    leg = {
        "symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "0.1", "entryPrice": "9", "markPrice": "9",
        "unRealizedProfit": "0", "liquidationPrice": "0", "positionInitialMargin": "5",
    }  # fmt: skip
    scripted.answers["/fapi/v3/positionRisk"] = [leg | margins]
    link = scripted.link("binanceusdm")
    assert [found.margin_mode for found in link.venue.positions(link.ask, BTC)] == [mode]


@pytest.mark.parametrize("mark", [90_000.0, 84_000.0, 83_000.0, 79_600.0, 79_000.0])
def test_an_isolated_position_that_loses_is_read_until_its_end(scripted: Scripted, mark: float) -> None:
    """Its margin of 8,800 USD shrinks with the loss; what the account says it ties up does not."""
    pnl, tied = mark - 88_000.0, mark / 10.0
    told = asset("USDT", 30_000.0 + pnl, pnl, tied)
    leg = {
        "symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "1", "entryPrice": "88000", "markPrice": str(mark),
        "unRealizedProfit": str(pnl), "liquidationPrice": "79518", "isolatedMargin": str(8800.0 + pnl),
        "isolatedWallet": "8800", "positionInitialMargin": str(tied), "initialMargin": str(tied),
    }  # fmt: skip
    scripted.answers["/fapi/v3/account"] = binance_account(
        30_000.0 + pnl, [told], totalUnrealizedProfit=str(pnl), totalPositionInitialMargin=str(tied)
    )
    scripted.answers["/fapi/v3/positionRisk"] = [leg]
    reading = read_account(scripted.link("binanceusdm"), BTC, time.time())
    assert reading.figures.nav_usd == 30_000.0 + pnl
    assert [(found.margin_usd, found.margin_mode) for found in reading.positions] == [(tied, "isolated")]


def test_what_a_delisted_contract_has_paid_stays(scripted: Scripted) -> None:
    """It is in no list of markets any more; an open position in it is another matter."""
    paid = {"symbol": "GONEUSDT", "income": "-1", "asset": "USDT", "time": 1}
    trade = {
        "symbol": "GONEUSDT", "id": 1, "orderId": 2, "side": "BUY", "price": "9", "qty": "2", "realizedPnl": "0",
        "commission": "0.1", "commissionAsset": "USDT", "time": 1, "positionSide": "BOTH",
    }  # fmt: skip
    kinds = ("FUNDING_FEE", "COMMISSION")
    scripted.answers["/fapi/v1/income"] = [
        paid | {"incomeType": kind, "tranId": number} for number, kind in enumerate(kinds)
    ]
    scripted.answers["/fapi/v1/userTrades"] = [trade]
    scripted.answers["/fapi/v3/positionRisk"] = [{"symbol": "GONEUSDT", "positionSide": "BOTH", "positionAmt": "2"}]
    link = scripted.link("binanceusdm")
    history = link.venue.history(link.ask, BTC, 0)
    assert [found.amount_usd for found in history.funding] == [-1.0]
    assert [(found.symbol, found.qty) for found in history.fills] == [("GONEUSDT", 2.0)]
    with pytest.raises(NotUnderstoodError, match="'GONEUSDT' is not among the markets"):
        link.venue.positions(link.ask, BTC)
