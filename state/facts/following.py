"""Two files that tell of the same legs: which has had the time to follow the other, though it may be a loop behind."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from state.facts.sources import Sources
from state.files.stamps import SAME_LOOP_S
from state.files.values import mapping, number

# What a file tells of each leg, by name, as JSON has it.
Views = Mapping[str, list[Any]]


class Followed(NamedTuple):
    """When a file was written, and since which of its writings it tells of each leg what it tells (epochs).

    0.0 is of what nobody has seen change.
    """

    stamp: float | None
    since: Mapping[str, float]


def follow(sources: Sources, name: str, views: Views, stamp: float | None) -> Followed:
    """Compare with what was seen before, and remember it."""
    if stamp is None:
        return Followed(None, {})
    before = sources.history.get(f"told/{name}")
    known, since = mapping(before), {}
    for leg, view in views.items():
        kept = known.get(leg)
        stands = number(kept[1]) if isinstance(kept, list) and len(kept) == 2 and kept[0] == view else stamp
        since[leg] = 0.0 if before is None or stands is None else stands
    sources.history.keep(f"told/{name}", {leg: [view, since[leg]] for leg, view in views.items()}, stamp)
    return Followed(stamp, since)


def is_settled(left: Followed, right: Followed, leg: str) -> bool:
    """Whether each of the two was written after the other had come to say what it says of the leg."""
    if left.stamp is None or right.stamp is None or leg not in left.since or leg not in right.since:
        return False
    return is_after(left.stamp, right.since[leg]) and is_after(right.stamp, left.since[leg])


def is_after(stamp: float, since: float) -> bool:
    """Files of one loop may each have what the loop before left: a later writing, or nobody knows of another."""
    return since == 0.0 or stamp > since + SAME_LOOP_S
