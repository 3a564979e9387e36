"""Comparing two figures of the state: how far apart they are, and whether they may be compared at all."""

from dataclasses import dataclass
from typing import Any

from state.formatting import fmt_number, fmt_qty

COMPARABLE_S = 120.0

LABELS = {
    "nav": "NAV agrees",
    "nav_kpis": "KPI NAV",
    "aum": "AUM sums",
    "exposure_gross": "Gross exposure",
    "exposure_net": "Net exposure",
    "unrealized_pnl": "PnL",
    "drawdown": "Drawdown",
    "rows": "Position rows",
    "router": "Router counts",
    "environment": "Environment",
    "nav_live": "NAV live",
}
COUNTED = frozenset({"rows", "router"})

Check = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two figures, where it comes from, and the stamp of that file (epoch)."""

    label: str
    value: float | None
    stamp: float | None = None


def compare(name: str, left: Side, right: Side, tolerance: float, excuse: str = "") -> Check:
    """A check: `ok` within the tolerance, `fail` beyond; `not_comparable` when a side or the common time is missing."""
    residual = None if left.value is None or right.value is None else left.value - right.value
    skew_s = None if left.stamp is None or right.stamp is None else abs(left.stamp - right.stamp)
    obstacle = excuse or _obstacle(left, right, skew_s)
    show = fmt_qty if name in COUNTED else fmt_number
    detail = f"{left.label} {show(left.value)}, {right.label} {show(right.value)}"
    if obstacle or residual is None:
        status, detail = "not_comparable", f"{detail}: {obstacle}"
    elif abs(residual) <= tolerance:
        status = "ok"
    else:
        status, detail = "fail", f"{detail}: {show(abs(residual))} apart, {show(tolerance)} allowed"
    return verdict(name, status, detail, left, right) | {
        "residual": residual,
        "tolerance": tolerance,
        "skew_s": skew_s,
    }


def verdict(name: str, status: str, detail: str, left: Side, right: Side) -> Check:
    """A check in the shape of the contract, judged elsewhere."""
    return {
        "name": name,
        "label": LABELS[name],
        "status": status,
        "left": {"label": left.label, "value": left.value},
        "right": {"label": right.label, "value": right.value},
        "residual": None,
        "tolerance": None,
        "skew_s": None,
        "detail": detail,
    }


def _obstacle(left: Side, right: Side, skew_s: float | None) -> str:
    missing = next((side.label for side in (left, right) if side.value is None), None)
    if missing:
        return f"no figure from {missing}"
    if skew_s is not None and skew_s > COMPARABLE_S:
        return f"written {skew_s:,.0f} s apart"
    return ""
