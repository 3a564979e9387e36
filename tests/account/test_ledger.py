"""Event logs and peak of an account: histories that overlap, crashes, other currencies, money that comes and goes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from execution.account.answers import Close, Fill, Funding, History, Transfer
from execution.account.directory import DirectoryError, claim_directory
from execution.account.ledger import Ledger
from execution.account.peak import OwnPeak
from execution.account.source import AccountSource
from execution.storage.event_feed import EventFeed
from execution.storage.writer_lock import release_writers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scripted import Scripted

NOW_S = 1_795_660_000.0
PRICES = {"USDT": 1.0, "BNB": 600.0}


def fill(number: int, **said: Any) -> Fill:
    """One of an order's fills; `said` is what differs."""
    usual = Fill(str(number), "a", "BTCUSDT", "BUY", 100.0, 0.5, 0.1, "USDT", NOW_S + number, True, 0.0)
    return usual._replace(**said)


@pytest.fixture(autouse=True)
def _own_files() -> Iterator[None]:
    release_writers()
    yield
    release_writers()


def take(tmp_path: Path, *histories: History, later_s: float = 0.0) -> None:
    """What a run writes of these."""
    ledger = Ledger(tmp_path / "execution", tmp_path / "cache", NOW_S)
    for history in histories:
        ledger.take(history, PRICES.get, NOW_S + 60.0 + later_s)
    ledger.close()


def records(tmp_path: Path, name: str, kind: str | None = None) -> list[dict[str, Any]]:
    """The lines of a log."""
    lines = [json.loads(line) for line in (tmp_path / "execution" / f"{name}.jsonl").read_text().splitlines()]
    return [line for line in lines if kind in (None, line.get("event_type"))]


def test_fills_add_up_by_order_and_come_once(tmp_path: Path) -> None:
    """A history that comes again, in this run and in the next one, adds nothing."""
    first = History([fill(2), fill(1)], [])
    take(tmp_path, first, first, History([fill(2), fill(3, fee=-0.05)], []))
    take(tmp_path, first)
    found = records(tmp_path, "orders_executed", "order_fill")
    assert [(row["executedQty"], round(row["fee_total"], 9)) for row in found] == [(0.5, 0.1), (1.0, 0.2), (1.5, 0.15)]


def test_an_order_is_a_maker_when_all_its_fills_are(tmp_path: Path) -> None:
    """It is told once nothing more has come for two minutes; what the router did is null."""
    take(tmp_path, History([fill(1, order_id="a"), fill(2, order_id="b"), fill(3, order_id="b", is_maker=False)], []))
    assert records(tmp_path, "order_metrics") == []
    take(tmp_path, History([], []), later_s=300.0)
    take(tmp_path, History([], []), later_s=600.0)
    found = records(tmp_path, "order_metrics")
    assert [(row["orderId"], row["is_maker_final"]) for row in found] == [("a", True), ("b", False)]
    assert {(row["slippage_bps"], row["maker_start"], row["used_fallback"]) for row in found} == {(None, None, None)}


@pytest.mark.parametrize(
    ("paid", "total_usd"),
    [
        ({"fee": 0.001, "fee_asset": "BNB"}, 0.6),
        ({"fee": 0.3, "more_fees": ((0.001, "BNB"),)}, 0.9),
        ({"fee": 0.0, "fee_asset": "XYZ"}, 0.0),
        ({"fee": 0.3, "fee_asset": "XYZ"}, None),
        ({"fee": 0.3, "more_fees": ((0.001, "XYZ"),)}, None),
    ],
)
def test_a_fee_in_a_coin_without_a_price_is_unknown_and_holds_nothing_up(
    paid: dict[str, Any], total_usd: float | None, tmp_path: Path
) -> None:
    """It is none of 0: neither its order's fees are known, nor those of the week."""
    take(tmp_path, History([fill(1, order_id="x", **paid), fill(2, order_id="y")], []))
    first, second = records(tmp_path, "orders_executed", "order_fill")
    assert (first["fee_total"], second["fee_total"]) == (pytest.approx(total_usd), 0.1)
    week_usd = EventFeed(tmp_path / "execution").poll(NOW_S + 60.0).week_fees_usd
    assert week_usd == (None if total_usd is None else pytest.approx(total_usd + 0.1))


