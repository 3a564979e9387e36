"""What the executor finds odd, in whichever shape it writes it."""

from collections.abc import Iterator

from state.facts.switches import says_nothing, switch
from state.files.stamps import STAMP_KEYS, parse_stamp
from state.files.values import JsonDict, first, mapping, numeric, text

SWITCH_KEYS = ("active", "detected", "triggered", "anomaly", "flag")
WORD_KEYS = ("detail", "reason", "message", "description")
# How the names of times begin and end: when something was looked at is no finding.
TIME_BEGINNINGS = ("last_", "next_")
TIME_ENDINGS = ("_ts", "_at", "_time", "timestamp", "_checked", "_seen", "since")
# How the names of settings and measures end, and those of counts, which say nothing more than what is listed.
MEASURES = ("threshold", "limit", "score", "window", "version")
COUNTS = ("count", "total")
MOST_LETTERS = 120


def find_anomalies(value: object) -> Iterator[str]:
    """Names of what is odd, with the executor's words where it has some."""
    if isinstance(value, dict):
        yield from (found[:MOST_LETTERS] for found in _find_in_block(value))
    elif isinstance(value, list):
        yield from ((_named(said) or "unnamed")[:MOST_LETTERS] for said in value if _is_odd(said))
    elif (said := text(value)) is not None and not says_nothing(said):
        yield said[:MOST_LETTERS]


def _find_in_block(block: JsonDict) -> Iterator[str]:
    """What is odd by name; beside a switch that is off only what has one of its own that is on."""
    switched = _switched(block)
    odd = {name: said for name, said in block.items() if _may_be_odd(name, said) and _is_odd(said)}
    if switched is False:
        odd = {name: said for name, said in odd.items() if _switched(mapping(said))}
    elif switched:
        odd = {name: said for name, said in odd.items() if name not in (*SWITCH_KEYS, *WORD_KEYS)}
    listed = {name: said for name, said in odd.items() if not name.lower().endswith(COUNTS)} or odd
    for name, said in listed.items():
        words = _words(said)
        yield f"{text(name) or '?'}: {words}" if words else text(name) or "?"
    if switched and not listed:
        yield _words(block) or next(key for key in SWITCH_KEYS if switch(block.get(key)))


def _switched(block: JsonDict) -> bool | None:
    """What the switches of a block say; None where it has none."""
    switches = [found for key in SWITCH_KEYS if (found := switch(block.get(key))) is not None]
    return any(switches) if switches else None


def _is_odd(said: object) -> bool:
    """Whether anything is found; a block that has a switch is as its switch says."""
    if isinstance(said, dict):
        switched = _switched(said)
        return any(_is_odd(v) for k, v in said.items() if _may_be_odd(k, v)) if switched is None else switched
    return any(map(_is_odd, said)) if isinstance(said, list) else not says_nothing(said)


def _may_be_odd(name: str, said: object) -> bool:
    """Not a time, a setting or a measure, whatever it says."""
    key = name.lower()
    if (key in STAMP_KEYS or key.startswith(TIME_BEGINNINGS) or key.endswith(TIME_ENDINGS)) and parse_stamp(said):
        return False
    return not (key.endswith("enabled") if isinstance(said, bool) else key.endswith(MEASURES) and numeric(said))


def _words(said: object) -> str:
    if isinstance(said, list):
        return ", ".join(filter(None, map(_named, said)))
    return text(said) or first(text(mapping(said).get(key)) for key in WORD_KEYS) or ""


def _named(said: object) -> str | None:
    return text(said) or first(text(mapping(said).get(key)) for key in ("name", "type", *WORD_KEYS))
