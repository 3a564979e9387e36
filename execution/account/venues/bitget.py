"""Bitget, futures that are settled in USDT, on a classic or a unified account."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from execution.account.answers import History, NotUnderstoodError
from execution.account.failures import Failure, FailureKind
from execution.account.fields import Row, block, number, rows, rows_or_null, text
from execution.account.venues.bitget_answers import (
    FUNDING,
    TRANSFERS,
    read_figures,
    read_fills,
    read_funding,
    read_positions,
    read_rights,
    read_spot,
    read_transfers,
    read_unified_figures,
    read_unified_fills,
    read_unified_rights,
)
from execution.account.venues.venue import CANDLE_MINUTES, CANDLES, WEEK_MS, NotToldError, Read, Venue, pick_prices

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from execution.account.answers import Figures, Instrument, Rights, Transfer
    from execution.account.venues.venue import Ask, Instruments
    from execution.surfaces.positions import Position

PAGE = 100
MOST_PAGES = 200
PRODUCT = {"productType": "USDT-FUTURES"}
# A unified account has all of them in its equity; a position that is settled in coins is refused where it is read.
SETTLED_IN_DOLLARS = ({"category": "USDT-FUTURES"}, {"category": "USDC-FUTURES"})
CATEGORIES = (*SETTLED_IN_DOLLARS, {"category": "COIN-FUTURES"})


def _read(api: tuple[str, str], path: str, *keys: str, may_be_null: bool = False) -> Read:
    return Read(api, path, f"/api/{path}", 1, keys or ("data",), may_be_null=may_be_null)


CLASSIC_ACCOUNTS = _read(("private", "mix"), "v2/mix/account/accounts")
CLASSIC_POSITIONS = _read(("private", "mix"), "v2/mix/position/all-position")
CLASSIC_FILLS = _read(("private", "mix"), "v2/mix/order/fills", "data.fillList", may_be_null=True)
CLASSIC_BILLS = _read(("private", "mix"), "v2/mix/account/bill", "data.bills", may_be_null=True)
UNIFIED_ASSETS = _read(("private", "uta"), "v3/account/assets", "data.accountEquity")
UNIFIED_POSITIONS = _read(("private", "uta"), "v3/position/current-position", "data.list", may_be_null=True)
UNIFIED_FILLS = _read(("private", "uta"), "v3/trade/fills", "data.list", may_be_null=True)
SPOT = _read(("private", "spot"), "v2/spot/account/assets")
KEY = _read(("private", "spot"), "v2/spot/account/info", "data.authorities")
UNIFIED_KEY = _read(("private", "uta"), "v3/account/info", "data.permissions", "data.permType")
TICKERS = _read(("public", "spot"), "v2/spot/market/tickers")
CANDLESTICKS = _read(("public", "mix"), "v2/mix/market/candles")
MARKETS = _read(("public", "mix"), "v2/mix/market/contracts")
TIME = _read(("public", "common"), "v2/public/time", "data.serverTime")
# An account of the other kind is refused as a question, or as a key: by the code that it has today.
REFUSALS = (FailureKind.REFUSED, FailureKind.KEY)


class Bitget(Venue):
    """Which kind of account it is shows at the first question: each refuses what is meant for the other."""

    name = "bitget"
    environments = ("live", "demo")
    options = {"fetchMarkets": {"types": ["swap"]}}  # noqa: RUF012
    market_reads = (MARKETS,)
    reads = (CLASSIC_ACCOUNTS, CLASSIC_POSITIONS, CLASSIC_FILLS, CLASSIC_BILLS, UNIFIED_ASSETS, UNIFIED_POSITIONS,
             UNIFIED_FILLS, SPOT, KEY, UNIFIED_KEY, TICKERS, CANDLESTICKS, TIME)  # fmt: skip
    needs = ("key", "secret", "password")

    def __init__(self) -> None:
        """Of an unknown kind."""
        self.unified: bool | None = None

    def figures(self, ask: Ask) -> Figures:
        """Equity in USD."""
        if self._is_unified(ask):
            return read_unified_figures(self._tell(ask, UNIFIED_ASSETS, {}))
        return read_figures(self._tell(ask, CLASSIC_ACCOUNTS, PRODUCT))

    def positions(self, ask: Ask, markets: Instruments) -> list[Position]:
        """One-way or hedged, as each row says."""
        if self._is_unified(ask):
            told = [self._tell(ask, UNIFIED_POSITIONS, category) for category in CATEGORIES]
            return [leg for answer in told for leg in read_positions(answer, markets)]
        return read_positions(self._tell(ask, CLASSIC_POSITIONS, PRODUCT | {"marginCoin": "USDT"}), markets)

    def _is_unified(self, ask: Ask) -> bool:
        if self.unified is None:
            self.unified, _ = _ask_either(lambda: ask(CLASSIC_ACCOUNTS, PRODUCT), lambda: ask(UNIFIED_ASSETS))
        return self.unified

    def _tell(self, ask: Ask, read: Read, params: dict[str, str]) -> Any:
        """The answer; after a refusal the kind is found out anew, since an account may be made a unified one."""
        try:
            return ask(read, params)
        except Failure as failure:
            if failure.kind in REFUSALS:
                self.unified = None
            raise

    def history(self, ask: Ask, markets: Instruments, since_ms: int) -> History:
        """Funding of a unified account is not read yet, and counts nowhere."""
        windows = list(_windows(since_ms))
        if self.unified:
            queries = [category | window for category in SETTLED_IN_DOLLARS for window in windows]
            found = [row for query in queries for row in _by_cursor(ask, query)]
            return History(read_unified_fills(found, markets), [])
        fills = [row for window in windows for row in _by_id(ask, CLASSIC_FILLS, PRODUCT | window, "fillList")]
        return History(read_fills(fills, markets), read_funding(_list_bills(ask, windows, FUNDING), markets))

    def transfers(self, ask: Ask, since_ms: int) -> list[Transfer]:
        """From the bills of the futures account."""
        if self.unified:
            raise NotToldError("the transfers of a unified account at bitget are not read")
        windows = list(_windows(since_ms))
        return read_transfers([row for kind in TRANSFERS for row in _list_bills(ask, windows, kind)])

    def rights(self, ask: Ask) -> Rights:
        """What the key's own settings say."""
        unified, said = _ask_either(lambda: ask(KEY), lambda: ask(UNIFIED_KEY))
        return read_unified_rights(said) if unified else read_rights(said)

    def clock_ms(self, ask: Ask) -> float:
        """Of the exchange."""
        return number(block(ask(TIME), "data"), "serverTime")

    def candles(self, ask: Ask, instrument: Instrument) -> list[float]:
        """The last 500."""
        query = {"symbol": instrument.market_id, "granularity": f"{CANDLE_MINUTES}m", "limit": CANDLES}
        product = {"productType": f"{instrument.quote}-FUTURES"}
        found = block(ask(CANDLESTICKS, product | query)).get("data")
        candles = found if isinstance(found, list) else []
        return [number({"close": row[4]}, "close") for row in candles if isinstance(row, list) and len(row) > 4]

    def spot(self, ask: Ask) -> dict[str, float] | None:
        """Of a unified account the coins are in the equity."""
        return None if self.unified else read_spot(ask(SPOT))

    def prices(self, ask: Ask, coins: Collection[str]) -> dict[str, float]:
        """Last prices of spot."""
        return pick_prices(rows(ask(TICKERS), "data"), "symbol", "lastPr", coins)


