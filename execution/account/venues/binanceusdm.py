"""Binance USDT-margined futures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from execution.account.answers import Fill, Funding, History, NotUnderstoodError, Rights, Transfer
from execution.account.fields import Row, block, number, optional, positive, rows, seconds, text
from execution.account.venues.binance_equity import read_equity
from execution.account.venues.venue import CANDLES, Read, Venue, pick_prices, signed
from execution.surfaces.positions import Position

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from execution.account.answers import Figures, Instrument
    from execution.account.venues.venue import Ask, Instruments

PAGE = 1000
MOST_PAGES = 200

ACCOUNT = Read(("fapiPrivateV3",), "account", "/fapi/v3/account", 5, ("totalMarginBalance", "assets"))
POSITIONS = Read(("fapiPrivateV3",), "positionRisk", "/fapi/v3/positionRisk", 5, ("symbol", "positionAmt"), many=True)
INCOME = Read(("fapiPrivate",), "income", "/fapi/v1/income", 30, ("incomeType", "income", "time"), many=True)
TRADES = Read(("fapiPrivate",), "userTrades", "/fapi/v1/userTrades", 5, ("orderId", "qty", "price"), many=True)
CONFIG = Read(("fapiPrivate",), "symbolConfig", "/fapi/v1/symbolConfig", 5, ("symbol", "leverage"), many=True)
KLINES = Read(("fapiPublic",), "klines", "/fapi/v1/klines", 2, many=True)
TIME = Read(("fapiPublic",), "time", "/fapi/v1/time", 1, ("serverTime",))
MARKETS = Read(("fapiPublic",), "exchangeInfo", "/fapi/v1/exchangeInfo", 1, ("symbols",))
RIGHTS = Read(("sapi",), "account/apiRestrictions", "/sapi/v1/account/apiRestrictions", 1, ("enableReading",))
SPOT = Read(("private",), "account", "/api/v3/account", 20, ("balances",))
TICKERS = Read(("public",), "ticker/price", "/api/v3/ticker/price", 4, ("symbol", "price"), many=True)

# What the futures account gets from, or gives to, elsewhere; anything else is earned or spent in it.
TRANSFER_TYPES = frozenset(
    {"TRANSFER", "INTERNAL_TRANSFER", "CROSS_COLLATERAL_TRANSFER", "STRATEGY_UMFUTURES_TRANSFER", "COIN_SWAP_DEPOSIT",
     "COIN_SWAP_WITHDRAW", "WELCOME_BONUS"}
)  # fmt: skip
TRADE_TYPES = frozenset({"COMMISSION", "REALIZED_PNL"})


class BinanceUsdm(Venue):
    """fapi. The spot wallet and the rights of the key are on hosts of spot; those of testnet know other keys."""

    name = "binanceusdm"
    environments = ("live", "demo", "testnet")
    options = {"fetchMargins": False, "disableFuturesSandboxWarning": True, "fetchMarkets": {"types": ["linear"]}}  # noqa: RUF012
    market_reads = (MARKETS,)
    reads = (ACCOUNT, POSITIONS, INCOME, TRADES, CONFIG, KLINES, TIME, RIGHTS, SPOT, TICKERS)
    spot_apart = ("testnet",)
    weight_limit = 2400

    def __init__(self) -> None:
        """Which coins its equity has in it shows at the first question; None for all."""
        self.counted: frozenset[str] | None = None

    def figures(self, ask: Ask) -> Figures:
        """Equity in USD, open PnL included."""
        found, self.counted = read_equity(ask(ACCOUNT))
        return found

    def positions(self, ask: Ask, markets: Instruments) -> list[Position]:
        """One-way or hedged, as each row says."""
        return read_positions(ask(POSITIONS), markets)

    def history(self, ask: Ask, markets: Instruments, since_ms: int) -> History:
        """Trades are told by symbol: those in whose name something was paid since then are asked for."""
        income = list(_pages(ask, INCOME, {}, since_ms))
        traded = {str(row["symbol"]) for row in income if row.get("incomeType") in TRADE_TYPES and row.get("symbol")}
        trades = [row for market in sorted(traded) for row in _pages(ask, TRADES, {"symbol": market}, since_ms)]
        return History(read_fills(trades, markets), read_funding(income, markets))

    def transfers(self, ask: Ask, since_ms: int) -> list[Transfer]:
        """From the income history, which has several types of them; a coin that is not in the equity moves nothing."""
        found = read_transfers(list(_pages(ask, INCOME, {}, since_ms)))
        return [moved for moved in found if self.counted is None or moved.asset in self.counted]

    def rights(self, ask: Ask) -> Rights:
        """What the key's own settings say."""
        return read_rights(ask(RIGHTS))

    def clock_ms(self, ask: Ask) -> float:
        """Of the futures exchange."""
        return number(block(ask(TIME)), "serverTime")

    def candles(self, ask: Ask, instrument: Instrument) -> list[float]:
        """The last 500."""
        return read_candles(ask(KLINES, {"symbol": instrument.market_id, "interval": "5m", "limit": CANDLES}))

    def leverages(self, ask: Ask, symbols: Sequence[str]) -> dict[str, float]:  # noqa: ARG002
        """By the exchange's own name of the market, which is base and quote."""
        return read_leverages(ask(CONFIG))

    def spot(self, ask: Ask) -> dict[str, float] | None:
        """The spot wallet has a host of its own."""
        return read_spot(ask(SPOT))

    def prices(self, ask: Ask, coins: Collection[str]) -> dict[str, float]:
        """Last prices of spot."""
        return pick_prices(rows(ask(TICKERS)), "symbol", "price", coins)


