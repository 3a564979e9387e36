"""The account's own peak beside transfers: in whatever order NAV, stamp and record come, none is a profit or a loss."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from execution.account.answers import Transfer
from execution.account.peak import SAVED, OwnPeak
from execution.account.source import AccountSource
from execution.storage.writer_lock import release_writers

if TYPE_CHECKING:
    from pathlib import Path

    from scripted import Scripted

NOW_S = 1_795_660_000.0
PRICES = {"USDT": 1.0}


class Case(NamedTuple):
    """The peak is 10,000; then `nav_usd`, until the reading of second 100 (or `held_s`) holds what moved.

    `moved` are (USD, second of the stamp); they are told from `told_s` on. A reading takes `takes_s` to answer.
    """

    nav_usd: float
    moved: tuple[tuple[float, float], ...]
    told_s: float
    held_s: float = 100.0
    takes_s: float = 0.4

    @property
    def transfers(self) -> list[Transfer]:
        """As an exchange tells them."""
        return [Transfer(str(number), "USDT", usd, NOW_S + at_s) for number, (usd, at_s) in enumerate(self.moved)]

    def nav_at(self, second: float) -> float:
        """What a reading of then tells."""
        if second == 0:
            return 10_000.0
        return self.nav_usd + (sum(usd for usd, _ in self.moved) if second >= self.held_s else 0.0)


CASES = {
    "deposit between question and answer": Case(8000.0, ((8000.0, 100.3),), 100.6),
    "withdrawal between question and answer": Case(8000.0, ((-6000.0, 100.3),), 100.6),
    "clock behind by less than is said": Case(8000.0, ((8000.0, 101.3),), 100.6),
    "between the NAV and the question for transfers": Case(8000.0, ((8000.0, 100.5),), 100.6, held_s=110.0),
    "clock behind": Case(8000.0, ((8000.0, 105.0),), 100.6),
    "clock ahead": Case(8000.0, ((8000.0, 85.0),), 100.6),
    "small, near the peak": Case(10_000.0, ((90.0, 95.0),), 160.6),
    "small, during a slow answer": Case(10_000.0, ((90.0, 103.0),), 160.6, takes_s=5.0),
    "small, and not yet in the NAV": Case(10_000.0, ((-90.0, 100.5),), 100.6, held_s=110.0),
    "deposit told late": Case(10_000.0, ((10_000.0, 95.0),), 140.6),
    "withdrawal told late": Case(8000.0, ((-6000.0, 95.0),), 160.6),
    "two at once": Case(8000.0, ((4000.0, 100.2), (4500.0, 100.3)), 100.6),
    "in and out at once": Case(8000.0, ((8000.0, 94.0), (-8000.0, 95.0)), 110.6),
    "more out than there was before": Case(8000.0, ((-9000.0, 95.0), (9500.0, 94.0)), 110.6),
}


def watch(peak: OwnPeak, case: Case, start_s: int = 0, end_s: int = 300) -> list[float | None]:
    """A cycle of ten seconds after the other; the drawdown in percent after each."""
    seen: list[float | None] = []
    for second in range(start_s, end_s, 10):
        peak.note_nav(case.nav_at(second), NOW_S + second, NOW_S + second + case.takes_s)
        told_s = second + max(0.6, case.takes_s)
        peak.note_transfers(case.transfers if told_s >= case.told_s else [], PRICES.get, NOW_S + told_s)
        drawdown = peak.drawdown()
        seen.append(None if drawdown is None else drawdown.pct)
    return seen


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_transfer_leaves_the_fall_in_percent_as_it_was(case: Case, tmp_path: Path) -> None:
    """In this run, and in the next one, which has the file alone."""
    peak = OwnPeak(tmp_path, NOW_S)
    expected = pytest.approx(100.0 - case.nav_usd / 100.0)
    assert watch(peak, case)[-1] == expected
    later = OwnPeak(tmp_path, NOW_S + 300.0)
    assert watch(later, case, start_s=300, end_s=310)[-1] == expected
    assert later.peak_usd == peak.peak_usd


def test_until_a_nav_holds_the_transfer_nothing_is_said(tmp_path: Path) -> None:
    """For one cycle, which is the only one where it may be either; no other percentage is ever told."""
    case = Case(9990.0, ((-90.0, 100.5),), 100.6, held_s=110.0)
    seen = watch(OwnPeak(tmp_path, NOW_S), case)
    assert seen[10] is None
    assert seen[9::2] == pytest.approx([0.1] * len(seen[9::2]))


@pytest.mark.parametrize("stop_s", [100, 110, 130])
def test_a_transfer_told_to_the_next_run_mends_the_peak_of_the_last(stop_s: int, tmp_path: Path) -> None:
    """The NAV had it before the end, the exchange's records only afterwards."""
    case = Case(8000.0, ((12_000.0, 95.0),), 200.0)
    watch(OwnPeak(tmp_path, NOW_S), case, end_s=stop_s)
    assert watch(OwnPeak(tmp_path, NOW_S + 200.0), case, start_s=200)[-1] == pytest.approx(20.0)


