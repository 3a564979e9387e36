"""The ten symbols of the simulation."""

from __future__ import annotations

from typing import NamedTuple

from execution.paper.money import to_units


class Instrument(NamedTuple):
    """A perpetual future: tick and step in 1e-8 units, `beta` to the common move, `daily_vol` a fraction per day."""

    symbol: str
    tick_units: int
    step_units: int
    start_price: float
    beta: float
    daily_vol: float
    lot_usd: float
    leverage: float

    @property
    def asset(self) -> str:
        """The coin."""
        return self.symbol.removesuffix("USDT")


def _instrument(symbol: str, tick: float, step: float, start_price: float, *rest: float) -> Instrument:
    beta, daily_vol, lot_usd, leverage = rest
    return Instrument(symbol, to_units(tick), to_units(step), start_price, beta, daily_vol, lot_usd, leverage)


# A tick times a step is never below 1e-8 USD, so that every notional is exact.
INSTRUMENTS: dict[str, Instrument] = {
    item.symbol: item
    for item in (
        _instrument("BTCUSDT", 0.1, 0.001, 90_400.0, 1.0, 0.024, 900.0, 4.0),
        _instrument("ETHUSDT", 0.01, 0.001, 3_020.0, 1.2, 0.033, 700.0, 4.0),
        _instrument("SOLUSDT", 0.01, 0.01, 141.8, 1.4, 0.041, 450.0, 3.0),
        _instrument("BNBUSDT", 0.01, 0.01, 885.0, 0.8, 0.025, 450.0, 3.0),
        _instrument("XRPUSDT", 0.0001, 0.1, 2.18, 1.0, 0.038, 350.0, 3.0),
        _instrument("DOGEUSDT", 0.00001, 1.0, 0.1533, 1.3, 0.044, 300.0, 3.0),
        _instrument("LINKUSDT", 0.001, 0.01, 13.27, 1.2, 0.042, 300.0, 3.0),
        _instrument("AVAXUSDT", 0.001, 1.0, 14.9, 1.3, 0.043, 300.0, 3.0),
        _instrument("LTCUSDT", 0.01, 0.001, 84.6, 0.9, 0.034, 250.0, 3.0),
        _instrument("SUIUSDT", 0.0001, 0.1, 1.52, 1.5, 0.050, 250.0, 2.0),
    )
}
SYMBOLS = tuple(INSTRUMENTS)
