"""The one table of state surfaces: which file, how often it is written, when it counts as late and as stale."""

from dataclasses import dataclass
from typing import Any

NAV_STATE = "nav_state.json"
NAV = "nav.json"
POSITIONS_STATE = "positions_state.json"
POSITIONS = "positions.json"
SYNCED_STATE = "synced_state.json"
KPIS = "kpis_v7.json"
ROUTER_HEALTH = "router_health.json"
RISK_SNAPSHOT = "risk_snapshot.json"
EXECUTION_HEALTH = "execution_health.json"
ENGINE_METADATA = "engine_metadata.json"
POSITIONS_LEDGER = "positions_ledger.json"
DIAGNOSTICS = "diagnostics.json"
LEADERBOARD = "leaderboard_state.json"
POSITIONS_SYNC = "positions_state_sync.json"
NAV_LOG = "nav_log.json"

EXECUTOR = "executor"
SYNC_DAEMON = "sync daemon"


@dataclass(frozen=True, slots=True)
class Surface:
    """One state file.

    `cadence_s` is the longest pause between two writes of a healthy writer of any version; `writer` the process that
    writes the file in every version. `path` is relative to the state directory, `root` the JSON type the file has to
    hold. The content of a `moving` one changes with the market while it has rows with a price or PnL. A surface that is
    not `required` is used where it exists and not missed where it does not. One that is not `listed` is no source of
    any value.
    """

    name: str
    cadence_s: float
    required: bool = True
    writer: str = ""
    path: str = ""
    root: type[Any] = dict
    moving: bool = False
    listed: bool = True

    @property
    def location(self) -> str:
        """Path of the file, relative to the state directory."""
        return self.path or self.name

    @property
    def late_after_s(self) -> float:
        """A write was missed: two intervals have passed."""
        return 2.0 * self.cadence_s

    @property
    def stale_after_s(self) -> float:
        """Four writes were missed: nobody is writing."""
        return 5.0 * self.cadence_s


SURFACES: tuple[Surface, ...] = (
    Surface(NAV_STATE, 20.0, writer=SYNC_DAEMON),
    Surface(NAV, 60.0, writer=EXECUTOR),
    Surface(POSITIONS_STATE, 60.0, moving=True),
    Surface(POSITIONS, 60.0, writer=EXECUTOR, moving=True),
    Surface(SYNCED_STATE, 60.0, writer=EXECUTOR, moving=True),
    Surface(KPIS, 120.0),
    Surface(ROUTER_HEALTH, 60.0, writer=EXECUTOR),
    Surface(RISK_SNAPSHOT, 120.0, writer=EXECUTOR),
    Surface(EXECUTION_HEALTH, 120.0, writer=EXECUTOR),
    Surface(ENGINE_METADATA, 60.0, required=False),
    # Writers from v7.6 on: the stops of the open positions, and why intents were refused.
    Surface(POSITIONS_LEDGER, 60.0, required=False, writer=EXECUTOR),
    Surface(DIAGNOSTICS, 60.0, required=False, writer=EXECUTOR),
    # Nothing is shown of these two: only the sync daemon writes them, so that they tell whether it lives.
    Surface(POSITIONS_SYNC, 20.0, required=False, writer=SYNC_DAEMON, listed=False),
    Surface(LEADERBOARD, 20.0, required=False, writer=SYNC_DAEMON, listed=False),
    # The NAV history, its changes, and what an empty book is held against.
    Surface(NAV_LOG, 60.0, required=False, path="../nav_log.json", root=list),
)

BY_NAME: dict[str, Surface] = {surface.name: surface for surface in SURFACES}
