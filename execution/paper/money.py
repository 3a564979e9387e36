"""Exact amounts: USD, prices and quantities as integers of 1e-8."""

from __future__ import annotations

UNITS = 10**8


def to_units(value: float) -> int:
    """Integer of 1e-8 nearest to `value`."""
    return round(value * UNITS)


def to_float(units: int) -> float:
    """The value as a float, for files."""
    return units / UNITS


def multiply(price_units: int, qty_units: int) -> int:
    """Price times quantity in USD units; exact for prices on their tick and quantities on their step."""
    return price_units * qty_units // UNITS


def round_down(value: int, step: int) -> int:
    """The largest multiple of `step` not above `value`."""
    return value - value % step
