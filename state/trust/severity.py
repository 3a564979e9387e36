"""How bad each kind of alert is: the one table. Its order is the order of the alerts, worst first.

`fail`: act now, money or truth is at risk. `warn`: look soon. `info`: good to know, unknown or a default.
"""

FAIL, WARN, INFO = "fail", "warn", "info"

KINDS: dict[str, str] = {
    # Nobody knows anything, or the executor itself says stop.
    "state_unreadable": FAIL,
    "no_files": FAIL,
    # Of several desks: what is between them and the wall, the cause before its effects.
    "store_unreachable": FAIL,
    "mirror_silent": FAIL,
    "publishing_stopped": FAIL,
    "desk_missing": FAIL,
    "desk_silent": FAIL,
    # The exchange comes before the halt that it is the cause of.
    "exchange_unreachable": FAIL,
    "halted": FAIL,
    "breaker": FAIL,
    # What is on show is not so, or nobody can tell; the cause before its effects.
    "writer_silent": FAIL,
    "nav_not_confirmed": FAIL,
    "nav_unknown": FAIL,
    "nav_below_zero": FAIL,
    "most_files_missing": FAIL,
    "positions_unknown": FAIL,
    "drawdown_deep": FAIL,
    "stops_missing_in_trouble": FAIL,
    "book_frozen": FAIL,
    "content_repeats": FAIL,
    "file_lost": FAIL,
    "file_silent": FAIL,
    "no_stamp": FAIL,
    "clock_off": FAIL,
    "desk_clock_off": FAIL,
    # What comes late from another host, or is counted twice.
    "desk_not_there": WARN,
    "beat_late": WARN,
    "mirror_problem": WARN,
    "publisher": WARN,
    "account_twice": WARN,
    "desk_clock_differs": WARN,
    # The executor's own words, and what is open without protection.
    "risk_unknown": WARN,
    "breaker_unread": WARN,
    "risk_mode": WARN,
    "engine_status": WARN,
    "anomaly": WARN,
    "symbol_flags": WARN,
    "drawdown": WARN,
    "stops_missing": WARN,
    "exits_mismatch": WARN,
    "drawdown_not_usable": WARN,
    "exchange_error": WARN,
    # Figures to be read with care.
    "nav_not_known_live": WARN,
    "nav_lacks_coins": WARN,
    "nav_of_another_file": WARN,
    "nav_old": WARN,
    "drawdown_of_another_file": WARN,
    "positions_incomplete": WARN,
    "row_incomplete": WARN,
    "files_missing": WARN,
    "file_replaced": WARN,
    "file_late": WARN,
    "check": WARN,
    "debt_unpriced": WARN,
    "aum_lower_bound": WARN,
    "shape_unknown": WARN,
    # Trouble of the market and of the routing.
    "router_poor": WARN,
    "symbols_in_drawdown": WARN,
    "atr": WARN,
    "fees_exceed_pnl": WARN,
    # Good to know.
    "router_degraded": INFO,
    "fees_on_a_loss": INFO,
    "optional_file_late": INFO,
    "history_ends_early": INFO,
    "no_price": INFO,
    "history_not_kept": INFO,
    "field_gone": INFO,
}

SEVERITIES = (FAIL, WARN, INFO)

_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}

# Words of a drawdown state that say nothing, and those that call for action at once; any other one is worth a look.
CALM_STATES = frozenset({"normal", "unknown"})
DEEP_STATES = frozenset({"defensive", "halted", "drawdown"})

# Risk modes in which the executor works as ever, and in which it has stopped.
CALM_MODES = frozenset({"ok", "normal", "healthy"})
HALTED_MODES = frozenset({"halted"})

# More than this share of the files being away is no oversight of one writer.
MOST_FILES = 0.5


def rank_of(kind: str) -> tuple[int, int]:
    """Where an alert of this kind stands, worst first."""
    return SEVERITIES.index(KINDS[kind]), _RANKS[kind]


def drawdown_kind(dd_state: str) -> str | None:
    """Of the portfolio's state; None where it is calm."""
    word = dd_state.lower()
    if word in CALM_STATES:
        return None
    return "drawdown_deep" if word in DEEP_STATES else "drawdown"


def mode_kind(mode: str | None, *, slip: bool) -> str | None:
    """Of the executor's risk mode; None where it is calm or not said. `slip`: its reason rests on a wrong unit."""
    word = (mode or "").lower()
    if not word or word in CALM_MODES:
        return None
    return "halted" if word in HALTED_MODES and not slip else "risk_mode"


def stops_kind(mode: str | None, dd_state: str) -> str:
    """Of positions without a stop: red only where the executor has halted, or a deep drawdown goes with them."""
    halted = (mode or "").lower() in HALTED_MODES
    return "stops_missing_in_trouble" if halted or drawdown_kind(dd_state) == "drawdown_deep" else "stops_missing"


def missing_kind(missing: int, required: int) -> str:
    """Of files that are not there, by how many of those that have to be."""
    return "most_files_missing" if missing > MOST_FILES * required else "files_missing"


def file_kind(*, lost: bool) -> str:
    """Of a file that cannot be read: `lost` where NAV, positions or risk are unknown without it."""
    return "file_lost" if lost else "file_replaced"


def router_kind(classes: frozenset[str]) -> str | None:
    """Of the quality classes of the portfolio and its symbols; None where all of them do."""
    if classes & {"poor", "broken"}:
        return "router_poor"
    return "router_degraded" if "degraded" in classes else None


def fees_kind(ratio: float | None, pnl_usd: float | None) -> str | None:
    """Of fees over PnL: more fees than PnL, or fees on top of a loss."""
    if ratio is not None and ratio > 1:
        return "fees_exceed_pnl"
    return "fees_on_a_loss" if ratio is not None and pnl_usd is not None and pnl_usd < 0 else None
