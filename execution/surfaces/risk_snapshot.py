"""risk_snapshot.json: drawdown, ATR, fees against PnL and the health of each symbol at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from execution.utils.metrics import (
    DD_CAUTIOUS_PCT,
    DD_DEFENSIVE_PCT,
    median,
    name_atr_regime,
    name_drawdown,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from execution.utils.metrics import Drawdown, FeePnl

NET_OF_TRANSFERS = "net of transfers"


class RiskMode(NamedTuple):
    """The executor's own word: OK, WARN, DEFENSIVE or HALTED, why, and how serious from 0 to 1."""

    mode: str
    reason: str
    score: float


class CircuitBreaker(NamedTuple):
    """The fall from the peak, as a fraction of it, at which no position is opened any more; and whether that is so."""

    max_drawdown: float
    active: bool


@dataclass(frozen=True, slots=True)
class RiskInputs:
    """What the snapshot shows; `entries` as `build_symbol_health` makes them, `testnet` whether orders go to one.

    `mode` and `breaker` are for an executor that really acts on them; one that has none says nothing. A drawdown
    that is unknown is None. `net_of_transfers`: its peak has moved with what came into the account and left it, so that
    nobody may take another's. `anomalies`: what is wrong, in words by its name.
    """

    drawdown: Drawdown | None
    fee_pnl: FeePnl
    nav_health: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    testnet: bool = False
    mode: RiskMode | None = None
    breaker: CircuitBreaker | None = None
    net_of_transfers: bool = False
    anomalies: Mapping[str, str] | None = field(default=None)


def build_risk_snapshot(inputs: RiskInputs, now_s: float) -> dict[str, Any]:
    """The payload of risk_snapshot.json; every `_pct` is percent."""
    ratios = [entry["vol"]["atr_ratio"] for entry in inputs.entries]
    regime = name_atr_regime(median(ratios))
    return {
        "updated_ts": now_s,
        "symbols": [dict(entry) for entry in inputs.entries],
        "dd_state": _build_dd_state(inputs),
        "atr_regime": regime,
        "atr": {
            "atr_regime": regime,
            "median_ratio": median(ratios),
            "symbols": [{"symbol": entry["symbol"], **entry["vol"]} for entry in inputs.entries],
        },
        "fee_pnl_ratio": inputs.fee_pnl["fee_pnl_ratio"],
        "fee_pnl": dict(inputs.fee_pnl),
        "nav_health": dict(inputs.nav_health),
        "risk_config_meta": {
            "testnet_overrides_active": inputs.testnet,
            "drawdown_cautious_pct": DD_CAUTIOUS_PCT,
            "drawdown_defensive_pct": DD_DEFENSIVE_PCT,
        },
        **_build_word(inputs),
    }


def _build_word(inputs: RiskInputs) -> dict[str, Any]:
    """What the executor says of itself, in the fields of the writers since v7.6."""
    word: dict[str, Any] = {}
    if inputs.mode is not None:
        mode, reason, score = inputs.mode
        word |= {"risk_mode": mode, "risk_mode_reason": reason, "risk_mode_score": score}
    if inputs.breaker is not None:
        limit, active = inputs.breaker
        # A fraction, in spite of its name.
        word["circuit_breaker"] = {"max_portfolio_dd_nav_pct": limit, "active": active}
    if inputs.anomalies is not None:
        word["anomalies"] = dict(inputs.anomalies)
    return word


def _build_dd_state(inputs: RiskInputs) -> dict[str, Any]:
    drawdown = inputs.drawdown
    basis = {"peak_basis": NET_OF_TRANSFERS} if inputs.net_of_transfers else {}
    block = {
        "dd_pct": drawdown.pct if drawdown else None,
        "dd_abs": drawdown.abs_usd if drawdown else None,
        "peak": drawdown.peak_usd if drawdown else None,
        "nav": drawdown.nav_usd if drawdown else None,
        "usable": drawdown is not None,
        **basis,
    }
    return {"dd_state": name_drawdown(drawdown.pct if drawdown else None), "drawdown": block}
