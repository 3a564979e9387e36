"""kpis_v7.json is one file in two shapes: flat (the executor's) and nested (the sync daemon's)."""

from typing import NamedTuple

from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.files.stamps import content_stamp
from state.files.surfaces import KPIS, RISK_SNAPSHOT
from state.files.values import JsonDict, mapping


class Payload(NamedTuple):
    """A KPI payload, its stamp (epoch or None), where it was found in words, and the file it stands in."""

    data: JsonDict
    stamp: float | None
    origin: str
    file: str


def is_nested(payload: JsonDict) -> bool:
    """The nested shape is told by its `risk` block."""
    return isinstance(payload.get("risk"), dict)


def flat_payloads(sources: Sources) -> list[Payload]:
    """The flat payloads in reach, newest first: the file itself, and the copy inside risk_snapshot.json."""
    return [payload for payload in all_payloads(sources) if not is_nested(payload.data)]


def all_payloads(sources: Sources) -> list[Payload]:
    """Every KPI payload in reach, newest first; the file before its copy when they are of the same time.

    What the daemon publishes it has from risk_snapshot.json: while that is silent, the nested shape is as old as it.
    """
    found = sources.derive(find_payloads, KPIS, RISK_SNAPSHOT)
    if not repeats_old_figures(sources):
        return found
    stamp, origin = sources.stamp(RISK_SNAPSHOT), f"{RISK_SNAPSHOT}, which {KPIS} repeats,"
    aged = [item._replace(stamp=stamp, origin=origin) if is_nested(item.data) else item for item in found]
    return sorted(aged, key=lambda item: -(item.stamp or 0.0))


def repeats_old_figures(sources: Sources) -> bool:
    """Whether kpis_v7.json is the daemon's, of a risk_snapshot.json that is not written any more."""
    stamp = sources.stamp(RISK_SNAPSHOT)
    old = stamp is not None and why_not_alive(sources, RISK_SNAPSHOT, stamp) is not None
    return old and is_nested(sources.data(KPIS))


def find_payloads(kpis: JsonDict, risk_snapshot: JsonDict) -> list[Payload]:
    """The payloads in the contents of kpis_v7.json and risk_snapshot.json, as `all_payloads` has them."""
    copy = mapping(risk_snapshot.get("kpis_v7"))
    found = [_payload(kpis, KPIS, KPIS), _payload(copy, f"{RISK_SNAPSHOT} kpis_v7", RISK_SNAPSHOT)]
    return sorted((item for item in found if item.data), key=lambda item: -(item.stamp or 0.0))


def _payload(data: JsonDict, origin: str, file: str) -> Payload:
    return Payload(data, content_stamp(data), origin, file)
