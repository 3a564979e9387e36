"""Peak and drawdown of the portfolio: the figures of one source, and only beside the NAV they belong to."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from state.facts.daemon_word import DRAWDOWN_KEYS, PEAK_KEY, find_daemon_word, is_daemons
from state.facts.drawdown_figures import CENT, Figures, fall_of, why_impossible
from state.facts.exchange import CONFIGURED_SOURCES, Exchange
from state.facts.kpis_shape import flat_payloads
from state.facts.kpis_words import claim_dd_state
from state.facts.nav_files import Nav, claim_of, claim_of_daemon, nav_of
from state.facts.reset_day import why_not_today
from state.facts.sources import Sources
from state.facts.standing import Choice, Claim, choose, why_not_alive
from state.facts.switches import switch
from state.files.stamps import COMPARABLE_S, content_stamp
from state.files.surfaces import KPIS, NAV_STATE, RISK_SNAPSHOT
from state.files.values import JsonDict, first, first_numeric, mapping, number, numeric, text, why_unreadable

# What a NAV moves between the loops of two writers; and within one.
NAV_MOVES = 5e-3
NAV_ROUNDING = 1e-4
# Words of a portfolio that lies below its peak; so far below it is nowhere else than at it.
BELOW_THE_PEAK = frozenset({"cautious", "defensive", "drawdown"})
AT_THE_PEAK_PCT = 0.005

# Under which key the daemon's figure outlives its file.
REALIZED = "realized_today"


class Drawdown(NamedTuple):
    """The figures of the source that wins, and what every source says.

    `disowned`: the reasons of the executor for not standing behind its own figures. `lacking`: the NAV misses coins, so
    that a fall from the peak is none.
    """

    choice: Choice[Figures]
    claims: tuple[Claim[Figures], ...]
    disowned: tuple[str, ...]
    lacking: tuple[str, ...]

    @property
    def figures(self) -> Figures:
        """What is shown; of a NAV that misses coins the peak alone."""
        figures = self.choice.value or Figures(None, None, None, None)
        return figures._replace(pct=None, abs_usd=None) if self.lacking else figures


def find_drawdown(sources: Sources, nav: Nav, exchange: Exchange) -> Drawdown:
    """nav_state.json, the flat KPIs, risk_snapshot.json: the first alive, sane, and computed from the NAV on show."""
    configured = exchange.source in CONFIGURED_SOURCES
    written = tuple(_claims(sources, configured))
    reasons = (_disowned(block.value, configured) for block in _snapshots(sources))
    disowned = tuple(dict.fromkeys(reason for reason in reasons if reason))
    usable = [item if item.flaw else _beside(item, nav) for item in written]
    if _is_said_to_be_below_the_peak(sources, usable, nav):
        usable = [_beside_word(item) for item in usable]
    return Drawdown(choose(sources, usable), written, disowned, nav.unpriced)


def why_no_drawdown(sources: Sources, drawdown: Drawdown, nav: Nav) -> str:
    """Why no source's drawdown can be shown."""
    if drawdown.lacking:
        return f"the NAV lacks {', '.join(drawdown.lacking)}, which has no price: a fall from the peak is none"
    if nav.usd is None and drawdown.choice.passed:
        return "the NAV is unknown"
    if drawdown.choice.passed:
        return "; ".join(f"{claim.name}: {flaw}" for claim, flaw in drawdown.choice.passed)
    return sources.lacks("drawdown", NAV_STATE, KPIS, RISK_SNAPSHOT)


def realized_today(sources: Sources) -> Choice[float]:
    """Realised PnL since the day's reset, USD; from the daemon's own figure only (the snapshot's 0.0 is a default)."""
    return choose(sources, claim_realized(sources, kept=True))


def why_no_realized(sources: Sources, realized: Choice[float]) -> str:
    """Why no source's figure of today can be shown."""
    passed = "; ".join(f"{claim.name} {reason}" for claim, reason in realized.passed)
    return passed or sources.lacks("realised PnL of today", NAV_STATE)


