"""The stops of the open positions, from the executor's ledger."""

from typing import NamedTuple

from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.files.rows import SIDES, Key, Row
from state.files.surfaces import POSITIONS_LEDGER
from state.files.values import JsonDict, dicts, mapping, numeric, text

STOP_KEYS = ("sl", "stop_loss", "stop_price")

NO_STOP = f"{POSITIONS_LEDGER} has no stop for this position"


class Stop(NamedTuple):
    """Of one leg: its price as written, whether it has one (None: not known), and why there is no price."""

    price: float | None
    exists: bool | None
    reason: str


class Ledger(NamedTuple):
    """The stop price of each leg the ledger has, None where it has none.

    `missing` says why there is no ledger, `stale` why what it says is old.
    """

    prices: dict[Key, float | None]
    missing: str | None
    stale: str | None

    def stop_of(self, row: Row) -> Stop:
        """What it says of a leg."""
        if self.missing is not None:
            return Stop(None, None, self.missing)
        if row.key not in self.prices:
            return Stop(None, None, f"{POSITIONS_LEDGER} does not have this position")
        price = self.prices[row.key]
        return Stop(price, price is not None, NO_STOP)


def find_ledger(sources: Sources) -> Ledger:
    """The ledger of this load; writers before v7.6 have none."""
    if not isinstance(sources.data(POSITIONS_LEDGER).get("entries"), list):
        return Ledger({}, sources.lacks("stop levels", POSITIONS_LEDGER), None)
    old = why_not_alive(sources, POSITIONS_LEDGER, sources.stamp(POSITIONS_LEDGER))
    return Ledger(sources.derive(read_stops, POSITIONS_LEDGER), None, f"{POSITIONS_LEDGER} {old}" if old else None)


def read_stops(data: JsonDict) -> dict[Key, float | None]:
    """The stop of each entry, else of the table of levels beside the entries; zero is none."""
    levels = mapping(data.get("tp_sl_levels"))
    found: dict[Key, float | None] = {}
    for entry in dicts(data.get("entries")):
        symbol, side = text(entry.get("symbol")), SIDES.get((text(entry.get("side")) or "").upper())
        if symbol is not None:
            stop = _price(entry) or _price(mapping(levels.get(f"{symbol}:{side}")))
            # Of two entries of one leg the one with a stop speaks for it.
            found[symbol, side] = found.get((symbol, side)) or stop
    return found


def _price(entry: JsonDict) -> float | None:
    prices = (numeric(entry.get(key)) for key in STOP_KEYS)
    return next((price for price in prices if price is not None and price > 0), None)
