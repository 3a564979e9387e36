"""The KPI blocks: what kpis_v7.json carries, both shapes mapped to four blocks, then filled by the truth policy."""

from typing import Any

from state.facts.drawdown import Drawdown, why_no_drawdown
from state.facts.executor_word import Word, show_word
from state.facts.fees import Fees, find_fee_pnl
from state.facts.kpis_shape import is_nested
from state.facts.kpis_words import claim_atr_ratio, claim_atr_regime, claim_dd_state
from state.facts.nav_files import Nav
from state.facts.pnl import build_pnl
from state.facts.sources import Sources
from state.facts.standing import Choice, choose, mark_stale
from state.facts.symbols import PASSED_THROUGH, build_symbols
from state.facts.vetoes import find_vetoes
from state.files.surfaces import EXECUTION_HEALTH, KPIS, RISK_SNAPSHOT, ROUTER_HEALTH
from state.files.values import JsonDict, mapping, sanitize

DEFAULT_DD_STATE = "normal"
DEFAULT_ATR_REGIME = "unknown"

# The writers' own word for "nothing measured".
UNMEASURED = "unknown"


def build_kpis(sources: Sources, drawdown: Drawdown, nav: Nav, said: Word) -> dict[str, Any]:
    """`nav`, `risk`, `router`, `symbols` and `pnl`."""
    fees = find_fee_pnl(sources)
    blocks: dict[str, Any] = sanitize(_pass_through(sources.data(KPIS)))
    blocks["risk"] |= _risk(sources, drawdown, nav, fees) | show_word(sources, said) | find_vetoes(sources)
    blocks["pnl"] = build_pnl(sources, fees)
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


def _risk(sources: Sources, drawdown: Drawdown, nav: Nav, fees: Fees) -> dict[str, Any]:
    unknown = sources.unknown
    missing = fees.reason
    figures = fees.figures
    reason = f"no realised PnL in {figures.window_days} days" if figures.pnl_usd == 0 else missing
    mark_stale(sources, fees.choice, *(f"kpis.risk.{key}" for key in ("fee_pnl_ratio", "fees_usd", "realized_pnl_usd")))
    mark_stale(sources, drawdown.choice, "kpis.risk.drawdown_pct")
    pct = drawdown.figures.pct
    return {
        "dd_state": _dd_state(sources),
        "atr_regime": _atr_regime(sources),
        "atr_ratio": _atr_ratio(sources),
        "fee_pnl_ratio": unknown.known("kpis.risk.fee_pnl_ratio", figures.ratio, reason),
        "fee_pnl_window_days": unknown.known("kpis.risk.fee_pnl_window_days", figures.window_days, missing),
        "fees_usd": unknown.known("kpis.risk.fees_usd", figures.fees_usd, missing),
        "realized_pnl_usd": unknown.known("kpis.risk.realized_pnl_usd", figures.pnl_usd, missing),
        "drawdown_pct": unknown.known("kpis.risk.drawdown_pct", pct, why_no_drawdown(sources, drawdown, nav)),
        "drawdown_usable": unknown.known(
            "kpis.risk.drawdown_usable", _usable(drawdown), "no file of the executor says so"
        ),
    }


def _usable(drawdown: Drawdown) -> bool | None:
    """Whether the executor stands behind its own drawdown; None where it says nothing of it."""
    if drawdown.disowned:
        return False
    return True if any(item.file in (KPIS, RISK_SNAPSHOT) for item in drawdown.claims) else None


def _dd_state(sources: Sources) -> str:
    choice = choose(sources, claim_dd_state(sources))
    mark_stale(sources, choice, "kpis.risk.dd_state")
    if choice.value is not None and choice.value.lower() == UNMEASURED:
        sources.unknown.note("kpis.risk.dd_state", "the executor itself says that its drawdown state is unknown")
        return choice.value
    missing = sources.lacks("drawdown state", KPIS, RISK_SNAPSHOT)
    return sources.unknown.default("kpis.risk.dd_state", choice.value, DEFAULT_DD_STATE, missing)


def _atr_regime(sources: Sources) -> str:
    choice = choose(sources, claim_atr_regime(sources))
    mark_stale(sources, choice, "kpis.risk.atr_regime")
    if choice.value == UNMEASURED:
        sources.unknown.note("kpis.risk.atr_regime", "too few own fills to measure an ATR regime")
    missing = sources.lacks("ATR regime", KPIS, RISK_SNAPSHOT)
    return sources.unknown.default("kpis.risk.atr_regime", choice.value, DEFAULT_ATR_REGIME, missing)


def _atr_ratio(sources: Sources) -> float | None:
    choice: Choice[float] = choose(sources, claim_atr_ratio(sources))
    mark_stale(sources, choice, "kpis.risk.atr_ratio")
    impossible = next((reason for _, reason in choice.passed if "cannot" in reason), None)
    reason = impossible or "no ATR ratio: too few own fills to measure, or not published"
    return sources.unknown.known("kpis.risk.atr_ratio", choice.value, reason)
