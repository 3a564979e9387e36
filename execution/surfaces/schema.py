"""What each surface has to hold before it may be written: one table, and an error that names the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.surfaces.rules import (
    ATR_REGIMES,
    BOOLEAN,
    COUNT,
    DD_STATES,
    DICT,
    FRACTION,
    LIST,
    NOT_NEGATIVE,
    NOT_ZERO,
    NUMBER,
    PERCENT,
    POSITION_SIDE,
    POSITIVE,
    QUALITIES,
    RISK_MODES,
    SHARPE_STATES,
    SIDE,
    STAMP,
    TEXT,
    Rule,
    one_of,
    or_null,
    within,
)  # fmt: skip
from execution.utils.numbers import describe
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class SurfaceError(ValueError):
    """A payload breaks the schema of its surface; the message names file, field, value and what was expected."""


# Field paths: a dot goes into an object, `[]` into every item of a list, `*` into every value of an object; a name with
# `?` may be absent, and all below it.
Schema = dict[str, Rule]

_ROW = {
    "[].symbol": TEXT,
    "[].positionSide": POSITION_SIDE,
    "[].qty": NOT_ZERO,
    "[].entryPrice": POSITIVE,
    "[].markPrice": POSITIVE,
    "[].unrealized": NUMBER,
    "[].notional": NOT_NEGATIVE,
    "[].leverage": or_null(POSITIVE),
}
_AUM = {
    "aum.futures": NUMBER,
    "aum.offexchange": DICT,
    "aum.offexchange.*.qty": or_null(NUMBER),
    "aum.offexchange.*.usd_value": or_null(NOT_NEGATIVE),
    "aum.offexchange.*.price_basis": or_null(one_of("market", "par", "cost")),
    "aum.total": NUMBER,
}
_FX = {"fx.usd_zar": or_null(POSITIVE), "fx.ts": or_null(STAMP)}
_FEE_PNL = {
    "fee_pnl.fee_pnl_ratio": or_null(NOT_NEGATIVE),
    "fee_pnl.fees": NUMBER,
    "fee_pnl.pnl": NUMBER,
    "fee_pnl.window_days": COUNT,
}
_ROUTER_STATS = {
    "router_stats.maker_fill_ratio": or_null(FRACTION),
    "router_stats.fallback_ratio": or_null(FRACTION),
    **{f"router_stats.slip_q{q}": or_null(NUMBER) for q in (25, 50, 75, 95)},
    "router_stats.sample_count": COUNT,
}
_HEALTH = {
    "symbols[].symbol": TEXT,
    "symbols[].router.maker_fill_ratio": or_null(FRACTION),
    "symbols[].router.fallback_ratio": or_null(FRACTION),
    "symbols[].router.orders": COUNT,
    "symbols[].router.policy_quality": one_of(*QUALITIES),
    "symbols[].risk.dd_today_pct": Rule("a percentage -100..0", within(-100.0, 0.0)),
    "symbols[].risk.dd_state": one_of(*DD_STATES),
    "symbols[].vol.atr_ratio": or_null(NOT_NEGATIVE),
    "symbols[].vol.atr_regime": one_of(*ATR_REGIMES),
}
_NAV_HEALTH = {
    "nav_health.age_s": NOT_NEGATIVE,
    "nav_health.sources_ok": BOOLEAN,
    "nav_health.fresh": BOOLEAN,
    "nav_health.cache_ts": or_null(STAMP),
}
_RISK_WORD = {
    "risk_mode?": one_of(*RISK_MODES),
    "risk_mode_reason?": TEXT,
    "risk_mode_score?": FRACTION,
    "circuit_breaker?.max_portfolio_dd_nav_pct": FRACTION,
    "circuit_breaker?.active": BOOLEAN,
}


def _under(prefix: str, schema: Schema) -> Schema:
    return {f"{prefix}{path}": rule for path, rule in schema.items()}


SCHEMAS: Mapping[str, Schema] = {
    surfaces.NAV_STATE: {
        "total_equity": POSITIVE,
        "updated_at": STAMP,
        "age_s": NOT_NEGATIVE,
        "peak_equity": POSITIVE,
        "drawdown_pct": PERCENT,
        "drawdown": PERCENT,
        "drawdown_abs": NOT_NEGATIVE,
        "realized_pnl_today": or_null(NUMBER),
        "unrealized_pnl": or_null(NUMBER),
        "gross_exposure": or_null(NOT_NEGATIVE),
        "net_exposure": or_null(NUMBER),
        "largest_position_value": or_null(NOT_NEGATIVE),
        "sources_ok": or_null(BOOLEAN),
        "series[].nav": POSITIVE,
        "series[].t": STAMP,
        **_AUM,
        **_FX,
    },
    surfaces.NAV: {
        "nav": POSITIVE,
        "nav_usd": POSITIVE,
        "updated_ts": STAMP,
        "nav_detail.source": TEXT,
        "nav_detail.fresh": BOOLEAN,
        **_under("nav_detail.", _NAV_HEALTH),
        **_AUM,
        **_FX,
    },
    surfaces.POSITIONS: {"rows": LIST, "updated": STAMP, **_under("rows", _ROW)},
    surfaces.SYNCED_STATE: {"items": LIST, "updated_at": STAMP, "nav": POSITIVE, **_under("items", _ROW)},
    surfaces.POSITIONS_STATE: {
        "items": LIST,
        "updated_at": STAMP,
        "items[].symbol": TEXT,
        "items[].side": SIDE,
        "items[].qty": NOT_ZERO,
        "items[].entry_price": POSITIVE,
        "items[].mark_price": POSITIVE,
        "items[].pnl": NUMBER,
        "items[].notional": NOT_NEGATIVE,
        "items[].ts": STAMP,
        "gross_exposure": NOT_NEGATIVE,
        "net_exposure": NUMBER,
        "largest_position_value": NOT_NEGATIVE,
    },
    surfaces.LEADERBOARD: {
        "items": LIST,
        "updated_at": STAMP,
        "items[].symbol": TEXT,
        "items[].notional": NOT_NEGATIVE,
        "items[].pnl": NUMBER,
    },
    surfaces.ROUTER_HEALTH: {
        "updated_ts": STAMP,
        "summary.count": COUNT,
        "summary.quality_counts.*": COUNT,
        "symbols[].symbol": TEXT,
        "symbols[].maker_fill_rate": or_null(FRACTION),
        "symbols[].fallback_rate": or_null(FRACTION),
        "symbols[].slippage_p50": or_null(NUMBER),
        "symbols[].orders": COUNT,
        "symbols[].quality": one_of(*QUALITIES),
    },
    surfaces.RISK_SNAPSHOT: {
        "updated_ts": STAMP,
        "dd_state.dd_state": one_of(*DD_STATES),
        "dd_state.drawdown.dd_pct": PERCENT,
        "atr_regime": one_of(*ATR_REGIMES),
        "atr.median_ratio": or_null(NOT_NEGATIVE),
        **_RISK_WORD,
        **_FEE_PNL,
        **_NAV_HEALTH,
        **_HEALTH,
    },
    surfaces.EXECUTION_HEALTH: {"updated_ts": STAMP, **_HEALTH},
    surfaces.ENGINE_METADATA: {"engine_version": TEXT, "updated_ts": STAMP, "env": TEXT, "status": TEXT},
    surfaces.KPIS: {
        "ts": STAMP,
        "nav.nav_total": POSITIVE,
        "nav.nav_age_s": NOT_NEGATIVE,
        "nav.aum_total": NUMBER,
        "nav.sources_ok": or_null(BOOLEAN),
        "risk.dd_state": one_of(*DD_STATES),
        "risk.drawdown_pct": PERCENT,
        "risk.atr_regime": one_of(*ATR_REGIMES),
        "risk.atr_ratio": or_null(NOT_NEGATIVE),
        "router.maker_fill_rate": or_null(FRACTION),
        "router.fallback_ratio": or_null(FRACTION),
        "router.reject_rate": or_null(FRACTION),
        "performance.sharpe_state": one_of(*SHARPE_STATES),
        "router_quality": one_of(*QUALITIES),
        "symbols.*.dd_state": one_of(*DD_STATES),
        "symbols.*.atr_regime": one_of(*ATR_REGIMES),
        **_ROUTER_STATS,
        **_FEE_PNL,
        **_FX,
    },
}

_ABSENT = object()


def check_surface(name: str, payload: object) -> None:
    """Refuse a payload that breaks the schema of the surface `name`.

    Raises:
        SurfaceError: "nav_state.json: series[3].nav is 0; expected a positive number".
    """
    if name not in SCHEMAS:
        raise SurfaceError(f"{name!r} is no surface; expected one of {', '.join(SCHEMAS)}")
    for path, rule in SCHEMAS[name].items():
        for found_at, value in _find(payload, _steps(path), ""):
            if value is _ABSENT:
                raise SurfaceError(f"{name}: {found_at} is missing; expected {rule.expected}")
            if not rule.holds(value):
                raise SurfaceError(f"{name}: {found_at} is {describe(value)}; expected {rule.expected}")


def _steps(path: str) -> list[str]:
    return [step for step in path.replace("[]", ".[]").split(".") if step]


def _find(value: object, steps: list[str], path: str) -> Iterator[tuple[str, object]]:
    """Yield (path, value) of every place that `steps` lead to; _ABSENT where the way ends early."""
    if not steps:
        yield path.lstrip("."), value
        return
    step, *rest = steps
    if step.endswith("?"):
        if not isinstance(value, dict) or step[:-1] in value:
            yield from _find(value, [step[:-1], *rest], path)
    elif step == "[]" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _find(item, rest, f"{path}[{index}]")
    elif step == "*" and isinstance(value, dict):
        for key, item in value.items():
            yield from _find(item, rest, f"{path}.{key}")
    elif isinstance(value, dict) and step in value:
        yield from _find(value[step], rest, f"{path}.{step}")
    else:
        yield f"{path}{'' if step == '[]' else '.'}{step}".lstrip("."), _ABSENT
