"""Assets under management: the futures account and what is held elsewhere, each with the basis of its price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from execution.storage.reading import read_json
from execution.utils.numbers import describe, read_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

STABLE_COINS = frozenset({"USDT", "USDC", "FDUSD", "DAI", "USD"})
PRICE_BASES = ("market", "par", "cost")
AMOUNT = "a number, 0 or more, up to 10^18"


@dataclass(frozen=True, slots=True)
class Holding:
    """Coins held outside the futures account; None where the quantity or the average cost in USD is not known."""

    asset: str
    qty: float | None
    avg_cost_usd: float | None = None


@dataclass(slots=True)
class Holdings:
    """What is held, and a sentence for each figure that was refused; not `complete` where it is not known what is."""

    held: list[Holding]
    refused: list[str]
    complete: bool = True


def read_holdings(path: Path) -> Holdings:
    """Holdings of a config file {"holdings": {"BTC": {"qty": 0.035, "avg_cost": 119073.0}}}; none without a file.

    A figure that is none is refused by itself: its holding stays, with that figure unknown.

    Raises:
        ValueError: the file is there and is not of this shape; the message names what is wrong.
    """
    try:
        content = read_json(path)
    except FileNotFoundError:
        return Holdings([], [])
    block = content.get("holdings") if isinstance(content, dict) else None
    if not isinstance(block, dict):
        raise ValueError(f"{path}: holdings is {describe(block)}; expected an object by asset")
    found = Holdings([], [])
    for asset, entry in block.items():
        _read_holding(found, asset, entry, f"{path}: holdings.{asset:.40}")
    return found


def load_holdings(path: Path) -> list[Holding]:
    """As `read_holdings`, for a caller that wants all figures or none.

    Raises:
        ValueError: the file is not of this shape, or a figure in it is refused; the message names the figure.
    """
    found = read_holdings(path)
    if found.refused:
        raise ValueError(found.refused[0])
    return found.held


def build_aum(
    futures_usd: float, holdings: Iterable[Holding], marks_usd: Mapping[str, float], *, complete: bool = True
) -> dict[str, Any]:
    """The `aum` block; `marks_usd` has the market price per asset. What has no price has usd_value null.

    Not `complete` where something is held that cannot even be named.
    """
    return _sum_up(futures_usd, {holding.asset: _value(holding, marks_usd) for holding in holdings}, complete=complete)


def read_aum(block: Mapping[str, Any], futures_usd: float) -> tuple[dict[str, Any], list[str]]:
    """The `aum` block of nav.json with another futures figure, and a sentence for each figure in it that was refused.

    Figures that are none, NaN and Infinity among them, become null; the other holdings stay as they are.
    """
    offexchange = block.get("offexchange", {})
    if not isinstance(offexchange, dict):
        return _sum_up(futures_usd, {}, complete=False), [_refuse("aum.offexchange", offexchange, "an object by asset")]
    refused: list[str] = []
    entries = {asset: _read_entry(refused, asset, entry) for asset, entry in offexchange.items()}
    # Without the executor's block it is not known whether anything is held elsewhere.
    complete = bool(block) and block.get("total_is_lower_bound") is not True
    return _sum_up(futures_usd, entries, complete=complete), refused


def _sum_up(futures_usd: float, offexchange: dict[str, dict[str, Any]], *, complete: bool) -> dict[str, Any]:
    priced_usd = [entry["usd_value"] for entry in offexchange.values() if entry["usd_value"] is not None]
    return {
        "futures": futures_usd,
        "offexchange": offexchange,
        "total": futures_usd + sum(priced_usd),
        "total_is_lower_bound": not complete or len(priced_usd) < len(offexchange),
    }


def _value(holding: Holding, marks_usd: Mapping[str, float]) -> dict[str, Any]:
    price_usd, basis = _price(holding, marks_usd)
    usd_value = None if price_usd is None or holding.qty is None else holding.qty * price_usd
    known = usd_value is not None and math.isfinite(usd_value)
    return {
        "qty": holding.qty,
        "avg_cost": holding.avg_cost_usd,
        # Cost is not a market price: it goes into the value, with its basis, and never into the mark.
        "mark": None if basis == "cost" else price_usd,
        "usd_value": usd_value if known else None,
        "price_basis": basis if known else None,
    }


def _price(holding: Holding, marks_usd: Mapping[str, float]) -> tuple[float | None, str | None]:
    if holding.asset in STABLE_COINS:
        return 1.0, "par"
    if holding.asset in marks_usd:
        return marks_usd[holding.asset], "market"
    return (holding.avg_cost_usd, "cost") if holding.avg_cost_usd is not None else (None, None)


def _read_holding(found: Holdings, asset: str, entry: object, where: str) -> None:
    block = entry if isinstance(entry, dict) else {}
    numbers = {}
    for key in ("qty", "avg_cost"):
        numbers[key] = _amount(block.get(key))
        # The cost may be left out, the quantity not.
        if numbers[key] is None and (key == "qty" or block.get(key) is not None):
            found.refused.append(_refuse(f"{where}.{key}", block.get(key), AMOUNT))
    found.held.append(Holding(asset, numbers["qty"], numbers["avg_cost"]))


def _read_entry(refused: list[str], asset: str, entry: object) -> dict[str, Any]:
    block = entry if isinstance(entry, dict) else {"usd_value": entry}
    numbers = {key: _amount(block.get(key)) for key in ("qty", "avg_cost", "mark", "usd_value")}
    for key, number in numbers.items():
        if number is None and block.get(key) is not None:
            refused.append(_refuse(f"aum.offexchange.{asset:.40}.{key}", block[key], AMOUNT))
    basis = block.get("price_basis")
    known = isinstance(basis, str) and basis in PRICE_BASES and numbers["usd_value"] is not None
    return numbers | {"price_basis": basis if known else None}


def _amount(value: object) -> float | None:
    number = read_amount(value)
    return number if number is not None and number >= 0 else None


def _refuse(where: str, value: object, expected: str) -> str:
    return f"{where} is {describe(value)}; expected {expected}"
