"""Whether the figures on show can be trusted to be of now: what stands against it, for programs that ask."""

from collections.abc import Iterator
from typing import Any

from state.formatting import fmt_moment

LIVENESS = "nav_live"
CUT_OFF = frozenset({"store_unreachable", "mirror_silent", "desk_silent"})  # of a desk that a mirror brings

Obstacle = dict[str, str]
State = dict[str, Any]


def find_obstacles(state: State) -> list[Obstacle]:
    """Reasons not to be ready, each of a `surface`, a `check` or the `mirror`; empty when there is none.

    The rule: an obstacle is a fault of the data. A required file that is missing or silent, any file that is there and
    cannot be used or has frozen, a NAV that is unknown or not known to be live; the alert line of the page says so too.
    A book in doubt and a drawdown that its own writer disowns are faults as well. What the data says is none: a fall of
    the NAV, a halt, a check that fails. Nor is a file that is only late.
    """
    surfaces = [item for item in state["meta"]["surfaces"] if item["listed"]]
    found = [{"surface": item["name"], "reason": reason} for item in surfaces if (reason := _fault(state, item))]
    return [*_cut_off(state), *found, *_liveness(state), *_distrust(state)]


def _cut_off(state: State) -> Iterator[Obstacle]:
    for item in state["meta"]["alerts"]:
        if item["kind"] in CUT_OFF:
            yield {"mirror": item["kind"], "reason": f"{item['title']}: {item['text']}"}


def _fault(state: State, surface: dict[str, Any]) -> str | None:
    status, error, now = surface["status"], surface["error"], state["meta"]["loaded_at"]
    if status == "missing":
        return "missing" if surface["required"] else None
    if status != "ok":
        return f"{status}: {error}"
    if error:
        return str(error)
    if surface["frozen_since"] is not None:
        return f"frozen: its rows have not changed after {fmt_moment(surface['frozen_since'], now)}"
    if surface["required"] and surface["freshness"] == "stale":
        return f"silent, last written at {fmt_moment(surface['updated_at'], now)}"
    return None


def _liveness(state: State) -> Iterator[Obstacle]:
    nav, meta = state["nav"], state["meta"]
    if nav.get("nav_usd") is None:
        yield {"check": LIVENESS, "reason": meta["unknown"].get("nav.nav_usd") or meta["unknown"]["nav"]}
    elif nav["exchange"]["frozen"] is not False:
        yield {"check": LIVENESS, "reason": next(row["detail"] for row in meta["checks"] if row["name"] == LIVENESS)}


def _distrust(state: State) -> Iterator[Obstacle]:
    """What the files carry and nobody may rely on."""
    if state["meta"]["book_in_doubt"]:
        yield {"check": "rows", "reason": state["meta"]["book_in_doubt"]}
    if state["kpis"].get("risk", {}).get("drawdown_usable") is False:
        yield {"check": "drawdown", "reason": "the executor marks its own drawdown as not usable"}
