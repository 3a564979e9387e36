"""What cannot be whatever the market did, in whichever place of a file it stands."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from state.facts.kpis_shape import is_nested
from state.facts.kpis_words import claim_atr_ratio
from state.facts.router import claim_order_weighted, why_not_in_order
from state.facts.sources import Sources
from state.facts.symbols import why_no_fall
from state.files.rows import ENTRY_KEYS, MARK_KEYS, ROW_LISTS
from state.files.surfaces import (
    EXECUTION_HEALTH,
    KPIS,
    POSITIONS,
    POSITIONS_STATE,
    RISK_SNAPSHOT,
    ROUTER_HEALTH,
    SYNCED_STATE,
)
from state.files.values import FLOAT_NOISE, JsonDict, count, dicts, fraction, mapping, number, numeric, text
from state.formatting import fmt_number
from state.trust.comparison import Check, all_agree, rounding

if TYPE_CHECKING:
    from state.sentences import Part

RATE_KEYS = (
    "maker_fill_rate",
    "maker_fill_ratio",
    "fallback_rate",
    "fallback_ratio",
    "maker_fill_share",
    "reject_rate",
)
# The regime of an ATR ratio, by the writers' own limits: from, and up to.
REGIMES = {"quiet": (0.0, 0.7), "normal": (0.7, 1.5), "hot": (1.5, 2.5), "panic": (2.5, float("inf"))}


def check_possible(sources: Sources) -> Check:
    """Rates outside 0 to 1, ATR ratios below zero or of other parts, falls of more than all, prices below zero."""
    found = [item.flaw for item in claim_atr_ratio(sources) if item.flaw]
    found += [f"{item.name}: {item.flaw}" for item in claim_order_weighted(sources) if item.flaw]
    rated = (KPIS, ROUTER_HEALTH, RISK_SNAPSHOT, EXECUTION_HEALTH, POSITIONS_STATE)
    priced = (POSITIONS_STATE, POSITIONS, SYNCED_STATE)
    for name in rated:
        found += sources.derive(find_impossible, name)
    for name in priced:
        found += sources.derive(find_negative_prices, name)
    differences: list[list[Part]] = [[words] for words in dict.fromkeys(found)]
    return all_agree(
        "possible", differences, ["no figure is outside what can be"], any(map(sources.has, (*rated, *priced)))
    )


def find_impossible(data: JsonDict) -> list[str]:
    """What cannot be in the figures per symbol of one file, and in its portfolio blocks."""
    copy = mapping(data.get("kpis_v7"))
    lists = [data.get("symbols"), data.get("items"), data.get("positions")]
    lists += [mapping(block.get("atr")).get("symbols") for block in (data, copy)]
    found = [words for rows in lists for name, row in _symbol_rows(rows) for words in _impossible_in(name, row)]
    for block in (data, copy):
        found += [*_impossible_in("router", mapping(block.get("router"))), *_impossible_in_portfolio(block)]
    return [*found, *_impossible_windows(data)]


def _impossible_windows(data: JsonDict) -> Iterator[str]:
    for block in (data, mapping(data.get("kpis_v7")), mapping(data.get("risk"))):
        window = mapping(block.get("fee_pnl")).get("window_days")
        if window is not None and not count(window):
            yield "a fee / PnL window is no number of days"


def _impossible_in_portfolio(data: JsonDict) -> Iterator[str]:
    """The blocks of a KPI payload: the nested one has rates and a drawdown of its own, which nothing else reads."""
    atr, risk, stats = (mapping(data.get(key)) for key in ("atr", "risk", "router_stats"))
    for block, key in ((atr, "median_ratio"), (risk, "atr_ratio")):
        yield from _unlike_regime("the portfolio", text(block.get("atr_regime")), number(block.get(key)))
    yield from _disorder("the portfolio", stats)
    if is_nested(data):
        yield from _impossible_in("router_stats", stats)
        nav_usd = number(mapping(data.get("nav")).get("nav_total"))
        for block, key in ((risk, "drawdown_pct"), (mapping(data.get("drawdown")), "dd_pct")):
            pct = number(block.get(key))
            if pct is not None and (pct < -FLOAT_NOISE or (pct > 100 and not (nav_usd or 0.0) < 0)):
                yield f"a drawdown of {fmt_number(pct)} % in {KPIS} cannot be"


def find_negative_prices(data: JsonDict) -> list[str]:
    """Prices and leverages below zero in the position lists of one file: a price that is not read."""
    rows = [row for key in ROW_LISTS for row in dicts(data.get(key))]
    return [
        f"{key} of {text(row.get('symbol')) or '?'} is below zero"
        for row in rows
        for key in (*ENTRY_KEYS, *MARK_KEYS, "leverage")
        if (numeric(row.get(key)) or 0.0) < 0
    ]


def _symbol_rows(rows: object) -> Iterator[tuple[str, JsonDict]]:
    named = [{"symbol": name, **mapping(row)} for name, row in rows.items()] if isinstance(rows, dict) else dicts(rows)
    for row in named:
        name = text(row.get("symbol")) or "?"
        yield name, row
        yield from ((name, block) for key in ("router", "vol", "risk") if (block := mapping(row.get(key))))


def _impossible_in(name: str, row: JsonDict) -> Iterator[str]:
    ratio = number(row.get("atr_ratio"))
    if ratio is not None and ratio < 0:
        yield f"ATR ratio of {name} {fmt_number(ratio)} is below zero"
    elif ratio is not None:
        yield from _unlike_parts(name, row, ratio)
        yield from _unlike_regime(name, text(row.get("atr_regime")), ratio)
    for key in filter(row.__contains__, RATE_KEYS):
        rate = number(row[key])
        if rate is not None and fraction(rate) is None:
            yield f"{key} of {name} {fmt_number(rate)} is outside 0 to 1"
    why = why_no_fall(number(row.get("dd_today_pct")))
    if why:
        yield f"{name}: {why}"
    yield from _disorder(name, row)


def _unlike_parts(name: str, row: JsonDict, ratio: float) -> Iterator[str]:
    """A ratio is its two distances, as far as all three were rounded."""
    now, median = number(row.get("atr_now")), number(row.get("atr_med"))
    if now is None or not median or median < 0:
        return
    made = now / median
    allowed = rounding(ratio) + (rounding(now) + made * rounding(median)) / median
    if abs(ratio - made) > allowed:
        yield f"ATR ratio of {name} {fmt_number(ratio)} is not the {fmt_number(made)} of its two parts"


def _unlike_regime(name: str, regime: str | None, ratio: float | None) -> Iterator[str]:
    """A word that the writers give to another ratio; 0.0 is a null that was coerced."""
    limits = REGIMES.get((regime or "").lower())
    if limits is None or not ratio or ratio < 0:
        return
    slack = rounding(ratio)
    if not limits[0] - slack <= ratio <= limits[1] + slack:
        yield f"ATR regime of {name} is {regime} beside a ratio of {fmt_number(ratio)}"


def _disorder(name: str, row: JsonDict) -> Iterator[str]:
    why = why_not_in_order(row)
    if why:
        yield f"{name}: {why}"
