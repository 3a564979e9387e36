"""Fees over realised PnL: the 7-day figure, else the 3-day one; a ratio only with the two sides that make it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from state.facts.kpis_shape import all_payloads, flat_payloads, is_nested
from state.facts.sources import Sources
from state.facts.standing import Choice, Claim, choose
from state.files.surfaces import KPIS, RISK_SNAPSHOT
from state.files.values import JsonDict, count, first, mapping, number
from state.formatting import fmt_number

WEEK_DAYS, SHORT_DAYS = 7, 3
# The writers round a ratio to two digits at least.
RATIO_ROUNDING = 0.006


class FeePnl(NamedTuple):
    """Fees over the absolute realised PnL of a window of days, and both sides in USD."""

    ratio: float | None
    window_days: int | None
    fees_usd: float | None
    pnl_usd: float | None


class Fees(NamedTuple):
    """The figures that win, every source's, and why there are none."""

    choice: Choice[FeePnl]
    claims: tuple[Claim[FeePnl], ...]
    reason: str

    @property
    def figures(self) -> FeePnl:
        """What is shown."""
        return self.choice.value or FeePnl(None, None, None, None)


def find_fee_pnl(sources: Sources) -> Fees:
    """The 7-day figures of a living file, else the 3-day ones, else the sides without a ratio."""
    claims = tuple(_without_refuted(list(_claims(sources))))
    with_ratio = [item for item in claims if item.value.ratio is not None]
    wanted = sorted(with_ratio, key=lambda item: item.value.window_days != WEEK_DAYS)
    choice = choose(sources, wanted)
    if choice.claim is None:
        sides_only = choose(sources, [item for item in claims if item.value.ratio is None])
        choice = sides_only._replace(passed=choice.passed + sides_only.passed)
    refused = [f"{item.name}: {reason}" for item, reason in choice.passed if item.flaw]
    shown = choice.claim
    if shown is not None and shown.value.ratio is not None:
        return Fees(choice, claims, f"{shown.name} does not carry it beside its ratio")
    return Fees(choice, claims, "; ".join(refused) or sources.lacks("fee / PnL ratio", RISK_SNAPSHOT, KPIS))


def _without_refuted(claims: list[Claim[FeePnl]]) -> Iterator[Claim[FeePnl]]:
    """A ratio without sides of its own is ruled out where it repeats one that its sides refute."""
    refuted = [item for item in claims if item.flaw]
    for item in claims:
        source = None if has_sides(item.value) else next((bad for bad in refuted if _repeats(item, bad)), None)
        yield item if source is None else replace(item, flaw=f"repeats that of {source.name}, which its sides refute")


def has_sides(figures: FeePnl) -> bool:
    """Whether the writer has worked out the ratio itself, and not taken over another's."""
    return figures.fees_usd is not None and figures.pnl_usd is not None


def _repeats(claim: Claim[FeePnl], source: Claim[FeePnl]) -> bool:
    """The same window and the same ratio, as far as it is rounded."""
    return claim.value.window_days == source.value.window_days and _is_same(claim.value.ratio, source.value.ratio)


def _is_same(ratio: float | None, other: float | None) -> bool:
    return ratio is not None and other is not None and _is_rounded(ratio, other)


def _is_rounded(ratio: float, exact: float) -> bool:
    return abs(ratio - exact) <= max(RATIO_ROUNDING, 1e-3 * abs(exact))


def _claims(sources: Sources) -> Iterator[Claim[FeePnl]]:
    snapshot = list(_claim(sources.data(RISK_SNAPSHOT), WEEK_DAYS, RISK_SNAPSHOT, sources.stamp(RISK_SNAPSHOT), ""))
    yield from snapshot
    for item in all_payloads(sources):
        if is_nested(item.data):
            risk = mapping(item.data.get("risk"))
            data = {**risk, "fee_pnl": risk.get("fee_pnl") or item.data.get("fee_pnl")}
            found = _claim(data, WEEK_DAYS, item.file, item.stamp, item.origin)
            own = count(mapping(data["fee_pnl"]).get("window_days"))
            yield from found if own else (_of_its_source(claim, snapshot) for claim in found)
    for item in flat_payloads(sources):
        yield from _claim(item.data, SHORT_DAYS, item.file, item.stamp, item.origin)


def _claim(data: JsonDict, days: int, file: str, stamp: float | None, origin: str) -> Iterator[Claim[FeePnl]]:
    """A ratio with its window; `days` is the window of the shape where the writer does not say."""
    block = mapping(data.get("fee_pnl"))
    if not block and "fee_pnl_ratio" not in data:
        return
    ratio = first([number(block.get("fee_pnl_ratio")), number(data.get("fee_pnl_ratio"))])
    window = count(block.get("window_days")) or days
    figures = FeePnl(ratio, window, number(block.get("fees")), number(block.get("pnl")))
    yield Claim(figures, file, stamp, why_not_of_its_sides(figures), origin)


def _of_its_source(claim: Claim[FeePnl], snapshot: list[Claim[FeePnl]]) -> Claim[FeePnl]:
    """The daemon copies the snapshot's ratio without its window: a copy is over the window of what it repeats."""
    source = next((item.value for item in snapshot if _is_same(claim.value.ratio, item.value.ratio)), claim.value)
    return replace(claim, value=claim.value._replace(window_days=source.window_days))


def why_not_of_its_sides(figures: FeePnl) -> str | None:
    """Why a ratio cannot be that of the fees and the PnL beside it."""
    ratio, fees, pnl = figures.ratio, figures.fees_usd, figures.pnl_usd
    if ratio is None or fees is None or pnl is None:
        return None
    if pnl == 0:
        return f"a fee / PnL of {fmt_number(ratio)} cannot be beside a realised PnL of 0"
    made = fees / abs(pnl)
    if _is_rounded(ratio, made):
        return None
    return f"its fee / PnL of {fmt_number(ratio)} is not the {fmt_number(made)} that its two sides make"
