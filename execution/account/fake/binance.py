"""The fake exchange as Binance USDT-margined futures answers, in the forms that were recorded of it."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from execution.account.fake.world import LEVERAGE, SPOT, START_PRICES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from execution.account.fake.world import Trade, World

Query = dict[str, str]

WEIGHTS = {
    "/fapi/v3/account": 5,
    "/fapi/v3/positionRisk": 5,
    "/fapi/v1/income": 30,
    "/fapi/v1/userTrades": 5,
    "/fapi/v1/symbolConfig": 5,
    "/fapi/v1/klines": 2,
}
OPEN = ("/fapi/v1/time", "/fapi/v1/klines", "/fapi/v1/exchangeInfo", "/api/v3/ticker/price")


def is_signed(secret: str, key: str, query: str, headers: Mapping[str, str]) -> bool:
    """Whether the key is this one and the signature is that of the query before it."""
    unsigned, _, signature = query.rpartition("&signature=")
    expected = hmac.new(secret.encode(), unsigned.encode(), hashlib.sha256).hexdigest()
    return headers.get("X-MBX-APIKEY") == key and hmac.compare_digest(signature, expected)


def answer(world: World, path: str, query: Query, faults: set[str]) -> Any:
    """What is answered; None where there is no such path."""
    found: dict[str, Callable[[], Any]] = {
        "/fapi/v3/account": lambda: _account(world),
        "/fapi/v3/positionRisk": lambda: [] if "empty-book" in faults else _positions(world, faults),
        "/fapi/v1/income": lambda: _since(_income(world, query.get("incomeType")), query),
        "/fapi/v1/userTrades": lambda: _since([_trade(t) for t in world.trades if t.symbol == query["symbol"]], query),
        "/fapi/v1/symbolConfig": lambda: [_config(symbol) for symbol in START_PRICES],
        "/fapi/v1/klines": lambda: [_candle(*candle) for candle in world.candles[query["symbol"]]],
        "/fapi/v1/exchangeInfo": lambda: {"symbols": [_market(symbol) for symbol in START_PRICES]},
        "/sapi/v1/account/apiRestrictions": lambda: _rights(faults),
        "/api/v3/account": lambda: {"balances": [_coin(asset, qty) for asset, qty in SPOT.items()]},
        "/api/v3/ticker/price": lambda: [{"symbol": s, "price": str(p)} for s, p in world.marks.items()],
    }
    return found[path]() if path in found else None


def _text(value: float) -> str:
    return f"{value:.8f}"


def _ms(at_s: float) -> int:
    return round(at_s * 1000)


def _account(world: World) -> dict[str, Any]:
    return {
        "totalInitialMargin": _text(world.margin_usd),
        "totalWalletBalance": _text(world.wallet_usd),
        "totalUnrealizedProfit": _text(world.unrealized_usd),
        "totalMarginBalance": _text(world.equity_usd),
        "totalPositionInitialMargin": _text(world.margin_usd),
        "availableBalance": _text(world.equity_usd - world.margin_usd),
        "assets": [
            {
                "asset": "USDT",
                "walletBalance": _text(world.wallet_usd),
                "unrealizedProfit": _text(world.unrealized_usd),
                "marginBalance": _text(world.equity_usd),
                "positionInitialMargin": _text(world.margin_usd),
            }
        ],
        "positions": [],
    }


def _positions(world: World, faults: set[str]) -> list[dict[str, Any]]:
    # The first that is open, whichever that is: legs come and go.
    strange = dict.fromkeys(list(world.legs)[:1], "NEWUSDT") if "unknown-instrument" in faults else {}
    return [
        {
            "symbol": strange.get(symbol, symbol),
            "positionSide": "BOTH",
            "positionAmt": f"{leg.qty:.6f}",
            "entryPrice": _text(leg.entry),
            "markPrice": _text(world.marks[symbol]),
            "unRealizedProfit": _text(world.pnl_usd(symbol)),
            "liquidationPrice": _text(leg.entry * (0.8 if leg.qty > 0 else 1.2)),
            "isolatedMargin": "0",
            "notional": _text(leg.qty * world.marks[symbol]),
            "positionInitialMargin": _text(abs(leg.qty) * world.marks[symbol] / LEVERAGE),
            "updateTime": _ms(world.now_s),
        }
        for symbol, leg in world.legs.items()
    ]


def _income(world: World, kind: str | None) -> list[dict[str, Any]]:
    found = [_entry(p.kind, p.symbol, p.amount_usd, p.number, p.at_s) for p in world.payments]
    for trade in world.trades:
        found.append(_entry("COMMISSION", trade.symbol, -trade.fee_usd, trade.number, trade.at_s))
        if trade.realized_usd:
            found.append(_entry("REALIZED_PNL", trade.symbol, trade.realized_usd, trade.number, trade.at_s))
    return sorted((row for row in found if kind in (None, row["incomeType"])), key=lambda row: int(row["time"]))


def _entry(kind: str, symbol: str, amount_usd: float, number: int, at_s: float) -> dict[str, Any]:
    income, at_ms = _text(amount_usd), _ms(at_s)
    return {"symbol": symbol, "incomeType": kind, "income": income, "asset": "USDT", "time": at_ms, "tranId": number}


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "symbol": trade.symbol,
        "id": trade.number,
        "orderId": trade.order,
        "side": "BUY" if trade.qty > 0 else "SELL",
        "price": str(trade.price),
        "qty": f"{abs(trade.qty):.6f}",
        "realizedPnl": _text(trade.realized_usd),
        "commission": _text(trade.fee_usd),
        "commissionAsset": "USDT",
        "time": _ms(trade.at_s),
        "positionSide": "BOTH",
        "maker": trade.is_maker,
    }


def _since(found: list[dict[str, Any]], query: Query) -> list[dict[str, Any]]:
    start_ms = int(query.get("startTime", "0"))
    return [row for row in found if row["time"] >= start_ms][: int(query.get("limit", "500"))]


def _config(symbol: str) -> dict[str, Any]:
    return {"symbol": symbol, "marginType": "CROSSED", "leverage": f"{LEVERAGE:.0f}"}


def _candle(at_s: float, close: float) -> list[Any]:
    return [_ms(at_s), str(close), str(close), str(close), str(close), "1.0", _ms(at_s), "1.0", 1, "1.0", "1.0", "0"]


def _coin(asset: str, qty: float) -> dict[str, str]:
    return {"asset": asset, "free": str(qty), "locked": "0"}


def _rights(faults: set[str]) -> dict[str, bool]:
    withdraws, trades = "withdraw-rights" in faults, "no-trade-rights" not in faults
    return {"ipRestrict": False, "enableReading": True, "enableWithdrawals": withdraws, "enableFutures": trades}


def _market(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "pair": symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": "TRADING",
        "baseAsset": symbol.removesuffix("USDT"),
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "filters": [],
        "orderTypes": ["LIMIT", "MARKET"],
    }