def _ask_either(classic: Callable[[], Any], unified: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether it is a unified account, and its answer; a key that neither takes is refused in the words of the first.

    Raises:
        Failure: neither is answered.
    """
    try:
        return False, classic()
    except Failure as first:
        if first.kind not in REFUSALS:
            raise
        try:
            return True, unified()
        except Failure as second:
            raise (first if second.kind in REFUSALS else second) from None


def _list_bills(ask: Ask, windows: list[dict[str, int]], kind: str) -> list[Row]:
    query = PRODUCT | {"businessType": kind}
    return [row for window in windows for row in _by_id(ask, CLASSIC_BILLS, query | window, "bills")]


def _windows(since_ms: int) -> Iterator[dict[str, int]]:
    """A week at most may be asked for at once."""
    now_ms = int(time.time() * 1000)
    for start_ms in range(since_ms, max(now_ms, since_ms + 1), WEEK_MS):
        yield {"startTime": start_ms, "endTime": min(now_ms, start_ms + WEEK_MS)}


def _by_id(ask: Ask, read: Read, params: dict[str, Any], listed: str) -> Iterator[Row]:
    """Newest first; the next page is older than the last id."""
    older: dict[str, Any] = {}
    for _ in range(MOST_PAGES):
        data = block(ask(read, params | {"limit": PAGE} | older), "data")
        page = rows_or_null(data.get(listed))
        yield from page
        if len(page) < PAGE:
            return
        older = {"idLessThan": text(data, "endId")}
    raise NotUnderstoodError(f"{read.wire} has more than {MOST_PAGES} pages")


def _by_cursor(ask: Ask, params: dict[str, Any]) -> Iterator[Row]:
    older: dict[str, Any] = {}
    for _ in range(MOST_PAGES):
        data = block(ask(UNIFIED_FILLS, params | {"limit": PAGE} | older), "data")
        page = rows_or_null(data.get("list"))
        yield from page
        if len(page) < PAGE:
            return
        older = {"cursor": text(data, "cursor")}
    raise NotUnderstoodError(f"{UNIFIED_FILLS.wire} has more than {MOST_PAGES} pages")
