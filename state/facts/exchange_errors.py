"""The last error that the exchange gave the executor, of any symbol."""

import re
from typing import NamedTuple

from state.facts.sources import Sources
from state.files.stamps import STAMP_KEYS, age_of, parse_stamp
from state.files.surfaces import EXECUTION_HEALTH, RISK_SNAPSHOT
from state.files.values import JsonDict, dicts, first, mapping, numeric, text

# An exchange error is news for this long.
ERROR_IS_NEWS_S = 3600.0
# A post-only order that would have taken liquidity is refused as asked: no error of anybody.
POST_ONLY_CODES = frozenset({-2010, -5022})

_CODE = re.compile(r"code\W{0,3}(-\d{3,6})\b")


class ExchangeError(NamedTuple):
    """The last error the exchange gave for one symbol; `at` in epoch seconds."""

    symbol: str
    at: float
    message: str
    code: int | None


def find_last_error(sources: Sources) -> ExchangeError | None:
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
