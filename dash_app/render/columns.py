"""The columns of both tables: the one place that says which there are, what they are called and which leave first."""

from collections.abc import Iterable
from typing import NamedTuple


class Column(NamedTuple):
    """One column.

    Where a screen is too narrow the column with the lowest `leaves` goes first; 0 never goes. Its width is that of its
    longest text in the whole book, which only the browser knows. `is_word`: text from the left, sorted as text.
    """

    key: str
    header: str
    leaves: int = 0
    is_word: bool = False


# What the owner asked for: always there, in this order.
POSITIONS = (
    Column("symbol", "symbol", is_word=True),
    Column("side", "side", is_word=True),
    Column("qty", "qty", 11),
    Column("notional_fmt", "notional"),
    Column("pnl_fmt", "pnl"),
    Column("dd_state", "dd state", 9, is_word=True),
    Column("dd_today_pct", "dd today %", 8),
    Column("atr_ratio", "atr ratio", 7),
    Column("atr_regime", "atr", 10, is_word=True),
)

# After the owner's nine, each only where a row has a value. A missing stop is never hidden by a narrow screen.
FURTHER_POSITIONS = (
    Column("entry_price", "entry", 4),
    Column("mark_price", "mark", 5),
    Column("leverage", "lev", 3),
    Column("pnl_pct", "PnL %", 6),
    Column("stop_pct", "stop %"),
    Column("liquidation_price", "liquidation", 2),
    Column("funding_usd", "funding", 1),
)

SYMBOLS = (
    Column("symbol", "symbol", is_word=True),
    Column("dd_state", "dd state", 5, is_word=True),
    Column("dd_today_pct", "dd today %", 4),
    Column("atr_ratio", "atr ratio"),
    Column("atr_regime", "atr", is_word=True),
)
FURTHER_SYMBOLS = (
    Column("maker_fill_rate", "maker", 3),
    Column("fallback_ratio", "fallback", 2),
    Column("slip_q50_bps", "slip bps", 1),
)

# Desks beyond the tiles of the overview.
FLEET = (
    Column("name", "desk", is_word=True),
    Column("trouble", "worst", is_word=True),
    Column("environment", "env", 5, is_word=True),
    Column("nav_usd", "NAV"),
    Column("change_24h_pct", "24 h %", 3),
    Column("pnl_today_usd", "PnL today", 7),
    Column("dd_state", "dd state", 6, is_word=True),
    Column("drawdown_pct", "dd %", 4),
    Column("stops", "stops", 2),
    Column("confirmed_at", "confirmed", 1),
)

ALL = {"positions": (*POSITIONS, *FURTHER_POSITIONS), "symbols": (*SYMBOLS, *FURTHER_SYMBOLS)}


def list_leaving(columns: Iterable[Column]) -> list[str]:
    """Keys in the order in which they leave."""
    leaving = [column for column in columns if column.leaves]
    return [column.key for column in sorted(leaving, key=lambda column: column.leaves)]