def test_closes_and_funding(tmp_path: Path) -> None:
    """PnL of a fill, PnL that is told apart, and funding with its sign."""
    close, funding = Close("c", "b", "BTCUSDT", 0.5, -3.0, NOW_S + 2), Funding("f", "BTCUSDT", -0.25, NOW_S + 3)
    take(tmp_path, History([fill(1, realized_usd=5.0)], [funding], [close]))
    assert [row["realizedPnlUsd"] for row in records(tmp_path, "orders_executed", "order_close")] == [5.0, -3.0]
    assert [row["amount_usd"] for row in records(tmp_path, "funding")] == [-0.25]


def test_a_run_that_ends_between_saving_and_appending_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The first of two records was appended when the process died."""
    take(tmp_path, History([fill(1), fill(2)], []))
    log, saved = tmp_path / "execution" / "orders_executed.jsonl", tmp_path / "cache" / "account_ledger.json"
    lines = log.read_text().splitlines()
    content = json.loads(saved.read_text())
    content["outbox"] = [["orders_executed", json.loads(line)] for line in lines]
    saved.write_text(json.dumps(content))
    log.write_text(f"{lines[0]}\n")
    take(tmp_path)
    assert log.read_text().splitlines() == lines


@pytest.mark.parametrize(
    "blocked", ["cache/account_ledger.json", "execution/orders_executed.jsonl", "execution/funding.jsonl"]
)
@pytest.mark.parametrize("restarts", [False, True])
def test_what_could_not_be_written_in_one_cycle_is_written_in_the_next(
    blocked: str, restarts: bool, tmp_path: Path
) -> None:
    """No fill, realised PnL or funding is lost or doubled, in this run or in one that begins after it."""
    told = History([fill(1, realized_usd=25.0), fill(2, realized_usd=25.0)], [Funding("f", "BTCUSDT", -1.0, NOW_S + 3)])
    take(tmp_path, History(told.fills[:1], []))
    ledger = Ledger(tmp_path / "execution", tmp_path / "cache", NOW_S)
    path, aside = tmp_path / blocked, tmp_path / "aside"
    path.rename(aside)
    path.mkdir()
    with pytest.raises(OSError, match=path.name):
        ledger.take(told, PRICES.get, NOW_S + 60.0)
    path.rmdir()
    aside.rename(path)
    if restarts:
        ledger.close()
        ledger = Ledger(tmp_path / "execution", tmp_path / "cache", NOW_S + 90.0)
    ledger.take(History([*told.fills, fill(3)], told.funding), PRICES.get, NOW_S + 120.0)
    ledger.close()
    found = sorted(row["event_id"] for name in ("orders_executed", "funding") for row in records(tmp_path, name))
    fills, closes = [f"fill:BTCUSDT:{number}" for number in (1, 2, 3)], ["close:BTCUSDT:1", "close:BTCUSDT:2"]
    assert found == [*closes, *fills, "funding:BTCUSDT:f"]
    assert records(tmp_path, "orders_executed", "order_fill")[-1]["executedQty"] == 1.5


@pytest.mark.parametrize(
    "skews_s", [(900.0,), (7200.0,), (-900.0,), (0.0, 0.0, 0.0, 900.0), (900.0, 0.0, -3600.0, 0.0)]
)
@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_differs_loses_and_doubles_nothing(
    skews_s: tuple[float, ...], restarts: bool, tmp_path: Path
) -> None:
    """The exchange tells what is no older than asked; this machine is ahead, behind, ahead unknown to it, or set."""
    fills = [fill(number, at_s=NOW_S + 40.0 * number, realized_usd=25.0) for number in range(60)]
    is_unknown = skews_s[0] == 0.0
    ahead_s = 900.0 if is_unknown else skews_s[0]
    ledger = Ledger(tmp_path / "execution", tmp_path / "cache", NOW_S + ahead_s)
    for minute in range(45):
        their_s = NOW_S + 60.0 * minute
        skew_s = skews_s[min(minute // 4, len(skews_s) - 1)]
        our_s = their_s + (ahead_s if is_unknown else skew_s)
        if restarts and minute % 4 == 0:
            ledger.close()
            ledger = Ledger(tmp_path / "execution", tmp_path / "cache", our_s)
        told = [one for one in fills if ledger.since_ms / 1000.0 <= one.at_s <= their_s]
        ledger.take(History(told, []), PRICES.get, our_s, skew_s)
    ledger.close()
    found = [row["event_id"] for row in records(tmp_path, "orders_executed", "order_close")]
    assert found == [f"close:BTCUSDT:{number}" for number in range(60)]


def test_what_has_happened_is_asked_for_by_the_clock_of_the_exchange(scripted: Scripted, tmp_path: Path) -> None:
    """It is read before the first history; half an hour ahead, the next one would begin in the future."""
    now_s = time.time()
    margin = {"asset": "USDT", "marginBalance": 9.0, "unrealizedProfit": 0.0, "positionInitialMargin": 0.0}
    scripted.answers |= {f"/fapi/{path}": [] for path in ("v3/positionRisk", "v1/income", "v1/symbolConfig")}
    scripted.answers |= {"/fapi/v1/exchangeInfo": {"symbols": []}, "/api/v3/account": {"balances": []}}
    scripted.answers["/fapi/v3/account"] = {"totalMarginBalance": 9.0, "assets": [margin]}
    scripted.answers["/fapi/v1/time"] = {"serverTime": (now_s - 1800.0) * 1000}
    source = AccountSource(scripted.link("binanceusdm"), tmp_path, "fake", now_s)
    for step in range(0, 300, 10):
        source.cycle(now_s + step)
    source.close(now_s + 300.0)
    assert source.ledger.since_ms / 1000.0 == pytest.approx(now_s + 240.0 - 1800.0 - 600.0, abs=30.0)


def test_neither_a_deposit_nor_a_withdrawal_is_a_profit_or_a_loss(tmp_path: Path) -> None:
    """Ten percent below the peak stay ten percent; while nobody knows, nothing is said."""
    (tmp_path / "cache").mkdir()
    peak = OwnPeak(tmp_path / "cache", NOW_S)
    peak.note_nav(10_000.0, NOW_S)
    assert peak.drawdown() is None
    peak.note_transfers([], PRICES.get, NOW_S + 1)
    for step in range(1, 11):
        peak.note_nav(10_000.0 - 100.0 * step, NOW_S + 10.0 * step)
        peak.note_transfers([], PRICES.get, NOW_S + 10.0 * step + 31.0)
    assert _pct(peak) == pytest.approx(10.0)
    peak.note_nav(4_000.0, NOW_S + 200.0)
    assert peak.drawdown() is None
    out = Transfer("t1", "USDT", -5_000.0, NOW_S + 195.0)
    peak.note_transfers([out], PRICES.get, NOW_S + 231.0)
    assert _pct(peak) == pytest.approx(10.0)
    peak.note_transfers([out], PRICES.get, NOW_S + 291.0)
    assert _pct(peak) == pytest.approx(10.0)
    peak.doubt()
    assert peak.drawdown() is None


@pytest.mark.parametrize(
    ("moved", "why"),
    [
        (Transfer("t", "XYZ", -5.0, NOW_S + 195.0), "a transfer in XYZ has no price"),
        (Transfer("t", "USDT", None, NOW_S + 195.0, "nobody knows"), "nobody knows"),
    ],
)
def test_a_transfer_that_nobody_can_value_begins_the_peak_anew(moved: Transfer, why: str, tmp_path: Path) -> None:
    """Unknown until the next NAV, which has it; that is said for a day, also by the next run."""
    (tmp_path / "cache").mkdir()
    peak = OwnPeak(tmp_path / "cache", NOW_S)
    peak.note_nav(10_000.0, NOW_S)
    peak.note_transfers([], PRICES.get, NOW_S + 1.0)
    assert peak.describe_restart(NOW_S) is None
    peak.note_transfers([moved, Transfer("u", "USDT", -1.0, NOW_S + 194.0)], PRICES.get, NOW_S + 196.0)
    assert peak.drawdown() is None
    peak.note_nav(4_000.0, NOW_S + 210.0)
    peak.note_transfers([moved], PRICES.get, NOW_S + 250.0)
    assert _pct(peak) == 0.0
    peak.note_nav(3_980.0, NOW_S + 260.0)
    assert _pct(peak) == pytest.approx(0.5)
    later = OwnPeak(tmp_path / "cache", NOW_S + 300.0)
    said = later.describe_restart(NOW_S + 300.0)
    assert said is not None
    assert said.startswith("measured anew since 2026-")
    assert said.endswith(f"UTC: {why}")
    assert later.describe_restart(NOW_S + 100_000.0) is None


def test_the_peak_outlives_a_restart(tmp_path: Path) -> None:
    """What moved in between is taken out as well."""
    (tmp_path / "cache").mkdir()
    peak = OwnPeak(tmp_path / "cache", NOW_S)
    peak.note_nav(10_000.0, NOW_S)
    peak.note_transfers([], PRICES.get, NOW_S + 1.0)
    later = OwnPeak(tmp_path / "cache", NOW_S + 9_000.0)
    later.note_nav(7_600.0, NOW_S + 9_000.0)
    later.note_transfers([Transfer("t", "USDT", -2_000.0, NOW_S + 4_000.0)], PRICES.get, NOW_S + 9_031.0)
    assert _pct(later) == pytest.approx(5.0)


def test_a_transfer_counts_once_when_an_older_one_is_no_longer_told(scripted: Scripted, tmp_path: Path) -> None:
    """Entries of one transaction, those that move nothing, and pages that overlap change no name."""
    (tmp_path / "cache").mkdir()
    entries: list[dict[str, Any]] = [
        {"time": int(NOW_S * 1000) + at_ms, "hash": "0x1", "delta": {"type": kind, "usdc": "1000.0"}}
        for at_ms, kind in ((1000, "liquidation"), (1000, "deposit"), (301_000, "deposit"))
    ]
    link, peak = scripted.link("hyperliquid"), OwnPeak(tmp_path / "cache", NOW_S)
    for at_s in range(0, 1300, 60):
        told = [entry for entry in entries if peak.since_ms <= entry["time"] <= (NOW_S + at_s) * 1000]
        scripted.answers["userNonFundingLedgerUpdates"] = [*told, *told[-1:]]
        peak.note_nav(10_000.0 + 1000.0 * (at_s >= 1) + 1000.0 * (at_s >= 301), NOW_S + at_s)
        peak.note_transfers(link.venue.transfers(link.ask, peak.since_ms), PRICES.get, NOW_S + at_s + 31.0)
    assert peak.peak_usd == pytest.approx(12_000.0)
    assert _pct(peak) == 0.0


def test_a_nav_of_before_a_transfer_is_no_peak_of_after_it(tmp_path: Path) -> None:
    """It left between the two questions of one cycle."""
    (tmp_path / "cache").mkdir()
    peak = OwnPeak(tmp_path / "cache", NOW_S)
    peak.note_nav(10_000.0, NOW_S)
    peak.note_transfers([Transfer("t", "USDT", -5_000.0, NOW_S + 1.0)], PRICES.get, NOW_S + 2.0)
    peak.note_nav(5_000.0, NOW_S + 10.0)
    peak.note_transfers([], PRICES.get, NOW_S + 50.0)
    assert _pct(peak) == 0.0


def test_a_number_of_binance_names_one_transfer_of_a_kind(scripted: Scripted) -> None:
    """A transfer and a bonus may have the same."""
    row = {"symbol": "", "income": "5", "asset": "USDT", "time": 1, "tranId": 9}
    scripted.answers["/fapi/v1/income"] = [row | {"incomeType": kind} for kind in ("TRANSFER", "WELCOME_BONUS")]
    link = scripted.link("binanceusdm")
    assert len({moved.transfer_id for moved in link.venue.transfers(link.ask, 0)}) == 2


def _pct(peak: OwnPeak) -> float:
    drawdown = peak.drawdown()
    assert drawdown is not None
    return drawdown.pct


@pytest.mark.parametrize(
    "trace", ["nav_log.json", "state/nav.json", "execution/orders_executed.jsonl", "cache/paper_state.json"]
)
def test_a_directory_of_another_source_is_refused(trace: str, tmp_path: Path) -> None:
    """No peak and no history of a paper desk is inherited; its own directory is taken up again."""
    claim_directory(tmp_path / "own", "bybit", "live", "key")
    claim_directory(tmp_path / "own", "bybit", "live", "key")
    with pytest.raises(DirectoryError, match=r"is that of bybit \(live\), not of bybit \(testnet\)"):
        claim_directory(tmp_path / "own", "bybit", "testnet", "key")
    path = tmp_path / "other" / trace
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(DirectoryError, match="has been written by another source"):
        claim_directory(tmp_path / "other", "bybit", "live", "key")
