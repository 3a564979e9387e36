"""Is the NAV live? What the exchange last really confirmed, and whether the files only repeat it."""

from dataclasses import dataclass
from typing import NamedTuple

from state.facts.following import Followed, follow
from state.facts.kpis_shape import flat_payloads
from state.facts.sources import Sources
from state.facts.switches import switch
from state.files.stamps import SAME_LOOP_S, age_of, parse_stamp
from state.files.surfaces import BY_NAME, NAV, NAV_STATE, RISK_SNAPSHOT, SYNCED_STATE
from state.files.values import JsonDict, first, first_number, mapping, text
from state.formatting import fmt_moment

REPEATING_SOURCES = frozenset({"cache", "unavailable"})
CONFIGURED_SOURCES = frozenset({"manual", "capital_base"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """Liveness of the NAV. `frozen`: it is an old value repeated. None where nothing tells.

    `doubt`: which file says of a NAV that counts as live that nobody has confirmed it for long.
    """

    source: str | None
    fresh: bool | None
    confirmed_at: float | None
    frozen: bool | None
    doubt: str | None = None

    @property
    def live(self) -> bool:
        """Known not to be frozen."""
        return self.frozen is False


class _Health(NamedTuple):
    """A `nav_health` block, and the stamp of the payload it stands in."""

    block: JsonDict
    stamp: float | None
    file: str


@dataclass(frozen=True, slots=True)
class _Evidence:
    detail: JsonDict
    stamp: float | None
    healths: tuple[_Health, ...]
    cached_at: float | None


def assess_exchange(sources: Sources) -> Exchange:
    """Weigh nav_detail (of the newest file that has it) and nav_health against the clock."""
    evidence = _gather(sources)
    source = (text(evidence.detail.get("source")) or "").lower() or None
    blocks = [evidence.detail, *(health.block for health in evidence.healths)]
    fresh = first(switch(block.get("fresh")) for block in blocks)
    confirmed_at = _confirmed_at(evidence, source, fresh)
    frozen = _frozen(evidence, source, fresh, confirmed_at, sources.now)
    lives = follow(sources, "live", {"": [frozen is False]}, evidence.stamp)
    doubted = frozen is False and source not in CONFIGURED_SOURCES
    doubt = _find_doubt(evidence, lives, sources.now) if doubted else None
    return Exchange(source, fresh, confirmed_at, frozen, doubt)


def _gather(sources: Sources) -> _Evidence:
    details = [
        (mapping(sources.data(name).get(key)), sources.stamp(name), name)
        for name, key in ((NAV, "nav_detail"), (SYNCED_STATE, "nav_snapshot"), (NAV_STATE, "nav_detail"))
    ]
    told = [item for item in details if _tells(item[0])]
    detail, stamp, file = max(told, key=lambda item: item[1] or 0.0, default=({}, None, NAV))
    healths = [
        _Health(mapping(detail.get("nav_health")), stamp, file),
        _Health(mapping(sources.data(RISK_SNAPSHOT).get("nav_health")), sources.stamp(RISK_SNAPSHOT), RISK_SNAPSHOT),
        *(
            _Health(mapping(mapping(flat.data.get("drawdown")).get("nav_health")), flat.stamp, flat.file)
            for flat in flat_payloads(sources)
        ),
    ]
    newest_first = tuple(sorted((item for item in healths if item.block), key=lambda item: -(item.stamp or 0.0)))
    cached = [(_cached_at(health), health.file) for health in newest_first]
    known = (at for at, name in cached if at is not None and sources.age_of(name, at) is not None)
    return _Evidence(detail, stamp, newest_first, max(known, default=None))


def _cached_at(health: _Health) -> float | None:
    return parse_stamp(health.block.get("cache_ts"))


def _tells(detail: JsonDict) -> bool:
    """Whether it speaks of the exchange; a "live" NAV of zero is a dry run's, and speaks of nothing."""
    written = first_number(detail, "total_nav", "nav", "nav_usd")
    return ("source" in detail or "fresh" in detail) and written != 0


def _confirmed_at(evidence: _Evidence, source: str | None, fresh: bool | None) -> float | None:
    if source in CONFIGURED_SOURCES:
        return None
    cached_at = evidence.cached_at
    if evidence.stamp is None or fresh is False or source in REPEATING_SOURCES or source is None:
        return cached_at
    # A live NAV was confirmed in the very loop that wrote it; its cache is written a moment before nav.json.
    same_loop = cached_at is not None and 0.0 <= evidence.stamp - cached_at <= SAME_LOOP_S
    return cached_at if same_loop else max(evidence.stamp, cached_at or 0.0)


def _frozen(
    evidence: _Evidence, source: str | None, fresh: bool | None, confirmed_at: float | None, now: float
) -> bool | None:
    # A cache that never held a NAV, in a file that names no source, is as well that of a desk without an exchange.
    asked = source is not None or confirmed_at is not None
    if source in REPEATING_SOURCES or (fresh is False and asked and source not in CONFIGURED_SOURCES):
        return True
    age = age_of(first([confirmed_at, evidence.stamp]), now)
    if age is None:
        return None
    return age > BY_NAME[NAV].stale_after_s


def _find_doubt(evidence: _Evidence, lives: Followed, now: float) -> str | None:
    """Who still has an old NAV for the last confirmed one, and was written since the NAV is called live.

    A loop that gets a live one keeps it at once. What is kept may be of the loop before, which takes up to two minutes,
    and the snapshot is made anew every two.
    """
    keeper = next((item for item in evidence.healths if _cached_at(item) is not None), None)
    if keeper is None or keeper.stamp is None or evidence.stamp is None:
        return None
    cached_at, since = _cached_at(keeper) or keeper.stamp, lives.since.get("", 0.0)
    of_the_time = keeper.stamp >= evidence.stamp - BY_NAME[RISK_SNAPSHOT].late_after_s
    of_before = since != 0.0 and keeper.stamp <= since + SAME_LOOP_S
    if not of_the_time or of_before or keeper.stamp - cached_at <= BY_NAME[NAV].stale_after_s:
        return None
    return f"{keeper.file} has none that the exchange confirmed after {fmt_moment(cached_at, now)}"
