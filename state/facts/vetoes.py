"""Why the executor refused intents, as it counts them."""

from typing import Any

from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.files.surfaces import DIAGNOSTICS
from state.files.values import JsonDict, count, mapping, text

MOST_REASONS = 10


def find_vetoes(sources: Sources) -> dict[str, Any]:
    """`{"vetoes": [{"reason", "count"}, ...]}`, the most frequent first; nothing where no state file counts them.

    The counts of the one-shot publisher are of records, two for most vetoes, and are no source.
    """
    found = sources.derive(read_vetoes, DIAGNOSTICS) if sources.has(DIAGNOSTICS) else None
    if found is None:
        return {}
    old = why_not_alive(sources, DIAGNOSTICS, sources.stamp(DIAGNOSTICS))
    if old is not None:
        sources.stale.note("kpis.risk.vetoes", f"{DIAGNOSTICS} {old}")
    return {"vetoes": [dict(row) for row in found]}


def read_vetoes(data: JsonDict) -> list[dict[str, Any]] | None:
    """The counters of diagnostics.json; None where it has none."""
    by_reason = mapping(mapping(data.get("runtime_diagnostics")).get("veto_counters")).get("by_reason")
    if not isinstance(by_reason, dict):
        return None
    counted = [(text(reason) or "no reason given", count(value)) for reason, value in by_reason.items()]
    known = sorted((-number, reason) for reason, number in counted if number)
    return [{"reason": reason, "count": -number} for number, reason in known[:MOST_REASONS]]
