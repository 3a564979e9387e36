"""Bad days on request: what the wall looks like when something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.paper.money import multiply, to_float
from execution.storage.atomic_json import encode_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from execution.paper.simulation import Simulation

EXCHANGE_DOWN = "exchange-down"
WRITER_STALL = "writer-stall"
TORN_FILE = "torn-file"
DRAWDOWN = "drawdown"
HALTED = "halted"
FAULTS = (EXCHANGE_DOWN, WRITER_STALL, TORN_FILE, DRAWDOWN, HALTED)

DRAWDOWN_OF_NAV = 0.085
LARGEST_MOVE = 0.6


def shock_market(simulation: Simulation) -> None:
    """Move every price against the book, so far that the NAV falls by 8.5 %."""
    account, marks = simulation.account, simulation.market.marks
    net_usd: dict[str, float] = {}
    for (symbol, _), leg in account.legs.items():
        net_usd[symbol] = net_usd.get(symbol, 0.0) + to_float(multiply(marks[symbol], leg.qty))
    at_risk_usd = sum(abs(value) for value in net_usd.values())
    if at_risk_usd:
        move = min(LARGEST_MOVE, DRAWDOWN_OF_NAV * simulation.nav_usd / at_risk_usd)
        simulation.market.shock({symbol: -move if value > 0 else move for symbol, value in net_usd.items()})


def write_torn(path: Path, payload: Mapping[str, object]) -> None:
    """Half of the content, in place: what a crash leaves of a writer that does not replace its file."""
    content = encode_json(path.name, dict(payload))
    path.write_bytes(content[: len(content) // 2])
