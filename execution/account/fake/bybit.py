"""The fake exchange as Bybit v5 answers, in the forms that were recorded of it."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from execution.account.fake.world import LEVERAGE, START_PRICES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from execution.account.fake.world import World

Query = dict[str, str]

OPEN = ("/v5/market/time", "/v5/market/kline", "/v5/market/instruments-info", "/v5/market/tickers")


def is_signed(secret: str, key: str, query: str, headers: Mapping[str, str]) -> bool:
    """Whether the key is this one and the signature is that of stamp, key, window and query."""
    signed = f"{headers.get('X-BAPI-TIMESTAMP')}{key}{headers.get('X-BAPI-RECV-WINDOW')}{query}"
    expected = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    said = headers.get("X-BAPI-SIGN") or ""
    return headers.get("X-BAPI-API-KEY") == key and hmac.compare_digest(said, expected)


def answer(world: World, path: str, query: Query, faults: set[str]) -> Any:
    """What is answered; None where there is no such path."""
    usdt = (query.get("category"), query.get("settleCoin")) == ("linear", "USDT")
    found: dict[str, Callable[[], list[Any]]] = {
        "/v5/account/wallet-balance": lambda: [_account(world)],
        "/v5/position/list": lambda: _positions(world, faults) if usdt and "empty-book" not in faults else [],
        "/v5/execution/list": lambda: _window(_executions(world), "execTime", query),
        "/v5/position/closed-pnl": lambda: _window(_closed(world), "updatedTime", query),
        "/v5/account/transaction-log": lambda: _window(_transfers(world, query), "transactionTime", query),
        "/v5/market/kline": lambda: [_candle(*candle) for candle in reversed(world.candles[query["symbol"]])],
        "/v5/market/tickers": lambda: [{"symbol": s, "lastPrice": str(p)} for s, p in world.marks.items()],
        "/v5/market/instruments-info": lambda: [_market(symbol) for symbol in START_PRICES],
    }
    if path == "/v5/user/query-api":
        return _wrap(world, _rights(faults))
    if path == "/v5/market/time":
        return None
    return _wrap(world, _page(found[path](), query)) if path in found else None


def _wrap(world: World, result: dict[str, Any]) -> dict[str, Any]:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": _ms(world.now_s)}


def _page(found: list[Any], query: Query) -> dict[str, Any]:
    start, size = int(query.get("cursor") or "0"), int(query.get("limit", "1000"))
    more = start + size < len(found)
    return {
        "category": "linear",
        "list": found[start : start + size],
        "nextPageCursor": str(start + size) if more else "",
    }


def _text(value: float) -> str:
    return f"{value:.8f}"


def _ms(at_s: float) -> str:
    return str(round(at_s * 1000))


def _account(world: World) -> dict[str, Any]:
    coin = {
        "coin": "USDT",
        "equity": _text(world.equity_usd),
        "usdValue": _text(world.equity_usd),
        "walletBalance": _text(world.wallet_usd),
        "totalPositionIM": _text(world.margin_usd),
    }
    return {
        "accountType": "UNIFIED",
        "totalEquity": _text(world.equity_usd),
        "totalWalletBalance": _text(world.wallet_usd),
        "totalPerpUPL": _text(world.unrealized_usd),
        "coin": [coin],
    }


def _positions(world: World, faults: set[str]) -> list[dict[str, Any]]:
    # The first that is open, whichever that is: legs come and go.
    strange = dict.fromkeys(list(world.legs)[:1], "NEWUSDT") if "unknown-instrument" in faults else {}
    return [
        {
            "symbol": strange.get(symbol, symbol),
            "leverage": f"{LEVERAGE:.0f}",
            "avgPrice": _text(leg.entry),
            "liqPrice": "",
            "positionValue": _text(abs(leg.qty) * leg.entry),
            "unrealisedPnl": _text(world.pnl_usd(symbol)),
            "markPrice": _text(world.marks[symbol]),
            "positionIdx": 0,
            "positionIM": _text(abs(leg.qty) * world.marks[symbol] / LEVERAGE),
            "side": "Buy" if leg.qty > 0 else "Sell",
            "size": f"{abs(leg.qty):.6f}",
            "tradeMode": 0,
        }
        for symbol, leg in world.legs.items()
    ]


def _executions(world: World) -> list[dict[str, Any]]:
    trades = [
        _execution(t.symbol, t.number, t.order, "Trade", t.qty, t.price, t.fee_usd, t.at_s) | {"isMaker": t.is_maker}
        for t in world.trades
    ]
    funding = [
        _execution(p.symbol, p.number, p.number, "Funding", 1.0, 1.0, -p.amount_usd, p.at_s)
        for p in world.payments
        if p.kind == "FUNDING_FEE"
    ]
    return [*trades, *funding]


def _execution(  # noqa: PLR0913, PLR0917 - the columns of a row
    symbol: str, number: int, order: int, kind: str, qty: float, price: float, fee_usd: float, at_s: float
) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "execId": f"exec-{number}",
        "orderId": f"order-{order}",
        "execType": kind,
        "side": "Buy" if qty > 0 else "Sell",
        "execQty": f"{abs(qty):.6f}",
        "execPrice": str(price),
        "execFee": _text(fee_usd),
        "feeCurrency": "",
        "execTime": _ms(at_s),
        "isMaker": False,
    }


def _closed(world: World) -> list[dict[str, Any]]:
    return [
        {
            "symbol": part.symbol,
            "orderId": f"order-{part.order}",
            "side": "Sell" if part.qty > 0 else "Buy",
            "closedSize": f"{abs(part.qty):.6f}",
            "qty": f"{abs(part.qty):.6f}",
            "avgEntryPrice": _text(part.entry),
            "avgExitPrice": _text(part.exit),
            "updatedTime": _ms(part.at_s),
        }
        for part in world.closed
    ]


def _transfers(world: World, query: Query) -> list[dict[str, Any]]:
    found = [
        {
            "id": f"transfer-{payment.number}",
            "type": "TRANSFER_IN" if payment.amount_usd > 0 else "TRANSFER_OUT",
            "currency": "USDT",
            "change": _text(payment.amount_usd),
            "transactionTime": _ms(payment.at_s),
        }
        for payment in world.payments
        if payment.kind == "TRANSFER"
    ]
    return [row for row in found if row["type"] == query.get("type", row["type"])]


def _window(found: list[dict[str, Any]], key: str, query: Query) -> list[dict[str, Any]]:
    start_ms, end_ms = int(query.get("startTime", "0")), int(query.get("endTime", str(10**15)))
    inside = [row for row in found if start_ms <= int(row[key]) <= end_ms]
    return sorted(inside, key=lambda row: -int(row[key]))


def _candle(at_s: float, close: float) -> list[str]:
    return [_ms(at_s), str(close), str(close), str(close), str(close), "1.0", "1.0"]


def _rights(faults: set[str]) -> dict[str, Any]:
    wallet = ["AccountTransfer", "Withdraw"] if "withdraw-rights" in faults else []
    trades = [] if "no-trade-rights" in faults else ["Order", "Position"]
    return {"readOnly": 0, "permissions": {"Wallet": wallet, "ContractTrade": trades}, "ips": ["*"]}


def _market(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": symbol.removesuffix("USDT"),
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
        "lotSizeFilter": {"maxOrderQty": "100", "minOrderQty": "0.001", "qtyStep": "0.001"},
    }
