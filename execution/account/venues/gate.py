"""Gate, futures that are settled in USDT; it counts contracts, not coins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from execution.account.answers import Close, Figures, Fill, Funding, History, NotUnderstoodError, Rights, Transfer
from execution.account.fields import Row, block, number, optional, positive, rows, text
from execution.account.venues.venue import CANDLE_MINUTES, CANDLES, Read, Venue, pick_prices, signed
from execution.surfaces.positions import Position

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from execution.account.answers import Instrument
    from execution.account.venues.venue import Ask, Instruments

PAGE = 100
MOST_PAGES = 200
SETTLE = {"settle": "usdt"}
SIDES = {"single": "BOTH", "dual_long": "LONG", "dual_short": "SHORT"}


def _futures(path: str, *keys: str, many: bool = True, api: str = "private") -> Read:
    return Read((api, "futures"), f"{{settle}}/{path}", f"/api/v4/futures/usdt/{path}", 1, keys, many=many)


ACCOUNT = _futures("accounts", "total", "unrealised_pnl", many=False)
POSITIONS = _futures("positions", "contract", "size")
TRADES = _futures("my_trades_timerange", "contract", "size")
CLOSED = _futures("position_close", "contract", "pnl")
BOOK = _futures("account_book", "change", "type")
CANDLESTICKS = _futures("candlesticks", "c", api="public")
MARKETS = _futures("contracts", api="public")
SPOT = Read(("private", "spot"), "accounts", "/api/v4/spot/accounts", 1, ("currency", "available"), many=True)
TICKERS = Read(("public", "spot"), "tickers", "/api/v4/spot/tickers", 1, ("currency_pair", "last"), many=True)
TIME = Read(("public", "spot"), "time", "/api/v4/spot/time", 1, ("server_time",))


class Gate(Venue):
    """v4, a classic account."""

    name = "gate"
    options = {"fetchMarkets": {"types": ["swap"]}, "swap": {"fetchMarkets": {"settlementCurrencies": ["usdt"]}}}  # noqa: RUF012
    market_reads = (MARKETS,)
    reads = (ACCOUNT, POSITIONS, TRADES, CLOSED, BOOK, CANDLESTICKS, SPOT, TICKERS, TIME)

    def figures(self, ask: Ask) -> Figures:
        """Its total has no open PnL in it."""
        return read_figures(ask(ACCOUNT, SETTLE))

    def positions(self, ask: Ask, markets: Instruments) -> list[Position]:
        """Sizes are contracts."""
        return read_positions(ask(POSITIONS, SETTLE), markets)

    def history(self, ask: Ask, markets: Instruments, since_ms: int) -> History:
        """What was realised is told when a position is closed, not by fill."""
        since_s = since_ms // 1000
        trades, closed = list(_pages(ask, TRADES, since_s)), list(_pages(ask, CLOSED, since_s))
        funding = list(_pages(ask, BOOK, since_s, {"type": "fund"}))
        return History(read_fills(trades, markets), read_funding(funding, markets), read_closes(closed, markets))

    def transfers(self, ask: Ask, since_ms: int) -> list[Transfer]:
        """From the account book: deposits and withdrawals of the futures account."""
        return read_transfers(list(_pages(ask, BOOK, since_ms // 1000, {"type": "dnw"})))

    def rights(self, ask: Ask) -> Rights:  # noqa: ARG002
        """There is no way to ask."""
        return Rights(None, None, "gate does not tell a key what it may do")

    def clock_ms(self, ask: Ask) -> float:
        """Of spot, which is the same."""
        return number(block(ask(TIME)), "server_time")

    def candles(self, ask: Ask, instrument: Instrument) -> list[float]:
        """The last 500."""
        query = {"contract": instrument.market_id, "interval": f"{CANDLE_MINUTES}m", "limit": CANDLES}
        return [number(row, "c") for row in rows(ask(CANDLESTICKS, SETTLE | query))]

    def spot(self, ask: Ask) -> dict[str, float] | None:
        """The spot wallet."""
        held = {
            text(row, "currency"): number(row, "available") + (optional(row, "locked") or 0.0)
            for row in rows(ask(SPOT))
        }
        return {coin: qty for coin, qty in held.items() if qty}

    def prices(self, ask: Ask, coins: Collection[str]) -> dict[str, float]:
        """Last prices of spot."""
        return pick_prices(rows(ask(TICKERS)), "currency_pair", "last", coins, between="_")


def read_figures(raw: object) -> Figures:
    """Of /futures/usdt/accounts."""
    account = block(raw)
    if optional(account, "margin_mode"):
        raise NotUnderstoodError("the account is a unified one, whose equity is not told here")
    unrealized_usd = number(account, "unrealised_pnl")
    nav_usd = number(account, "total") + unrealized_usd
    return Figures(nav_usd, unrealized_usd, _tied_usd(account))


def _tied_usd(account: Row) -> float | None:
    """Margin in positions: newer accounts tell it apart by cross and isolated, and put 0 where it was before."""
    older, *newer = (
        optional(account, key) for key in ("position_margin", "cross_initial_margin", "isolated_position_margin")
    )
    told = [margin for margin in (older, *newer) if margin is not None]
    return max(older or 0.0, sum(margin or 0.0 for margin in newer)) if told else None


def read_positions(raw: object, markets: Instruments) -> list[Position]:
    """Of /futures/usdt/positions."""
    return [_read_position(row, markets) for row in rows(raw) if number(row, "size") != 0]


def _read_position(row: Row, markets: Instruments) -> Position:
    instrument, mode = markets.linear(text(row, "contract")), str(row.get("mode"))
    size = number(row, "size")
    isolated_leverage = positive(row, "leverage")
    return Position(
        symbol=instrument.symbol,
        position_side=SIDES.get(mode, "BOTH"),
        qty=signed(size, short=size < 0 or mode == "dual_short") * instrument.contract_size,
        entry_price=number(row, "entry_price"),
        mark_price=number(row, "mark_price"),
        unrealized_usd=number(row, "unrealised_pnl"),
        # A leverage of 0 says that the margin is shared.
        leverage=isolated_leverage or positive(row, "cross_leverage_limit"),
        liquidation_price=positive(row, "liq_price"),
        margin_usd=positive(row, "margin") or positive(row, "initial_margin"),
        margin_mode="isolated" if isolated_leverage else "cross",
    )


def read_fills(raw: object, markets: Instruments) -> list[Fill]:
    """Of /futures/usdt/my_trades_timerange; below zero is sold."""
    found = []
    for row in rows(raw):
        instrument, size = markets.linear(text(row, "contract")), number(row, "size")
        fill = Fill(
            fill_id=text(row, "trade_id", "id"),
            order_id=text(row, "order_id"),
            symbol=instrument.symbol,
            side="BUY" if size > 0 else "SELL",
            price=number(row, "price"),
            qty=abs(size) * instrument.contract_size,
            fee=number(row, "fee"),
            fee_asset=instrument.quote,
            at_s=number(row, "create_time"),
            is_maker=row.get("role") == "maker",
        )
        found.append(fill)
    return found


def read_funding(raw: object, markets: Instruments) -> list[Funding]:
    """Of /futures/usdt/account_book; negative is paid, as here."""
    found = []
    for row in rows(raw):
        if row.get("type") == "fund":
            market, at_s = str(row.get("contract") or text(row, "text").partition(":")[0]), number(row, "time")
            # The two legs of a hedge are paid for at the same moment.
            name = f"{market}:{at_s}:{row.get('change')}:{row.get('balance')}"
            found.append(Funding(name, markets.linear(market).symbol, number(row, "change"), at_s))
    return found


def read_closes(raw: object, markets: Instruments) -> list[Close]:
    """Of /futures/usdt/position_close; its total has fees and funding in it, `pnl_pnl` has not."""
    found = []
    for row in rows(raw):
        market, at_s = text(row, "contract"), number(row, "time")
        instrument, pnl_usd = markets.linear(market), number(row, "pnl_pnl")
        contracts = optional(row, "accum_size")
        qty = None if contracts is None else abs(contracts) * instrument.contract_size
        name = f"{market}:{at_s}:{row.get('side')}:{pnl_usd}"
        found.append(Close(name, f"close-{market}-{at_s}", instrument.symbol, qty, pnl_usd, at_s))
    return found


def read_transfers(raw: object) -> list[Transfer]:
    """Of /futures/usdt/account_book."""
    return [
        Transfer(
            f"{row.get('time')}:{row.get('change')}:{row.get('balance')}",
            "USDT",
            number(row, "change"),
            number(row, "time"),
        )
        for row in rows(raw)
        if row.get("type") == "dnw"
    ]


def _pages(ask: Ask, read: Read, since_s: int, params: dict[str, Any] | None = None) -> Iterator[Row]:
    window = SETTLE | {"from": since_s, "to": int(time.time()), "limit": PAGE} | (params or {})
    for number_of_page in range(MOST_PAGES):
        page = rows(ask(read, window | {"offset": number_of_page * PAGE}))
        yield from page
        if len(page) < PAGE:
            return
    raise NotUnderstoodError(f"{read.wire} has more than {MOST_PAGES} pages")
