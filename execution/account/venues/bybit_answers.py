"""What the answers of Bybit v5 mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.account.answers import USD, Close, Figures, Fill, Funding, NotUnderstoodError, Rights, Transfer
from execution.account.fields import Row, block, number, optional, positive, rows, seconds, text
from execution.account.venues.venue import signed
from execution.surfaces.positions import Position

if TYPE_CHECKING:
    from execution.account.venues.venue import Instruments

# One-way, and the two sides of hedge mode.
SIDES = {"0": "BOTH", "1": "LONG", "2": "SHORT"}
FILL_TYPES = frozenset({"Trade", "AdlTrade", "BustTrade", "Delivery", "BlockTrade", "MovePosition"})


def read_figures(raw: object) -> Figures:
    """Of /v5/account/wallet-balance: one account."""
    accounts = rows(raw, "result", "list")
    if len(accounts) != 1:
        raise NotUnderstoodError(f"result.list has {len(accounts)} accounts; expected the unified one")
    coins = rows(accounts[0], "coin")
    margins = [optional(coin, "totalPositionIM") for coin in coins]
    prices = [_usd_per_coin(coin) for coin in coins]
    tied_usd = sum(margin * price for margin, price in zip(margins, prices, strict=True) if margin)
    return Figures(number(accounts[0], "totalEquity"), optional(accounts[0], "totalPerpUPL") or 0.0, tied_usd)


def _usd_per_coin(coin: Row) -> float:
    equity, value = optional(coin, "equity"), optional(coin, "usdValue")
    return value / equity if equity and value is not None else 1.0


def read_positions(raw: object, markets: Instruments) -> list[Position]:
    """Of /v5/position/list; rows of size 0 are no position."""
    return [_read_position(row, markets) for row in _listed(raw) if optional(row, "size")]


def _read_position(row: Row, markets: Instruments) -> Position:
    instrument, side = markets.linear(text(row, "symbol")), text(row, "side")
    if side not in ("Buy", "Sell"):
        raise NotUnderstoodError(f"side is {side!r} of an open position; expected Buy or Sell")
    size = signed(number(row, "size") * instrument.contract_size, short=side == "Sell")
    isolated = str(row.get("tradeMode")) == "1"
    return Position(
        symbol=instrument.symbol,
        position_side=SIDES.get(str(row.get("positionIdx")), "BOTH"),
        qty=size,
        entry_price=number(row, "avgPrice", "entryPrice"),
        mark_price=number(row, "markPrice"),
        unrealized_usd=number(row, "unrealisedPnl"),
        leverage=positive(row, "leverage"),
        liquidation_price=positive(row, "liqPrice"),
        margin_usd=positive(row, "positionIM", "positionBalance"),
        # 0 says cross or nothing at all: on a unified account the mode is not told by position.
        margin_mode="isolated" if isolated else None,
    )


def read_fills(raw: object, markets: Instruments) -> list[Fill]:
    """Of /v5/execution/list: funding stands among the trades, and is none."""
    found = []
    for row in _listed(raw):
        if row.get("execType") not in FILL_TYPES:
            continue
        instrument = markets.past(text(row, "symbol"))
        fill = Fill(
            fill_id=text(row, "execId"),
            order_id=text(row, "orderId"),
            symbol=instrument.symbol,
            side=text(row, "side").upper(),
            price=number(row, "execPrice"),
            qty=number(row, "execQty") * instrument.contract_size,
            fee=optional(row, "execFee") or 0.0,
            fee_asset=str(row.get("feeCurrency") or instrument.quote or USD),
            at_s=seconds(row, "execTime"),
            is_maker=row.get("isMaker") is True,
        )
        found.append(fill)
    return found


def read_funding(raw: object, markets: Instruments) -> list[Funding]:
    """Of /v5/execution/list: the fee of a funding is what was paid, so that what was received is below zero there."""
    return [
        Funding(
            text(row, "execId"),
            markets.past(text(row, "symbol")).symbol,
            -number(row, "execFee") + 0.0,
            seconds(row, "execTime"),
        )
        for row in _listed(raw)
        if row.get("execType") == "Funding"
    ]


def read_closes(raw: object, markets: Instruments) -> list[Close]:
    """Of /v5/position/closed-pnl, whose own figure has the fees taken out; Sell has closed a long."""
    found = []
    for row in _listed(raw):
        qty, sold = number(row, "closedSize", "qty"), text(row, "side") == "Sell"
        move = number(row, "avgExitPrice") - number(row, "avgEntryPrice")
        instrument = markets.past(text(row, "symbol"))
        pnl_usd = (move if sold else -move) * qty * instrument.contract_size
        at_ms, order = text(row, "updatedTime", "createdTime"), text(row, "orderId")
        found.append(Close(f"{order}:{at_ms}:{qty}", order, instrument.symbol, qty, pnl_usd, float(at_ms) / 1000.0))
    return found


def read_transfers(raw: object) -> list[Transfer]:
    """Of /v5/account/transaction-log; the change is negative for what went out."""
    return [
        Transfer(text(row, "id"), text(row, "currency"), number(row, "change"), seconds(row, "transactionTime"))
        for row in _listed(raw)
        if row.get("type") in ("TRANSFER_IN", "TRANSFER_OUT")
    ]


def read_rights(raw: object) -> Rights:
    """Of /v5/user/query-api."""
    said = block(raw, "result")
    permissions = {str(name): found for name, found in block(said, "permissions").items() if found}
    wallet = {str(word) for word in permissions.get("Wallet") or []}
    moves = bool(wallet & {"Withdraw", "AccountTransfer", "SubMemberTransfer"})
    can_write = str(said.get("readOnly")) != "1"
    bound = [address for address in said.get("ips") or [] if address != "*"]
    trades = bool(permissions.keys() - {"Wallet", "Affiliate"})
    return Rights(can_write and moves, can_write and trades, "" if bound else "the key is not bound to an address")


def read_candles(raw: object) -> list[float]:
    """Of /v5/market/kline: newest first, the fifth column is the close."""
    found = block(raw, "result").get("list")
    candles = [candle for candle in found or [] if isinstance(candle, list) and len(candle) > 4]
    return [number({"close": candle[4]}, "close") for candle in reversed(candles)]


def _listed(raw: object) -> list[Row]:
    return rows(raw) if isinstance(raw, list) else rows(raw, "result", "list")
