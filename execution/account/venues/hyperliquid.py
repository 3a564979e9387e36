"""Hyperliquid perpetuals, read by address: no key is needed, and none is taken."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from execution.account.answers import Figures, Fill, Funding, History, NotUnderstoodError, Rights
from execution.account.fields import Row, block, number, positive, rows, seconds, text
from execution.account.venues.hyperliquid_ledger import read_transfers
from execution.account.venues.venue import CANDLE_MINUTES, CANDLES, Read, Venue
from execution.surfaces.positions import Position
from execution.utils.numbers import describe

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from execution.account.answers import Instrument, Transfer
    from execution.account.venues.venue import Ask, Instruments

PAGE = 2000
MOST_PAGES = 50

TYPES = frozenset(
    {"clearinghouseState", "spotClearinghouseState", "userFillsByTime", "userFunding", "userNonFundingLedgerUpdates",
     "userAbstraction", "candleSnapshot", "allMids", "meta", "metaAndAssetCtxs", "spotMeta", "perpDexs"}
)  # fmt: skip
# It reads by POST: what it may ask for is named.
INFO = Read(("public",), "info", "/info", 20, method="POST", types=TYPES)

# On spot some coins have a name of the bridge they came over.
BRIDGED = {"UBTC": "BTC", "UETH": "ETH", "USOL": "SOL", "UFART": "FARTCOIN", "UPUMP": "PUMP"}
SEPARATE = frozenset({"default", "disabled"})


class Hyperliquid(Venue):
    """The main exchange; the deployments of others (names with a colon) have accounts of their own."""

    name = "hyperliquid"
    options = {"fetchMarkets": {"types": ["swap"]}}  # noqa: RUF012
    market_reads = (INFO,)
    reads = (INFO,)
    needs = ("wallet",)
    weight_limit = 1200

    def __init__(self, address: str = "") -> None:
        """`address` is the account's, not that of an API wallet."""
        self.address = address

    def market_name(self, market: Mapping[str, Any]) -> str:
        """Answers name the coin; ccxt numbers it."""
        return str(market["baseName"])

    def figures(self, ask: Ask) -> Figures:
        """The equity of the perpetuals account, where that is one of its own."""
        mode = ask(INFO, {"type": "userAbstraction", "user": self.address})
        if str(mode).strip('"') not in SEPARATE:
            raise NotUnderstoodError(
                f"the account is in the mode {describe(mode)}, whose equity is not told in one figure"
            )
        return read_figures(self._state(ask))

    def positions(self, ask: Ask, markets: Instruments) -> list[Position]:
        """One-way only."""
        return read_positions(self._state(ask), markets)

    def history(self, ask: Ask, markets: Instruments, since_ms: int) -> History:
        """Fills tell what they realised."""
        fills = self._list(ask, "userFillsByTime", since_ms)
        funding = self._list(ask, "userFunding", since_ms)
        return History(read_fills(fills, markets), read_funding(funding, markets))

    def transfers(self, ask: Ask, since_ms: int) -> list[Transfer]:
        """From the ledger without funding."""
        return read_transfers(self._list(ask, "userNonFundingLedgerUpdates", since_ms), self.address)

    def rights(self, ask: Ask) -> Rights:  # noqa: ARG002
        """There is no key."""
        return Rights(can_withdraw=False, can_trade=False, note="read by address, without a key")

    def clock_ms(self, ask: Ask) -> float:
        """The stamp of the account's state."""
        return number(self._state(ask), "time")

    def candles(self, ask: Ask, instrument: Instrument) -> list[float]:
        """The last 500."""
        end_ms = int(time.time() * 1000)
        start_ms = end_ms - CANDLES * CANDLE_MINUTES * 60_000
        query = {
            "coin": instrument.market_id,
            "interval": f"{CANDLE_MINUTES}m",
            "startTime": start_ms,
            "endTime": end_ms,
        }
        return [number(row, "c") for row in rows(ask(INFO, {"type": "candleSnapshot", "req": query}))]

    def spot(self, ask: Ask) -> dict[str, float] | None:
        """Coins beside the perpetuals account."""
        return read_spot(ask(INFO, {"type": "spotClearinghouseState", "user": self.address}))

    def prices(self, ask: Ask, coins: Collection[str]) -> dict[str, float]:
        """Mids of the perpetuals."""
        mids = block(ask(INFO, {"type": "allMids"}))
        return {coin: usd for coin in coins if (usd := positive(mids, coin))}

    def _state(self, ask: Ask) -> Row:
        return block(ask(INFO, {"type": "clearinghouseState", "user": self.address}))

    def _list(self, ask: Ask, kind: str, since_ms: int) -> list[Row]:
        found: list[Row] = []
        for _ in range(MOST_PAGES):
            page = rows(ask(INFO, {"type": kind, "user": self.address, "startTime": since_ms}))
            found += page
            # Funding and ledger come in pages of 500, fills in pages of 2,000.
            if len(page) < (PAGE if kind == "userFillsByTime" else 500):
                return found
            since_ms = max(int(number(page[-1], "time")), since_ms + 1)
        raise NotUnderstoodError(f"{kind} has more than {MOST_PAGES} pages")


