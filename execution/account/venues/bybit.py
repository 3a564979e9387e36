"""Bybit, contracts that are settled in USDT and USDC, on a unified account."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from execution.account.answers import History, NotUnderstoodError
from execution.account.failures import Failure, FailureKind
from execution.account.fields import Row, block, number, optional, rows, text
from execution.account.venues.bybit_answers import (
    read_candles,
    read_closes,
    read_figures,
    read_fills,
    read_funding,
    read_positions,
    read_rights,
    read_transfers,
)
from execution.account.venues.venue import CANDLE_MINUTES, CANDLES, WEEK_MS, Read, Venue, pick_prices

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from execution.account.answers import Figures, Instrument, Rights, Transfer
    from execution.account.venues.venue import Ask, Instruments
    from execution.surfaces.positions import Position

PAGE = 100
MOST_PAGES = 200
SETTLED_IN = ("USDT", "USDC")
# Contracts that are in the equity as well, and are not read: the book would lack an open one.
OTHERS = ("inverse", "option")
ASK_AGAIN_S = 600.0


def _private(path: str, *keys: str, weight: int = 1) -> Read:
    return Read(("private",), path, f"/{path}", weight, keys or ("result.list",))


WALLET = _private("v5/account/wallet-balance")
POSITIONS = _private("v5/position/list")
EXECUTIONS = _private("v5/execution/list")
CLOSED = _private("v5/position/closed-pnl")
LOG = _private("v5/account/transaction-log")
KEY = _private("v5/user/query-api", "result.permissions")
TIME = Read(("public",), "v5/market/time", "/v5/market/time", 1, ("result.timeSecond",))
KLINE = Read(("public",), "v5/market/kline", "/v5/market/kline", 1, ("result.list",))
TICKERS = Read(("public",), "v5/market/tickers", "/v5/market/tickers", 1, ("result.list",))
MARKETS = Read(("public",), "v5/market/instruments-info", "/v5/market/instruments-info", 1, ("result.list",))


class Bybit(Venue):
    """v5. The equity has everything of the unified account in it, spot coins too."""

    name = "bybit"
    environments = ("live", "demo", "testnet")
    options = {"fetchMarkets": {"types": ["linear"]}}  # noqa: RUF012
    market_reads = (MARKETS,)
    reads = (WALLET, POSITIONS, EXECUTIONS, CLOSED, LOG, KEY, TIME, KLINE, TICKERS)

    def __init__(self) -> None:
        """Nothing is refused yet."""
        self._refused_s: dict[str, float] = {}

    def figures(self, ask: Ask) -> Figures:
        """Totals in USD."""
        return read_figures(ask(WALLET, {"accountType": "UNIFIED"}))

    def positions(self, ask: Ask, markets: Instruments) -> list[Position]:
        """By the currency they are settled in; that there are no others is asked as well."""
        found = []
        for coin in SETTLED_IN:
            query = {"category": "linear", "settleCoin": coin, "limit": 200}
            found += read_positions(list(_pages(ask, POSITIONS, query)), markets)
        for category in OTHERS:
            self._see_none(ask, category)
        refused = " and ".join(self._refused_s)
        self.unseen = f"{refused} contracts are refused to this key; open ones are not in it" if refused else None
        return found

    def _see_none(self, ask: Ask, category: str) -> None:
        """Where the key, or the place, may not see them, that is said, and asked again later."""
        if time.monotonic() < self._refused_s.get(category, 0.0):
            return
        self._refused_s.pop(category, None)
        try:
            page = list(_pages(ask, POSITIONS, {"category": category, "limit": 200}))
        except Failure as failure:
            if failure.kind not in (FailureKind.REFUSED, FailureKind.KEY):
                raise
            self._refused_s[category] = time.monotonic() + ASK_AGAIN_S
            return
        held = next((row for row in page if optional(row, "size")), None)
        if held is not None:
            raise NotUnderstoodError(f"a position in {text(held, 'symbol')} ({category}) is open, and is not read")

    def history(self, ask: Ask, markets: Instruments, since_ms: int) -> History:
        """Executions hold funding too; what was realised has a list of its own."""
        query: dict[str, Any] = {"category": "linear", "limit": PAGE}
        executions: list[Row] = []
        closed: list[Row] = []
        for window in _windows(since_ms):
            executions += _pages(ask, EXECUTIONS, query | window)
            closed += _pages(ask, CLOSED, query | window)
        return History(read_fills(executions, markets), read_funding(executions, markets), read_closes(closed, markets))

    def transfers(self, ask: Ask, since_ms: int) -> list[Transfer]:
        """In and out of the unified account."""
        query = {"accountType": "UNIFIED", "limit": 50}
        kinds = [{"type": kind} for kind in ("TRANSFER_IN", "TRANSFER_OUT")]
        windows = list(_windows(since_ms))
        return read_transfers([row for kind in kinds for at in windows for row in _pages(ask, LOG, query | kind | at)])

    def rights(self, ask: Ask) -> Rights:
        """What the key's own settings say."""
        return read_rights(ask(KEY))

    def clock_ms(self, ask: Ask) -> float:
        """Seconds and nanoseconds stand beside each other; the answer's own stamp has milliseconds."""
        return number(block(ask(TIME)), "time")

    def candles(self, ask: Ask, instrument: Instrument) -> list[float]:
        """The last 500."""
        query = {"category": "linear", "symbol": instrument.market_id, "interval": CANDLE_MINUTES, "limit": CANDLES}
        return read_candles(ask(KLINE, query))

    def prices(self, ask: Ask, coins: Collection[str]) -> dict[str, float]:
        """Last prices of spot."""
        return pick_prices(rows(ask(TICKERS, {"category": "spot"}), "result", "list"), "symbol", "lastPrice", coins)


def _windows(since_ms: int) -> Iterator[dict[str, int]]:
    """A week at most may be asked for at once."""
    now_ms = int(time.time() * 1000)
    for start_ms in range(since_ms, max(now_ms, since_ms + 1), WEEK_MS):
        yield {"startTime": start_ms, "endTime": min(now_ms, start_ms + WEEK_MS)}


def _pages(ask: Ask, read: Read, params: dict[str, Any]) -> Iterator[Row]:
    cursor = ""
    for _ in range(MOST_PAGES):
        answer = ask(read, params | ({"cursor": cursor} if cursor else {}))
        page = rows(answer, "result", "list")
        yield from page
        cursor = str(block(answer, "result").get("nextPageCursor") or "")
        if not cursor or len(page) < params["limit"]:
            return
    raise NotUnderstoodError(f"{read.wire} has more than {MOST_PAGES} pages")
