"""Every written value of the corpus changed, one at a time: what goes unnoticed, and what nobody needs to notice."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import NamedTuple

from changes import Change, changes_of
from coherence import misfits
from scenario_desk import Desk, on_the_page

SAID = ("alerts", "checks", "unknown", "drift", "surfaces")


class Exempt(NamedTuple):
    """Fields that the page never shows: `*` is a list item or a name, `**` all that is below.

    With `kinds` only these changes are none that the page could show.
    """

    file: str
    pattern: str
    reason: str
    kinds: tuple[str, ...] = ()


NOT_SHOWN = "no panel shows it"
ITS_OWN_AGE = "ages and times inside a payload: only the stamp of the file is read"
WRITTEN_TWICE = "the same payload has it again where it is read"
ROUTING = "how orders are routed, not how they filled"
SIZING = "how large the next order may be"
SIGN_OF_LIFE = "read only as a sign of life of the sync daemon"
OF_A_CYCLE_BEFORE = "of a cycle before the executor's, which are on show"
EVIDENCE = "what an empty book is held against; the chart shows the NAV"
UNSIGNED = "some writers sign it and some do not: the side says the same"
OF_THE_BOOK = "what is open, and from which price, the book says"
THE_LEDGER_TELLS = "counts; the ledger tells which positions have a stop"
SCORES = "quality scores of the router, which are no order ratios"

EXEMPT: tuple[Exempt, ...] = (
    Exempt("nav_state.json", "drawdown_snapshot_at", ITS_OWN_AGE),
    Exempt("nav_state.json", "largest_position_value", NOT_SHOWN),
    Exempt("nav_state.json", "realized_pnl", "overwritten with the figure of today"),
    Exempt("nav_state.json", "series.*.nav", WRITTEN_TWICE),
    Exempt("nav_state.json", "series.*.equity", WRITTEN_TWICE),
    Exempt("nav_state.json", "series.*.unrealized_pnl", EVIDENCE),
    Exempt("nav_log.json", "*.unrealized_pnl", EVIDENCE),
    Exempt("*", "nav_*.breakdown.*", "what the NAV is made of"),
    Exempt("*", "nav_*.quote_breakdown.*", "what the NAV is made of"),
    Exempt("*", "nav_*.futures_balances.*", "what the NAV is made of"),
    Exempt("*", "**nav_health.age_s", ITS_OWN_AGE),
    Exempt("*", "**nav_health.threshold_s", NOT_SHOWN),
    Exempt("*", "**nav_health.cache_path", NOT_SHOWN),
    Exempt("*", "**nav_health.sources_ok", "true while the exchange is down"),
    Exempt("*", "**nav_health.stale_flags.balances_ok", "written the wrong way round"),
    Exempt("*", "**drawdown.nav_cache_age", ITS_OWN_AGE),
    Exempt("*", "**drawdown.peak_state_age", ITS_OWN_AGE),
    Exempt("*", "**peak_state.day", NOT_SHOWN),
    Exempt("*", "**peak_state.*ts", ITS_OWN_AGE),
    Exempt("*", "**peak_state.updated_at", ITS_OWN_AGE),
    Exempt("*", "**peak_state.reset_timezone", NOT_SHOWN),
    Exempt("*", "**peak_state.stale_healed", NOT_SHOWN),
    Exempt("*", "exec_stats.**", "counts of the one-shot publisher"),
    Exempt("positions*.json", "*.*.ts", ITS_OWN_AGE),
    Exempt("positions_state.json", "items.*.*_fmt", "the page formats itself"),
    Exempt("positions*.json", "*.*.qty", UNSIGNED, ("sign",)),
    Exempt("synced_state.json", "items.*.qty", UNSIGNED, ("sign",)),
    Exempt("positions.json", "rows.*.uPnl", "of another moment than the prices, by so little", ("x0.99",)),
    Exempt("positions_state.json", "items.*.atr_ratio", OF_A_CYCLE_BEFORE, ("x10", "x0.99")),
    Exempt("positions_state.json", "items.*.atr_regime", OF_A_CYCLE_BEFORE, ("word",)),
    Exempt("positions_state.json", "items.*.dd_state", OF_A_CYCLE_BEFORE, ("word",)),
    Exempt("positions_state_sync.json", "items.**", SIGN_OF_LIFE),
    Exempt("leaderboard_state.json", "items.**", SIGN_OF_LIFE),
    Exempt("synced_state.json", "v6_flags.*", NOT_SHOWN),
    Exempt("kpis_v7.json", "nav.updated_at", ITS_OWN_AGE),
    Exempt("kpis_v7.json", "performance.sharpe_state", "of one symbol, though it says portfolio"),
    Exempt("kpis_v7.json", "router.**", "averages that drop zeros"),
    Exempt("kpis_v7.json", "router_stats.maker_fill_rate", "averages that drop zeros"),
    Exempt("kpis_v7.json", "router_stats.slip_q50_bps", "averages that drop zeros"),
    Exempt("*", "**router_stats.slip_q95", NOT_SHOWN),
    Exempt("*", "**atr.symbols.*.atr_now", NOT_SHOWN),
    Exempt("*", "**atr.symbols.*.atr_med", NOT_SHOWN),
    Exempt("*", "symbols.*.**vol.atr_now", NOT_SHOWN),
    Exempt("*", "symbols.*.**vol.atr_med", NOT_SHOWN),
    Exempt("*", "symbols.*.schema", NOT_SHOWN),
    Exempt("*", "symbols.*.updated_ts", ITS_OWN_AGE),
    Exempt("*", "symbols.*.components.**", WRITTEN_TWICE),
    Exempt("*", "symbols.*.sizing.**", SIZING),
    Exempt("*", "symbols.*.risk.sharpe_state", NOT_SHOWN),
    Exempt("*", "symbols.*.router.slip_q25", NOT_SHOWN),
    Exempt("*", "symbols.*.router.slip_q75", NOT_SHOWN),
    Exempt("*", "symbols.*.router.policy.**", ROUTING),
    Exempt("*", "symbols.*.router.policy_maker_first", ROUTING),
    Exempt("*", "symbols.*.router.policy_taker_bias", ROUTING),
    Exempt("*", "symbols.*.router.policy_reason", ROUTING),
    Exempt("*", "symbols.*.router.maker_offset_bps", ROUTING),
    Exempt("*", "symbols.*.errors.*.count", NOT_SHOWN),
    Exempt("*", "symbols.*.errors.*.last_error.classification.retriable", NOT_SHOWN),
    Exempt("*", "symbols.*.errors.*.last_error.classification.status", NOT_SHOWN),
    Exempt("*", "symbols.*.errors.*.last_error.ts", "an error of more than an hour ago is told nowhere", ("x0.99",)),
    Exempt("*", "symbols.*.errors.*.last_error.context.**", "what was asked for; the answer is told"),
    Exempt("risk_snapshot.json", "dd_frac", "in the wrong unit"),
    Exempt("risk_snapshot.json", "daily_loss_frac", "in the wrong unit"),
    Exempt("risk_snapshot.json", "portfolio_dd_pct", "in the wrong unit"),
    Exempt("risk_snapshot.json", "risk_config_meta.*_pct", NOT_SHOWN),
    Exempt(
        "risk_snapshot.json",
        "risk_config_meta.testnet_overrides_active",
        "one more witness of what others have said",
        ("flipped",),
    ),
    Exempt("risk_snapshot.json", "kpis_v7.fee_pnl.window_days", "the window of no figure", ("removed", "x10")),
    Exempt("risk_snapshot.json", "correlation_groups.**", NOT_SHOWN),
    Exempt("router_health.json", "global.**", SCORES),
    Exempt("router_health.json", "router_health.**", SCORES),
    Exempt("router_health.json", "router_health_score", SCORES),
    Exempt("router_health.json", "symbol_stats.**", SCORES),
    Exempt("router_health.json", "per_symbol.**", "the list `symbols` again"),
    Exempt("router_health.json", "symbols.*.autotune.**", ROUTING),
    Exempt("router_health.json", "symbols.*.policy.**", ROUTING),
    Exempt("router_health.json", "symbols.*.maker_first", ROUTING),
    Exempt("router_health.json", "symbols.*.*bias", ROUTING),
    Exempt("router_health.json", "symbols.*.offset_bps", ROUTING),
    Exempt("router_health.json", "symbols.*.slippage_p95", NOT_SHOWN),
    Exempt("router_health.json", "symbols.*.*_drift_bps", SCORES),
    Exempt("router_health.json", "symbols.*.avg_slippage_bps", SCORES),
    Exempt("router_health.json", "symbols.*.latency_ms", NOT_SHOWN),
    Exempt("router_health.json", "symbols.*.quality_score", SCORES),
    Exempt("router_health.json", "symbols.*.router_bucket", SCORES),
    Exempt("router_health.json", "symbols.*.twap_usage_ratio", NOT_SHOWN),
    Exempt("router_health.json", "summary.maker_first_enabled", ROUTING),
    Exempt("router_health.json", "summary.updated_ts", ITS_OWN_AGE),
    Exempt("engine_metadata.json", "uptime_s", ITS_OWN_AGE),
    Exempt("engine_metadata.json", "last_cycle_s", ITS_OWN_AGE),
    Exempt("positions_ledger.json", "entries.*.position_key", WRITTEN_TWICE),
    Exempt("positions_ledger.json", "entries.*.qty", OF_THE_BOOK),
    Exempt("positions_ledger.json", "entries.*.entry_price", OF_THE_BOOK),
    Exempt("positions_ledger.json", "metadata.**", NOT_SHOWN),
    Exempt("diagnostics.json", "runtime_diagnostics.veto_counters.total_*", NOT_SHOWN),
    Exempt("diagnostics.json", "runtime_diagnostics.veto_counters.last_*", ITS_OWN_AGE),
    Exempt("diagnostics.json", "runtime_diagnostics.exit_pipeline.**", THE_LEDGER_TELLS),
    Exempt("diagnostics.json", "runtime_diagnostics.liveness.**", ITS_OWN_AGE),
)


def is_exempt(file: str, change: Change) -> bool:
    """Whether a field is one that the page never shows, or this change of it."""
    return any(matches(entry, file, change.place.pattern) and speaks_of(entry, change) for entry in EXEMPT)


def speaks_of(entry: Exempt, change: Change) -> bool:
    """Whether an entry that matches a field means this change of it."""
    return not entry.kinds or change.kind in entry.kinds


@cache
def matches(entry: Exempt, file: str, pattern: str) -> bool:
    """Whether an entry of the table speaks of a field."""
    return fnmatchcase(file, entry.file) and bool(_compiled(entry.pattern).fullmatch(pattern))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^.]*"))


class Finding(NamedTuple):
    """A change that was made in silence."""

    file: str
    pattern: str
    kind: str
    trouble: str


def is_unnoticed(desk: Desk, file: str, changes: list[Change]) -> bool:
    """Whether an operator is told the same as without these changes."""
    return on_the_page(desk.read(file, *changes)) == desk.page


def is_silent(desk: Desk, file: str, changes: list[Change]) -> bool:
    """Whether these changes move something on the page, and no word is said about it."""
    page = on_the_page(desk.read(file, *changes))
    return page != desk.page and all(page[name] == desk.page[name] for name in SAID)


def find_silent_changes(desk: Desk, changes: Iterable[tuple[str, Change]]) -> Iterator[Finding]:
    """Those of fields on show that nothing tells, or that leave figures on show that do not fit each other."""
    for file, change in changes:
        if not is_exempt(file, change) and (trouble := _trouble(desk, file, change)):
            yield Finding(file, change.place.pattern, change.kind, trouble)


def _trouble(desk: Desk, file: str, change: Change) -> str:
    state = desk.read(file, change)
    page = on_the_page(state)
    if page == desk.page:
        # Another file says it still, and the page takes it from there.
        kept = change.kind == "removed" and desk.stands_elsewhere(change.place.value)
        return "" if kept else "unnoticed"
    said = any(page[name] != desk.page[name] for name in SAID)
    unfit = set() if said else misfits(state) - desk.usual_misfits
    return f"does not move with it: {', '.join(sorted(unfit))}" if unfit else ""


def changes_under(desk: Desk, entry: Exempt) -> Iterator[tuple[str, list[Change]]]:
    """What an entry of the table leaves out: by file, all its fields changed in the same way."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for file, place in desk.places:
        if matches(entry, file, place.pattern):
            for change in filter(partial(speaks_of, entry), changes_of(place)):
                groups.setdefault((file, change.kind), []).append(change)
    for (file, kind), changes in groups.items():
        # Items of a list go from its end, so that the others keep their places.
        yield file, changes[::-1] if kind == "removed" else changes
