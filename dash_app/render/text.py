"""The page's own words: titles, labels and defaults."""

PAGE_TITLE = "Hedge — Portfolio Dashboard (v7)"

KPIS_HEADING = "v7 Risk KPIs"
OVERVIEW_HEADING = "Overview (v7)"
AUM_HEADING = "AUM Breakdown (USD)"
NAV_HEADING = "NAV"
EXPOSURE_HEADING = "Exposure, short / long"
POSITIONS_HEADING = "Open Positions"
CHANGES_HEADING = "What changed"
SYMBOLS_HEADING = "v7 Risk KPIs by symbol"

DRAWDOWN_STATE = "Drawdown State"
ATR_REGIME = "ATR Regime"
FEE_PNL = "Fee / PnL"
ROUTER_QUALITY = "Router Quality"
NAV_AND_AUM = "NAV & AUM"
DD_AND_ATR = "DD / ATR"
ROUTER_FILL = "Router Fill / Fallback"

DEFAULT_DD_STATE = "normal"
DEFAULT_ATR_REGIME = "unknown"
DEFAULT_ROUTER_QUALITY = "unknown"
DEFAULT_ENVIRONMENT = "ENV ?"
DEFAULT_SOURCE = "none"

ALL_QUIET = "All quiet"
NOTHING_LOADED = "No state loaded"
NO_POSITIONS = "No open positions"
POSITIONS_UNKNOWN = "Positions unknown"
NO_SYMBOLS = "No symbols in the state"
SYMBOLS_UNKNOWN = "Symbols unknown"
NOTHING_CHANGED = "Nothing has changed yet"
CHANGES_UNKNOWN = "Changes unknown"
NO_SLICES = "No AUM known"
NO_ORDERS = "no orders"
NO_PRICE = "no price"
AT_COST = "at cost"

BASIS = {"orders": "over orders", "symbols": "mean over symbols"}

SIDE_MARKS = {"LONG": "▲ LONG", "SHORT": "▼ SHORT"}
SEVERITY_MARKS = {"fail": "■", "warn": "▲", "info": "▲"}
CHECK_MARKS = {"ok": "✓", "warn": "!", "fail": "✗", "not_comparable": "–"}
CHECK_WORDS = {"ok": "agrees", "warn": "differs a little", "fail": "disagrees", "not_comparable": "not comparable"}

POSITION_COLUMNS = {
    "symbol": "symbol",
    "side": "side",
    "qty": "qty",
    "notional_fmt": "notional",
    "pnl_fmt": "pnl",
    "dd_state": "dd state",
    "dd_today_pct": "dd today %",
    "atr_ratio": "atr ratio",
    "atr_regime": "atr",
}
SYMBOL_COLUMNS = {
    "symbol": "symbol",
    "dd_state": "dd state",
    "dd_today_pct": "dd today %",
    "atr_ratio": "atr ratio",
    "atr_regime": "atr",
    "maker_fill_rate": "maker",
    "fallback_ratio": "fallback",
    "slip_q50_bps": "slip bps",
}
