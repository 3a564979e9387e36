"""The USD/ZAR rate: wherever the state has it, and the last one seen while the files alternate shape."""

from collections.abc import Iterator
from typing import NamedTuple

from state.facts.sources import Sources
from state.files.reading import Reading
from state.files.stamps import age_of, content_stamp, parse_stamp, unreadable_stamp
from state.files.values import NOT_A_NUMBER, JsonDict, as_written, mapping, number, numeric
from state.formatting import fmt_moment, fmt_number

# A rate this old says nothing about today's.
KEEP_FOR_S = 24 * 3600.0
# A US dollar has cost between 1 and 20 rand for fifty years; beyond these it is the inverse, or rubbish.
POSSIBLE = (1.0, 100.0)
# In a day it moves by a few percent at most: two rates further apart are not both of it.
APART = 0.05

NO_RATE = "no USD/ZAR rate in logs/state"
REMEMBERED = "fx"


class Rate(NamedTuple):
    """ZAR per USD and the epoch it was taken at (None where the writer does not say); `reason` says why there is none.

    `refused`: each rate that was written and is not used, in words.
    """

    usd_zar: float | None
    updated_at: float | None
    reason: str = NO_RATE
    refused: tuple[str, ...] = ()

    def zar(self, usd: float | None) -> float | None:
        """An amount in ZAR; None without an amount or a rate."""
        return None if usd is None or self.usd_zar is None else usd * self.usd_zar


def find_rate(sources: Sources) -> Rate:
    """The newest rate any surface carries, else the last one seen; none that is older than a day or cannot be."""
    judged = [(name, rate, _why_refused(sources, name, rate)) for name, rate in _written(sources)]
    rates = [(name, rate) for name, rate, reason in judged if reason is None]
    reasons = [reason for _, _, reason in judged if reason is not None]
    # Of a file with a wrong clock that is said already.
    told = [reason for name, _, reason in judged if reason and not _is_clocks_fault(sources, name)]
    if not rates:
        refused = tuple(dict.fromkeys(told))
        return _remembered(sources)._replace(reason=reasons[0] if reasons else NO_RATE, refused=refused)
    best_name, best = max(rates, key=lambda item: item[1].updated_at or 0.0)
    if best.updated_at is not None:  # one that nobody knows the age of is not shown later
        sources.history.keep(REMEMBERED, [best.usd_zar, best.updated_at], best.updated_at)
    told += [words for name, rate in rates if (words := _compare(name, rate, best_name, best))]
    return best._replace(refused=tuple(dict.fromkeys(told)))


def _written(sources: Sources) -> Iterator[tuple[str, Rate]]:
    for name, reading in sources.readings.items():
        block = _block(reading)
        if block.get("usd_zar") is not None:
            yield name, Rate(numeric(block["usd_zar"]), _taken_at(reading))


def _block(reading: Reading | None) -> JsonDict:
    return mapping((reading.data or {}).get("fx")) if reading is not None else {}


def _taken_at(reading: Reading) -> float | None:
    """Its own time, else that of the file; less what the writer's clock was ahead, where that shows."""
    block = _block(reading)
    stamp = parse_stamp(block.get("ts")) or content_stamp(block) or content_stamp(reading.data or {})
    return None if stamp is None else stamp - reading.skew_s


def _is_clocks_fault(sources: Sources, name: str) -> bool:
    return sources.has(name) and sources.readings[name].ahead_s(sources.now) is not None


def _compare(name: str, rate: Rate, best_name: str, best: Rate) -> str | None:
    """What is wrong with a rate beside the newest one."""
    usd_zar, best_zar = rate.usd_zar or 0.0, best.usd_zar or 0.0
    if abs(usd_zar - best_zar) <= APART * best_zar:
        return None
    return (
        f"the USD/ZAR rate {fmt_number(usd_zar, 4)} of {name} is not the newer {fmt_number(best_zar, 4)} of {best_name}"
    )


def _why_refused(sources: Sources, name: str, rate: Rate) -> str | None:
    low, high = POSSIBLE
    if rate.usd_zar is None:
        return f"the USD/ZAR rate of {name} {NOT_A_NUMBER}"
    if not low <= rate.usd_zar <= high:
        return f"the USD/ZAR rate {fmt_number(rate.usd_zar, 4)} of {name} is outside {low:.0f} to {high:.0f}"
    written = unreadable_stamp(_block(sources.readings[name]))
    if written is not None:
        return f"the USD/ZAR rate of {name} is of a time that cannot be read: {as_written(written)}"
    age_s = age_of(rate.updated_at, sources.now)
    if rate.updated_at is not None and (age_s is None or age_s > KEEP_FOR_S):
        when = "of the future" if age_s is None else "older than a day"
        return f"the USD/ZAR rate of {name} is {when}: {fmt_moment(rate.updated_at, sources.now)}"
    return None


def _remembered(sources: Sources) -> Rate:
    seen = sources.history.get(REMEMBERED)
    usd_zar, updated_at = seen if isinstance(seen, list) and len(seen) == 2 else (None, None)
    rate = Rate(number(usd_zar), number(updated_at))
    age_s = age_of(rate.updated_at, sources.now)
    usable = rate.usd_zar is not None and POSSIBLE[0] <= rate.usd_zar <= POSSIBLE[1]
    return rate if usable and age_s is not None and age_s <= KEEP_FOR_S else Rate(None, None)