def claim_realized(sources: Sources, *, kept: bool = False) -> list[Claim[float]]:
    """What each source says of it; one of another day is ruled out. `kept`: what the daemon last wrote counts too.

    The copies of the executor are as old as the `peak_state` they stand in, whenever the file around it was written.
    """
    copies = [(item, mapping(item.value.get("peak_state"))) for item in _snapshots(sources)]
    zone = first(text(block.get("reset_timezone")) for _, block in copies)
    found = [(claim, None, zone) for claim in _daemons_realized(sources, kept)]
    for item, block in copies:
        value, of_it = number(block.get("realized_pnl_today")), content_stamp(block)
        stamp = item.stamp if of_it is None or item.stamp is None else min(of_it, item.stamp)
        if value is not None:
            claim = Claim(value, item.file, stamp, None, item.origin)
            found.append((claim, block.get("day"), text(block.get("reset_timezone")) or zone))
    return [replace(claim, flaw=why_not_today(day, place, claim.stamp, sources.now)) for claim, day, place in found]


def _daemons_realized(sources: Sources, kept: bool) -> Iterator[Claim[float]]:
    """The daemon's own figure; what it last was, while the executor's mirror stands in its place."""
    data, stamp = sources.data(NAV_STATE), sources.stamp(NAV_STATE)
    value = number(data.get("realized_pnl_today"))
    if value is not None:
        yield Claim(value, NAV_STATE, stamp)
        if stamp is not None:
            sources.history.keep(REALIZED, value, stamp)
    elif kept and data and not is_daemons(data) and (last := number(sources.history.get(REALIZED))) is not None:
        name = f"{NAV_STATE}, as the sync daemon last wrote it,"
        yield Claim(last, NAV_STATE, sources.history.at(REALIZED), None, name)


def _claims(sources: Sources, configured: bool) -> Iterator[Claim[Figures]]:
    """The sources in their order, with what rules each out."""
    yield from _daemons(sources)
    for item in _snapshots(sources):
        figures, block = _of_snapshot(item.value), item.value
        unread = why_unreadable(block, "dd_pct") or why_unreadable(block, "peak")
        if figures.pct is not None or figures.peak_usd is not None or unread:
            claim = Claim(figures, item.file, item.stamp, None, item.origin)
            yield _claim(claim, _disowned(block, configured) or unread)


def _daemons(sources: Sources) -> Iterator[Claim[Figures]]:
    """The daemon's own figures; what they last were, while the executor's mirror stands in their place."""
    data = sources.data(NAV_STATE)
    if is_daemons(data) or "drawdown_pct" in data or PEAK_KEY in data:
        yield _claim(claim_of(sources, NAV_STATE, _of_daemon(data)), _why_daemon_unread(data))
    elif (word := find_daemon_word(sources)) is not None:
        yield _claim(claim_of_daemon(sources, word, _of_daemon(word.figures)), _why_daemon_unread(word.figures))


def _why_daemon_unread(data: JsonDict) -> str | None:
    return why_unreadable(data, *DRAWDOWN_KEYS) or why_unreadable(data, PEAK_KEY)


def _claim(claim: Claim[Figures], flaw: str | None) -> Claim[Figures]:
    flaw = flaw or why_impossible(claim.value)
    if claim.value.pct is None:
        flaw = flaw or "does not carry the percentage"
    if claim.value.nav_usd == 0.0:
        flaw = flaw or "was computed from a NAV of 0, which was not written"
    return replace(claim, flaw=flaw)


def _beside(claim: Claim[Figures], nav: Nav) -> Claim[Figures]:
    """Ruled out where it was computed from another NAV than the one on show."""
    of_it, peak_usd = claim.value.nav_usd, claim.value.peak_usd
    if nav.usd is None:
        return replace(claim, flaw="the NAV it belongs to is unknown")
    if of_it is None and peak_usd is not None and peak_usd < nav.usd - max(CENT, NAV_MOVES * abs(nav.usd)):
        return replace(claim, flaw="its peak lies below the NAV on show")
    if of_it is None or (nav.file, nav.stamp) == (claim.file, claim.stamp):
        return claim
    apart_s = abs((claim.stamp or 0.0) - (nav.stamp or 0.0))
    share = NAV_MOVES if apart_s <= COMPARABLE_S else NAV_ROUNDING
    if abs(nav.usd - of_it) <= max(CENT, share * abs(nav.usd)):
        return claim
    return replace(claim, flaw="was computed from another NAV than the one on show")


