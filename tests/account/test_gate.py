"""Gate through a client: what it pays at one moment, and what its account says of margin in positions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from execution.account.answers import Instrument
from execution.account.failures import Failure
from execution.account.ledger import Ledger
from execution.account.reading import read_account
from execution.account.venues.venue import Instruments
from execution.storage.event_log import EventLog
from execution.storage.writer_lock import release_writers

if TYPE_CHECKING:
    from pathlib import Path

    from scripted import Scripted

BTC = Instruments({"BTC_USDT": Instrument("BTC_USDT", "BTC", "USDT", 0.0001)})
FUTURES = "/api/v4/futures/usdt"
AT_S = round(time.time()) - 100.0


def test_two_payments_of_one_moment_are_two(scripted: Scripted, tmp_path: Path) -> None:
    """Both legs of a hedge pay funding then, and may be closed then."""
    fund = {"time": AT_S, "type": "fund", "contract": "BTC_USDT", "text": "BTC_USDT"}
    close = {"time": AT_S, "contract": "BTC_USDT", "side": "long", "accum_size": "10", "pnl": "0"}
    scripted.answers |= {
        f"{FUTURES}/account_book": [
            fund | {"change": "-1.00", "balance": "99"},
            fund | {"change": "0.40", "balance": "99.4"},
        ],
        f"{FUTURES}/position_close": [close | {"pnl_pnl": "3"}, close | {"pnl_pnl": "-1"}],
        f"{FUTURES}/my_trades_timerange": [],
    }
    release_writers()
    link, ledger = scripted.link("gate"), Ledger(tmp_path / "execution", tmp_path / "cache", AT_S)
    for _ in range(2):
        ledger.take(link.venue.history(link.ask, BTC, 0), lambda _: 1.0, AT_S + 50.0)
    ledger.close()
    release_writers()
    paid = [row["amount_usd"] for row in EventLog(tmp_path / "execution" / "funding.jsonl").read_new()]
    closed = [row["realizedPnlUsd"] for row in EventLog(tmp_path / "execution" / "orders_executed.jsonl").read_new()]
    assert (sorted(paid), sorted(closed)) == ([-1.0, 0.4], [-1.0, 3.0])


@pytest.mark.parametrize(
    "margins",
    [
        {"position_margin": "50"},
        {"position_margin": "0", "cross_initial_margin": "50"},
        {"cross_initial_margin": "0", "isolated_position_margin": "50"},
    ],
)
def test_an_empty_book_is_held_against_margin_under_any_name(scripted: Scripted, margins: dict[str, Any]) -> None:
    """Older accounts have one figure for it, newer ones two."""
    account = {"total": "100", "unrealised_pnl": "5", "margin_mode": 0}
    scripted.answers |= {f"{FUTURES}/accounts": account | margins, f"{FUTURES}/positions": []}
    with pytest.raises(Failure, match="no position is told, and the account has margin in positions"):
        read_account(scripted.link("gate"), BTC, time.time())
    scripted.answers[f"{FUTURES}/accounts"] = account | dict.fromkeys(margins, "0")
    assert read_account(scripted.link("gate"), BTC, time.time()).figures.nav_usd == 105.0


def test_coins_have_the_names_of_the_exchange(scripted: Scripted) -> None:
    """Others have given some of them other names, under which no position is found again."""
    contract = {
        "name": "GTC_USDT", "quanto_multiplier": "1", "type": "direct", "in_delisting": False, "create_time": 1,
        "order_price_round": "0.1", "mark_price_round": "0.01", "order_size_min": 1, "order_size_max": 1000,
    }  # fmt: skip
    scripted.answers[f"{FUTURES}/contracts"] = [contract]
    assert scripted.link("gate").load_instruments()["GTC_USDT"].symbol == "GTCUSDT"
