"""The same state a moment later: while no file changes, only ages do, until one of them crosses a threshold."""

import math
from dataclasses import dataclass
from typing import Any

from state.files.stamps import FUTURE_TOLERANCE_S, age_of
from state.files.surfaces import BY_NAME, NAV
from state.trust.freshness import largest_age

State = dict[str, Any]

# What no threshold below foresees is noticed this much later at most.
LONGEST_S = 5.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A normalized state and the span of time in which nothing but ages differs from it."""

    state: State
    valid_until: float

    def covers(self, now: float) -> bool:
        """Whether this state, with its ages moved on, is the state at `now`."""
        return bool(self.state["meta"]["loaded_at"] <= now < self.valid_until)

    def at(self, now: float) -> State:
        """The state at `now`; sections are copied, so that a caller who changes one does not change the next load."""
        state = self.state
        return {
            "nav": self._nav(now),
            "aum": dict(state["aum"]),
            "kpis": {key: dict(block) for key, block in state["kpis"].items()},
            "positions": list(state["positions"]),
            "router": dict(state["router"]),
            "transitions": list(state["transitions"]),
            "meta": self._meta(now),
        }

    def _nav(self, now: float) -> State:
        nav = dict(self.state["nav"])
        if nav:
            exchange = nav["exchange"] = dict(nav["exchange"])
            exchange["confirmed_age_s"] = age_of(exchange["confirmed_at"], now)
            nav["age_s"] = _age_of(nav, now)
        return nav

    def _meta(self, now: float) -> State:
        """Counted from the stamps again: one that is a little ahead of the clock is of now until that reaches it."""
        meta = dict(self.state["meta"])
        meta["surfaces"] = [{**item, "age_s": _age_of(item, now)} for item in meta["surfaces"]]
        meta["data_age_s"] = largest_age(meta["surfaces"])
        meta["loaded_at"] = now
        return meta


def _age_of(item: State, now: float) -> float | None:
    """None stays so: that the clock reaches a stamp is a threshold, and a wrong clock is wrong until the next write."""
    return None if item["age_s"] is None else age_of(item["updated_at"], now)


def take_snapshot(state: State) -> Snapshot:
    """A snapshot that lasts until the next threshold, and no longer than what no threshold foresees may wait."""
    return Snapshot(state, min(find_next_threshold(state), state["meta"]["loaded_at"] + LONGEST_S))


def find_next_threshold(state: State) -> float:
    """Epoch at which the next surface turns late or stale, or the NAV counts as frozen; infinite without any."""
    now = state["meta"]["loaded_at"]
    confirmed_at = state["nav"].get("exchange", {}).get("confirmed_at")
    thresholds = [] if confirmed_at is None else [confirmed_at + BY_NAME[NAV].stale_after_s]
    for item in state["meta"]["surfaces"]:
        if item["updated_at"] is not None:
            thresholds += [item["updated_at"] + item["late_after_s"], item["updated_at"] + item["stale_after_s"]]
            thresholds.append(item["updated_at"] - FUTURE_TOLERANCE_S)
    return min((moment for moment in thresholds if moment > now), default=math.inf)
