"""Roll-ups over symbols: the worst of them, how many of how many, and which."""

from collections.abc import Iterable

from dash import html

from dash_app.render.components import Child, line, span
from dash_app.render.readings import State, mapping_at
from dash_app.render.theme import tone_of

NAMED_SYMBOLS = 2

Groups = dict[str, list[str]]


def symbols_by(state: State, key: str) -> Groups:
    """The symbols of each word, `{"panic": ["DOGEUSDT"]}`; what has no word has an empty one."""
    groups: Groups = {}
    for symbol, row in mapping_at(state, "kpis.symbols").items():
        word = row.get(key) if isinstance(row, dict) else None
        groups.setdefault(word.lower() if isinstance(word, str) else "", []).append(symbol)
    return groups


def roll_up(state: State, groups: Groups, loud: Iterable[str]) -> list[html.Div]:
    """`1 of 8 panic: DOGEUSDT`: the first of the loud words that is there, with its share and its names."""
    worst = next((word for word in loud if groups.get(word)), None)
    if worst is None:
        return []
    share = f"{len(groups[worst])} of {len(mapping_at(state, 'kpis.symbols'))} {worst}"
    names = span(name_some(groups[worst]), title=", ".join(groups[worst]))
    return [line(span(share, tone_of(worst)), ": ", names, class_name="caption roll-up")]


def others(groups: Groups, loud: Iterable[str]) -> list[Child]:
    """` · 1 hot`: the loud words after the first that is there."""
    found = [word for word in loud if groups.get(word)][1:]
    return [part for word in found for part in (" · ", span(f"{len(groups[word])} {word}", tone_of(word)))]


def name_some(symbols: list[str]) -> str:
    """The first two names and how many more there are."""
    rest = len(symbols) - NAMED_SYMBOLS
    return ", ".join(symbols[:NAMED_SYMBOLS]) + (f" +{rest}" if rest > 0 else "")
