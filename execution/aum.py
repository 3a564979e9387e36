"""Assets under management: the futures account and what is held elsewhere, each with the basis of its price."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

STABLE_COINS = frozenset({"USDT", "USDC", "FDUSD", "DAI", "USD"})


@dataclass(frozen=True, slots=True)
class Holding:
    """Coins held outside the futures account; average cost in USD per coin, None when it is not known."""

    asset: str
    qty: float
    avg_cost_usd: float | None = None


def load_holdings(path: Path) -> list[Holding]:
    """Holdings of a config file {"holdings": {"BTC": {"qty": 0.035, "avg_cost": 119073.0}}}; [] without a file.

    Raises:
        ValueError: the file is there and is not of this shape; the message names what is wrong.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise ValueError(f"{path}: not JSON: {error}") from error
    block = content.get("holdings") if isinstance(content, dict) else None
    if not isinstance(block, dict):
        raise ValueError(f"{path}: holdings is {block!r:.40}; expected an object by asset")
    return [_read_holding(path, asset, entry) for asset, entry in block.items()]


def build_aum(futures_usd: float, holdings: Iterable[Holding], marks_usd: Mapping[str, float]) -> dict[str, Any]:
    """The `aum` block; `marks_usd` has the market price per asset. What has no price has usd_value null."""
    offexchange = {holding.asset: _value(holding, marks_usd) for holding in holdings}
    priced_usd = sum(entry["usd_value"] for entry in offexchange.values() if entry["usd_value"] is not None)
    return {
        "futures": futures_usd,
        "offexchange": offexchange,
        "total": futures_usd + priced_usd,
        "total_is_lower_bound": any(entry["usd_value"] is None for entry in offexchange.values()),
    }


def _value(holding: Holding, marks_usd: Mapping[str, float]) -> dict[str, Any]:
    price_usd, basis = _price(holding, marks_usd)
    return {
        "qty": holding.qty,
        "avg_cost": holding.avg_cost_usd,
        # Cost is not a market price: it goes into the value, with its basis, and never into the mark.
        "mark": None if basis == "cost" else price_usd,
        "usd_value": None if price_usd is None else holding.qty * price_usd,
        "price_basis": basis,
    }


def _price(holding: Holding, marks_usd: Mapping[str, float]) -> tuple[float | None, str | None]:
    if holding.asset in STABLE_COINS:
        return 1.0, "par"
    if holding.asset in marks_usd:
        return marks_usd[holding.asset], "market"
    return (holding.avg_cost_usd, "cost") if holding.avg_cost_usd is not None else (None, None)


def _read_holding(path: Path, asset: str, entry: object) -> Holding:
    block = entry if isinstance(entry, dict) else {}
    numbers = {}
    for key, required in (("qty", True), ("avg_cost", False)):
        value = block.get(key)
        usable = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        if not usable and (required or value is not None):
            raise ValueError(f"{path}: holdings.{asset}.{key} is {value!r}; expected a number, 0 or more")
        numbers[key] = None if value is None else float(value)
    return Holding(asset, numbers["qty"] or 0.0, numbers["avg_cost"])
