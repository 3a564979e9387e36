"""Peak and drawdown of the portfolio: percent, whichever file and unit they come from."""

from collections.abc import Iterator
from typing import NamedTuple

from state.facts.kpis_shape import flat_payloads
from state.facts.sources import Sources
from state.files.surfaces import NAV_STATE, RISK_SNAPSHOT
from state.files.values import JsonDict, first, first_number, mapping, number, positive, within


class Drawdown(NamedTuple):
    """Percent 0..100, and USD for the rest."""

    pct: float | None
    abs_usd: float | None
    peak_usd: float | None


def find_drawdown(sources: Sources) -> Drawdown:
    """Each figure from the first file that has it: nav_state.json, flat KPIs, risk_snapshot.json."""
    found = list(_candidates(sources))
    return Drawdown(
        first(item.pct for item in found),
        first(item.abs_usd for item in found),
        first(item.peak_usd for item in found),
    )


def realized_today(sources: Sources) -> float | None:
    """Realised PnL since the day's reset, USD; from the daemon's own figure only (the snapshot's 0.0 is a default)."""
    blocks = [sources.data(NAV_STATE), *(mapping(block.get("peak_state")) for block in _snapshots(sources))]
    return first(number(block.get("realized_pnl_today")) for block in blocks)


def _candidates(sources: Sources) -> Iterator[Drawdown]:
    state = sources.data(NAV_STATE)
    yield Drawdown(
        first(within(state.get(key), 0.0, 100.0) for key in ("drawdown_pct", "drawdown")),
        first_number(state, "drawdown_abs"),
        positive(state.get("peak_equity")),
    )
    for block in _snapshots(sources):
        yield _from_snapshot(block)


def _snapshots(sources: Sources) -> Iterator[JsonDict]:
    for flat in flat_payloads(sources):
        yield mapping(flat.data.get("drawdown"))
    dd_state = mapping(sources.data(RISK_SNAPSHOT).get("dd_state"))
    block = mapping(dd_state.get("drawdown"))
    # The publisher's fallback says `state` instead of `dd_state`, and its dd_pct is a fraction.
    is_fraction = "state" in dd_state and "dd_state" not in dd_state
    yield {**block, "dd_pct": _percent(block.get("dd_pct"))} if is_fraction else block


def _percent(value: object) -> float | None:
    fraction = within(value, 0.0, 1.0)
    return None if fraction is None else 100.0 * fraction


def _from_snapshot(block: JsonDict) -> Drawdown:
    return Drawdown(within(block.get("dd_pct"), 0.0, 100.0), first_number(block, "dd_abs"), positive(block.get("peak")))
