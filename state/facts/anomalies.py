"""What the executor finds odd, in whichever shape it writes it."""

from collections.abc import Iterator

from state.facts.switches import says_nothing, switch
from state.files.stamps import STAMP_KEYS, parse_stamp
from state.files.values import first, mapping, text

SWITCH_KEYS = ("active", "detected", "triggered", "anomaly", "flag")
WORD_KEYS = ("detail", "reason", "message", "description")
# How the names of times end: when something was looked at is no finding.
TIME_ENDINGS = ("_ts", "_at", "_time", "timestamp")
MOST_LETTERS = 120


def find_anomalies(value: object) -> Iterator[str]:
    """Names of what is odd, with the executor's words where it has some."""
    if isinstance(value, dict):
        for name, said in value.items():
            if _is_odd(said) and not _is_time(name, said):
                words = _words(said)
                yield (f"{text(name) or '?'}: {words}" if words else text(name) or "?")[:MOST_LETTERS]
    elif isinstance(value, list):
        yield from ((_named(said) or "unnamed")[:MOST_LETTERS] for said in value if _is_odd(said))
    elif (said := text(value)) is not None and not says_nothing(said):
        yield said[:MOST_LETTERS]


def _is_odd(said: object) -> bool:
    """Whether anything is found; a block that has a switch is as its switch says."""
    if isinstance(said, dict):
        switches = [found for key in SWITCH_KEYS if (found := switch(said.get(key))) is not None]
        return any(switches) if switches else any(_is_odd(v) for k, v in said.items() if not _is_time(k, v))
    return any(map(_is_odd, said)) if isinstance(said, list) else not says_nothing(said)


def _is_time(name: object, said: object) -> bool:
    key = (text(name) or "").lower()
    return (key in STAMP_KEYS or key.endswith(TIME_ENDINGS)) and parse_stamp(said) is not None


def _words(said: object) -> str:
    if isinstance(said, list):
        return ", ".join(filter(None, map(_named, said)))
    return text(said) or first(text(mapping(said).get(key)) for key in WORD_KEYS) or ""


def _named(said: object) -> str | None:
    return text(said) or first(text(mapping(said).get(key)) for key in ("name", "type", *WORD_KEYS))
