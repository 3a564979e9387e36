"""kpis_v7.json is one file in two shapes: flat (the executor's) and nested (the sync daemon's)."""

from typing import NamedTuple

from state.facts.sources import Sources
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
    """Every KPI payload in reach, newest first; the file before its copy when they are of the same time."""
    return sources.derive(find_payloads, KPIS, RISK_SNAPSHOT)


def find_payloads(kpis: JsonDict, risk_snapshot: JsonDict) -> list[Payload]:
    """The payloads in the contents of kpis_v7.json and risk_snapshot.json, as `all_payloads` has them."""
    copy = mapping(risk_snapshot.get("kpis_v7"))
    found = [_payload(kpis, KPIS, KPIS), _payload(copy, f"{RISK_SNAPSHOT} kpis_v7", RISK_SNAPSHOT)]
    return sorted((item for item in found if item.data), key=lambda item: -(item.stamp or 0.0))


def _payload(data: JsonDict, origin: str, file: str) -> Payload:
    return Payload(data, content_stamp(data), origin, file)
