"""What the ledger of Hyperliquid says of money that came into the perpetuals account, or left it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.account.answers import NotUnderstoodError, Transfer
from execution.account.fields import Row, block, number, optional, rows, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

# How the entries name the perpetuals of the main exchange among its places.
MAIN = ""
# Entries that move nothing between this account and another place: what is earned or spent in it, and spot's own.
ELSEWHERE = frozenset(
    {"spotTransfer", "spotGenesis", "rewardsClaim", "liquidation", "cStakingTransfer", "borrowLend",
     "vaultLeaderCommission", "accountActivationGas", "deployGasAuction", "gossipPriorityGasAuction"}
)  # fmt: skip


def read_transfers(raw: object, address: str) -> list[Transfer]:
    """Of userNonFundingLedgerUpdates; the amount of a kind that is not known is not known either."""
    found = []
    for row in rows(raw):
        delta = block(row, "delta")
        kind, amount = str(delta.get("type")), _moved(delta, address.lower())
        if amount != 0:
            # One transaction may have several entries, and the place in an answer is another one each time.
            name = f"{row.get('hash')}:{row.get('time')}:{kind}:{amount}"
            note = f"a ledger entry of the kind {kind[:40]} does not tell what it moved" if amount is None else ""
            found.append(Transfer(name, "USDC", amount, seconds(row, "time"), note))
    return found


def _moved(delta: Row, address: str) -> float | None:
    """USDC into the account, negative out of it; None where the entry does not say."""
    kind = str(delta.get("type"))
    if kind in ELSEWHERE:
        return 0.0
    try:
        return MOVES[kind](delta, address)
    except (KeyError, NotUnderstoodError):
        # Of a kind to come, or without its amount: it would be told again and again, and hold up all others.
        return None


def _usdc(delta: Row) -> float:
    return number(delta, "usdc")


def _paid(delta: Row) -> float:
    return _usdc(delta) + (optional(delta, "fee") or 0.0)


def _change_class(delta: Row, address: str) -> float:  # noqa: ARG001 - as the others
    return _usdc(delta) if delta.get("toPerp") is True else -_usdc(delta)


def _hand_over(delta: Row, address: str) -> float:
    """To another account, or from it."""
    return _usdc(delta) if str(delta.get("destination")).lower() == address else -_paid(delta)


def _send(delta: Row, address: str) -> float:
    """Between any two places, of one account or two; what goes from a place to itself costs the fee."""
    amount, fee = number(delta, "usdcValue", "amount"), optional(delta, "fee") or 0.0
    came = str(delta.get("destination")).lower() == address and delta.get("destinationDex") == MAIN
    left = str(delta.get("user")).lower() == address and delta.get("sourceDex") == MAIN
    return amount * came - (amount + fee * (delta.get("feeToken") in ("", "USDC"))) * left


def _change_place(delta: Row, address: str) -> float:  # noqa: ARG001 - as the others
    """Between spot and a deployment, which is mostly that of others."""
    amount = number(delta, "amount") if delta.get("dex") == MAIN else 0.0
    return amount if delta.get("toPerp") is True else -amount


MOVES: dict[str, Callable[[Row, str], float]] = {
    "deposit": lambda delta, _: _usdc(delta),
    "withdraw": lambda delta, _: -_paid(delta),
    "accountClassTransfer": _change_class,
    "internalTransfer": _hand_over,
    "subAccountTransfer": _hand_over,
    "send": _send,
    "perpDexClassTransfer": _change_place,
    "vaultDeposit": lambda delta, _: -_usdc(delta),
    "vaultCreate": lambda delta, _: -_paid(delta),
    "vaultDistribution": lambda delta, _: _usdc(delta),
    "vaultWithdraw": lambda delta, _: number(delta, "netWithdrawnUsd"),
}
