"""The executor's own word: its risk mode, circuit breaker, anomalies, missing exits and last exchange error."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.files.stamps import STAMP_KEYS, age_of, parse_stamp
from state.files.surfaces import EXECUTION_HEALTH, RISK_SNAPSHOT
from state.files.values import JsonDict, count, dicts, first, mapping, number, numeric, sanitize, text, word

# An exchange error is news for this long.
ERROR_IS_NEWS_S = 3600.0
# A post-only order that would have taken liquidity is refused as asked: no error of anybody.
POST_ONLY_CODES = frozenset({-2010, -5022})

_FRACTION = re.compile(r"(\w*frac)\s*=\s*([\d.]+)")
_CODE = re.compile(r"code\W{0,3}(-\d{3,6})\b")
# A fraction that is really a percentage reads a hundred times too high; twenty times is no rounding.
SLIP_FACTOR = 20.0

SWITCHES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
ANOMALY_SWITCHES = ("active", "detected", "triggered", "anomaly", "flag")
ANOMALY_WORDS = ("detail", "reason", "message", "description")
MOST_LETTERS = 120

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
    mode, limit = data.get("risk_mode"), number(breaker.get("max_portfolio_dd_nav_pct"))
    reason = text(data.get("risk_mode_reason")) or text(mapping(mode).get("reason"))
    old = why_not_alive(sources, RISK_SNAPSHOT, stamp) if data else None
    return Word(
        mode=word(mode, "mode", "risk_mode", "state"),
        reason=reason,
        score=number(data.get("risk_mode_score")),
        slip=_is_slip(reason, drawdown_pct),
        breaker=_switch(breaker.get("active") if breaker else data.get("circuit_breaker")),
        limit_pct=None if limit is None else 100.0 * limit,
        anomalies=tuple(_anomalies(data.get("anomalies"))),
        positions=count(exits.get("num_positions")),
        exits=count(exits.get("num_registry_entries")),
        mismatch=_switch(exits.get("registry_mismatch")),
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


def _switch(value: object) -> bool | None:
    """A boolean, or the word or number of one: a breaker that is written as 1 is no silence."""
    if isinstance(value, str):
        return SWITCHES.get(value.strip().lower())
    return bool(value) if value in (0, 1) else None


def _anomalies(value: object) -> Iterator[str]:
    """Names of what the executor finds odd, with its words where it has some."""
    if isinstance(value, dict):
        for name, said in value.items():
            if _is_odd(said):
                words = _words(said)
                yield (f"{text(name) or '?'}: {words}" if words else text(name) or "?")[:MOST_LETTERS]
    elif isinstance(value, list):
        yield from ((_named(said) or "unnamed")[:MOST_LETTERS] for said in value if _is_odd(said))
    elif (said := text(value)) is not None:
        yield said[:MOST_LETTERS]


def _is_odd(said: object) -> bool:
    """Whether anything is found; a block that has a switch is as its switch says."""
    if isinstance(said, dict):
        switches = [value for key in ANOMALY_SWITCHES if isinstance(value := said.get(key), bool)]
        return any(switches) if switches else any(map(_is_odd, said.values()))
    return any(map(_is_odd, said)) if isinstance(said, list) else bool(said)


def _words(said: object) -> str:
    if isinstance(said, list):
        return ", ".join(filter(None, map(_named, said)))
    return text(said) or first(text(mapping(said).get(key)) for key in ANOMALY_WORDS) or ""


def _named(said: object) -> str | None:
    return text(said) or first(text(mapping(said).get(key)) for key in ("name", "type", *ANOMALY_WORDS))


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
    at = first(parse_stamp(last.get(key)) for key in ("ts", *STAMP_KEYS))
    if at is None:
        return None
    message = text(kind.get("message")) or text(last.get("message")) or "no message"
    code = first([numeric(kind.get("code")), numeric(last.get("code")), _code_in(message)])
    return ExchangeError(text(row.get("symbol")) or "?", at, message[:160], None if code is None else int(code))


def _code_in(message: str) -> float | None:
    """The code that the exchange's library puts into its message: `APIError(code=-2010): ...`."""
    found = _CODE.search(message)
    return numeric(found[1]) if found else None
