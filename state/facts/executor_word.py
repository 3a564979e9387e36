"""The executor's own word: its risk mode, circuit breaker, anomalies, missing exits and last exchange error."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.files.stamps import age_of, parse_stamp
from state.files.surfaces import EXECUTION_HEALTH, RISK_SNAPSHOT
from state.files.values import JsonDict, count, dicts, flag, mapping, number, sanitize, text

# An exchange error is news for this long.
ERROR_IS_NEWS_S = 3600.0
# A post-only order that would have taken liquidity is refused as asked: no error of anybody.
POST_ONLY_CODES = frozenset({-2010, -5022})

_FRACTION = re.compile(r"(\w*frac)\s*=\s*([\d.]+)")
# A fraction that is really a percentage reads a hundred times too high; twenty times is no rounding.
SLIP_FACTOR = 20.0

MISSING = "risk_snapshot.json does not carry it (older writers do not)"


class ExchangeError(NamedTuple):
    """The last error the exchange gave for one symbol; `at` in epoch seconds."""

    symbol: str
    at: float
    message: str
    code: int | None


class Word(NamedTuple):
    """What the executor says of itself. None where it says nothing; `stale` why its word is an old one.

    `slip`: the reason rests on a fraction that is a percentage by mistake. `limit_pct`: the breaker's, in percent.
    """

    mode: str | None = None
    reason: str | None = None
    score: float | None = None
    slip: bool = False
    breaker: bool | None = None
    limit_pct: float | None = None
    anomalies: tuple[str, ...] = ()
    positions: int | None = None
    exits: int | None = None
    mismatch: bool | None = None
    error: ExchangeError | None = None
    at: float | None = None
    stale: str | None = None


def find_word(sources: Sources, drawdown_pct: float | None) -> Word:
    """From risk_snapshot.json, and the errors of execution_health.json too."""
    data, stamp = sources.data(RISK_SNAPSHOT), sources.stamp(RISK_SNAPSHOT)
    breaker, exits = mapping(data.get("circuit_breaker")), mapping(data.get("tp_sl_registry"))
    reason, limit = text(data.get("risk_mode_reason")), number(breaker.get("max_portfolio_dd_nav_pct"))
    old = why_not_alive(sources, RISK_SNAPSHOT, stamp) if data else None
    return Word(
        mode=text(data.get("risk_mode")),
        reason=reason,
        score=number(data.get("risk_mode_score")),
        slip=_is_slip(reason, drawdown_pct),
        breaker=flag(breaker.get("active")),
        limit_pct=None if limit is None else 100.0 * limit,
        anomalies=tuple(_anomalies(data.get("anomalies"))),
        positions=count(exits.get("num_positions")),
        exits=count(exits.get("num_registry_entries")),
        mismatch=flag(exits.get("registry_mismatch")),
        error=_last_error(sources),
        at=stamp,
        stale=f"{RISK_SNAPSHOT} {old}" if old else None,
    )


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
    for key, value in shown.items():
        sources.unknown.known(f"kpis.risk.{key}", value, MISSING)
    if said.stale:
        sources.stale.note_all((f"kpis.risk.{key}" for key in shown), said.stale)
    error = said.error._asdict() if said.error else {}
    return {**shown, "anomalies": list(said.anomalies), "last_error": sanitize(error)}


def _is_slip(reason: str | None, drawdown_pct: float | None) -> bool:
    """Whether the reason reads a percentage as a fraction: 0.1146 for a drawdown of 0.1146 %."""
    found = _FRACTION.search(reason or "")
    said = number(float(found[2])) if found and found[2].count(".") <= 1 and found[2] != "." else None
    if said is None or drawdown_pct is None:
        return False
    return said > SLIP_FACTOR * max(drawdown_pct, 0.0) / 100.0 and said <= 1.0


def _anomalies(value: object) -> Iterator[str]:
    """Names of what the executor finds odd, with its words where it has some."""
    if isinstance(value, dict):
        for name, said in value.items():
            if said not in (None, False, 0, "", [], {}):
                words = text(said) or (", ".join(map(str, said)) if isinstance(said, list) else "")
                yield (f"{text(name) or '?'}: {words}" if words else text(name) or "?")[:120]
    elif isinstance(value, list):
        for said in value:
            yield (text(said) or text(mapping(said).get("name")) or text(mapping(said).get("type")) or "unnamed")[:120]


def _last_error(sources: Sources) -> ExchangeError | None:
    """The newest that is news, of any symbol, and no post-only rejection."""
    found = [error for name in (RISK_SNAPSHOT, EXECUTION_HEALTH) for error in sources.derive(read_errors, name)]
    return max((error for error in found if _is_news(error, sources.now)), key=lambda error: error.at, default=None)


def read_errors(data: JsonDict) -> list[ExchangeError]:
    """The last error of each component of each symbol."""
    return [
        error
        for row in dicts(data.get("symbols"))
        for block in mapping(row.get("errors")).values()
        if (error := _read_error(row, mapping(block))) is not None
    ]


def _is_news(error: ExchangeError, now: float) -> bool:
    age_s = age_of(error.at, now)
    return age_s is not None and age_s < ERROR_IS_NEWS_S and error.code not in POST_ONLY_CODES


def _read_error(row: JsonDict, block: JsonDict) -> ExchangeError | None:
    last = mapping(block.get("last_error"))
    kind = mapping(last.get("classification"))
    at, code = parse_stamp(last.get("ts")), number(kind.get("code"))
    if at is None:
        return None
    message = text(kind.get("message")) or text(last.get("message")) or "no message"
    return ExchangeError(text(row.get("symbol")) or "?", at, message[:160], None if code is None else int(code))
