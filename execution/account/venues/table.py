"""The exchanges that can be read, by the name ccxt has for them."""

from __future__ import annotations

from execution.account.venues.binanceusdm import BinanceUsdm
from execution.account.venues.bitget import Bitget
from execution.account.venues.bybit import Bybit
from execution.account.venues.gate import Gate
from execution.account.venues.hyperliquid import Hyperliquid

VENUES = {venue.name: venue for venue in (BinanceUsdm, Bybit, Hyperliquid, Bitget, Gate)}
