"""What the answers of Bitget mean, of either kind of account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.account.answers import USD, Figures, Fill, Funding, NotUnderstoodError, Rights, Transfer
from execution.account.fields import Row, block, number, optional, positive, rows, rows_or_null, seconds, text
from execution.account.venues.venue import signed
from execution.surfaces.positions import Position

if TYPE_CHECKING:
    from execution.account.venues.venue import Instruments

# How each kind of account names what is the same.
ENTRY, PNL, MARGIN = ("openPriceAvg", "avgPrice"), ("unrealizedPL", "unrealisedPnl"), ("marginSize", "positionBalance")
MODES = {"crossed": "cross", "isolated": "isolated"}
FUNDING, TRANSFERS = "contract_settle_fee", ("trans_from_exchange", "trans_to_exchange")


def read_figures(raw: object) -> Figures:
    """Of /api/v2/mix/account/accounts, or of one account."""
    data = block(raw).get("data")
    accounts = rows(data) if isinstance(data, list) else [block(data)]
    if any(str(account.get("assetMode")).lower() == "union" for account in accounts):
        raise NotUnderstoodError("the account has several coins as margin, whose equity is not told in one figure")
    nav_usd = sum(number(account, "accountEquity") for account in accounts if account.get("marginCoin") == "USDT")
    if not any(account.get("marginCoin") == "USDT" for account in accounts):
        raise NotUnderstoodError("data has no account in USDT")
    open_usd = sum(optional(account, "unrealizedPL") or 0.0 for account in accounts)
    margins = [
        margin
        for key in ("crossedMargin", "isolatedMargin")
        for account in accounts
        if (margin := optional(account, key)) is not None
    ]
    return Figures(nav_usd, open_usd, sum(margins) if margins else None)


def read_unified_figures(raw: object) -> Figures:
    """Of /api/v3/account/assets: resting orders are in its initial margin, and not in what has to be maintained."""
    account = block(raw, "data")
    return Figures(number(account, "accountEquity"), number(account, "unrealisedPnl"), optional(account, "mmr"))


def read_positions(raw: object, markets: Instruments) -> list[Position]:
    """Of either kind of account; the side is a word, the total has no sign."""
    data = block(raw).get("data")
    # A unified account without a position may say null.
    listed = rows(data) if isinstance(data, list) else rows_or_null(block(data).get("list"))
    return [_read_position(row, markets) for row in listed if number(row, "total") != 0]


def _read_position(row: Row, markets: Instruments) -> Position:
    instrument, side = markets.linear(text(row, "symbol")), text(row, "holdSide", "posSide")
    if side not in ("long", "short"):
        raise NotUnderstoodError(f"holdSide is {side!r}; expected long or short")
    hedged = text(row, "posMode", "holdMode") == "hedge_mode"
    return Position(
        symbol=instrument.symbol,
        position_side=side.upper() if hedged else "BOTH",
        qty=signed(number(row, "total"), short=side == "short") * instrument.contract_size,
        entry_price=number(row, *ENTRY),
        mark_price=number(row, "markPrice"),
        unrealized_usd=number(row, *PNL),
        leverage=positive(row, "leverage"),
        liquidation_price=positive(row, "liquidationPrice"),
        margin_usd=positive(row, *MARGIN),
        margin_mode=MODES.get(str(row.get("marginMode"))),
    )


def read_fills(raw: object, markets: Instruments) -> list[Fill]:
    """Of /api/v2/mix/order/fills, where a fee that is paid is below zero."""
    return [_read_fill(row, markets, _add_fees(row, "totalFee", -1.0)) for row in rows(raw)]


def read_unified_fills(raw: object, markets: Instruments) -> list[Fill]:
    """Of /api/v3/trade/fills, where a fee that is paid is above zero."""
    return [_read_fill(row, markets, _add_fees(row, "fee", 1.0)) for row in rows(raw)]


def _read_fill(row: Row, markets: Instruments, fees: dict[str, float]) -> Fill:
    instrument, said = markets.past(text(row, "symbol")), text(row, "side")
    hedged = "hedge" in str(row.get("posMode") or row.get("holdMode"))
    closes = hedged and "close" in str(row.get("tradeSide"))
    # In hedge mode the side is that of the position: closing a long says buy.
    bought = (said == "buy") != closes
    (fee_asset, fee), *more = fees.items() or [("", 0.0)]
    return Fill(
        fill_id=text(row, "tradeId", "execId"),
        order_id=text(row, "orderId"),
        symbol=instrument.symbol,
        side="BUY" if bought else "SELL",
        price=number(row, "price", "execPrice"),
        qty=number(row, "baseVolume", "execQty") * instrument.contract_size,
        fee=fee,
        fee_asset=fee_asset or instrument.quote or USD,
        at_s=seconds(row, "cTime", "createdTime"),
        is_maker=row.get("tradeScope") == "maker",
        realized_usd=number(row, "profit", "execPnl"),
        position_side=("LONG" if said == "buy" else "SHORT") if hedged else "BOTH",
        more_fees=tuple((amount, asset or instrument.quote or USD) for asset, amount in more),
    )


def _add_fees(row: Row, key: str, sign: float) -> dict[str, float]:
    """By currency: a part may be paid in a coin of the exchange, and the rest in another."""
    found: dict[str, float] = {}
    for part in rows(row, "feeDetail"):
        asset = str(part.get("feeCoin") or "")
        found[asset] = found.get(asset, 0.0) + sign * (optional(part, key) or 0.0) + 0.0
    return found


def read_funding(raw: object, markets: Instruments) -> list[Funding]:
    """Of /api/v2/mix/account/bill; negative is paid, as here."""
    return [
        Funding(
            text(row, "billId"),
            markets.past(text(row, "symbol")).symbol,
            number(row, "amount"),
            seconds(row, "cTime"),
        )
        for row in rows(raw)
        if row.get("businessType") == FUNDING
    ]


def read_transfers(raw: object) -> list[Transfer]:
    """Of /api/v2/mix/account/bill; the kind says which way."""
    signs = dict(zip(TRANSFERS, (1.0, -1.0), strict=True))
    return [
        Transfer(
            text(row, "billId"),
            text(row, "coin"),
            signs[row["businessType"]] * abs(number(row, "amount")),
            seconds(row, "cTime"),
        )
        for row in rows(raw)
        if row.get("businessType") in signs
    ]


def read_spot(raw: object) -> dict[str, float]:
    """Of /api/v2/spot/account/assets."""
    parts = ("available", "frozen", "locked")
    held = {text(row, "coin"): sum(optional(row, part) or 0.0 for part in parts) for row in rows(raw, "data")}
    return {coin: qty for coin, qty in held.items() if qty}


def read_rights(raw: object) -> Rights:
    """Of /api/v2/spot/account/info: coor and the like only read, what ends in w writes."""
    said = block(raw, "data").get("authorities")
    words = {str(word) for word in said} if isinstance(said, list) else set()
    bound = bool(block(raw, "data").get("ips"))
    note = "" if bound else "the key is not bound to an address"
    return Rights(bool(words & {"wtow", "wwow", "withdraw"}), any(word.endswith("ow") for word in words), note)


def read_unified_rights(raw: object) -> Rights:
    """Of /api/v3/account/info: who manages a unified account may transfer out of it."""
    said = block(raw, "data")
    words = {str(word) for word in said.get("permissions") or []}
    can_write = text(said, "permType") != "read-only"
    note = "" if said.get("ips") else "the key is not bound to an address"
    trades = "uta_trade" in words or any(word.startswith("copy_") for word in words)
    return Rights(can_write and bool(words & {"withdraw", "uta_mgt"}), can_write and trades, note)
