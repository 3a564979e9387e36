"""What the page shows in place of a file that cannot be used: the effect that its alert tells."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from state.files.surfaces import (
    DIAGNOSTICS,
    EXECUTION_HEALTH,
    KPIS,
    NAV,
    NAV_LOG,
    NAV_STATE,
    POSITIONS,
    POSITIONS_LEDGER,
    POSITIONS_STATE,
    RISK_SNAPSHOT,
    ROUTER_HEALTH,
    SYNCED_STATE,
)

State = dict[str, Any]


class Effect(NamedTuple):
    """In words; `lost` where NAV, positions or the word of the executor are unknown for it."""

    words: str
    lost: bool = False


def find_effect(state: State, name: str) -> Effect:
    """What becomes of the figures of a file that is missing or was never read."""
    if name.startswith("nav") and name != NAV_LOG:
        return _nav(state, name)
    find = EFFECTS.get(name)
    return find(state, name) if find else Effect("")


def tell_effects(state: State, names: Iterable[str]) -> str:
    """Of several files, each effect once."""
    return ", ".join(dict.fromkeys(filter(None, (find_effect(state, name).words for name in names))))


def _nav(state: State, name: str) -> Effect:
    nav = state["nav"]
    if nav.get("nav_usd") is None:
        return Effect("NAV unknown", lost=True)
    if nav["source"] != name and name == NAV_STATE:
        return Effect(f"NAV from {nav['source']}")
    return Effect("AUM unknown" if name == NAV and "aum.total_usd" in state["meta"]["unknown"] else "")


def _positions(state: State, name: str) -> Effect:
    if "positions" in state["meta"]["unknown"]:
        return Effect("positions unknown", lost=True)
    others = sorted({row["price_source"] for row in state["positions"] if row["price_source"] not in (None, name)})
    return Effect(f"positions shown from {', '.join(others)}" if others else "")


def _kpis(state: State, _: str) -> Effect:
    if "kpis.risk.dd_state" in state["meta"]["unknown"]:
        return Effect("risk KPIs unknown", lost=True)
    return Effect(f"risk KPIs shown from {RISK_SNAPSHOT}")


def _router(state: State, _: str) -> Effect:
    known = state["router"]["maker_fill_rate"] is not None
    return Effect("router ratios of the KPIs" if known else "router ratios unknown")


def _risk(state: State, _: str) -> Effect:
    return Effect("risk mode and circuit breaker unknown", lost=state["kpis"]["risk"]["mode"] is None)


def _history(state: State, _: str) -> Effect:
    return Effect(f"NAV history from {NAV_STATE}" if state["nav"].get("series") else "NAV history unknown")


EFFECTS: dict[str, Callable[[State, str], Effect]] = {
    POSITIONS_STATE: _positions,
    POSITIONS: _positions,
    SYNCED_STATE: _positions,
    KPIS: _kpis,
    ROUTER_HEALTH: _router,
    RISK_SNAPSHOT: _risk,
    NAV_LOG: _history,
    EXECUTION_HEALTH: lambda *_: Effect("exchange errors only as far as the other files have them"),
    POSITIONS_LEDGER: lambda *_: Effect("stops unknown"),
    DIAGNOSTICS: lambda *_: Effect("vetoes unknown"),
}
