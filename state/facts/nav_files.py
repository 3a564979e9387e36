"""Which NAV: the files it may come from, in the order they are asked, and what each really says."""

from dataclasses import replace
from math import inf
from typing import NamedTuple, TypeVar

from state.facts.daemon_word import (
    NAV_KEYS,
    DaemonWord,
    find_daemon_word,
    has_yet_to_follow,
    is_daemons,
    why_clock_is_off,
)
from state.facts.sources import Sources
from state.facts.standing import Choice, Claim, choose
from state.facts.wallet import find_unpriced
from state.files.surfaces import BY_NAME, NAV, NAV_STATE
from state.files.values import JsonDict, first_numeric, why_unreadable

T = TypeVar("T")

SAYS_ZERO = "says 0.00"
ZERO = f"{SAYS_ZERO}, which its writers also put where they have nothing"
NO_NAV = "carries no NAV"

# The daemon's NAV is the last point of its history, however often it writes it: how that source is named.
REPEATED = f"the NAV history, whose last point the sync daemon repeats in {NAV_STATE},"
# Where it only has to read on, since the executor has just come back, that is no fault of it.
UNTIL_ITS_NEXT_CYCLE = " until its next cycle,"


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
    claims = _claims(sources)
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


def claim_of(sources: Sources, name: str, value: T) -> Claim[T]:
    """What a nav file says of its NAV: as old as the file, or as the last point where the daemon repeats an old one."""
    word = find_daemon_word(sources) if name == NAV_STATE and is_daemons(sources.data(name)) else None
    return Claim(value, name, sources.stamp(name)) if word is None else claim_of_daemon(sources, word, value)


def claim_of_daemon(sources: Sources, word: DaemonWord, value: T) -> Claim[T]:
    """The same of what the daemon says or last said, whatever stands in its file now."""
    if not word.is_left_behind:
        return Claim(value, NAV_STATE, word.at)
    origin = REPEATED + (UNTIL_ITS_NEXT_CYCLE if has_yet_to_follow(sources, word) else "")
    return Claim(value, NAV_STATE, word.points_to, None, origin)


def _claims(sources: Sources) -> list[Claim[float]]:
    """The files that carry a figure of the NAV, in the order they are asked.

    The executor's mirror in place of a daemon's word that is none of now is the nav.json that it copies: the answer is
    the same whichever wrote last.
    """
    found = [(name, nav_of(payload)) for name, payload in nav_payloads(sources)]
    claims = [claim_of(sources, name, nav_usd) for name, nav_usd in found if nav_usd is not None]
    hidden = _hidden_claims(sources, claims)
    return claims if hidden is None else [*hidden, *sorted(claims, key=lambda claim: claim.file == NAV_STATE)]


def _hidden_claims(sources: Sources, claims: list[Claim[float]]) -> list[Claim[float]] | None:
    """What a daemon that lives says in the place where the mirror stands; None where that is taken for its word."""
    word = _hidden_word(sources)
    if word is not None:
        nav_usd = nav_of(word.figures)
        return [] if nav_usd is None else [claim_of_daemon(sources, word, nav_usd)]
    flaw = None if is_daemons(sources.data(NAV_STATE)) else why_clock_is_off(sources)
    return None if flaw is None else [replace(claim, flaw=flaw) for claim in claims if claim.file == NAV_STATE]


def _hidden_word(sources: Sources) -> DaemonWord | None:
    """What the daemon says under the executor's mirror, where that is no figure of now: old, zero, or none at all."""
    word = None if is_daemons(sources.data(NAV_STATE)) else find_daemon_word(sources)
    return word if word is not None and (word.is_left_behind or not nav_of(word.figures)) else None


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
    word = _hidden_word(sources)
    payloads = [*([] if word is None else [(NAV_STATE, word.figures)]), *nav_payloads(sources)]
    before = payloads[: next((index for index, (name, _) in enumerate(payloads) if name == file), 0)]
    return tuple(f"{name}: {_why_speechless(payload)}" for name, payload in before if nav_of(payload) is None)


def _beyond_zero(sources: Sources, choice: Choice[float], claims: list[Claim[float]]) -> Choice[float] | None:
    """Another living figure in place of a zero: any where a daemon has nothing yet, else one that was written later.

    A daemon writes its zero anew in every cycle: of one that its history has too, its stamp tells nothing.
    """
    zero, daemon = choice.claim, find_daemon_word(sources)
    if zero is None:
        return None
    others, word = [claim for claim in claims if claim.value != 0.0], ZERO
    if zero.file == NAV_STATE and daemon is not None and nav_of(daemon.figures) == 0.0:
        word = f"{SAYS_ZERO} {daemon.nothing_yet}"
        others = others if daemon.nothing_yet else []
    else:
        others = [claim for claim in others if (claim.stamp or 0.0) > (zero.stamp or inf)]
    found = choose(sources, others)
    if found.claim is None or found.stale is not None:
        return None
    return Choice(found.claim, None, (*choice.passed, (zero, word)))


def _as_nav(sources: Sources, choice: Choice[float]) -> Nav:
    claim = choice.claim
    if claim is None:
        return _nothing(sources)
    passed = tuple(f"{item.name} {reason}" for item, reason in choice.passed)
    if claim.value == 0.0:
        return Nav(None, claim.file, claim.stamp, f"{claim.file} {ZERO}", choice.stale, passed)
    return Nav(claim.value, claim.file, claim.stamp, None, choice.stale, passed, find_unpriced(sources, claim))