def read_figures(raw: object) -> Figures:
    """Of clearinghouseState."""
    state = block(raw)
    summary, held = block(state, "marginSummary"), rows(state, "assetPositions")
    open_usd = sum(number(block(row, "position"), "unrealizedPnl") for row in held)
    return Figures(number(summary, "accountValue"), open_usd, number(summary, "totalMarginUsed"))


def read_positions(raw: object, markets: Instruments) -> list[Position]:
    """Of clearinghouseState."""
    held = [block(row, "position") for row in rows(raw, "assetPositions")]
    return [_read_position(row, markets) for row in held if number(row, "szi") != 0]


def _read_position(row: Row, markets: Instruments) -> Position:
    instrument, qty, leverage = markets.linear(text(row, "coin")), number(row, "szi"), block(row, "leverage")
    return Position(
        symbol=instrument.symbol,
        position_side="BOTH",
        qty=qty * instrument.contract_size,
        entry_price=number(row, "entryPx"),
        # The mark itself is not told: the value of the position is at the mark.
        mark_price=number(row, "positionValue") / abs(qty * instrument.contract_size),
        unrealized_usd=number(row, "unrealizedPnl"),
        leverage=positive(leverage, "value"),
        liquidation_price=positive(row, "liquidationPx"),
        margin_usd=positive(row, "marginUsed"),
        margin_mode=_mode(leverage.get("type")),
    )


def _mode(said: object) -> str | None:
    return str(said) if said in ("cross", "isolated") else None


def read_fills(raw: object, markets: Instruments) -> list[Fill]:
    """Of userFillsByTime; spot trades and those on deployments of others are not of this account."""
    found = []
    for row in rows(raw):
        if not _is_perpetual(text(row, "coin")):
            continue
        fill = Fill(
            fill_id=text(row, "tid"),
            order_id=text(row, "oid"),
            symbol=markets.linear(text(row, "coin")).symbol,
            side="BUY" if text(row, "side") == "B" else "SELL",
            price=number(row, "px"),
            qty=number(row, "sz"),
            # What a builder got is in it already.
            fee=number(row, "fee"),
            fee_asset=text(row, "feeToken"),
            at_s=seconds(row, "time"),
            is_maker=row.get("crossed") is False,
            realized_usd=number(row, "closedPnl"),
        )
        found.append(fill)
    return found


def _is_perpetual(coin: str) -> bool:
    """Not of spot, of a deployment of others, or on the outcome of something."""
    return not (":" in coin or "/" in coin or coin.startswith(("@", "#")))


def read_funding(raw: object, markets: Instruments) -> list[Funding]:
    """Of userFunding; negative is paid, as here."""
    found = []
    for row in rows(raw):
        delta, at_ms = block(row, "delta"), text(row, "time")
        coin = text(delta, "coin")
        if _is_perpetual(coin):
            symbol = markets.linear(coin).symbol
            found.append(Funding(f"{coin}:{at_ms}", symbol, number(delta, "usdc"), float(at_ms) / 1000.0))
    return found


def read_spot(raw: object) -> dict[str, float]:
    """Of spotClearinghouseState."""
    held = {text(row, "coin"): number(row, "total") for row in rows(raw, "balances")}
    return {BRIDGED.get(coin, coin): qty for coin, qty in held.items() if qty}
