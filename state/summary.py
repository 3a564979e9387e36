"""The state as a page of text for a terminal."""

from collections.abc import Iterator
from typing import Any

from state.files.values import printable
from state.formatting import UNKNOWN_TEXT, fmt_age, fmt_moment, fmt_number, fmt_pct, fmt_qty, fmt_usd

RISK_WORDS = ("dd_state", "atr_regime")
CHECK_MARKS = {"ok": "✓", "warn": "!", "fail": "✗", "not_comparable": "–"}


def summarize(state: dict[str, Any]) -> str:
    """A readable summary; what is unknown says why."""
    parts = (_alerts, _nav, _risk, _aum, _router, _positions, _surfaces, _checks, _unknown)
    return "\n\n".join("\n".join(map(printable, lines)) for part in parts if (lines := list(part(state))))


def _line(label: str, value: str) -> str:
    return f"  {label:<24}{value}"


def _alerts(state: dict[str, Any]) -> Iterator[str]:
    for alert in state["meta"]["alerts"]:
        since = f" since {fmt_moment(alert['since'], state['meta']['loaded_at'])}" if alert["since"] else ""
        text = f": {alert['text']}" if alert["text"] else ""
        detail = f" ({alert['detail']})" if alert["detail"] else ""
        yield f"{alert['severity'].upper():<5} {alert['title']}{since}{text}{detail}"


def _nav(state: dict[str, Any]) -> Iterator[str]:
    nav = state["nav"]
    yield f"NAV: {fmt_usd(nav.get('nav_usd'))} USD"
    age_s = nav.get("age_s")
    yield f"Source: {nav.get('source') or 'none'} • Age: {UNKNOWN_TEXT if age_s is None else f'{age_s:.1f}s'}"
    if nav:
        exchange = nav["exchange"]
        yield _line("ZAR", fmt_usd(nav["nav_zar"] if nav["fx_usd_zar"] else None))
        confirmed = fmt_moment(exchange["confirmed_at"], state["meta"]["loaded_at"])
        yield _line("Exchange", f"{exchange['source'] or UNKNOWN_TEXT}, confirmed {confirmed}")
        yield _line("Exposure", f"{fmt_usd(nav['gross_exposure_usd'])} gross, {fmt_usd(nav['net_exposure_usd'])} net")
        yield _line("Unrealized PnL", fmt_usd(nav["unrealized_pnl_usd"]))


def _risk(state: dict[str, Any]) -> Iterator[str]:
    risk, unknown = state["kpis"].get("risk", {}), state["meta"]["unknown"]
    words = {key: f"{risk.get(key)}{' (default)' if f'kpis.risk.{key}' in unknown else ''}" for key in RISK_WORDS}
    yield "Risk"
    yield _line("Drawdown", f"{words['dd_state']}, {fmt_pct(risk.get('drawdown_pct'))}")
    yield _line("ATR", f"{words['atr_regime']}, ratio {fmt_number(risk.get('atr_ratio'))}")
    days = risk.get("fee_pnl_window_days")
    yield _line("Fee / PnL", f"{fmt_number(risk.get('fee_pnl_ratio'))}{f' over {days} d' if days else ''}")


def _aum(state: dict[str, Any]) -> Iterator[str]:
    aum = state["aum"]
    bound = ">= " if aum.get("total_usd_is_lower_bound") else ""
    yield f"AUM: {bound}{fmt_usd(aum.get('total_usd'))} USD"
    for item in aum["slices"]:
        yield _line(item["label"], f"{fmt_usd(item['usd']):>14}  {item['price_basis'] or 'no price'}")


def _router(state: dict[str, Any]) -> Iterator[str]:
    router = state["router"]
    yield f"Router: {router.get('quality')}"
    rates = f"maker {fmt_number(router.get('maker_fill_rate'))}, fallback {fmt_number(router.get('fallback_ratio'))}"
    yield _line("Rates", f"{rates}, over {router.get('basis') or 'nothing'}")


def _positions(state: dict[str, Any]) -> Iterator[str]:
    reason = state["meta"]["unknown"].get("positions")
    if reason:
        yield f"Positions unknown: {reason}"
    elif not state["positions"]:
        yield "No open positions"
    else:
        yield f"Positions: {len(state['positions'])}"
    for row in state["positions"]:
        money = f"{row['notional_fmt']:>14} {row['pnl_fmt']:>12}"
        yield f"  {row['symbol']:<14}{row['side'] or UNKNOWN_TEXT:<6}{fmt_qty(row['qty']):>14}{money}"


def _surfaces(state: dict[str, Any]) -> Iterator[str]:
    yield "Files"
    for item in state["meta"].get("surfaces", []):
        shown = item["freshness"] if item["status"] == "ok" else item["status"]
        yield _line(item["name"], f"{shown:<11}{fmt_age(item['age_s']):>12}  {item['error'] or ''}".rstrip())


def _checks(state: dict[str, Any]) -> Iterator[str]:
    yield "Checks"
    for check in state["meta"].get("checks", []):
        yield _line(f"{CHECK_MARKS[check['status']]} {check['label']}", check["detail"])


def _unknown(state: dict[str, Any]) -> Iterator[str]:
    unknown = state["meta"]["unknown"]
    if unknown:
        yield f"Unknown ({len(unknown)})"
    for path, reason in unknown.items():
        yield f"  {path}: {reason}"
