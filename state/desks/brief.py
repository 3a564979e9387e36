"""What the overview shows of one desk: its worst alerts, its NAV and whether that is of now, and how it is reached."""

from collections.abc import Sequence
from typing import Any

from state.desks.links import KEPT, LOCAL, Hub, Link, link_alerts
from state.facts.environment import LIVE_WORDS, PAPER_WORDS
from state.formatting import fmt_moment
from state.trust.readiness import find_obstacles
from state.trust.severity import INFO, rank_of
from state.trust.surface_alerts import Alert, alert

State = dict[str, Any]
Brief = dict[str, Any]

LIVE, PAPER, TESTNET, UNNAMED = "live", "paper", "testnet", "unknown"

TOLD_ALERTS = 3
SERIES_POINTS = 96
DAY_S = 86400.0

# Where each figure of a desk stands in its state.
FIGURES = {
    "nav_usd": "nav.nav_usd",
    "gross_usd": "nav.gross_exposure_usd",
    "net_usd": "nav.net_exposure_usd",
    "pnl_today_usd": "kpis.pnl.today_usd",
    "change_24h_pct": "nav.change_24h_pct",
    "drawdown_pct": "nav.drawdown_pct",
    "dd_state": "nav.dd_state",
}


def brief_desk(name: str, state: State, link: Link, hub: Hub, now: float) -> Brief:
    """The desk as its tile has it; `unknown` and `stale` are the reasons of its own fields.

    Stamps are of the desk's clock but `beat_seen_at` and the `since` of alerts, which are of the wall's.
    """
    alerts = alerts_of(state, link, hub, now)
    troubled = [item for item in alerts if item["severity"] != INFO]
    nav, exchange = state["nav"], state["nav"].get("exchange", {})
    frozen, kept = exchange.get("frozen") is True, _why_kept(state, link, now)
    return {
        "name": name,
        "kind": _kind_of(state),
        "environment": state["meta"]["environment"],
        "testnet": state["meta"]["testnet"],
        "severity": troubled[0]["severity"] if troubled else "",
        "alerts": troubled[:TOLD_ALERTS],
        "alert_count": len(troubled),
        **{figure: _value_at(state, path) for figure, path in FIGURES.items()},
        "nav_is_lower_bound": nav.get("is_lower_bound") is True,
        "frozen": frozen,
        "kept": kept,
        "stops": count_stops(state),
        "positions": None if "positions" in state["meta"]["unknown"] else len(state["positions"]),
        "confirmed_at": exchange.get("confirmed_at"),
        **_history(state),
        "beat": link.beat,
        "beat_seen_at": link.beat_seen_at,
        "skew_s": link.skew_s,
        "publisher": link.desk.publisher if link.desk else None,
        "obstacles": find_obstacles({**state, "meta": {**state["meta"], "alerts": alerts}}),
        "version": state["meta"]["version"],
        "unknown": _reasons(state["meta"]["unknown"]),
        "stale": _reasons(state["meta"]["stale"]) | (dict.fromkeys(FIGURES, kept) if link.is_cut and kept else {}),
    }


def missing_desk(name: str, root: str) -> Brief:
    """A desk that is expected and not there."""
    reason = f"not in {root}"
    line = alert("desk_missing", "DESK MISSING", f"expected, and {reason}")
    unknown = dict.fromkeys((*FIGURES, "stops", "positions", "confirmed_at", "series", "environment"), reason)
    return {
        "name": name,
        "kind": None,
        "environment": None,
        "testnet": None,
        "severity": line["severity"],
        "alerts": [line],
        "alert_count": 1,
        **dict.fromkeys(FIGURES),
        "nav_is_lower_bound": False,
        "frozen": False,
        "kept": None,
        "stops": None,
        "positions": None,
        "confirmed_at": None,
        "series": [],
        "gaps": [],
        "beat": LOCAL,
        "beat_seen_at": None,
        "skew_s": 0.0,
        "publisher": None,
        "obstacles": [{"desk": name, "reason": "missing"}],
        "version": "",
        "unknown": unknown,
        "stale": {},
    }


def alerts_of(state: State, link: Link, hub: Hub, now: float) -> list[Alert]:
    """What is wrong with a desk and with the way to it, worst first, in times of the wall's clock."""
    own = [_on_wall_clock(item, link.skew_s) for item in state["meta"]["alerts"]]
    return sorted([*link_alerts(link, hub, now), *own], key=lambda item: rank_of(item["kind"]))


def _on_wall_clock(item: Alert, skew_s: float) -> Alert:
    return item if item["since"] is None or not skew_s else {**item, "since": item["since"] - skew_s}


def _why_kept(state: State, link: Link, now: float) -> str | None:
    """Why the figures are no longer of now; None where they are."""
    if link.is_cut:
        seen = f", beat last seen at {fmt_moment(link.beat_seen_at, now)}" if link.beat_seen_at else ""
        return f"{KEPT}{seen}"
    if state["nav"].get("exchange", {}).get("frozen") is True:
        return None  # which says more than that its file is old
    reason: str | None = state["meta"]["stale"].get("nav.nav_usd")
    return reason


def _kind_of(state: State) -> str:
    """Whose money it is: as the desk says in a word that everybody uses, or the files of a testnet do."""
    word = (state["meta"]["environment"] or "").strip().lower()
    testnet, doubt = state["meta"]["testnet"], state["meta"]["unknown"].get("meta.testnet", "")
    if testnet is True:
        return TESTNET
    if word in PAPER_WORDS:
        return PAPER
    is_live = testnet is False or (word in LIVE_WORDS and "contradict" not in doubt)
    return LIVE if is_live else UNNAMED


def _value_at(state: State, path: str) -> Any:
    value: Any = state
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    # An unknown number is 0.0 or None, an unknown word a default that is shown as one.
    return value if isinstance(value, str) or path not in state["meta"]["unknown"] else None


def _reasons(reasons: dict[str, str]) -> dict[str, str]:
    """Those of the figures; of what a desk has no nav for, the reason of the nav."""
    found = {}
    for figure, path in FIGURES.items():
        reason = reasons.get(path) or reasons.get(path.rpartition(".")[0]) or reasons.get(path.partition(".")[0])
        if reason:
            found[figure] = reason
    return found


def count_stops(state: State) -> dict[str, int] | None:
    """How many of how many positions have a stop, from the rows that know it, else from the executor's registry."""
    known = [row["has_stop"] for row in state["positions"] if row["has_stop"] is not None]
    if known:
        return {"held": sum(known), "of": len(known)}
    risk = state["kpis"].get("risk", {})
    of, held = risk.get("positions_registered"), risk.get("exits_registered")
    return None if of is None or held is None else {"held": min(held, of), "of": of}


def _history(state: State) -> dict[str, Any]:
    """The NAV of the last day, as coarse as a tile can show, with the gaps in it."""
    series, nav = state["nav"].get("series", []), state["nav"]
    points = [point for point in series if point[0] > series[-1][0] - DAY_S] if series else []
    return {"series": _thin(points), "gaps": nav.get("gaps", [])}


def _thin(points: Sequence[list[float]]) -> list[list[float]]:
    """Every n-th point counted from the newest, so that the newest is there."""
    step = max(-(-len(points) // SERIES_POINTS), 1)
    return [[round(at), round(nav_usd, 2)] for at, nav_usd in points[::-1][::step][::-1]]
