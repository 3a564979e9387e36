"""Figures over a series: fee / PnL, drawdown, Sharpe, ATR and the words for them. Pure; None means no evidence."""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

ATR_SHORT = 50
ATR_LONG = 500

# Percent of the peak. The figures beside them are percent too: v7.1 compared percent with fractions here.
DD_CAUTIOUS_PCT = 3.0
DD_DEFENSIVE_PCT = 6.0
SYMBOL_DD_CAUTIOUS_PCT = 0.5
SYMBOL_DD_DEFENSIVE_PCT = 1.5


@dataclass(frozen=True, slots=True)
class Peak:
    """Highest NAV in USD and the epoch seconds it was seen at; 0 before the first."""

    nav_usd: float = 0.0
    at_s: float = 0.0

    def raised_to(self, nav_usd: float, at_s: float) -> Peak:
        """The higher of the two."""
        return Peak(nav_usd, at_s) if nav_usd > self.nav_usd else self


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Fall from the peak: percent 0..100, and USD."""

    peak_usd: float
    nav_usd: float

    @property
    def pct(self) -> float:
        """Percent of the peak."""
        return drawdown_pct(self.peak_usd, self.nav_usd)

    @property
    def abs_usd(self) -> float:
        """USD below the peak."""
        return max(0.0, self.peak_usd - self.nav_usd)


class FeePnl(TypedDict):
    """Fees paid against PnL realised, both USD, over `window_days`."""

    fee_pnl_ratio: float | None
    fees: float | None
    pnl: float
    window_days: int


class Atr(TypedDict):
    """Mean absolute move between consecutive prices in percent of their mean, of late and in the long run."""

    atr_now: float | None
    atr_med: float | None
    atr_ratio: float | None
    atr_regime: str


def build_fee_pnl(fees_usd: float | None, pnl_usd: float, window_days: int, *, trades: int) -> FeePnl:
    """Fees over absolute PnL as a fraction; None without fees or trades, or where the PnL is exactly 0."""
    ratio = fees_usd / abs(pnl_usd) if trades and pnl_usd and fees_usd is not None else None
    return FeePnl(fee_pnl_ratio=ratio, fees=fees_usd, pnl=pnl_usd, window_days=window_days)


def measure_atr(prices: Sequence[float]) -> Atr:
    """ATR of the last 50 prices against that of the last 500."""
    now, long_run = _mean_move_pct(prices[-ATR_SHORT:]), _mean_move_pct(prices[-ATR_LONG:])
    ratio = now / long_run if now is not None and long_run else None
    return Atr(atr_now=now, atr_med=long_run, atr_ratio=ratio, atr_regime=name_atr_regime(ratio))


def name_atr_regime(ratio: float | None) -> str:
    """quiet, normal, hot or panic; unknown without a ratio."""
    if ratio is None:
        return "unknown"
    return next((name for limit, name in ((0.7, "quiet"), (1.5, "normal"), (2.5, "hot")) if ratio < limit), "panic")


def median(values: Sequence[float | None]) -> float | None:
    """Median of the values that are known."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def rolling_sharpe(pnls_usd: Sequence[float]) -> float | None:
    """Mean over standard deviation of realised PnL per close, times the root of their number; None below two."""
    if len(pnls_usd) < 2:
        return None
    deviation = statistics.stdev(pnls_usd)
    return statistics.fmean(pnls_usd) / deviation * math.sqrt(len(pnls_usd)) if deviation else None


def name_sharpe(sharpe: float | None) -> str:
    """strong, neutral or poor; unknown without trades."""
    if sharpe is None:
        return "unknown"
    return "strong" if sharpe >= 1.0 else "poor" if sharpe < 0.0 else "neutral"


def drawdown_pct(peak_usd: float, nav_usd: float) -> float:
    """Fall from the peak in percent 0..100."""
    return max(0.0, (peak_usd - nav_usd) / peak_usd * 100.0) if peak_usd > 0 else 0.0


def name_drawdown(
    pct: float | None, cautious_pct: float = DD_CAUTIOUS_PCT, defensive_pct: float = DD_DEFENSIVE_PCT
) -> str:
    """normal, cautious or defensive, from a drawdown in percent (its sign does not matter); unknown without one."""
    if pct is None:
        return "unknown"
    depth_pct = abs(pct)
    return "defensive" if depth_pct >= defensive_pct else "cautious" if depth_pct >= cautious_pct else "normal"


def name_symbol_drawdown(pct: float | None) -> str:
    """As `name_drawdown`, with the limits of one symbol."""
    return name_drawdown(pct, SYMBOL_DD_CAUTIOUS_PCT, SYMBOL_DD_DEFENSIVE_PCT)


def symbol_drawdown_today_pct(peak_pnl_usd: float, pnl_usd: float, nav_usd: float) -> float:
    """Fall of today's PnL of a symbol from today's best, in percent of NAV; never positive."""
    return min(0.0, pnl_usd - peak_pnl_usd) / nav_usd * 100.0 if nav_usd > 0 else 0.0


def _mean_move_pct(prices: Sequence[float]) -> float | None:
    if len(prices) < 2:
        return None
    moves = [abs(after - before) for before, after in itertools.pairwise(prices)]
    return statistics.fmean(moves) / statistics.fmean(prices) * 100.0
