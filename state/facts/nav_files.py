"""Which NAV: the files it may come from, in the order they are asked, and what each really says."""

from typing import NamedTuple

from state.facts.sources import Sources
from state.facts.standing import Choice, Claim, choose
from state.facts.wallet import find_unpriced
from state.files.stamps import parse_stamp
from state.files.surfaces import BY_NAME, NAV, NAV_STATE
from state.files.values import (
    JsonDict,
    dicts,
    first_numeric,
    why_unreadable,
)

NAV_KEYS = ("total_equity", "nav", "nav_usd")

ZERO = "says 0.00, which its writers also put where they have nothing"
NO_NAV = "carries no NAV"


class Nav(NamedTuple):
    """The NAV that wins, USD; `file` even where it has none. `unknown` says why there is none.

    `stale`: it is old, and why. `passed`: what was asked before and not taken, in words. `unpriced`: coins that are in
    the wallet and not in the NAV, because they have no price: the NAV is a lower bound then.
    """

    usd: float | None
    file: str | None
    stamp: float | None
    unknown: str | None = None
    stale: str | None = None
    passed: tuple[str, ...] = ()
    unpriced: tuple[str, ...] = ()


def find_nav(sources: Sources) -> Nav:
    """The first living file's figure. Zero is unknown, and never is another file's older number put in its place."""
    claims = [Claim(nav_usd, name, sources.stamp(name)) for name, nav_usd in _spoken(sources)]
    if not claims:
        return _nothing(sources)
    choice = choose(sources, claims)
    if choice.value == 0.0:
        choice = _beyond_zero(sources, choice, claims) or choice
    found = _as_nav(sources, choice)
    return found._replace(passed=(*_speechless_before(sources, found.file), *found.passed))


def nav_payloads(sources: Sources) -> list[tuple[str, JsonDict]]:
    """(file name, content) of nav_state.json, nav.json and any other nav file there is, as far as they can be read."""
    others = sorted(name for name in sources.readings if name.startswith("nav") and name not in BY_NAME)
    return [(name, sources.data(name)) for name in (NAV_STATE, NAV, *others) if sources.has(name)]


def nav_of(payload: JsonDict) -> float | None:
    """NAV in USD of a payload of either shape: the first key that carries a number, whatever its sign."""
    return first_numeric(payload, *NAV_KEYS)


def is_daemons(payload: JsonDict) -> bool:
    """Whether nav_state.json is in the sync daemon's shape, and not the executor's mirror of nav.json."""
    return "total_equity" in payload or "series" in payload


def _spoken(sources: Sources) -> list[tuple[str, float]]:
    """The files that carry a figure of the NAV, in the order they are asked."""
    found = [(name, nav_of(payload)) for name, payload in nav_payloads(sources)]
    return [(name, nav_usd) for name, nav_usd in found if nav_usd is not None]


def _nothing(sources: Sources) -> Nav:
    payloads = nav_payloads(sources)
    if not payloads:
        return Nav(None, None, None, sources.lacks("NAV", NAV_STATE, NAV))
    name, payload = payloads[0]
    return Nav(None, name, sources.stamp(name), f"{name} is there but {_why_speechless(payload)}")


def _why_speechless(payload: JsonDict) -> str:
    return why_unreadable(payload, *NAV_KEYS) or f"it {NO_NAV}"


def _speechless_before(sources: Sources, file: str | None) -> tuple[str, ...]:
    """The files that are asked before this one and have no figure: another one's is never shown without a word."""
    payloads = nav_payloads(sources)
    before = payloads[: next((index for index, (name, _) in enumerate(payloads) if name == file), 0)]
    return tuple(f"{name}: {_why_speechless(payload)}" for name, payload in before if nav_of(payload) is None)


def _beyond_zero(sources: Sources, choice: Choice[float], claims: list[Claim[float]]) -> Choice[float] | None:
    """Another living figure in place of a zero: one written later, or any where the zero is a daemon's cold start."""
    zero = choice.claim
    if zero is None:
        return None
    cold = is_cold_start(sources.data(zero.file))
    later = [
        claim
        for claim in claims
        if claim.value != 0.0
        and (cold or (claim.stamp is not None and zero.stamp is not None and claim.stamp > zero.stamp))
    ]
    found = choose(sources, later)
    if found.claim is None or found.stale is not None:
        return None
    word = "says 0.00 beside a history that does not end there" if cold else ZERO
    return Choice(found.claim, None, (*choice.passed, (zero, word)))


def is_cold_start(payload: JsonDict) -> bool:
    """A zero beside a series whose last point is none: the daemon has just started and has nothing yet."""
    if nav_of(payload) != 0.0:
        return False
    points = [(parse_stamp(row.get("t")), nav_of(row)) for row in dicts(payload.get("series"))[-3:]]
    last = points[-1] if points else (None, None)
    return last[0] is not None and bool(last[1])


def _as_nav(sources: Sources, choice: Choice[float]) -> Nav:
    claim = choice.claim
    if claim is None:
        return _nothing(sources)
    passed = tuple(f"{item.name} {reason}" for item, reason in choice.passed)
    if claim.value == 0.0:
        return Nav(None, claim.file, claim.stamp, f"{claim.file} {ZERO}", choice.stale, passed)
    return Nav(claim.value, claim.file, claim.stamp, None, choice.stale, passed, find_unpriced(sources, claim))