def read_positions(raw: object, markets: Instruments) -> list[Position]:
    """Of /fapi/v3/positionRisk; rows of quantity 0 are no position."""
    return [_read_position(row, markets) for row in rows(raw) if number(row, "positionAmt") != 0]


def _read_position(row: Row, markets: Instruments) -> Position:
    side = text(row, "positionSide")
    amount = number(row, "positionAmt")
    # Losses may have used up more than the margin that was set aside.
    is_isolated = bool(optional(row, "isolatedMargin") or optional(row, "isolatedWallet"))
    instrument = markets.linear(text(row, "symbol"))
    contracts = amount if side == "BOTH" else signed(amount, short=side == "SHORT")
    return Position(
        symbol=instrument.symbol,
        position_side=side,
        qty=contracts * instrument.contract_size,
        entry_price=number(row, "entryPrice"),
        mark_price=number(row, "markPrice"),
        unrealized_usd=number(row, "unRealizedProfit"),
        leverage=positive(row, "leverage"),
        liquidation_price=positive(row, "liquidationPrice"),
        # As in the account's total. What is left of an isolated margin shrinks with the loss, and is no part of that.
        margin_usd=positive(row, "positionInitialMargin", "initialMargin"),
        margin_mode="isolated" if is_isolated else "cross",
    )


def read_fills(raw: object, markets: Instruments) -> list[Fill]:
    """Of /fapi/v1/userTrades."""
    found = []
    for row in rows(raw):
        instrument = markets.past(text(row, "symbol"))
        fill = Fill(
            fill_id=text(row, "id"),
            order_id=text(row, "orderId"),
            symbol=instrument.symbol,
            side=text(row, "side").upper(),
            price=number(row, "price"),
            qty=number(row, "qty") * instrument.contract_size,
            fee=number(row, "commission"),
            fee_asset=text(row, "commissionAsset"),
            at_s=seconds(row, "time"),
            is_maker=row.get("maker") is True,
            realized_usd=number(row, "realizedPnl"),
            position_side=text(row, "positionSide"),
        )
        found.append(fill)
    return found


def read_funding(raw: object, markets: Instruments) -> list[Funding]:
    """Of /fapi/v1/income."""
    return [
        Funding(
            f"{row.get('tranId')}:{row.get('symbol')}",
            markets.past(text(row, "symbol")).symbol,
            number(row, "income"),
            seconds(row, "time"),
        )
        for row in rows(raw)
        if row.get("incomeType") == "FUNDING_FEE"
    ]


def read_transfers(raw: object) -> list[Transfer]:
    """Of /fapi/v1/income."""
    return [
        # The number is one of its kind alone.
        Transfer(
            f"{row['incomeType']}:{text(row, 'tranId')}",
            text(row, "asset"),
            number(row, "income"),
            seconds(row, "time"),
        )
        for row in rows(raw)
        if row.get("incomeType") in TRANSFER_TYPES
    ]


def read_leverages(raw: object) -> dict[str, float]:
    """Of /fapi/v1/symbolConfig."""
    return {text(row, "symbol"): number(row, "leverage") for row in rows(raw)}


def read_candles(raw: object) -> list[float]:
    """Of /fapi/v1/klines: the fifth column is the close."""
    candles = raw if isinstance(raw, list) else None
    return [number({"close": candle[4]}, "close") for candle in candles or [] if isinstance(candle, list)]


def read_spot(raw: object) -> dict[str, float]:
    """Of /api/v3/account: free and locked coins, none of 0."""
    held = {text(row, "asset"): number(row, "free") + number(row, "locked") for row in rows(raw, "balances")}
    return {asset: qty for asset, qty in held.items() if qty}


def read_rights(raw: object) -> Rights:
    """Of /sapi/v1/account/apiRestrictions."""
    said = block(raw)
    moves = ("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer")
    trades = (
        "enableFutures",
        "enableSpotAndMarginTrading",
        "enableMargin",
        "enableVanillaOptions",
        "enablePortfolioMarginTrading",
    )
    note = "" if said.get("ipRestrict") is True else "the key is not bound to an address"
    return Rights(any(said.get(name) is True for name in moves), any(said.get(name) is True for name in trades), note)


def _pages(ask: Ask, read: Read, params: dict[str, Any], since_ms: int) -> Iterator[Row]:
    """Oldest first, a thousand a page; a week at most is told."""
    for _ in range(MOST_PAGES):
        page = rows(ask(read, params | {"startTime": since_ms, "limit": PAGE}))
        yield from page
        if len(page) < PAGE:
            return
        newest_ms = int(number(page[-1], "time"))
        # A page of one millisecond alone would come again for ever.
        since_ms = max(newest_ms, since_ms + 1)
    raise NotUnderstoodError(f"{read.wire} has more than {MOST_PAGES} pages")
