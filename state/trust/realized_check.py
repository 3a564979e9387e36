"""Today's realised PnL: the sync daemon's figure against the executor's copy of an earlier one."""

from collections.abc import Iterator
from typing import NamedTuple

from state.facts.following import follow
from state.facts.kpis_shape import flat_payloads
from state.facts.nav_files import nav_of
from state.facts.recent_nav import nav_moves
from state.facts.reset_day import day_of
from state.facts.sources import Sources
from state.files.stamps import age_of, content_stamp
from state.files.surfaces import BY_NAME, NAV_STATE, RISK_SNAPSHOT
from state.files.values import JsonDict, mapping, number, text
from state.trust.comparison import Check, Side, compare, verdict

CENT = 0.01
# What fills and their fees move the NAV by beside the PnL of a close.
FEES_SHARE = 1e-3


class _Figure(NamedTuple):
    side: Side
    day: str | None
    zone: str | None


def check_realized(sources: Sources) -> Check:
    """Within a cent while the NAV rests; where it moved, a position may have been closed between the two figures."""
    figures = list(_figures(sources))
    if len(figures) < 2:
        return verdict("realized_pnl", "not_comparable", ["one figure or none"])
    left, right = figures[0], figures[1]
    stamps = [figure.side.stamp for figure in (left, right) if figure.side.stamp is not None]
    # The NAV of a copy is as old as the daemon's cycle it was taken from.
    since = min(stamps, default=sources.now) - BY_NAME[NAV_STATE].late_after_s
    moved = nav_moves(sources, since)
    nav_usd = nav_of(sources.data(NAV_STATE)) or 0.0
    tolerance = CENT + (moved + FEES_SHARE * abs(nav_usd) if moved > CENT else 0.0)
    excuse = "" if _is_one_day(left, right) else "of different days"
    excuse = excuse or _why_older(sources, left.side, right.side)
    return compare("realized_pnl", left.side, right.side, tolerance, excuse)


def _why_older(sources: Sources, left: Side, right: Side) -> str:
    """That the second is of before the first came to say what it says: a position was closed between the two."""
    since = follow(sources, f"realized/{left.label}", {"": [left.value]}, left.stamp).since.get("", 0.0)
    return "the second is of before the first changed" if (right.stamp or 0.0) < since else ""


def _figures(sources: Sources) -> Iterator[_Figure]:
    """The daemon's own, then the copies of its payload in the drawdown blocks of the executor."""
    blocks = [(NAV_STATE, sources.data(NAV_STATE), sources.stamp(NAV_STATE))]
    copies = flat_payloads(sources)
    blocks += [(item.origin, _peak_state(mapping(item.data.get("drawdown"))), item.stamp) for item in copies]
    snapshot = mapping(mapping(sources.data(RISK_SNAPSHOT).get("dd_state")).get("drawdown"))
    blocks.append((RISK_SNAPSHOT, _peak_state(snapshot), sources.stamp(RISK_SNAPSHOT)))
    for name, block, file_stamp in blocks:
        value, own = number(block.get("realized_pnl_today")), content_stamp(block)
        if value is not None:
            stamp = file_stamp if age_of(own, sources.now) is None else own
            yield _Figure(Side(name, value, stamp), text(block.get("day")), text(block.get("reset_timezone")))


def _peak_state(drawdown: JsonDict) -> JsonDict:
    return mapping(drawdown.get("peak_state"))


def _is_one_day(left: _Figure, right: _Figure) -> bool:
    """By the day the writer counts in, which begins at the midnight of its own time zone."""
    zone = left.zone or right.zone
    days = [day_of(side.day, zone, side.side.stamp) or day_of(None, "UTC", side.side.stamp) for side in (left, right)]
    return days[0] is not None and days[0] == days[1]