def test_records_that_are_away_for_long_are_placed_where_they_belong(tmp_path: Path) -> None:
    """Five hours of readings are too many to keep, and what is kept reaches back to before the transfer."""
    case = Case(8000.0, ((8000.0, 95.0),), 0.0)
    peak = OwnPeak(tmp_path, NOW_S)
    watch(peak, case._replace(told_s=1e9), end_s=60)
    for second in range(60, 18_000, 10):
        peak.note_nav(case.nav_at(second), NOW_S + second)
    peak.note_transfers(case.transfers, PRICES.get, NOW_S + 18_000.0)
    assert peak.peak_usd == pytest.approx(20_000.0)
    assert len(json.loads((tmp_path / SAVED).read_text())["readings"]) < 720


def test_a_file_of_an_older_version_is_taken_up(tmp_path: Path) -> None:
    """It has the peak and one NAV."""
    old = {"peak_usd": 10_000.0, "nav_usd": 8000.0, "checked_s": NOW_S, "first_s": NOW_S - 900.0, "applied": {}}
    (tmp_path / SAVED).write_text(json.dumps(old))
    peak = OwnPeak(tmp_path, NOW_S + 60.0)
    assert watch(peak, Case(8000.0, ((8000.0, 95.0),), 100.6), start_s=60)[-1] == pytest.approx(20.0)


@pytest.mark.parametrize("damaged", [{"readings": [[1.0, 2.0]]}, {"readings": [3]}, {"waiting": [[1.0]]}])
def test_a_damaged_file_is_refused(damaged: dict[str, Any], tmp_path: Path) -> None:
    """It is for the user to delete it: the peak would begin anew."""
    (tmp_path / SAVED).write_text(json.dumps(damaged))
    with pytest.raises(ValueError, match="damaged"):
        OwnPeak(tmp_path, NOW_S)


@pytest.mark.parametrize("amount_usd", [8000.0, -6000.0])
def test_a_transfer_during_a_cycle_reaches_the_peak_through_the_account(
    scripted: Scripted, amount_usd: float, tmp_path: Path
) -> None:
    """The cycle is older than its stamp, and the answer of the cycle has it."""
    release_writers()
    now_s, nav_usd, moved_s = time.time(), 10_000.0, 0.0

    def tell_account(_: dict[str, Any]) -> dict[str, Any]:
        margin = {"asset": "USDT", "marginBalance": nav_usd, "unrealizedProfit": 0.0, "positionInitialMargin": 0.0}
        return {"totalMarginBalance": nav_usd, "assets": [margin]}

    def tell_income(_: dict[str, Any]) -> list[dict[str, Any]]:
        row = {"symbol": "", "incomeType": "TRANSFER", "asset": "USDT", "income": amount_usd, "tranId": 1}
        return [row | {"time": round(moved_s * 1000)}] if moved_s else []

    scripted.answers |= {f"/fapi/{path}": [] for path in ("v3/positionRisk", "v1/symbolConfig")}
    scripted.answers |= {"/fapi/v1/exchangeInfo": {"symbols": []}, "/api/v3/account": {"balances": []}}
    scripted.answers |= {"/fapi/v3/account": tell_account, "/fapi/v1/income": tell_income}
    scripted.answers["/fapi/v1/time"] = lambda _: {"serverTime": time.time() * 1000}
    source = AccountSource(scripted.link("binanceusdm"), tmp_path, "live", now_s)
    for told_usd in (*[10_000.0] * 2, *[8000.0] * 8, *[8000.0 + amount_usd] * 8):
        now_s += 10.0
        moved_s = now_s + 0.3 if told_usd == 8000.0 + amount_usd and not moved_s else moved_s
        nav_usd = told_usd
        source.cycle(now_s)
    drawdown = source.peak.drawdown()
    assert drawdown is not None
    assert drawdown.pct == pytest.approx(20.0)
    source.close(now_s)
    release_writers()
