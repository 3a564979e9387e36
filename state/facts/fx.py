"""The USD/ZAR rate: wherever the state has it, and the last one seen while the files alternate shape."""

from typing import NamedTuple

from state.facts.sources import Sources
from state.files.stamps import age_of, content_stamp, parse_stamp
from state.files.values import JsonDict, mapping, positive

# A rate this old says nothing about today's.
KEEP_FOR_S = 24 * 3600.0

NO_RATE = "no USD/ZAR rate in logs/state"


class Rate(NamedTuple):
    """ZAR per USD and the epoch it was taken at (None where the writer does not say)."""

    usd_zar: float | None
    updated_at: float | None

    def zar(self, usd: float | None) -> float | None:
        """An amount in ZAR; None without an amount or a rate."""
        return None if usd is None or self.usd_zar is None else usd * self.usd_zar


def find_rate(sources: Sources) -> Rate:
    """The newest rate any surface carries, else the last one seen, if that is not older than a day."""
    rates = [rate for reading in sources.readings.values() if (rate := _rate_in(reading.data))]
    if rates:
        best = max(rates, key=lambda rate: rate.updated_at or 0.0)
        sources.memory.fx_usd_zar, sources.memory.fx_updated_at = best
        return best
    seen = Rate(sources.memory.fx_usd_zar, sources.memory.fx_updated_at)
    age = age_of(seen.updated_at, sources.now)
    return seen if age is not None and age <= KEEP_FOR_S else Rate(None, None)


def _rate_in(data: JsonDict | None) -> Rate | None:
    block = mapping((data or {}).get("fx"))
    usd_zar = positive(block.get("usd_zar"))
    if usd_zar is None:
        return None
    return Rate(usd_zar, parse_stamp(block.get("ts")) or content_stamp(block) or content_stamp(data or {}))
