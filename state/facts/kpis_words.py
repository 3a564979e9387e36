"""The portfolio's words and its ATR ratio, as each source has them."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from state.facts.kpis_shape import Payload, all_payloads
from state.facts.sources import Sources
from state.facts.standing import Claim
from state.files.surfaces import RISK_SNAPSHOT
from state.files.values import JsonDict, first, mapping, number, word

T = TypeVar("T")


def claim_over_payloads(
    sources: Sources, read: Callable[[Payload], T | None], of_snapshot: Callable[[JsonDict], T | None]
) -> Iterator[Claim[T]]:
    """What each KPI payload says, newest first, and after them risk_snapshot.json itself."""
    for item in all_payloads(sources):
        if (value := read(item)) is not None:
            yield Claim(value, item.file, item.stamp, None, item.origin)
    if (value := of_snapshot(sources.data(RISK_SNAPSHOT))) is not None:
        yield Claim(value, RISK_SNAPSHOT, sources.stamp(RISK_SNAPSHOT))


def claim_dd_state(sources: Sources) -> list[Claim[str]]:
    """The portfolio's drawdown state, as each source has it."""

    def read(data: JsonDict) -> str | None:
        return word(data.get("dd_state"), "dd_state", "state")

    return list(
        claim_over_payloads(sources, lambda item: first([read(mapping(item.data.get("risk"))), read(item.data)]), read)
    )


def claim_atr_regime(sources: Sources) -> list[Claim[str]]:
    """The portfolio's ATR regime, as each source has it."""

    def read(data: JsonDict) -> str | None:
        return first([word(data.get("atr_regime"), "atr_regime"), word(data.get("atr"), "atr_regime")])

    return list(
        claim_over_payloads(sources, lambda item: first([read(mapping(item.data.get("risk"))), read(item.data)]), read)
    )


def claim_atr_ratio(sources: Sources) -> list[Claim[float]]:
    """The portfolio's ATR ratio; one below zero cannot be, in whichever of its places a source has it."""

    def read(data: JsonDict) -> float | None:
        atr = mapping(data.get("atr"))
        places = (mapping(data.get("risk")).get("atr_ratio"), atr.get("median_ratio"), atr.get("atr_ratio"))
        values = [value for place in places if (value := number(place)) is not None]
        return first([*(value for value in values if value < 0), *values])

    claims = claim_over_payloads(sources, lambda item: read(item.data), read)
    return [Claim(item.value, item.file, item.stamp, _why_no_ratio(item.value), item.origin) for item in claims]


def _why_no_ratio(value: float) -> str | None:
    return f"an ATR ratio of {value:.2f} cannot be below zero" if value < 0 else None