def _is_said_to_be_below_the_peak(sources: Sources, usable: list[Claim[Figures]], nav: Nav) -> bool:
    """Whether the portfolio's living word is that, and a living source has how far, by this very NAV.

    By another NAV it may have been so, a loop ago.
    """
    word = choose(sources, claim_dd_state(sources))
    if word.stale is not None or (word.value or "").lower() not in BELOW_THE_PEAK or nav.usd is None:
        return False
    return any(
        (item.value.pct or 0.0) >= AT_THE_PEAK_PCT
        and abs((item.value.nav_usd or 0.0) - nav.usd) <= max(CENT, NAV_ROUNDING * abs(nav.usd))
        for item in usable
        if item.flaw is None and why_not_alive(sources, item.file, item.stamp) is None
    )


def _beside_word(claim: Claim[Figures]) -> Claim[Figures]:
    """Ruled out where it has no drawdown: its peak was begun anew."""
    if claim.flaw or claim.value.pct is None or claim.value.pct >= AT_THE_PEAK_PCT:
        return claim
    return replace(claim, flaw="says 0.00 % of a portfolio that is said to be below its peak")


def _snapshots(sources: Sources) -> Iterator[Claim[JsonDict]]:
    """The drawdown blocks of the executor: of the flat KPIs, and of risk_snapshot.json."""
    for flat in flat_payloads(sources):
        yield Claim(mapping(flat.data.get("drawdown")), flat.file, flat.stamp, None, flat.origin)
    block = _of_risk_snapshot(mapping(sources.data(RISK_SNAPSHOT).get("dd_state")))
    yield Claim(block, RISK_SNAPSHOT, sources.stamp(RISK_SNAPSHOT))


def _of_risk_snapshot(dd_state: JsonDict) -> JsonDict:
    block = mapping(dd_state.get("drawdown"))
    # The publisher's fallback says `state` instead of `dd_state`, and its dd_pct is a fraction.
    if "state" not in dd_state or "dd_state" in dd_state:
        return block
    fraction = number(block.get("dd_pct"))
    return {**block, "dd_pct": None if fraction is None else 100.0 * fraction}


def _of_daemon(state: JsonDict) -> Figures:
    pct = first_numeric(state, *DRAWDOWN_KEYS)
    return Figures(fall_of(pct), fall_of(numeric(state.get("drawdown_abs"))), _peak(state, PEAK_KEY), nav_of(state))


def _of_snapshot(block: JsonDict) -> Figures:
    inner = mapping(block.get("drawdown"))
    pct = first([numeric(block.get("dd_pct")), numeric(inner.get("pct"))])
    return Figures(fall_of(pct), fall_of(numeric(block.get("dd_abs"))), _peak(block, "peak"), numeric(block.get("nav")))


def _peak(block: JsonDict, key: str) -> float | None:
    """A peak of zero was not written; one below zero was, and cannot be."""
    return numeric(block.get(key)) or None


def _disowned(block: JsonDict, configured: bool) -> str | None:
    """Why the writer does not stand behind the block: `usable` false, or an input it calls stale.

    Of a configured NAV the cache of the confirmed one plays no part, and is always stale.
    """
    flags = _raised(block.get("stale_flags"))
    stale = sorted(flags - {"nav_cache_stale"} if configured else flags)
    if stale or (switch(block.get("usable")) is False and not (configured and flags)):
        return "its writer marks it as not usable" + (f" ({', '.join(stale)})" if stale else "")
    return None


def _raised(flags: object) -> set[str]:
    """The names of the flags that are up: those that are on, or all of a list."""
    if isinstance(flags, list):
        return {name for item in flags if (name := text(item)) is not None}
    return {str(key) for key, value in mapping(flags).items() if switch(value)}
