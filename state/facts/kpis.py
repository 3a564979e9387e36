"""The KPI blocks: what kpis_v7.json carries, both shapes mapped to four blocks, then filled by the truth policy."""

from typing import Any, NamedTuple

from state.facts.drawdown import Drawdown
from state.facts.kpis_shape import all_payloads, flat_payloads, is_nested
from state.facts.sources import Sources
from state.facts.symbols import PASSED_THROUGH, build_symbols
from state.files.surfaces import EXECUTION_HEALTH, KPIS, RISK_SNAPSHOT, ROUTER_HEALTH
from state.files.values import JsonDict, count, first, mapping, number, sanitize, word

DEFAULT_DD_STATE = "normal"
DEFAULT_ATR_REGIME = "unknown"

# The writers' own word for "nothing measured".
UNMEASURED = "unknown"

_WEEK_DAYS = 7


class FeePnl(NamedTuple):
    """Fees over the absolute realised PnL of a window of days, and both sides in USD."""

    ratio: float | None
    window_days: int | None
    fees_usd: float | None
    pnl_usd: float | None


def build_kpis(sources: Sources, drawdown: Drawdown) -> dict[str, Any]:
    """`nav`, `risk`, `router` and `symbols`."""
    blocks: dict[str, Any] = sanitize(_pass_through(sources.data(KPIS)))
    blocks["risk"] |= _risk(sources, drawdown)
    blocks["symbols"] = build_symbols(sources)
    if not blocks["symbols"]:
        files = (KPIS, ROUTER_HEALTH, RISK_SNAPSHOT, EXECUTION_HEALTH)
        sources.unknown.note("kpis.symbols", sources.lacks("figures per symbol", *files))
    for key in ("nav", "risk", "router"):
        sources.unknown.fill(f"kpis.{key}", blocks[key], PASSED_THROUGH)
    return blocks


def _pass_through(data: JsonDict) -> dict[str, Any]:
    if is_nested(data):
        return {key: dict(mapping(data.get(key))) for key in ("nav", "risk", "router")}
    quality = {"quality": data["router_quality"]} if "router_quality" in data else {}
    risk_keys = ("dd_state", "atr_regime", "fee_pnl_ratio")
    return {
        "nav": _flat_nav(mapping(data.get("drawdown"))),
        "risk": {key: data[key] for key in risk_keys if key in data},
        "router": {**mapping(data.get("router_stats")), **quality},
    }


def _flat_nav(drawdown: JsonDict) -> JsonDict:
    return {key: drawdown[key] for key in ("nav", "peak", "nav_cache_ts", "nav_health") if key in drawdown}


def _risk(sources: Sources, drawdown: Drawdown) -> dict[str, Any]:
    unknown = sources.unknown
    fee_pnl = _fee_pnl(sources)
    missing = sources.lacks("fee / PnL ratio", RISK_SNAPSHOT, KPIS)
    reason = f"no realised PnL in {fee_pnl.window_days} days" if fee_pnl.pnl_usd == 0 else missing
    return {
        "dd_state": _dd_state(sources),
        "atr_regime": _atr_regime(sources),
        "atr_ratio": unknown.known(
            "kpis.risk.atr_ratio", _atr_ratio(sources), "no ATR ratio: too few own fills to measure, or not published"
        ),
        "fee_pnl_ratio": unknown.known("kpis.risk.fee_pnl_ratio", fee_pnl.ratio, reason),
        "fee_pnl_window_days": unknown.known("kpis.risk.fee_pnl_window_days", fee_pnl.window_days, missing),
        "fees_usd": unknown.known("kpis.risk.fees_usd", fee_pnl.fees_usd, missing),
        "realized_pnl_usd": unknown.known("kpis.risk.realized_pnl_usd", fee_pnl.pnl_usd, missing),
        "drawdown_pct": unknown.known("kpis.risk.drawdown_pct", drawdown.pct, sources.lacks("drawdown", KPIS)),
    }


def _dd_state(sources: Sources) -> str:
    blocks = [mapping(item.data.get("risk")) for item in all_payloads(sources)]
    blocks += [item.data for item in all_payloads(sources)] + [sources.data(RISK_SNAPSHOT)]
    found = first(word(block.get("dd_state"), "dd_state", "state") for block in blocks)
    if found is not None and found.lower() == UNMEASURED:
        sources.unknown.note("kpis.risk.dd_state", "the executor itself says that its drawdown state is unknown")
        return found
    missing = sources.lacks("drawdown state", KPIS, RISK_SNAPSHOT)
    return sources.unknown.default("kpis.risk.dd_state", found, DEFAULT_DD_STATE, missing)


def _atr_regime(sources: Sources) -> str:
    payloads = all_payloads(sources)
    blocks = [mapping(item.data.get("risk")) for item in payloads] + [item.data for item in payloads]
    blocks += [sources.data(RISK_SNAPSHOT)]
    found = first(word(block.get("atr_regime"), "atr_regime") for block in blocks)
    if found == UNMEASURED:
        sources.unknown.note("kpis.risk.atr_regime", "too few own fills to measure an ATR regime")
    missing = sources.lacks("ATR regime", KPIS, RISK_SNAPSHOT)
    return sources.unknown.default("kpis.risk.atr_regime", found, DEFAULT_ATR_REGIME, missing)


def _atr_ratio(sources: Sources) -> float | None:
    payloads = all_payloads(sources)
    return first(
        [
            *(number(mapping(item.data.get("risk")).get("atr_ratio")) for item in payloads),
            *(
                number(mapping(item.data.get("atr")).get(key))
                for item in payloads
                for key in ("median_ratio", "atr_ratio")
            ),
            number(mapping(sources.data(RISK_SNAPSHOT).get("atr")).get("median_ratio")),
        ]
    )


def _fee_pnl(sources: Sources) -> FeePnl:
    candidates = [_read_fee_pnl(sources.data(RISK_SNAPSHOT), _WEEK_DAYS)]
    candidates += [_nested_fee_pnl(item.data) for item in all_payloads(sources) if is_nested(item.data)]
    candidates += [_read_fee_pnl(item.data, 3) for item in flat_payloads(sources)]
    told = [item for item in candidates if item is not None]
    known = [item for item in told if item.ratio is not None]
    ranked = sorted(known or told, key=lambda item: item.window_days != _WEEK_DAYS)
    return next(iter(ranked), FeePnl(None, None, None, None))


def _nested_fee_pnl(data: JsonDict) -> FeePnl | None:
    risk = mapping(data.get("risk"))
    return _read_fee_pnl({**risk, "fee_pnl": risk.get("fee_pnl") or data.get("fee_pnl")}, _WEEK_DAYS)


def _read_fee_pnl(data: JsonDict, days: int) -> FeePnl | None:
    """A ratio with its window; `days` is the window of the shape where the writer does not say."""
    block = mapping(data.get("fee_pnl"))
    if not block and "fee_pnl_ratio" not in data:
        return None
    ratio = first([number(block.get("fee_pnl_ratio")), number(data.get("fee_pnl_ratio"))])
    window = count(block.get("window_days")) or days
    return FeePnl(ratio, window, number(block.get("fees")), number(block.get("pnl")))
