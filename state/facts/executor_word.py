"""The executor's own word: its risk mode, circuit breaker, anomalies, missing exits and last exchange error."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from state.facts.anomalies import find_anomalies
from state.facts.exchange_errors import ExchangeError, find_last_error
from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.facts.switches import says_nothing, switch
from state.facts.symbol_flags import Flag, find_flags
from state.files.surfaces import DIAGNOSTICS, ENGINE_METADATA, NAV, POSITIONS_LEDGER, RISK_SNAPSHOT
from state.files.values import JsonDict, count, first, mapping, number, numeric, sanitize, text, within, word
from state.formatting import fmt_moment

_FRACTION = re.compile(r"(\w*frac)\s*=\s*([\d.]+)")
# Which fractions are of a fall, and how far it may have moved since the executor gave its reason.
_FALL = re.compile(r"dd|drawdown|loss", re.IGNORECASE)
SLIP_MOVES = 3.0

# Words of an engine that does its work.
RUNNING = frozenset({"running", "run", "live", "active", "up", "started", "online", "ready", "trading"})

# What stands where nothing is written.
EMPTY: tuple[object, ...] = (None, "", {}, [])
# Where a breaker says that it is tripped.
BREAKER_KEYS = ("active", "tripped", "triggered", "state", "status")
# Words for a breaker that is not tripped; others that say nothing stand where there is none.
CALM_BREAKERS = frozenset({"ok", "normal", "healthy", "clear"})
# Who writes these, living, writes a risk mode and a breaker too.
OF_SUCH_WRITERS = (POSITIONS_LEDGER, DIAGNOSTICS)
# When the executor last said its mode, and its breaker; it is expected to do so again for this long.
SAID = {"mode": "risk_mode_said", "breaker": "breaker_said"}
EXPECTED_S = 86400.0

MISSING = "risk_snapshot.json does not carry it"


class Word(NamedTuple):
    """What the executor says of itself. None where it says nothing; `stale` why its word is an old one.

    `slip`: the reason rests on a fraction that is a percentage by mistake. `limit_pct`: the breaker's, in percent.
    `unread`: what the breaker says, where that is neither on nor off; `mode_unread`: what stands in place of a mode
    and is no word. `mute`: of `mode` and `breaker` what is not there, and why it was expected.
    `unregistered`: fewer positions are registered than are open; `behind`: those of a moment ago are. `status`: of
    engine_metadata.json, where it is no word for running. `flags_stale`: why the flags of symbols are old ones.
    """

    mode: str | None = None
    reason: str | None = None
    score: float | None = None
    slip: bool = False
    breaker: bool | None = None
    limit_pct: float | None = None
    unread: str | None = None
    mode_unread: str | None = None
    mute: tuple[tuple[str, str], ...] = ()
    anomalies: tuple[str, ...] = ()
    positions: int | None = None
    exits: int | None = None
    mismatch: bool | None = None
    unregistered: bool = False
    behind: bool = False
    status: str | None = None
    flags: tuple[Flag, ...] = ()
    flags_stale: str | None = None
    error: ExchangeError | None = None
    at: float | None = None
    stale: str | None = None


def find_word(sources: Sources, drawdown_pct: float | None) -> Word:
    """From risk_snapshot.json, errors and flags of execution_health.json too, the status of engine_metadata.json."""
    data, stamp = sources.data(RISK_SNAPSHOT), sources.stamp(RISK_SNAPSHOT)
    breaker, exits = mapping(data.get("circuit_breaker")), mapping(data.get("tp_sl_registry"))
    mode, limit = data.get("risk_mode"), within(breaker.get("max_portfolio_dd_nav_pct"), 0.0, 1.0)
    reason = text(data.get("risk_mode_reason")) or text(mapping(mode).get("reason"))
    old = why_not_alive(sources, RISK_SNAPSHOT, stamp) if data else None
    tripped, unread = _read_breaker(data.get("circuit_breaker"))
    named = word(mode, "mode", "risk_mode", "state")
    flags, flags_stale = find_flags(sources)
    said = Word(
        mode=named,
        reason=reason,
        score=within(data.get("risk_mode_score"), 0.0, 1.0),
        slip=_is_slip(reason, drawdown_pct, _daily_loss_pct(data)),
        breaker=tripped,
        limit_pct=None if limit is None else 100.0 * limit,
        unread=unread,
        mode_unread=None if named is not None or mode in EMPTY else _quote(mode),
        anomalies=tuple(find_anomalies(data.get("anomalies"))),
        positions=count(exits.get("num_positions")),
        exits=count(exits.get("num_registry_entries")),
        mismatch=switch(exits.get("registry_mismatch")),
        status=_status(sources),
        flags=flags,
        flags_stale=flags_stale,
        error=find_last_error(sources),
        at=stamp,
        stale=f"{RISK_SNAPSHOT} {old}" if old else None,
    )
    return said._replace(mute=tuple(_find_mute(sources, said)))


def show_word(sources: Sources, said: Word) -> dict[str, Any]:
    """The fields of `kpis.risk`, with the reason where the executor says nothing."""
    shown: dict[str, Any] = {
        "mode": said.mode,
        "mode_reason": said.reason,
        "mode_score": said.score,
        "circuit_breaker": said.breaker,
        "circuit_breaker_limit_pct": said.limit_pct,
        "positions_registered": said.positions,
        "exits_registered": said.exits,
        "exits_mismatch": said.mismatch,
    }
    if said.unread is not None:
        sources.unknown.note("kpis.risk.circuit_breaker", "what the executor says of it is neither on nor off")
    if said.mode_unread is not None:
        sources.unknown.note("kpis.risk.mode", "what the executor says in its place is no word")
    data = sources.data(RISK_SNAPSHOT)
    limit = number(mapping(data.get("circuit_breaker")).get("max_portfolio_dd_nav_pct"))
    score = number(data.get("risk_mode_score"))
    for key, written, words in (
        ("circuit_breaker_limit_pct", limit, "is no share of the peak"),
        ("mode_score", score, "is no score of 0 to 1"),
    ):
        if written is not None:
            sources.unknown.known(f"kpis.risk.{key}", shown[key], f"{written:g} {words}")
    for key, value in shown.items():
        sources.unknown.known(f"kpis.risk.{key}", value, _why_missing(said, key))
    if said.stale:
        sources.stale.note_all((f"kpis.risk.{key}" for key in shown), said.stale)
    error = said.error._asdict() if said.error else {}
    return {**shown, "anomalies": list(said.anomalies), "last_error": sanitize(error)}


def _status(sources: Sources) -> str | None:
    """What the executor says it does, where that is not running; an old word counts until it has written since."""
    said = word(sources.data(ENGINE_METADATA).get("status"), "status", "state")
    is_old = why_not_alive(sources, ENGINE_METADATA, sources.stamp(ENGINE_METADATA)) is not None
    if is_old and why_not_alive(sources, NAV, sources.stamp(NAV)) is None:
        return None
    return None if said is None or says_nothing(said) or said.lower() in RUNNING else said[:160]


def _read_breaker(value: object) -> tuple[bool | None, str | None]:
    """Whether it is tripped, and its words where they are neither yes nor no."""
    places = map(value.get, BREAKER_KEYS) if isinstance(value, dict) else (value,)
    said = [item for item in places if item is not None]
    switches = [switch(item) for item in said]
    if True in switches or False in switches:
        return True in switches, None
    unread = next((item for item in said if not says_nothing(item)), None)
    if unread is not None:
        return None, _quote(unread)
    return False if any((text(item) or "").lower() in CALM_BREAKERS for item in said) else None, None


def _quote(written: object) -> str:
    return repr(sanitize(written))[:40]


def _find_mute(sources: Sources, said: Word) -> Iterator[tuple[str, str]]:
    """Of the mode and the breaker what a snapshot does not have, though it should: an engine that died leaves none."""
    found = {"mode": (said.mode, said.mode_unread), "breaker": (said.breaker, said.unread)}
    for what, words in found.items():
        if any(item is not None for item in words):
            if said.at is not None:
                sources.history.keep(SAID[what], True, said.at)
        elif sources.has(RISK_SNAPSHOT) and (why := _why_expected(sources, SAID[what])) is not None:
            yield what, why


def _why_expected(sources: Sources, key: str) -> str | None:
    """By a living file of its writer, or since it was said not long ago."""
    for name in OF_SUCH_WRITERS:
        if why_not_alive(sources, name, sources.stamp(name)) is None:
            return f"though an executor that writes {name} publishes it"
    last = sources.history.at(key)
    known = last is not None and sources.now - last <= EXPECTED_S
    return f"though it did at {fmt_moment(last, sources.now)}" if known else None


def _why_missing(said: Word, key: str) -> str:
    """Why a field of the word is unknown; whoever says a mode or a breaker is no older writer."""
    mute, half = dict(said.mute), "breaker" if key.startswith("circuit_breaker") else "mode"
    if half in mute:
        return f"{MISSING}, {mute[half]}"
    told = (said.mode, said.mode_unread, said.breaker, said.unread)
    return MISSING if any(item is not None for item in told) else f"{MISSING} (older writers do not)"


def _daily_loss_pct(data: JsonDict) -> float | None:
    blocks = (mapping(data.get("dd_state")), mapping(data.get("kpis_v7")))
    return first(number(mapping(mapping(block.get("drawdown")).get("daily_loss")).get("pct")) for block in blocks)


def _is_slip(reason: str | None, drawdown_pct: float | None, daily_loss_pct: float | None) -> bool:
    """Whether the reason rests on percentages that are read as fractions alone: 0.1146 for a fall of 0.1146 %.

    A fraction of a daily loss is held against the daily loss, any other of a fall against the drawdown. A fall that is
    not there any more proves nothing.
    """
    slips = []
    for name, digits in _FRACTION.findall(reason or ""):
        of_day = "daily" in name.lower() and daily_loss_pct is not None
        said, fell_pct = numeric(digits) or 0.0, (daily_loss_pct if of_day else drawdown_pct) or 0.0
        slips.append(bool(_FALL.search(name)) and fell_pct / SLIP_MOVES <= said <= fell_pct * SLIP_MOVES and said > 0)
    return bool(slips) and all(slips)
