"""Answers that exchanges gave, as they were recorded, and the instruments they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from execution.account.answers import Instrument
from execution.account.venues.venue import Instruments

RECORDED = Path(__file__).resolve().parents[1] / "fixtures" / "account"
FILES = sorted(str(path.relative_to(RECORDED).with_suffix("")) for path in RECORDED.rglob("*.json"))


def answer(name: str) -> Any:
    """The raw answer of a recorded call."""
    return json.loads((RECORDED / f"{name}.json").read_text())["httpResponse"]


MARKETS = {
    "binance": Instruments(
        {
            "BTCUSDT": Instrument("BTCUSDT", "BTC", "USDT", 1.0),
            "LTCUSDT": Instrument("LTCUSDT", "LTC", "USDT", 1.0),
            "BTCUSD_PERP": Instrument("BTCUSD_PERP", "BTC", "USD", 100.0, is_linear=False),
        }
    ),
    "bybit": Instruments(
        {name: Instrument(name, name.removesuffix("USDT"), "USDT", 1.0) for name in ("BTCUSDT", "LTCUSDT")}
    ),
    "bitget": Instruments(
        {name: Instrument(name, name.removesuffix("USDT"), "USDT", 1.0) for name in ("BTCUSDT", "LTCUSDT")}
    ),
    "gate": Instruments({"LTC_USDT": Instrument("LTC_USDT", "LTC", "USDT", 0.1)}),
    "hyperliquid": Instruments({coin: Instrument(coin, coin, "USDC", 1.0) for coin in ("SOL", "ETH", "HYPE")}),
}
