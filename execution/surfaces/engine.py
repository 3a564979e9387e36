"""engine_metadata.json: which executor writes, simulated or of an account, and the surfaces that one writes."""

from __future__ import annotations

import os
import socket
from typing import Any

from state.files import surfaces

OWNED = (
    surfaces.NAV,
    surfaces.POSITIONS,
    surfaces.SYNCED_STATE,
    surfaces.ROUTER_HEALTH,
    surfaces.RISK_SNAPSHOT,
    surfaces.EXECUTION_HEALTH,
    surfaces.ENGINE_METADATA,
)


def build_engine_metadata(
    engine_version: str, kind: str, environment: str, status: str, now_s: float
) -> dict[str, Any]:
    """Who writes: this process on this host as `kind`. The badge shows the environment, such as paper or live."""
    return {
        "engine_version": engine_version,
        "updated_ts": now_s,
        "run_id": f"{kind}-{os.getpid()}",
        "hostname": socket.gethostname(),
        "env": environment,
        "status": status,
    }
