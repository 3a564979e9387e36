"""What exchanges answered, against figures worked out by hand from the raw answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from recorded import FILES, MARKETS, answer

from execution.account.answers import Close, Figures, Fill, Funding, NotUnderstoodError, Transfer
from execution.account.venues import (
    binance_equity,
    binanceusdm,
    bitget_answers,
    bybit_answers,
    gate,
    hyperliquid,
    hyperliquid_ledger,
)
from execution.surfaces.positions import Position

POSITIONS = {
    "binance/fetchPositions-1": (
        binanceusdm.read_positions,
        [
            Position(
                "BTCUSDT", "BOTH", 0.009, 67445.9, 67502.68519858, 0.51106678, None, 64846.9875379, 7.59405208, "cross"
            )
        ],
        [607.52416679],
    ),
    "binance/fetchPositions-2": (
        binanceusdm.read_positions,
        [Position("BTCUSDT", "BOTH", 0.009, 67445.9, 67582.2, 1.2267, None, 64846.78939917, 7.60299749, "cross")],
        [608.2398],
    ),
    "bybit/fetchPosition-1": (bybit_answers.read_positions, [], []),
    # Its own value of the position is at the entry price; the notional here is at the mark: 1.2 x 71.1.
    "bybit/fetchPositions-1": (
        bybit_answers.read_positions,
        [Position("LTCUSDT", "BOTH", 1.2, 64.59947917, 71.1, 7.800625, 6.0, None, 12.95542633, None)],
        [85.32],
    ),
    "hyperliquid/fetchPositions-1": (
        hyperliquid.read_positions,
        [
            Position("SOLUSDC", "BOTH", 3.34, 112.0945, 138.91, 89.563507, 20.0, None, 23.19797, "cross"),
            Position("ETHUSDC", "BOTH", 3.6, 1100.0, 3803.9, 9734.04, 20.0, None, 684.702, "cross"),
        ],
        [463.9594, 13694.04],
    ),
    "hyperliquid/fetchPositions-2": (
        hyperliquid.read_positions,
        [
            Position("SOLUSDC", "BOTH", -0.5, 138.76, 137.96, 0.4, 20.0, 22881.19788911, 3.449, "cross"),
            Position("ETHUSDC", "BOTH", 1.6, 1100.0, 2387.0, 2059.2, 20.0, None, 190.96, "cross"),
        ],
        [68.98, 3819.2],
    ),
    "bitget/fetchPosition-1": (
        bitget_answers.read_positions,
        [Position("BTCUSDT", "LONG", 0.001, 107410.3, 107415.3, 0.0047, 20.0, None, 5.435199, "cross")],
        [107.4153],
    ),
    "bitget/fetchPosition-2": (bitget_answers.read_positions, [], []),
    "bitget/fetchPositions-1": (
        bitget_answers.read_positions,
        [Position("LTCUSDT", "LONG", 0.1, 72.66, 72.62, -0.004, 5.0, None, 1.4532, "cross")],
        [7.262],
    ),
    "bitget/fetchPositions-2": (
        bitget_answers.read_positions,
        [Position("BTCUSDT", "BOTH", 0.001, 115085.6, 115085.6, 0.0, 20.0, None, 5.82333136, "cross")],
        [115.0856],
    ),
    # One contract is 0.1 LTC.
    "gate/fetchPositions-1": (
        gate.read_positions,
        [Position("LTCUSDT", "BOTH", 0.1, 74.35, 74.43, 0.008, 5.0, 60.07, 1.49257625, "isolated")],
        [7.443],
    ),
}


def read_binance_figures(raw: Any) -> Figures:
    """Without the coins that are in them."""
    return binance_equity.read_equity(raw).figures


FIGURES = {
    "binance/fetchBalance-1": (read_binance_figures, Figures(31.022612, 0.0, 0.0)),
    "hyperliquid/fetchBalance-1": (hyperliquid.read_figures, Figures(20.454862, 0.0, 0.0)),
    "bitget/fetchBalance-1": (bitget_answers.read_unified_figures, Figures(368444.3177744, 0.0, 0.0)),
    "bitget/fetchMarginMode-1": (bitget_answers.read_figures, Figures(19.88811074, 0.0, None)),
}


def read_unified_bitget(raw: Any, markets: Any) -> list[Fill]:
    """The list inside the answer."""
    return bitget_answers.read_unified_fills(raw["data"]["list"], markets)


FILLS = {
    "binance/fetchMyTrades-1": (
        binanceusdm.read_fills,
        [
            Fill(
                "90000000000",
                "3524852987",
                "BTCUSDT",
                "BUY",
                36567.1,
                0.01,
                0.1462684,
                "USDT",
                1699972836.419,
                False,
                0.0,
            )
        ],
    ),
    "bybit/fetchMyTrades-2": (
        bybit_answers.read_fills,
        [
            Fill(
                "751c8dba-bdeb-5d0c-9dd3-dda6bf98cdaf",
                "c18b72e4-1bf7-4c30-9b99-ba3274066029",
                "LTCUSDT",
                "BUY",
                85.11,
                0.1,
                0.00468105,
                "USDT",
                1710762918.390,
                False,
            )
        ],
    ),
    "bybit/fetchFundingHistory-1": (bybit_answers.read_fills, []),
    # 24.24 USD at 0.0432 % is 0.010473, and 0.002424 of a builder make the 0.012896 that are told: they are in it.
    # The trade of CRCL is on a deployment of others, with an account of its own.
    "hyperliquid/fetchMyTrades-1": (
        hyperliquid.read_fills,
        [
            Fill(
                "90000000001",
                "90000000000",
                "HYPEUSDC",
                "BUY",
                33.209,
                0.73,
                0.012896,
                "USDC",
                1770458548.926,
                False,
                0.0,
            ),
            Fill(
                "90000000005",
                "90000000004",
                "HYPEUSDC",
                "SELL",
                21.147,
                5.2,
                0.047504,
                "USDC",
                1768931202.995,
                False,
                -46.0356,
            ),
            Fill(
                "90000000007",
                "90000000006",
                "HYPEUSDC",
                "SELL",
                25.585,
                1.0,
                0.01361,
                "USDC",
                1768713164.026,
                False,
                -4.415,
            ),
        ],
    ),
    "hyperliquid/fetchMyTrades-2": (
        hyperliquid.read_fills,
        [
            Fill(
                "90000000001",
                "90000000000",
                "SOLUSDC",
                "BUY",
                132.31,
                0.5,
                0.023154,
                "USDC",
                1709643346.297,
                False,
                0.0,
            )
        ],
    ),
    # 10.70 USD at 0.06 % paid: above zero.
    "bitget/fetchMyTrades-2": (
        read_unified_bitget,
        [
            Fill(
                "1322441401010528257",
                "1322441400976261120",
                "BTCUSDT",
                "SELL",
                107005.4,
                0.0001,
                0.00642032,
                "USDT",
                1751020520.451,
                False,
                0.00017,
            ),
            Fill(
                "1322441328600064001",
                "1322441328569991168",
                "BTCUSDT",
                "BUY",
                107003.7,
                0.0001,
                0.00642022,
                "USDT",
                1751020503.187,
                False,
                0.0,
            ),
        ],
    ),
    "gate/fetchMyTrades-1": (
        gate.read_fills,
        [Fill("29768497", "402052804778", "LTCUSDT", "SELL", 68.42, 0.1, 0.003421, "USDT", 1705950365.664, False)],
    ),
}

FUNDING = {
    # Paid.
    "binance/fetchFundingHistory-1": (
        binanceusdm.read_funding,
        [Funding("8082457372019390060:BTCUSDT", "BTCUSDT", -0.04618913, 1707465600.0)],
    ),
    # Long at a rate below zero receives, at one above zero pays: the signs there are the other way round.
    "bybit/fetchFundingHistory-1": (
        bybit_answers.read_funding,
        [
            Funding("89102b18-96c4-42d2-bc26-131699036635", "LTCUSDT", 0.00708126, 1710921600.0),
            Funding("c88057b1-d3b3-4a19-861a-ae79a8762796", "LTCUSDT", -0.0007797, 1710892800.0),
        ],
    ),
}

SPOT = {
    "binance/fetchBalance-2": (binanceusdm.read_spot, {"LTC": 0.919741, "ETH": 0.02229833}),
    "bitget/fetchBalance-2": (
        bitget_answers.read_spot,
        {"BGB": 1.15, "USDT": 23.35159289, "LTC": 0.2232616, "TRX": 154.8660789, "FON": 2.997},
    ),
    "hyperliquid/fetchBalance-2": (
        hyperliquid.read_spot,
        {"USDC": 1.2908594, "HYPE": 4.43762752, "ETH": 0.003397716, "SOL": 0.07894692, "USDH": 0.00621736},
    ),
    "hyperliquid/fetchBalance-3": (hyperliquid.read_spot, {"USDC": 50.0}),
}

# Tried below one by one; open orders are nothing that is asked for.
OTHERS = {
    "binance/fetchMarginMode-1",
    "binance/fetchMyTrades-2",
    "binance/fetchOHLCV-1",
    "binance/fetchPositions-4",
    "bybit/fetchLedger-1",
    "bybit/fetchPositionHistory-1",
    "hyperliquid/fetchDeposits-1",
}
ORDERS = {name for name in FILES if "OpenOrder" in name}


def test_no_recorded_answer_is_left_out() -> None:
    """A file that is added has to be read by something."""
    assert {*POSITIONS, *FIGURES, *FILLS, *FUNDING, *SPOT, *OTHERS, *ORDERS} == set(FILES)


@pytest.mark.parametrize("name", POSITIONS)
def test_positions(name: str) -> None:
    """Signed coins, side, prices, PnL, leverage, liquidation, margin; the notional at the mark."""
    read, expected, notionals = POSITIONS[name]
    found = read(answer(name), MARKETS[name.split("/", maxsplit=1)[0]])
    for leg, wanted in zip(found, expected, strict=True):
        assert leg.mark_price == pytest.approx(wanted.mark_price, rel=1e-12)
        assert leg == replace(wanted, mark_price=leg.mark_price)
    assert [leg.notional_usd for leg in found] == pytest.approx(notionals)


@pytest.mark.parametrize("name", FIGURES)
def test_figures(name: str) -> None:
    """Equity, open PnL and what the positions tie up."""
    read, expected = FIGURES[name]
    assert read(answer(name)) == expected


@pytest.mark.parametrize("name", FILLS)
def test_fills(name: str) -> None:
    """A fee that was paid is above zero; funding is no fill."""
    read, expected = FILLS[name]
    assert read(answer(name), MARKETS[name.split("/", maxsplit=1)[0]]) == expected


@pytest.mark.parametrize("name", FUNDING)
def test_funding(name: str) -> None:
    """What was paid is below zero, at every exchange."""
    read, expected = FUNDING[name]
    assert read(answer(name), MARKETS[name.split("/", maxsplit=1)[0]]) == expected


@pytest.mark.parametrize("name", SPOT)
def test_spot_wallets(name: str) -> None:
    """Free and bound coins together, under the names they have elsewhere."""
    read, expected = SPOT[name]
    assert read(answer(name)) == pytest.approx(expected)


def test_leverage_and_candles() -> None:
    """Binance tells the leverage apart from the position."""
    assert binanceusdm.read_leverages(answer("binance/fetchMarginMode-1")) == {"BTCUSDT": 20.0}
    assert binanceusdm.read_candles(answer("binance/fetchOHLCV-1")) == [71481.9, 70459.4, 70459.4]


def test_a_contract_that_pays_in_coins_is_not_taken_for_dollars() -> None:
    """Three contracts of 100 USD each are no three BTC."""
    with pytest.raises(NotUnderstoodError, match="BTCUSD_PERP is no contract that is quoted and settled in US dollars"):
        binanceusdm.read_positions(answer("binance/fetchPositions-4"), MARKETS["binance"])


def test_a_trade_of_spot_is_no_fill_of_futures() -> None:
    """It has the same market name, and no side of that form."""
    with pytest.raises(NotUnderstoodError, match="side is None"):
        binanceusdm.read_fills(answer("binance/fetchMyTrades-2"), MARKETS["binance"])


def test_closes_and_transfers() -> None:
    """PnL before fees: 0.001 x (55563 - 55937.5); a settlement is no transfer; a withdrawal takes its fee along."""
    (close,) = bybit_answers.read_closes(answer("bybit/fetchPositionHistory-1"), MARKETS["bybit"])
    assert close.pnl_usd == pytest.approx(-0.3745)
    assert close == Close(
        close.close_id, "bcb03fc1-6bfe-4464-954c-4b017aea5286", "BTCUSDT", 0.001, close.pnl_usd, 1724408566.765
    )
    assert bybit_answers.read_transfers(answer("bybit/fetchLedger-1")) == []
    moved = hyperliquid_ledger.read_transfers(answer("hyperliquid/fetchDeposits-1"), "0x" + "0" * 40)
    assert [(transfer.amount, transfer.at_s) for transfer in moved] == [
        (-10.0, 1725369558.702),
        (4.0, 1725278637.122),
        (105.0, 1719366450.777),
    ]
    assert isinstance(moved[0], Transfer)
