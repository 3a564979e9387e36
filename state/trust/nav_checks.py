"""Checks of the NAV and of what is computed from it: across files, against its parts, and against what is possible."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from state.facts.book import Book
from state.facts.drawdown import Drawdown
from state.facts.drawdown_figures import Figures, implied_pct, why_impossible
from state.facts.environment import Environment
from state.facts.exchange import Exchange
from state.facts.fx import Rate
from state.facts.kpis_shape import all_payloads, is_nested
from state.facts.nav_files import REPEATED, SAYS_ZERO, Nav, nav_of
from state.facts.nav_leaps import logged_leaps, tell_leaps
from state.facts.positions import Exposure
from state.facts.series import NavHistory
from state.facts.sources import Sources
from state.facts.standing import Claim, why_not_alive
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S
from state.files.surfaces import KPIS, NAV, NAV_LOG, NAV_STATE, SYNCED_STATE
from state.files.values import first, mapping, number
from state.sentences import Part
from state.trust.comparison import Check, Side, all_agree, compare, extend, plain, rounding, usd, verdict
from state.trust.nav_lag import forgive_move
from state.trust.realized_check import check_realized

CENT = 0.01
# Prices and fills move between two files of the same minute.
NAV_TOLERANCE = 1e-3
DRAWDOWN_ROUNDING_PCT = 1e-4
# What leapt longer ago may be a transfer, and is no news: what it makes unknown is said where that stands.
DAY_S = 86400.0
DRAWDOWN_TOLERANCE_PCT = 0.05


@dataclass(frozen=True, slots=True)
class Facts:
    """What the normalizers found, for the checks to hold against the files."""

    nav_found: Nav
    nav: dict[str, Any]
    aum: dict[str, Any]
    router: dict[str, Any]
    book: Book
    exposure: Exposure
    exchange: Exchange
    environment: Environment
    drawdown: Drawdown
    rate: Rate
    history: NavHistory


def nav_checks(sources: Sources, facts: Facts) -> Iterator[Check]:
    """In the order of the page."""
    yield _nav_against_nav_json(sources, facts)
    yield _nav_against_kpis(sources, facts)
    yield _nav_against_synced(sources, facts)
    yield _drawdown(facts)
    yield _drawdown_sources(facts)
    yield check_realized(sources)
    yield _history(sources, facts)
    yield nav_live(facts)


def nav_tolerance(value: float | None, skew_s: float | None = None) -> float:
    """Within one loop the rounding, else what a NAV moves in two minutes."""
    if value is not None and skew_s is not None and skew_s <= SAME_LOOP_S:
        return CENT + 1e-6 * abs(value)
    return max(CENT, NAV_TOLERANCE * abs(value or 0.0))


def nav_side(facts: Facts) -> Side:
    nav = facts.nav_found
    return Side(nav.file or "NAV on show", nav.usd, nav.stamp)


def _nav_against_nav_json(sources: Sources, facts: Facts) -> Check:
    """Against nav.json; where that is the one on show, against the nav file it was taken before."""
    left = nav_side(facts)
    name = NAV_STATE if left.label == NAV else NAV
    right = Side(name, nav_of(sources.data(name)), sources.stamp(name))
    excuse = _why_old(sources, facts.nav_found) if name == NAV_STATE else ""
    check = _compare_navs(sources, "nav", left, right, excuse)
    if _signs_differ(left, right) and check["status"] != "fail":
        return extend(check, "fail", ": one is below zero and the other is not")
    open_pnl = facts.nav.get("unrealized_pnl_usd")
    if check["status"] == "fail" and open_pnl and abs(check["residual"] + open_pnl) <= nav_tolerance(left.value):
        return extend(check, "warn", "; the difference is the unrealized PnL")
    return check


def _compare_navs(sources: Sources, name: str, left: Side, right: Side, excuse: str = "") -> Check:
    """Two figures of the NAV, each as it was when it was written."""
    tolerance = nav_tolerance(left.value)
    return forgive_move(sources, compare(name, left, right, tolerance, excuse), left, right, tolerance)


def _why_old(sources: Sources, nav: Nav) -> str:
    """Why the figure of nav_state.json is none of the time of its file."""
    if not sources.has(NAV_STATE):
        return "the NAV on show is that of nav.json"
    told = next((reason for reason in nav.passed if reason.startswith((REPEATED, f"{NAV_STATE} {SAYS_ZERO}"))), "")
    reason = why_not_alive(sources, NAV_STATE, sources.stamp(NAV_STATE))
    return f"{NAV_STATE} {reason}" if reason else told


def _signs_differ(left: Side, right: Side) -> bool:
    known = left.value is not None and right.value is not None and left.stamp is not None and right.stamp is not None
    return known and (left.value or 0.0) * (right.value or 0.0) < 0


def _nav_against_kpis(sources: Sources, facts: Facts) -> Check:
    left = nav_side(facts)
    found = next(iter(all_payloads(sources)), None)
    if found is None:
        return compare("nav_kpis", left, Side(KPIS, None), nav_tolerance(left.value))
    block = mapping(found.data.get("nav")) if is_nested(found.data) else mapping(found.data.get("drawdown"))
    nav_usd = first([number(block.get("nav_total")), number(block.get("nav"))])
    return _compare_navs(sources, "nav_kpis", left, Side(found.origin, nav_usd, found.stamp))


def _nav_against_synced(sources: Sources, facts: Facts) -> Check:
    """synced_state.json and nav.json are written in one loop; without nav.json the NAV on show is held against it."""
    right = Side(SYNCED_STATE, number(sources.data(SYNCED_STATE).get("nav")), sources.stamp(SYNCED_STATE))
    nav_json = Side(NAV, nav_of(sources.data(NAV)), sources.stamp(NAV))
    left = nav_json if nav_json.value is not None and _skew(nav_json, right) <= SAME_LOOP_S else nav_side(facts)
    check = compare("nav_synced", left, right, nav_tolerance(left.value, _skew(left, right)))
    return forgive_move(sources, check, left, right, nav_tolerance(left.value))


def _skew(left: Side, right: Side) -> float:
    return float("inf") if left.stamp is None or right.stamp is None else abs(left.stamp - right.stamp)


def _drawdown(facts: Facts) -> Check:
    """Percent, amount, peak and NAV of the source on show have to make each other; what cannot be is said."""
    impossible = [(item, why) for item in facts.drawdown.claims if (why := why_impossible(item.value))]
    claim = facts.drawdown.choice.claim
    if impossible:
        sides = _percentages(impossible[0][0], None)
        words = "; ".join(f"{item.name}: {why}" for item, why in impossible)
        return compare("drawdown", *sides, DRAWDOWN_TOLERANCE_PCT) | {
            "status": "fail",
            "detail": words,
            "parts": [words],
        }
    if claim is None:
        return verdict("drawdown", "not_comparable", ["no drawdown on show"])
    figures = claim.value
    nav_usd = figures.nav_usd if figures.nav_usd is not None else facts.nav_found.usd
    excuse = "the NAV is frozen" if facts.exchange.frozen else facts.drawdown.choice.stale or ""
    tolerance = DRAWDOWN_TOLERANCE_PCT if figures.nav_usd is None else _pct_tolerance(figures)
    check = compare("drawdown", *_percentages(claim, nav_usd), tolerance, excuse)
    below = None if figures.peak_usd is None or nav_usd is None else max(figures.peak_usd - nav_usd, 0.0)
    if check["status"] != "ok" or figures.abs_usd is None or below is None:
        return check
    if abs(figures.abs_usd - below) > CENT + rounding(figures.abs_usd):
        return extend(check, "fail", "; its amount is ", usd(figures.abs_usd), ", its peak less its NAV ", usd(below))
    return check


def _percentages(claim: Claim[Figures], nav_usd: float | None) -> tuple[Side, Side]:
    """What a source says, and what its other figures make; `nav_usd` where it has no NAV of its own."""
    figures = claim.value
    made = implied_pct(figures, figures.nav_usd if figures.nav_usd is not None else nav_usd)
    parts = "its amount and NAV" if figures.peak_usd is None else "its peak and NAV"
    return Side(f"drawdown % of {claim.name}", figures.pct, claim.stamp), Side(f"% from {parts}", made, claim.stamp)


def _pct_tolerance(figures: Figures) -> float:
    return max(DRAWDOWN_ROUNDING_PCT, rounding(figures.pct or 0.0)) if figures.pct else DRAWDOWN_ROUNDING_PCT


def _drawdown_sources(facts: Facts) -> Check:
    """Percent, amount and peak of every source that was computed from the same NAV at the same time."""
    reference = facts.drawdown.choice.claim
    if reference is None:
        return verdict("drawdown_sources", "not_comparable", ["no drawdown on show"])
    differences: list[list[Part]] = []
    compared = False
    for claim in facts.drawdown.claims:
        if claim.name != reference.name and _same_moment(claim, reference):
            compared = True
            differences += _differences(reference, claim)
    return all_agree("drawdown_sources", differences, [f"all agree with {reference.name}"], compared)


def _same_moment(left: Claim[Figures], right: Claim[Figures]) -> bool:
    navs = (left.value.nav_usd, right.value.nav_usd)
    near = left.stamp is not None and right.stamp is not None and abs(left.stamp - right.stamp) <= COMPARABLE_S
    return near and navs[0] is not None and navs[1] is not None and abs(navs[0] - navs[1]) <= CENT


def _differences(reference: Claim[Figures], claim: Claim[Figures]) -> Iterator[list[Part]]:
    for field, show in (("pct", plain), ("abs_usd", usd), ("peak_usd", usd)):
        left, right = getattr(reference.value, field), getattr(claim.value, field)
        if left is None or right is None:
            continue
        allowed = DRAWDOWN_ROUNDING_PCT if field == "pct" else CENT
        if abs(left - right) > max(allowed, rounding(left), rounding(right)):
            what = {"pct": "drawdown %", "abs_usd": "drawdown", "peak_usd": "peak"}[field]
            yield [f"{what} of {reference.name} ", show(left), f", of {claim.name} ", show(right)]


def _history(sources: Sources, facts: Facts) -> Check:
    """The points of the two files against each other, the last one against the NAV, and what cannot be read of them."""
    history, nav = facts.history, nav_side(facts)
    faults: list[Part] = []
    if history.disagreement is not None:
        _, log_usd, series_usd, moments = history.disagreement
        faults += [f"{NAV_LOG} ", usd(log_usd), f" and {NAV_STATE} ", usd(series_usd), f" at one of {moments} moments"]
    if history.unread or history.ahead:
        faults.append(
            f"{'; ' if faults else ''}{history.unread} points cannot be read, {history.ahead} lie in the future"
        )
    leaps = {leap for leap in (*history.leaps, *logged_leaps(sources).found) if sources.now - leap.at <= DAY_S}
    if told := tell_leaps(leaps, sources.now):
        faults += ["; " if faults else "", *told]
    last = history.points[-1] if history.points and not history.zeros else None
    right = Side("last point of the history", last[1] if last else None, last[0] if last else None)
    check = _compare_navs(sources, "history", nav, right, facts.nav_found.stale or "")
    return extend(check, "fail", "; ", *faults) if faults else check


def nav_live(facts: Facts) -> Check:
    """Whether the exchange stands behind the NAV."""
    exchange = facts.exchange
    left = Side("confirmed by the exchange", exchange.confirmed_at)
    right = Side("NAV written", facts.nav_found.stamp)
    if exchange.frozen:
        words = ["the files repeat an old NAV that the exchange does not confirm"]
        return verdict("nav_live", "fail", [*words], left, right)
    if facts.nav_found.stale is not None:
        return verdict("nav_live", "fail", [f"the NAV on show is old: {facts.nav_found.stale}"], left, right)
    if exchange.frozen is None:
        return verdict("nav_live", "not_comparable", ["nothing says whether the NAV is live"], left, right)
    if exchange.doubt is not None:
        doubt = f"the NAV is said to be {exchange.source or 'of now'}, but {exchange.doubt}"
        return verdict("nav_live", "warn", [doubt], left, right)
    return verdict("nav_live", "ok", [f"source {exchange.source or 'not named'}"], left, right)
