"""Order routing of the portfolio: maker fills, fallbacks, slippage and quality, with what they are counted over."""

from itertools import pairwise
from typing import Any

from state.facts.kpis_shape import Payload, all_payloads, is_nested
from state.facts.sources import Sources
from state.facts.standing import Choice, Claim, choose, mark_stale, why_not_alive
from state.facts.symbols import NO_EVIDENCE, Table
from state.files.surfaces import KPIS, ROUTER_HEALTH
from state.files.values import NOT_A_NUMBER, JsonDict, count, first, first_number, fraction, mapping, number, text, word

DEFAULT_QUALITY = "unknown"

NO_ORDERS = "a rate over 0 orders is none"

# Best to worst; `poor` is the portfolio label's word, the others are per symbol.
CLASSES = ("good", "ok", "degraded", "poor", "broken")
BAD_CLASSES = ("broken", "poor", "degraded")

WRITTEN_AS = {"maker_fill_rate": "maker_fill_ratio"}
RATIO_KEYS = ("maker_fill_rate", "fallback_ratio", "slip_q25_bps", "slip_q50_bps", "slip_q75_bps")

# Quantiles of the slippage, lowest first, under the names the writers give them.
QUANTILES = tuple((f"slip_q{share}", f"slip_q{share}_bps") for share in (25, 50, 75, 95))
QUANTILE_KEYS = frozenset(key for keys in QUANTILES for key in keys)
QUANTILE_ROUNDING_BPS = 0.006

Figures = dict[str, Any]


def build_router(sources: Sources, symbols: Table) -> Figures:
    """Order-weighted figures of the executor, else means over symbols with a value (zeros counted)."""
    choice = choose(sources, claim_order_weighted(sources))
    figures = _over_orders(choice.value) if choice.value else _nothing()
    over_symbols = _over_symbols(symbols)
    if over_symbols and (not _has_ratio(figures) or (choice.stale and not _is_old(sources, symbols))):
        figures = over_symbols
    else:
        mark_stale(sources, choice, "router.quality", *(f"router.{key}" for key in RATIO_KEYS))
    counts = _quality_counts(sources, symbols)
    label = _portfolio_label(choice.value) or _worse(_label_of_refused(sources, choice), _worst_class(counts))
    evident = _has_ratio(figures) or label != NO_EVIDENCE or any(counts[name] for name in counts.keys() - {NO_EVIDENCE})
    figures["quality"] = _quality(sources, label if evident else None, label)
    figures["quality_counts"] = counts
    figures["worst"] = _worst_symbols(symbols)
    if not counts:
        sources.unknown.note("router.quality_counts", sources.lacks("quality class of any symbol", ROUTER_HEALTH))
    _explain(sources, figures, choice)
    return figures


def claim_order_weighted(sources: Sources) -> list[Claim[Payload]]:
    """The payloads with figures over orders, newest first; one with an impossible rate is ruled out as a whole."""
    # The nested shape's own router_stats are means that drop zeros; they say `maker_fill_rate`.
    found = []
    for payload in all_payloads(sources):
        stats = mapping(payload.data.get("router_stats"))
        if "maker_fill_ratio" in stats or ("fallback_ratio" in stats and not is_nested(payload.data)):
            found.append(Claim(payload, payload.file, payload.stamp, _why_impossible(stats), payload.origin))
    return found


def _why_impossible(stats: JsonDict) -> str | None:
    for key, words in (("maker_fill_ratio", "a maker rate"), ("fallback_ratio", "a fallback rate")):
        value = first_number(stats, key)
        if value is not None and fraction(value) is None:
            return f"{words} of {value:.2f} cannot be"
    rated = any(first_number(stats, key) is not None for key in ("maker_fill_ratio", "fallback_ratio"))
    return NO_ORDERS if rated and _orders(stats) == 0 else None


def why_not_in_order(stats: JsonDict) -> str | None:
    """Why the quantiles of the slippage cannot be: a lower one lies above a higher one."""
    if QUANTILE_KEYS.isdisjoint(stats):
        return None
    known = [(keys[0], value) for keys in QUANTILES if (value := first_number(stats, *keys)) is not None]
    for (lower, low), (higher, high) in pairwise(known):
        if low > high + QUANTILE_ROUNDING_BPS:
            return f"{lower} {low:.2f} is above {higher} {high:.2f}"
    return None


def _orders(stats: JsonDict) -> int | None:
    return first(count(stats.get(key)) for key in ("sample_count", "orders", "order_count"))


def _is_old(sources: Sources, symbols: Table) -> bool:
    """Whether the figures per symbol are old as well."""
    return all(
        f"kpis.symbols.{symbol}.maker_fill_rate" in sources.stale.reasons
        for symbol, row in symbols.items()
        if row.get("maker_fill_rate") is not None
    )


def _quality(sources: Sources, evident: str | None, label: str | None) -> str:
    """The label; without an order it is a default of the writers, and proves nothing."""
    missing = sources.lacks("router quality", KPIS, ROUTER_HEALTH)
    reason = f"the writers put {label} where there was no order" if label else missing
    return sources.unknown.default("router.quality", evident, DEFAULT_QUALITY, reason)


