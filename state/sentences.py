"""Sentences made of parts: words, and amounts that a private view masks before the parts are joined."""

from collections.abc import Callable, Iterable
from typing import Any

from state.formatting import fmt_qty, fmt_usd

# A part is a word (str), or an amount: {"amount": number or None, "text": as printed}.
Part = str | dict[str, Any]


def amount(value: float | None, fmt: Callable[[float | None], str] = fmt_usd) -> Part:
    """A sum of money, a price or a quantity: what a private view does not tell."""
    return {"amount": value, "text": fmt(value)}


def quoted(words: str) -> Part:
    """Words of somebody else, such as an exchange's: nobody knows what amounts are in them."""
    return {"amount": words, "text": words}


def price(value: float | None) -> Part:
    """A price, with the digits it needs."""
    return amount(value, fmt_qty)


def is_amount(part: Any) -> bool:
    """Whether something that has been through JSON is an amount of a sentence."""
    return isinstance(part, dict) and {"amount", "text"} <= part.keys()


def join(parts: Iterable[Part], mask: str | None = None) -> str:
    """The sentence; with a `mask` in place of every amount that is known."""
    return "".join(_text(part, mask) for part in parts)


def _text(part: Part, mask: str | None) -> str:
    if isinstance(part, str):
        return part
    return str(part["text"]) if mask is None or part["amount"] is None else mask
