"""Whether the simulated desk may open positions, and its word for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from execution.surfaces.risk_snapshot import CircuitBreaker, RiskMode
from execution.utils.metrics import DD_DEFENSIVE_PCT

if TYPE_CHECKING:
    from execution.utils.metrics import Drawdown

# Below the peak by this part of it the breaker trips.
BREAKER_LIMIT = 0.10

HALTED_VETO = "kill_switch"
BREAKER_VETO = "portfolio_dd_circuit"


class RiskGate(NamedTuple):
    """What the desk says of itself, and why it opens nothing; None where it may open positions."""

    mode: RiskMode
    breaker: CircuitBreaker
    veto: str | None


def judge_risk(drawdown: Drawdown, *, halted: bool, reachable: bool = True) -> RiskGate:
    """The gate at one moment; whoever halts the desk trips the breaker with it, and an open book is only reduced."""
    breaker = CircuitBreaker(BREAKER_LIMIT, active=halted or drawdown.pct / 100.0 >= BREAKER_LIMIT)
    veto = HALTED_VETO if halted else BREAKER_VETO if breaker.active else None
    return RiskGate(_name_mode(drawdown.pct / 100.0, halted=halted, reachable=reachable), breaker, veto)


def _name_mode(fraction: float, *, halted: bool, reachable: bool) -> RiskMode:
    if halted:
        return RiskMode("HALTED", HALTED_VETO, 1.0)
    if not reachable:
        return RiskMode("HALTED", "nav_sources_unavailable", 1.0)
    if fraction >= DD_DEFENSIVE_PCT / 100.0:
        return RiskMode("DEFENSIVE", f"drawdown_high_dd_frac={fraction:.4f}", min(1.0, fraction / BREAKER_LIMIT))
    return RiskMode("OK", "all_systems_healthy", 0.0)