def _nothing() -> Figures:
    return {**dict.fromkeys(RATIO_KEYS), "basis": None, "orders": None}


def _has_ratio(figures: Figures) -> bool:
    return figures["maker_fill_rate"] is not None or figures["fallback_ratio"] is not None


def _over_orders(payload: Payload) -> Figures:
    stats = mapping(payload.data.get("router_stats"))
    quantiles = {} if why_not_in_order(stats) else stats
    figures = {
        "maker_fill_rate": fraction(first_number(stats, "maker_fill_ratio")),
        "fallback_ratio": fraction(first_number(stats, "fallback_ratio")),
        "slip_q25_bps": first_number(quantiles, "slip_q25", "slip_q25_bps"),
        "slip_q50_bps": first_number(quantiles, "slip_q50", "slip_q50_bps"),
        "slip_q75_bps": first_number(quantiles, "slip_q75", "slip_q75_bps"),
        "orders": _orders(stats),
    }
    return {**figures, "basis": "orders" if _has_ratio(figures) else None}


def _over_symbols(symbols: Table) -> Figures | None:
    means = {key: _mean(symbols, key) for key in ("maker_fill_rate", "fallback_ratio", "slip_q50_bps")}
    figures = {**_nothing(), **means, "basis": "symbols"}
    return figures if _has_ratio(figures) else None


def _mean(symbols: Table, key: str) -> float | None:
    values = [row[key] for row in symbols.values() if row.get(key) is not None]
    return sum(values) / len(values) if values else None


def _portfolio_label(payload: Payload | None) -> str | None:
    if payload is None:
        return None
    label = word(payload.data.get("router_quality"), "quality", "router_quality")
    return label if label != DEFAULT_QUALITY else None


def _label_of_refused(sources: Sources, choice: Choice[Payload]) -> str | None:
    """The executor's own word beside rates that cannot be; one over no orders is no evidence."""
    refused = (claim for claim, _ in choice.passed if claim.flaw and claim.flaw != NO_ORDERS)
    living = (claim for claim in refused if why_not_alive(sources, claim.file, claim.stamp) is None)
    return first(_portfolio_label(claim.value) for claim in living)


def _worse(label: str | None, other: str | None) -> str | None:
    """What a wrong count calls good proves nothing."""
    known = [name for name in (label, other) if name is not None]
    return max(known, key=lambda name: CLASSES.index(name) if name in CLASSES else -1, default=None)


def _quality_counts(sources: Sources, symbols: Table) -> dict[str, int]:
    published = mapping(mapping(sources.data(ROUTER_HEALTH).get("summary")).get("quality_counts"))
    counted = {str(key): symbols_of for key, value in published.items() if (symbols_of := count(value)) is not None}
    if counted:
        return counted
    labels = [label for row in symbols.values() if (label := text(row.get("router_quality")))]
    return {label: labels.count(label) for label in sorted(set(labels))}


def _worst_class(counts: dict[str, int]) -> str | None:
    return next((name for name in reversed(CLASSES) if counts.get(name)), None)


def _worst_symbols(symbols: Table) -> list[str]:
    for name in BAD_CLASSES:
        found = [symbol for symbol, row in symbols.items() if row.get("router_quality") == name]
        if found:
            return found
    return []


def _explain(sources: Sources, figures: Figures, choice: Choice[Payload]) -> None:
    reason, stats = _reason(sources, figures["basis"], choice), _stats_of(choice)
    for key in RATIO_KEYS:
        sources.unknown.known(f"router.{key}", figures[key], _why_no_number(stats, key) or reason)
    sources.unknown.known("router.basis", figures["basis"], reason)
    sources.unknown.known("router.orders", figures["orders"], "the number of orders behind the ratios is not published")


def _stats_of(choice: Choice[Payload]) -> JsonDict:
    return mapping(choice.value.data.get("router_stats")) if choice.value else {}


def _why_no_number(stats: JsonDict, key: str) -> str | None:
    """Why a figure that stands there is none."""
    places = (WRITTEN_AS.get(key, key), key.removesuffix("_bps"))
    odd = next((name for name in places if stats.get(name) is not None and number(stats[name]) is None), None)
    return None if odd is None else f"its {odd} {NOT_A_NUMBER}"


def _reason(sources: Sources, basis: str | None, choice: Choice[Payload]) -> str:
    refused = [f"{claim.name}: {reason}" for claim, reason in choice.passed if claim.flaw]
    if basis == "orders":
        disorder = why_not_in_order(_stats_of(choice))
        return disorder or "not published beside the order-weighted ratios, or no maker order was started"
    if basis == "symbols":
        return "; ".join([*refused, "no symbol has a value; quantiles are only published over orders"])
    if refused:
        return "; ".join(refused)
    if sources.has(ROUTER_HEALTH) or choice.claim:
        return "no orders in the router window"
    return sources.lacks("router figures", KPIS, ROUTER_HEALTH)
