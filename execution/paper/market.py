"""Correlated prices in changing volatility regimes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from execution.paper.instruments import INSTRUMENTS, SYMBOLS
from execution.paper.money import UNITS, round_down, to_float
from execution.utils.timestamps import DAY_S

if TYPE_CHECKING:
    import random

STEP_S = 5.0
CLOSE_EVERY_STEPS = 12
CLOSES = 500

REGIMES = {"calm": 0.5, "normal": 1.0, "hot": 1.9, "stress": 3.2}
_NEXT_REGIME = {
    "calm": ("normal",),
    "normal": ("calm", "calm", "hot"),
    "hot": ("normal", "normal", "stress"),
    "stress": ("hot",),
}
LEAVE_REGIME = 1 / 360

# Share of the variance of a move that all symbols have in common.
COMMON_SHARE = 0.6
# The pull towards the start price keeps a wall that runs for months at sane prices.
REVERSION = 4e-6

# A slow drift per symbol that the simulated strategy follows: without it, fees alone would drain the account.
DRIFT_MEMORY = 0.9993
DRIFT_NOISE = 1.1e-7
# What the drift then is typically, per step.
TYPICAL_DRIFT = 3e-6

START_USD_ZAR = 17.24
FX_NOISE = 6e-6


class Market:
    """Marks in 1e-8 USD, one-minute closes in USD, and the USD/ZAR rate."""

    def __init__(self) -> None:
        """Start at the start prices."""
        self.regime = "normal"
        self.logs = {symbol: math.log(item.start_price) for symbol, item in INSTRUMENTS.items()}
        self.drifts = dict.fromkeys(SYMBOLS, 0.0)
        self.usd_zar = START_USD_ZAR
        self.closes: dict[str, list[float]] = {symbol: [] for symbol in SYMBOLS}
        self.marks = {symbol: _quantize(symbol, log) for symbol, log in self.logs.items()}

    def advance(self, rng: random.Random, step: int) -> None:
        """Move every price by one step of 5 s."""
        if rng.random() < LEAVE_REGIME:
            self.regime = rng.choice(_NEXT_REGIME[self.regime])
        scale = REGIMES[self.regime] * math.sqrt(STEP_S / DAY_S)
        common = rng.gauss(0.0, 1.0)
        for symbol in SYMBOLS:
            self._move(symbol, scale, common, rng)
        self.usd_zar *= math.exp(rng.gauss(0.0, FX_NOISE) - 1e-5 * math.log(self.usd_zar / START_USD_ZAR))
        if step % CLOSE_EVERY_STEPS == 0:
            self._close_minute()

    def shock(self, moves: dict[str, float]) -> None:
        """Move prices by the given fractions at once."""
        for symbol, move in moves.items():
            self.logs[symbol] += math.log1p(move)
            self.marks[symbol] = _quantize(symbol, self.logs[symbol])

    def mark_usd(self, symbol: str) -> float:
        """The mark as a float, USD."""
        return to_float(self.marks[symbol])

    def save(self) -> dict[str, Any]:
        """The market as JSON."""
        return {
            "regime": self.regime,
            "logs": dict(self.logs),
            "drifts": dict(self.drifts),
            "usd_zar": self.usd_zar,
            "closes": {symbol: list(closes) for symbol, closes in self.closes.items()},
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over the market of `save()`."""
        self.regime, self.usd_zar = saved["regime"], saved["usd_zar"]
        self.logs, self.drifts, self.closes = dict(saved["logs"]), dict(saved["drifts"]), dict(saved["closes"])
        self.marks = {symbol: _quantize(symbol, self.logs[symbol]) for symbol in SYMBOLS}

    def _move(self, symbol: str, scale: float, common: float, rng: random.Random) -> None:
        item = INSTRUMENTS[symbol]
        shared = math.sqrt(COMMON_SHARE) * item.beta * common
        noise = shared + math.sqrt(1.0 - COMMON_SHARE) * rng.gauss(0.0, 1.0)
        pull = REVERSION * (math.log(item.start_price) - self.logs[symbol])
        self.drifts[symbol] = DRIFT_MEMORY * self.drifts[symbol] + rng.gauss(0.0, DRIFT_NOISE)
        self.logs[symbol] += item.daily_vol / item.beta * scale * noise + self.drifts[symbol] + pull
        self.marks[symbol] = _quantize(symbol, self.logs[symbol])

    def _close_minute(self) -> None:
        for symbol, closes in self.closes.items():
            closes.append(self.mark_usd(symbol))
            del closes[:-CLOSES]


def _quantize(symbol: str, log_price: float) -> int:
    """The price on its tick, never below one tick."""
    tick = INSTRUMENTS[symbol].tick_units
    return max(tick, round_down(round(math.exp(log_price) * UNITS), tick))
