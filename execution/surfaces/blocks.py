"""Blocks of fields that stand in several surfaces, and what each field of them may hold."""

from __future__ import annotations

from execution.surfaces.rules import (
    ATR_REGIMES,
    BOOLEAN,
    COUNT,
    DD_STATES,
    DICT,
    FRACTION,
    NOT_NEGATIVE,
    NOT_ZERO,
    NUMBER,
    POSITION_SIDE,
    POSITIVE,
    QUALITIES,
    RISK_MODES,
    STAMP,
    TEXT,
    Rule,
    one_of,
    or_null,
    within,
)  # fmt: skip

# Field paths: a dot goes into an object, `[]` into every item of a list, `*` into every value of an object; a name with
# `?` may be absent, and all below it.
Schema = dict[str, Rule]

ROW: Schema = {
    "[].symbol": TEXT,
    "[].positionSide": POSITION_SIDE,
    "[].qty": NOT_ZERO,
    "[].entryPrice": POSITIVE,
    "[].markPrice": POSITIVE,
    "[].unrealized": NUMBER,
    "[].notional": NOT_NEGATIVE,
    "[].leverage": or_null(POSITIVE),
    "[].liquidation_price?": or_null(POSITIVE),
    "[].margin?": or_null(NOT_NEGATIVE),
    "[].margin_mode?": or_null(one_of("cross", "isolated")),
}
AUM: Schema = {
    "aum.futures": NUMBER,
    "aum.offexchange": DICT,
    "aum.offexchange.*.qty": or_null(NUMBER),
    "aum.offexchange.*.usd_value": or_null(NOT_NEGATIVE),
    "aum.offexchange.*.price_basis": or_null(one_of("market", "par", "cost")),
    "aum.total": NUMBER,
}
FX: Schema = {"fx.usd_zar": or_null(POSITIVE), "fx.ts": or_null(STAMP)}
FEE_PNL: Schema = {
    "fee_pnl.fee_pnl_ratio": or_null(NOT_NEGATIVE),
    "fee_pnl.fees": or_null(NUMBER),
    "fee_pnl.pnl": NUMBER,
    "fee_pnl.window_days": COUNT,
}
ROUTER_STATS: Schema = {
    "router_stats.maker_fill_ratio": or_null(FRACTION),
    "router_stats.fallback_ratio": or_null(FRACTION),
    **{f"router_stats.slip_q{q}": or_null(NUMBER) for q in (25, 50, 75, 95)},
    "router_stats.sample_count": COUNT,
}
HEALTH: Schema = {
    "symbols[].symbol": TEXT,
    "symbols[].router.maker_fill_ratio": or_null(FRACTION),
    "symbols[].router.fallback_ratio": or_null(FRACTION),
    "symbols[].router.orders": COUNT,
    "symbols[].router.policy_quality": one_of(*QUALITIES),
    "symbols[].risk.dd_today_pct": or_null(Rule("a percentage -100..0", within(-100.0, 0.0))),
    "symbols[].risk.dd_state": one_of(*DD_STATES),
    "symbols[].vol.atr_ratio": or_null(NOT_NEGATIVE),
    "symbols[].vol.atr_regime": one_of(*ATR_REGIMES),
}
NAV_HEALTH: Schema = {
    "nav_health.age_s": NOT_NEGATIVE,
    "nav_health.sources_ok": BOOLEAN,
    "nav_health.fresh": BOOLEAN,
    "nav_health.cache_ts": or_null(STAMP),
}
RISK_WORD: Schema = {
    "risk_mode?": one_of(*RISK_MODES),
    "risk_mode_reason?": TEXT,
    "risk_mode_score?": FRACTION,
    "anomalies?.*": TEXT,
    "circuit_breaker?.max_portfolio_dd_nav_pct": FRACTION,
    "circuit_breaker?.active": BOOLEAN,
}
