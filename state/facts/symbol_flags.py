"""Symbols that the executor itself has switched off or flagged: it opens nothing in them, or is close to that."""

from typing import NamedTuple

from state.facts.sources import Sources
from state.facts.standing import why_not_alive
from state.facts.switches import says_nothing, switch
from state.files.stamps import parse_stamp
from state.files.surfaces import EXECUTION_HEALTH, RISK_SNAPSHOT
from state.files.values import JsonDict, dicts, mapping, text

DISABLED, DD_WARNING = "symbol_disabled", "dd_warning"
MOST_LETTERS = 80


class Flag(NamedTuple):
    """What one symbol is flagged with, in the executor's words; of a switch why and until when (epoch), where said."""

    symbol: str
    word: str
    reason: str | None = None
    until: float | None = None


def find_flags(sources: Sources) -> tuple[tuple[Flag, ...], str | None]:
    """The flags of the first living of the two files that have them, else of the newer; and why they are old."""
    named = [name for name in (RISK_SNAPSHOT, EXECUTION_HEALTH) if dicts(sources.data(name).get("symbols"))]
    old = {name: why_not_alive(sources, name, sources.stamp(name)) for name in named}
    living = [name for name in named if old[name] is None]
    chosen = next(iter(living or sorted(named, key=lambda name: sources.stamp(name) or 0.0, reverse=True)), None)
    if chosen is None:
        return (), None
    found = [flag for flag in sources.derive(read_flags, chosen) if flag.until is None or flag.until > sources.now]
    return tuple(found), f"{chosen} {old[chosen]}" if old[chosen] else None


def read_flags(data: JsonDict) -> list[Flag]:
    """Of each symbol its flags; a switch is one of them, also where it stands alone."""
    found: list[Flag] = []
    for row in dicts(data.get("symbols")):
        risk, symbol = mapping(row.get("risk")), text(row.get("symbol")) or "?"
        listed = risk.get("risk_flags")
        words = [text(item) for item in (listed if isinstance(listed, list) else [listed]) if not says_nothing(item)]
        known = list(dict.fromkeys(word[:MOST_LETTERS] for word in words if word is not None))
        if switch(risk.get("toggle_active")) and DISABLED not in known:
            known.append(DISABLED)
        found += [_with_reason(symbol, word, mapping(risk.get("toggle_meta"))) for word in known]
    return found


def _with_reason(symbol: str, word: str, meta: JsonDict) -> Flag:
    if word != DISABLED:
        return Flag(symbol, word)
    reason = text(meta.get("reason"))
    return Flag(symbol, word, reason[:MOST_LETTERS] if reason else None, parse_stamp(meta.get("until")))
