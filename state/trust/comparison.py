"""Comparing two figures of the state: how far apart they are, and whether they may be compared at all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from state.files.stamps import COMPARABLE_S
from state.formatting import fmt_number, fmt_qty
from state.sentences import Part, amount, join

LABELS = {
    "nav": "NAV agrees",
    "nav_kpis": "KPI NAV",
    "nav_synced": "Synced NAV",
    "aum": "AUM sums",
    "exposure_gross": "Gross exposure",
    "exposure_net": "Net exposure",
    "unrealized_pnl": "PnL",
    "realized_pnl": "Realised PnL",
    "drawdown": "Drawdown",
    "drawdown_sources": "Drawdown sources",
    "copies": "Copies",
    "states": "Risk states",
    "rows": "Position rows",
    "prices": "Prices",
    "pnl_fit": "PnL fits",
    "fee_pnl": "Fee / PnL",
    "possible": "Possible figures",
    "history": "NAV history",
    "router": "Router counts",
    "router_rates": "Router rates",
    "fx": "USD/ZAR rate",
    "environment": "Environment",
    "nav_live": "NAV live",
}

Check = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two figures, where it comes from, and the stamp of that file (epoch)."""

    label: str
    value: float | None
    stamp: float | None = None


def usd(value: float | None) -> Part:
    """A sum of money, in a sentence."""
    return amount(value)


def plain(value: float | None) -> Part:
    """A percentage or a ratio, in a sentence."""
    return fmt_number(value)


def counted(value: float | None) -> Part:
    """A count, in a sentence."""
    return fmt_qty(value)


# What the two sides of a check are counted in; US dollars by default.
UNITS: dict[str, Callable[[float | None], Part]] = {"drawdown": plain, "rows": counted, "router": counted}


def compare(name: str, left: Side, right: Side, tolerance: float, excuse: str = "") -> Check:
    """A check: `ok` within the tolerance, `fail` beyond; `not_comparable` when a side or the common time is missing."""
    residual = None if left.value is None or right.value is None else left.value - right.value
    skew_s = None if left.stamp is None or right.stamp is None else abs(left.stamp - right.stamp)
    obstacle, show = excuse or _obstacle(left, right, skew_s), UNITS.get(name, usd)
    parts: list[Part] = [f"{left.label} ", show(left.value), f", {right.label} ", show(right.value)]
    if obstacle or residual is None:
        status = "not_comparable"
        parts.append(f": {obstacle}")
    elif abs(residual) <= tolerance:
        status = "ok"
    else:
        status = "fail"
        parts += [": ", show(abs(residual)), " apart, ", show(tolerance), " allowed"]
    measured = {"residual": residual, "tolerance": tolerance, "skew_s": skew_s}
    return verdict(name, status, parts, left, right) | measured


def verdict(name: str, status: str, parts: list[Part], left: Side | None = None, right: Side | None = None) -> Check:
    """A check in the shape of the contract, judged elsewhere."""
    sides = (left or Side("", None), right or Side("", None))
    return {
        "name": name,
        "label": LABELS[name],
        "status": status,
        "left": {"label": sides[0].label, "value": sides[0].value},
        "right": {"label": sides[1].label, "value": sides[1].value},
        "residual": None,
        "tolerance": None,
        "skew_s": None,
        "detail": join(parts),
        "parts": parts,
    }


def extend(check: Check, status: str, *parts: Part) -> Check:
    """The same check with another verdict and more to say."""
    longer = [*check["parts"], *parts]
    return {**check, "status": status, "detail": join(longer), "parts": longer}


def all_agree(name: str, differences: list[list[Part]], agreed: list[Part], compared: bool) -> Check:
    """A check over many pairs: what differs, else what agrees; not comparable where there was no pair."""
    if differences:
        shown: list[Part] = [part for found in differences[:3] for part in (*found, "; ")][:-1]
        more: list[Part] = [f" and {len(differences) - 3} more"] if len(differences) > 3 else []
        return verdict(name, "fail", [*shown, *more])
    return verdict(name, "ok", agreed) if compared else verdict(name, "not_comparable", ["nothing to compare"])


def rounding(value: float) -> float:
    """How far a written figure may be from the one it was rounded from: half of its last decimal."""
    text = f"{value!r}"
    if "e" in text or "." not in text:
        return 1e-9 * abs(value)
    # 1.0 is one, not anything from 0.95 on: nobody rounds to fewer than two digits.
    decimals = max(len(text.partition(".")[2]), 2)
    return max(0.5000001 * 10.0**-decimals, 1e-9 * abs(value))


def differ(left: float, right: float) -> bool:
    """Whether two figures are more apart than one of them is rounded."""
    return left != right and abs(left - right) > max(rounding(left), rounding(right))


def _obstacle(left: Side, right: Side, skew_s: float | None) -> str:
    missing = next((side.label for side in (left, right) if side.value is None), None)
    if missing:
        return f"no figure from {missing}"
    if skew_s is not None and skew_s > COMPARABLE_S:
        return f"written {skew_s:,.0f} s apart"
    return ""
