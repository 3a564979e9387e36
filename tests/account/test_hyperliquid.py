"""The ledger of Hyperliquid through a client: which entries move money of the perpetuals account, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from scripted import ADDRESS

from execution.account.answers import Instrument, NotUnderstoodError
from execution.account.venues.venue import Instruments

if TYPE_CHECKING:
    from scripted import Scripted

OTHER = "0x" + "b" * 40


def sent(user: str, source: str, destination: str, target: str, **said: str) -> dict[str, Any]:
    """A send of 5 USDC with a fee of 1."""
    places = {"user": user, "sourceDex": source, "destination": destination, "destinationDex": target}
    amounts = {"token": "USDC", "amount": "5.0", "usdcValue": "5.0", "fee": "1.0", "nativeTokenFee": "0.0"}
    return {"type": "send", "nonce": 1, "feeToken": ""} | places | amounts | said


LEDGER: list[tuple[dict[str, Any], float | None]] = [
    ({"type": "deposit", "usdc": "5.0"}, 5.0),
    ({"type": "withdraw", "usdc": "5.0", "nonce": 1, "fee": "1.0"}, -6.0),
    ({"type": "accountClassTransfer", "usdc": "5.0", "toPerp": False}, -5.0),
    ({"type": "internalTransfer", "usdc": "5.0", "user": OTHER, "destination": ADDRESS.upper(), "fee": "1.0"}, 5.0),
    ({"type": "subAccountTransfer", "usdc": "5.0", "user": ADDRESS, "destination": OTHER}, -5.0),
    (sent(ADDRESS, "", OTHER, ""), -6.0),
    (sent(ADDRESS, "", OTHER, "", feeToken="HYPE"), -5.0),
    (sent(OTHER, "", ADDRESS, ""), 5.0),
    (sent(ADDRESS, "spot", ADDRESS, ""), 5.0),
    (sent(ADDRESS, "", ADDRESS, "xyz"), -6.0),
    (sent(ADDRESS, "spot", OTHER, "spot"), 0.0),
    (sent(OTHER, "", ADDRESS, "spot"), 0.0),
    ({"type": "perpDexClassTransfer", "dex": "xyz", "token": "USDC", "amount": "5.0", "toPerp": True}, 0.0),
    ({"type": "perpDexClassTransfer", "dex": "", "token": "USDC", "amount": "5.0", "toPerp": False}, -5.0),
    ({"type": "vaultCreate", "vault": OTHER, "usdc": "5.0", "fee": "1.0"}, -6.0),
    ({"type": "vaultDeposit", "vault": OTHER, "usdc": "5.0"}, -5.0),
    ({"type": "vaultWithdraw", "vault": OTHER, "requestedUsd": "5.0", "netWithdrawnUsd": "4.0"}, 4.0),
    ({"type": "vaultDistribution", "vault": OTHER, "usdc": "5.0"}, 5.0),
    ({"type": "vaultLeaderCommission", "user": ADDRESS, "usdc": "5.0"}, 0.0),
    ({"type": "accountActivationGas", "token": "USDC", "amount": "1.0"}, 0.0),
    ({"type": "deployGasAuction", "token": "HYPE", "amount": "5.0"}, 0.0),
    ({"type": "borrowLend", "token": "USDC", "operation": "supply", "amount": "5.0", "interestAmount": "0.0"}, 0.0),
    # The direction is told nowhere, and of a kind to come nothing is known.
    ({"type": "activateDexAbstraction", "dex": "xyz", "token": "USDC", "amount": "5.0"}, None),
    ({"type": "ofAnotherYear", "usdc": "5.0"}, None),
    ({"type": "withdraw", "usdc": "much"}, None),
]


@pytest.mark.parametrize(("delta", "amount"), LEDGER)
def test_what_an_entry_moves(scripted: Scripted, delta: dict[str, Any], amount: float | None) -> None:
    """USDC in, negative out; None is said with the kind, and no entry makes the others unreadable."""
    plain = {"type": "deposit", "usdc": "1.0"}
    scripted.answers["userNonFundingLedgerUpdates"] = [
        {"time": 1, "hash": "0x1", "delta": found} for found in (plain, delta)
    ]
    link = scripted.link("hyperliquid")
    first, *rest = link.venue.transfers(link.ask, 0)
    assert first.amount == 1.0
    assert [moved.amount for moved in rest] == ([] if amount == 0 else [amount])
    assert [moved.note for moved in rest if moved.note] == (
        [f"a ledger entry of the kind {delta['type']} does not tell what it moved"] if amount is None else []
    )


def test_a_page_in_place_of_the_mode_is_not_repeated(scripted: Scripted) -> None:
    """What the log and the wall say stays a sentence."""
    scripted.answers["userAbstraction"] = f"<html>{'A' * 5000}</html>"
    link = scripted.link("hyperliquid")
    with pytest.raises(NotUnderstoodError, match="the account is in the mode '<html>A") as caught:
        link.venue.figures(link.ask)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("coin", ["@107", "PURR/USDC", "xyz:GOLD", "#10"])
def test_fills_of_other_kinds_of_markets_are_none_of_this_account(scripted: Scripted, coin: str) -> None:
    """They hold up none of the others."""
    fill = {
        "px": "9", "sz": "2", "side": "B", "time": 1, "closedPnl": "0", "oid": 1, "crossed": True, "fee": "0", "tid": 1,
        "feeToken": "USDC",
    }  # fmt: skip
    scripted.answers |= {"userFillsByTime": [fill | {"coin": coin}, fill | {"coin": "BTC"}], "userFunding": []}
    link = scripted.link("hyperliquid")
    found = link.venue.history(link.ask, Instruments({"BTC": Instrument("BTC", "BTC", "USDC", 1.0)}), 0)
    assert [row.symbol for row in found.fills] == ["BTCUSDC"]
