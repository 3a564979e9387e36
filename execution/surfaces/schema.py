"""What each surface has to hold before it may be written: one table, and an error that names the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.surfaces.blocks import AUM, FEE_PNL, FX, HEALTH, NAV_HEALTH, RISK_WORD, ROUTER_STATS, ROW, Schema
from execution.surfaces.rules import (
    ATR_REGIMES,
    BOOLEAN,
    COUNT,
    DD_STATES,
    FRACTION,
    LIST,
    NOT_NEGATIVE,
    NOT_ZERO,
    NUMBER,
    POSITIVE,
    QUALITIES,
    SHARPE_STATES,
    SIDE,
    STAMP,
    TEXT,
    one_of,
    or_null,
)  # fmt: skip
from execution.utils.numbers import describe
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class SurfaceError(ValueError):
    """A payload breaks the schema of its surface; the message names file, field, value and what was expected."""


def _under(prefix: str, schema: Schema) -> Schema:
    return {f"{prefix}{path}": rule for path, rule in schema.items()}


SCHEMAS: Mapping[str, Schema] = {
    surfaces.NAV_STATE: {
        "total_equity": NOT_ZERO,
        "updated_at": STAMP,
        "age_s": NOT_NEGATIVE,
        "peak_equity": or_null(POSITIVE),
        # Of an account that owes money more than all is gone.
        "drawdown_pct": or_null(NOT_NEGATIVE),
        "drawdown": or_null(NOT_NEGATIVE),
        "drawdown_abs": or_null(NOT_NEGATIVE),
        "realized_pnl_today": or_null(NUMBER),
        "unrealized_pnl": or_null(NUMBER),
        "gross_exposure": or_null(NOT_NEGATIVE),
        "net_exposure": or_null(NUMBER),
        "largest_position_value": or_null(NOT_NEGATIVE),
        "sources_ok": or_null(BOOLEAN),
        "series[].nav": NOT_ZERO,
        "series[].t": STAMP,
        **AUM,
        **FX,
    },
    surfaces.NAV: {
        # An account may be empty, and after a liquidation owe money.
        "nav": NUMBER,
        "nav_usd": NUMBER,
        "updated_ts": STAMP,
        "nav_detail.source": TEXT,
        "nav_detail.fresh": BOOLEAN,
        **_under("nav_detail.", NAV_HEALTH),
        **AUM,
        **FX,
    },
    surfaces.POSITIONS: {"rows": LIST, "updated": STAMP, **_under("rows", ROW)},
    surfaces.SYNCED_STATE: {"items": LIST, "updated_at": STAMP, "nav": NUMBER, **_under("items", ROW)},
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
        "dd_state.drawdown.dd_pct": or_null(NOT_NEGATIVE),
        "atr_regime": one_of(*ATR_REGIMES),
        "atr.median_ratio": or_null(NOT_NEGATIVE),
        **RISK_WORD,
        **FEE_PNL,
        **NAV_HEALTH,
        **HEALTH,
    },
    surfaces.EXECUTION_HEALTH: {"updated_ts": STAMP, **HEALTH},
    surfaces.ENGINE_METADATA: {"engine_version": TEXT, "updated_ts": STAMP, "env": TEXT, "status": TEXT},
    surfaces.KPIS: {
        "ts": STAMP,
        "nav.nav_total": NOT_ZERO,
        "nav.nav_age_s": NOT_NEGATIVE,
        "nav.aum_total": NUMBER,
        "nav.sources_ok": or_null(BOOLEAN),
        "risk.dd_state": one_of(*DD_STATES),
        "risk.drawdown_pct": or_null(NOT_NEGATIVE),
        "risk.atr_regime": one_of(*ATR_REGIMES),
        "risk.atr_ratio": or_null(NOT_NEGATIVE),
        "router.maker_fill_rate": or_null(FRACTION),
        "router.fallback_ratio": or_null(FRACTION),
        "router.reject_rate": or_null(FRACTION),
        "performance.sharpe_state": one_of(*SHARPE_STATES),
        "router_quality": one_of(*QUALITIES),
        "symbols.*.dd_state": one_of(*DD_STATES),
        "symbols.*.atr_regime": one_of(*ATR_REGIMES),
        **ROUTER_STATS,
        **FEE_PNL,
        **FX,
    },
}

_ABSENT = object()


def check_surface(name: str, payload: object) -> None:
    """Refuse a payload that breaks the schema of the surface `name`.

    Raises:
        SurfaceError: "nav_state.json: series[3].nav is 0; expected a number that is not 0".
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
