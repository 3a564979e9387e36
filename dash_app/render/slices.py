"""Which slices the donut draws, in the order of the legend; where they are many, the smallest are one."""

from typing import NamedTuple

from dash_app.render.readings import StateDict, number_at, rows_at, text_at
from dash_app.render.theme import SLICES


class Slices(NamedTuple):
    """Indices into `aum.slices`: drawn each in its own colour, drawn together, owed, and without a figure to draw."""

    own: tuple[int, ...]
    together: tuple[int, ...]
    debts: tuple[int, ...]
    undrawn: tuple[int, ...]


def worth(state: StateDict, index: int) -> float:
    """What a slice is drawn with: its worth in USD, or its share where that is masked."""
    path = f"aum.slices.{index}"
    return number_at(state, f"{path}.usd") or number_at(state, f"{path}.share_pct") or 0.0


def sort_slices(state: StateDict) -> Slices:
    """No two slices have the same colour."""
    every = range(len(rows_at(state, "aum.slices")))
    drawn = [index for index in every if worth(state, index) > 0]
    largest = sorted(drawn, key=lambda index: -worth(state, index))
    own = set(drawn if len(drawn) <= len(SLICES) else largest[: len(SLICES) - 1])
    return Slices(
        tuple(index for index in drawn if index in own),
        tuple(index for index in drawn if index not in own),
        tuple(index for index in every if worth(state, index) < 0),
        tuple(index for index in every if worth(state, index) == 0),
    )


def name_slices(state: StateDict, indices: tuple[int, ...]) -> str:
    """Their labels, as the state has them."""
    return ", ".join(text_at(state, f"aum.slices.{index}.label") or "?" for index in indices)
