"""Damage to state files: what writers get wrong, what disks do, and what nobody would think of. All from one dice."""

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

Dice = random.Random
Document = Any

# Written in place of a value that json.dumps cannot write, and replaced in the text.
RAW = "\x00raw:"
RAW_TOKENS = (
    "1e400",
    "-1e400",
    "1" + "0" * 400,
    "9" * 5000,
    "-0",
    "1E+2",
    "0.1e-300",
    "01",
    "+1",
    ".5",
    "tru",
    "'x'",
    "/**/1",
)
_MARKED = re.compile(r'"\\u0000raw:(\d+)"')
LEAVES: list[Any] = [None, True, False, 0, -0.0, 1, -1, 0.5, -1.5, 100, 1e-9, 1e18, 1.0000001e18, 1e308, -1e308, 5e-324]
LEAVES += [10**30, 4e12, 946_684_800, 1764197100, 1764197100000, 1e11, 1e14, float("nan"), float("inf"), float("-inf")]
LEAVES += [
    "",
    " ",
    "NaN",
    "12",
    "1e5",
    "x" * 3000,
    "\ud800",
    "\u202e\u0000\u2028",
    "é😀",
    "<script>alert(1)</script>",
]
LEAVES += [
    "2025-11-26T22:44:55Z",
    "2025-11-26 22:44:55",
    "2025-13-45T99:99:99",
    "9999-12-31T23:59:59+00:00",
    "BTCUSDT",
    "LONG",
]
LEAVES += ["SHORT", "BOTH", "defensive", "normal", "testnet", "live", "cache", "manual", "USDT"]
LEAVES += [
    [],
    {},
    [[]],
    [None],
    [[[[]]]],
    {"": 1},
    {"a": {"b": None}},
    [1, "2", None, {"symbol": "BTCUSDT"}],
    ["USDT", 1.0],
]
FACTORS = (-1.0, 0.0, 0.5, 2.0, 100.0, 1000.0, 0.001, 1 + 1e-12, 1e15, 1e-15)
SECONDS = (-0.5, 0.5, 1.0, 1.5, -30.0, 121.0, -301.0, 3600.0, -86400.0, 3e7, -3e8)
STAMP = range(1_500_000_000, 2_000_000_000)


def mutate_file(dice: Dice, content: bytes, others: list[bytes], keys: list[str]) -> bytes:
    """The file with one to four things wrong; now and then with bytes wrong instead."""
    if dice.random() < 0.12:
        return mutate_bytes(dice, content)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return mutate_bytes(dice, content)
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4))):
        document = mutate_document(dice, document, others, keys)
    text = write_raw(document)
    return duplicate_key(dice, text) if dice.random() < 0.03 else text


def write_raw(document: Document) -> bytes:
    """JSON text, with tokens in it that no encoder writes."""
    return _MARKED.sub(lambda found: RAW_TOKENS[int(found[1])], json.dumps(document)).encode()


def duplicate_key(dice: Dice, content: bytes) -> bytes:
    """One key a second time in the same object, with another value: the last one counts for Python."""
    found = [match.start() for match in re.finditer(rb'"\w+": ', content)]
    if not found:
        return content
    source, at = dice.choice(found), dice.choice(found)
    key = content[source : content.index(b":", source) + 2]
    return content[:at] + key + json.dumps(dice.choice((1, None, [], "x"))).encode() + b", " + content[at:]


def mutate_bytes(dice: Dice, content: bytes) -> bytes:
    """Cut, flipped, overwritten, mixed with something else, or in another encoding."""
    at = dice.randint(0, len(content))
    end = min(len(content), at + dice.choice((1, 1, 4, 64, 4096)))
    flipped = bytes(byte ^ (1 << dice.randrange(8)) for byte in content[at : at + 1])
    return dice.choice(
        (
            content[:at],
            content[:at],
            content[:at] + content[end:],
            content[:at] + flipped + content[at + 1 :],
            content[:at] + flipped + content[at + 1 :],
            content[:at] + dice.randbytes(end - at) + content[end:],
            content[:at] + bytes(end - at) + content[end:],
            content[:at] + content[at:end] * 2 + content[end:],
            content + content[:at],
            b"\xef\xbb\xbf" + content,
            content.decode("utf-8", "replace").encode("utf-16"),
            b" \n\t" + content + b"\n",
            b"",
        )
    )


def mutate_document(dice: Dice, document: Document, others: list[bytes], keys: list[str]) -> Document:
    """One place of the document changed."""
    spot = find_spot(dice, document)
    if spot is None:
        return leaf(dice)
    parent, key = spot
    if dice.random() < 0.25:
        _change_children(dice, parent, key, keys)
        return document
    parent[key] = dice.choice(CHANGES)(dice, parent[key], others)
    return document


def find_spot(dice: Dice, document: Document) -> tuple[Any, Any] | None:
    """A container and a key or index in it, of any depth; None for the document itself."""
    spot, value = None, document
    while isinstance(value, dict | list) and value:
        key = dice.choice(list(value)) if isinstance(value, dict) else dice.randrange(len(value))
        spot, value = (value, key), value[key]
        if dice.random() < 0.2:
            break
    return None if dice.random() < 0.01 else spot


def leaf(dice: Dice) -> Any:
    """Any value, of the kinds that break things."""
    if dice.random() < 0.1:
        return f"{RAW}{dice.randrange(len(RAW_TOKENS))}"
    return copy.deepcopy(dice.choice(LEAVES))


def _replace(dice: Dice, _value: Any, _others: list[bytes]) -> Any:
    return leaf(dice)


def _tweak(dice: Dice, value: Any, _others: list[bytes]) -> Any:
    """A number scaled or moved in time, a word changed, a flag turned."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float) and abs(value) < 1e300:  # not NaN, not Infinity either
        return value + dice.choice(SECONDS) if int(value) in STAMP else value * dice.choice(FACTORS)
    if isinstance(value, str):
        return dice.choice((value.lower(), value.upper(), value + " ", value[:1], value * 2, value[::-1]))
    return leaf(dice)


def _retype(dice: Dice, value: Any, _others: list[bytes]) -> Any:
    """The same content in another type."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return dice.choice((str(value), [value], {"value": value}, {"v": [value]}))


def _transplant(dice: Dice, _value: Any, others: list[bytes]) -> Any:
    """Something that is right elsewhere."""
    try:
        spot = find_spot(dice, json.loads(dice.choice(others)))
    except (ValueError, RecursionError):
        return leaf(dice)
    return spot[0][spot[1]] if spot else leaf(dice)


def _nest(dice: Dice, value: Any, _others: list[bytes]) -> Any:
    for _ in range(dice.choice((1, 2, 13, 200))):
        value = [value] if dice.random() < 0.5 else {"symbol": value}
    return value


def _change_children(dice: Dice, parent: Any, key: Any, keys: list[str]) -> None:
    """Something dropped, added, renamed, doubled or in another order."""
    if isinstance(parent, list):
        change = dice.choice((parent.clear, parent.reverse, lambda: parent.pop(key), lambda: parent.append(leaf(dice))))
        change()
        parent.extend(copy.deepcopy(parent[:1]) * dice.choice((0, 0, 1, 40)))
        return
    value = parent.pop(key)
    if dice.random() < 0.5:
        parent[dice.choice((dice.choice(keys), key.upper(), f" {key}", ""))] = value


CHANGES: tuple[Callable[[Dice, Any, list[bytes]], Any], ...] = (
    *(_replace,) * 5,
    *(_tweak,) * 4,
    *(_retype,) * 2,
    *(_transplant,) * 2,
    _nest,
)
