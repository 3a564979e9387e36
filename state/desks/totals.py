"""Sums over desks that stay true where one is missing: lower bounds, or no more than is counted.

NAV and gross exposure cannot be less for a desk that is not counted, so their sums are lower bounds. PnL and net
exposure have signs: of them the sum says over how many desks it is. Drawdown is never summed.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from state.desks.brief import LIVE, PAPER, TESTNET, UNNAMED, Brief
from state.desks.links import CUT_OFF

# Whose desks are totalled together; the first that has any is the headline. What nobody has named is no live money.
KINDS = (LIVE, UNNAMED, PAPER, TESTNET)
SUMS = {"nav": "nav_usd", "gross": "gross_usd", "net": "net_usd", "pnl_today": "pnl_today_usd"}
BOUNDED = frozenset({"nav", "gross"})

Total = dict[str, Any]


def sum_desks(briefs: Sequence[Brief], twins: dict[str, str]) -> list[Total]:
    """One total for each kind of desk there is, the headline first.

    Args:
        briefs: the desks; one without a kind is missing from the headline, whatever it may be.
        twins: the desks that show the account of another one, and which: they count once.
    """
    kinds = [kind for kind in KINDS if any(brief["kind"] == kind for brief in briefs)] or [LIVE]
    return [_sum_kind(kind, _members(briefs, kind, is_headline=kind == kinds[0]), twins) for kind in kinds]


def _members(briefs: Iterable[Brief], kind: str, *, is_headline: bool) -> list[Brief]:
    """The desks of a kind; the live money may be that of a desk of which nobody knows what it is."""
    unsure = {None, UNNAMED} if kind == LIVE else {None}
    return [brief for brief in briefs if brief["kind"] == kind or (is_headline and brief["kind"] in unsure)]


def _sum_kind(kind: str, members: list[Brief], twins: dict[str, str]) -> Total:
    return {
        "kind": kind,
        "desks": len(members),
        **{
            name: _sum(name, [(brief, _why_out(kind, brief, key, twins)) for brief in members])
            for name, key in SUMS.items()
        },
    }


def _why_out(kind: str, brief: Brief, key: str, twins: dict[str, str]) -> str | None:
    """Why a desk is not in a sum; None where it is."""
    if brief["kind"] != kind:
        return f"environment {brief['environment'] or 'unknown'}" if brief["kind"] else "missing"
    if brief["kept"]:
        return str(brief["beat"]) if brief["beat"] in CUT_OFF else "old"
    if brief["name"] in twins:
        return f"same account as {twins[brief['name']]}"
    if brief["frozen"] and key == "nav_usd":
        return "frozen"
    if brief[key] is None:
        return "unknown"
    return "old" if key in brief["stale"] else None


def _sum(name: str, judged: list[tuple[Brief, str | None]]) -> dict[str, Any]:
    """The sum in USD, None where no desk is in it; `out` are the desks that are not, each with its reason."""
    key = SUMS[name]
    amounts = [brief[key] for brief, reason in judged if reason is None]
    out = [{"desk": brief["name"], "reason": reason} for brief, reason in judged if reason is not None]
    lacking = [brief["name"] for brief, reason in judged if reason is None and _lacks(name, brief)]
    # A desk that owes money makes the sum less, and no lower bound of it.
    owes = any(reason is not None and (brief[key] or 0.0) < 0 for brief, reason in judged)
    return {
        "usd": sum(amounts) if amounts else None,
        "counted": len(amounts),
        "out": out,
        "lacking": lacking,
        "is_lower_bound": bool(amounts) and name in BOUNDED and bool(out or lacking) and not owes,
    }


def _lacks(name: str, brief: Brief) -> bool:
    """A wallet with a coin that has no price is worth more than its NAV."""
    return name == "nav" and bool(brief["nav_is_lower_bound"])


def find_twins(briefs: Iterable[Brief], books: dict[str, Any]) -> dict[str, str]:
    """Desks that show exactly what another one shows: one account seen twice; each with the first that shows it.

    Args:
        briefs: the desks; what is not of now is compared with nothing.
        books: of each desk its positions, in an order that does not matter to it.
    """
    first: dict[Any, str] = {}
    twins = {}
    for brief in sorted(briefs, key=lambda brief: str(brief["name"])):
        nav_usd, book = brief["nav_usd"], books.get(brief["name"])
        if nav_usd is None or book is None or brief["kept"] or brief["frozen"]:
            continue
        cents = round(100 * nav_usd)
        if not book and cents % 100 == 0:
            continue  # a round sum without positions is what every new account has
        known = first.setdefault((brief["kind"], cents, book), brief["name"])
        if known != brief["name"]:
            twins[brief["name"]] = known
    return twins
