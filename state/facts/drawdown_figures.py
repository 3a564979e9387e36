"""A drawdown as one source says it, and what cannot be in it whatever the market did."""

from typing import NamedTuple

from state.files.values import FLOAT_NOISE

# Two figures of one file differ by the digits they are written with.
WITHIN_A_FILE = 1e-6
CENT = 0.01
# What a percentage that was made a loop before or after its peak and its NAV may be beside them.
PCT_MOVES = 0.5


class Figures(NamedTuple):
    """What one source says: percent 0..100 and more, the NAV it was computed from, and the rest in USD."""

    pct: float | None
    abs_usd: float | None
    peak_usd: float | None
    nav_usd: float | None


def fall_of(value: float | None) -> float | None:
    """At the peak floating point leaves a little on either side of nothing."""
    return 0.0 if value is not None and -FLOAT_NOISE <= value < 0 else value


def why_impossible(figures: Figures) -> str | None:
    """What cannot be in the figures of one source, whatever the market did."""
    pct, nav_usd, peak_usd = figures.pct, figures.nav_usd, figures.peak_usd
    if pct is not None and pct < 0:
        return f"a drawdown of {pct:.2f} % cannot be below zero"
    if pct is not None and pct > 100 and (nav_usd is None or nav_usd >= 0):
        return f"a drawdown of {pct:.2f} % is more than all of a NAV that is not negative"
    made = implied_pct(figures, nav_usd)
    if pct is not None and made is not None and abs(pct - made) > PCT_MOVES:
        return f"a drawdown of {pct:.2f} % is not that of its own figures, {made:.2f} %"
    if peak_usd is not None and nav_usd is not None and peak_usd < nav_usd - max(CENT, WITHIN_A_FILE * abs(nav_usd)):
        return "its peak lies below its own NAV"
    return None


def implied_pct(figures: Figures, nav_usd: float | None) -> float | None:
    """Percent below the peak by peak and NAV, without a peak by the amount; None where they do not tell."""
    peak_usd = figures.peak_usd
    if peak_usd is None and figures.abs_usd is not None and nav_usd is not None:
        peak_usd = nav_usd + figures.abs_usd
    if nav_usd is None or peak_usd is None or peak_usd <= 0:
        return None
    return max(100.0 * (peak_usd - nav_usd) / peak_usd, 0.0)
