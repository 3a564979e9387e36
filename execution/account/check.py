"""`--check`: what a key may do, the clock, NAV and positions, once, in a terminal; nothing is written."""

from __future__ import annotations

import enum
import time
from typing import TYPE_CHECKING, NamedTuple

from execution.account.answers import NotUnderstoodError
from execution.account.failures import Failure, FailureKind
from execution.account.reading import Reading, read_account
from execution.account.schedule import LARGEST_SKEW_S
from execution.account.venues.venue import NotToldError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from execution.account.answers import Rights
    from execution.account.link import Link


class Verdict(enum.IntEnum):
    """The exit code, as monitoring plugins have it."""

    OK = 0
    WARN = 1
    FAIL = 2


class Finding(NamedTuple):
    """One line of the report."""

    verdict: Verdict
    text: str


def check_account(link: Link) -> Iterator[Finding]:
    """Everything that is worth knowing before the first start, worst things included."""
    failed: list[Finding] = []
    yield from _guard(lambda: [_check_clock(link)], failed)
    yield from _guard(lambda: _check_rights(link), failed)
    yield from _guard(lambda: _check_account(link), failed)
    limit = f" of {link.venue.weight_limit}" if link.venue.weight_limit else ""
    yield Finding(Verdict.OK, f"weight {link.weight_per_minute}{limit} used by this check, {link.requests} requests")


def _guard(check: Callable[[], list[Finding]], failed: list[Finding]) -> list[Finding]:
    if failed:
        return []
    try:
        return check()
    except Failure as failure:
        finding = Finding(Verdict.FAIL, f"{link_words(failure)}")
        if failure.kind in (FailureKind.KEY, FailureKind.LIMITED):
            # More questions would make it worse.
            failed.append(finding)
        return [finding]
    except NotToldError as error:
        return [Finding(Verdict.WARN, str(error))]
    except NotUnderstoodError as error:
        return [Finding(Verdict.FAIL, f"answer not understood: {error}")]


def link_words(failure: Failure) -> str:
    """The failure with what can be done about it."""
    advice = {FailureKind.KEY: ": is it the right exchange and environment, and is this address allowed?"}
    return failure.sentence + advice.get(failure.kind, "")


def judge_rights(rights: Rights) -> list[Finding]:
    """A key that can take money away is refused; one that can trade is more than this needs."""
    found = []
    if rights.can_withdraw:
        found.append(Finding(Verdict.FAIL, "the key may withdraw or transfer: refused, make one that can only read"))
    if rights.can_trade:
        found.append(
            Finding(Verdict.WARN, "the key may trade, which is not needed here; better make one that can only read")
        )
    if rights.can_withdraw is None:
        found.append(Finding(Verdict.WARN, f"what the key may do is not known: {rights.note}"))
    elif not found:
        found.append(Finding(Verdict.OK, "the key can only read"))
    if rights.note and rights.can_withdraw is not None:
        found.append(Finding(Verdict.OK, rights.note))
    return found


def _check_rights(link: Link) -> list[Finding]:
    """A key that may not ask for its own rights may still read the account."""
    try:
        return judge_rights(link.venue.rights(link.ask))
    except Failure as failure:
        if failure.kind is FailureKind.LIMITED:
            raise
        return [Finding(Verdict.WARN, f"what the key may do is not known: {failure.sentence}")]


def _check_clock(link: Link) -> Finding:
    skew_s = link.sync_clock()
    if abs(skew_s) > LARGEST_SKEW_S:
        return Finding(Verdict.WARN, f"clock: differs from the exchange's by {skew_s:+.1f} s")
    return Finding(Verdict.OK, f"clock: {skew_s * 1000:+.0f} ms from the exchange's")


def _check_account(link: Link) -> list[Finding]:
    reading = read_account(link, link.load_instruments(), time.time())
    found = [Finding(Verdict.OK, text) for text in describe_reading(reading)]
    return [*found, Finding(Verdict.WARN, link.venue.unseen)] if link.venue.unseen else found


def describe_reading(reading: Reading) -> list[str]:
    """NAV and positions, a line each."""
    figures = reading.figures
    lines = [f"NAV {figures.nav_usd:,.2f} USD, open PnL {figures.unrealized_usd:+,.2f} USD"]
    for leg in reading.positions:
        liquidation = f", liquidation {leg.liquidation_price:g}" if leg.liquidation_price else ""
        lines.append(
            f"{leg.symbol} {leg.side} {leg.qty:g} at {leg.entry_price:g}, mark {leg.mark_price:g}, "
            f"PnL {leg.unrealized_usd:+,.2f} USD{liquidation}"
        )
    return lines if reading.positions else [*lines, "no open positions"]
