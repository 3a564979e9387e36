"""Trouble of the risk figures, of the router and of the market: every word that the page colours is named here."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from state.facts.drawdown import AT_THE_PEAK_PCT, BELOW_THE_PEAK
from state.formatting import fmt_number, fmt_pct
from state.sentences import amount
from state.trust.severity import CALM_STATES, drawdown_kind, fees_kind, router_kind
from state.trust.surface_alerts import Alert, State, alert, name_some

LOUD_REGIMES = ("panic", "hot")
BAD_CLASSES = ("broken", "poor", "degraded")

Groups = dict[str, list[str]]


def market_alerts(state: State) -> Iterator[Alert]:
    """Drawdown, ATR, router and fees."""
    yield from _drawdown(state)
    yield from _symbols_in_drawdown(state)
    yield from _atr(state)
    yield from _router(state)
    yield from _fees(state)


def _drawdown(state: State) -> Iterator[Alert]:
    risk = state["kpis"]["risk"]
    kind = drawdown_kind(risk["dd_state"])
    if kind is not None:
        pct = risk["drawdown_pct"]
        text = "percent unknown" if pct is None else f"{fmt_pct(pct)} below the peak{_dispute(state)}"
        old = state["meta"]["stale"].get("kpis.risk.dd_state")
        yield alert(kind, f"Drawdown {risk['dd_state']}", f"{text}; {old}" if old else text)


def _dispute(state: State) -> str:
    """What there is against the percentage beside the state."""
    risk, checks = state["kpis"]["risk"], state["meta"]["checks"]
    if risk["drawdown_pct"] < AT_THE_PEAK_PCT and risk["dd_state"].lower() in BELOW_THE_PEAK:
        return ", which does not go with it"
    failed = {check["name"] for check in checks if check["status"] == "fail"}
    return ", which the files dispute" if failed & {"drawdown", "drawdown_sources"} else ""


def _symbols_in_drawdown(state: State) -> Iterator[Alert]:
    groups = _symbols_by(state, "dd_state", lambda word: word.lower() not in CALM_STATES)
    if groups:
        yield alert("symbols_in_drawdown", "Symbols in drawdown", _listed(groups, groups))


def _atr(state: State) -> Iterator[Alert]:
    """The portfolio and its symbols in one line, which has the worst of their words first."""
    known = "kpis.risk.atr_regime" not in state["meta"]["unknown"]
    own = state["kpis"]["risk"]["atr_regime"].lower() if known else ""
    groups = _symbols_by(state, "atr_regime", lambda word: word.lower() in LOUD_REGIMES)
    if own in LOUD_REGIMES:
        parts = ["portfolio", _listed(groups, LOUD_REGIMES)]
        yield alert("atr", f"ATR {own}", "; ".join(filter(None, parts)))
    elif groups:
        worst = next(word for word in LOUD_REGIMES if word in groups)
        yield alert("atr", f"ATR {worst}", "; ".join(filter(None, _named_first(groups, worst, LOUD_REGIMES))))


def _router(state: State) -> Iterator[Alert]:
    router, unknown = state["router"], state["meta"]["unknown"]
    label = router["quality"].lower() if "router.quality" not in unknown else ""
    groups = _symbols_by(state, "router_quality", lambda word: word.lower() in BAD_CLASSES)
    counts = Counter[str]()
    for word, number in (router["quality_counts"] or {}).items():
        counts[word.lower()] += number or 0
    classes = frozenset({label, *groups, *(word for word, number in counts.items() if number)})
    kind = router_kind(classes)
    if kind is None:
        return
    worst = label if label in BAD_CLASSES else next(word for word in BAD_CLASSES if word in classes)
    total = sum(counts.values())
    counted = [f"{counts[word]} of {total} {word}" for word in BAD_CLASSES if counts[word] and word not in groups]
    named = ["portfolio", _listed(groups, BAD_CLASSES)] if label == worst else _named_first(groups, worst, BAD_CLASSES)
    parts = [*named, *counted]
    yield alert(kind, f"Router {worst}", "; ".join(filter(None, parts)))


def _fees(state: State) -> Iterator[Alert]:
    risk = state["kpis"]["risk"]
    ratio, pnl_usd, days = risk["fee_pnl_ratio"], risk["realized_pnl_usd"], risk["fee_pnl_window_days"]
    kind = fees_kind(ratio, pnl_usd)
    if kind is None:
        return
    against = "PnL" if pnl_usd is None else "the gain"
    title = "Fees on top of a loss" if pnl_usd is not None and pnl_usd < 0 else f"Fees exceed {against}"
    over = "" if days is None else f" over {days} d"
    parts = [f"Fee / PnL {fmt_number(ratio)}{over}: ", amount(risk["fees_usd"]), " USD fees, PnL ", amount(pnl_usd)]
    yield alert(kind, title, *parts, " USD")


def _named_first(groups: Groups, worst: str, words: Iterable[str]) -> list[str]:
    """The symbols of the word that stands in the title already, and those of the others with their words."""
    return [name_some(groups.get(worst, [])), _listed(groups, [word for word in words if word != worst])]


def _symbols_by(state: State, key: str, wanted: Callable[[str], bool]) -> Groups:
    """The symbols of each word that is wanted, in small letters; a default is no evidence."""
    unknown, groups = state["meta"]["unknown"], Groups()
    table = state["kpis"]["symbols"]
    # A position has words of its own where no file speaks of its symbol.
    others = [(f"positions.{index}", row) for index, row in enumerate(state["positions"]) if row["symbol"] not in table]
    for path, row in [*((f"kpis.symbols.{symbol}", row) for symbol, row in table.items()), *others]:
        word = row.get(key)
        if isinstance(word, str) and wanted(word) and f"{path}.{key}" not in unknown:
            named = groups.setdefault(word.lower(), [])
            named += [row["symbol"]] if row["symbol"] not in named else []
    return groups


def _listed(groups: Groups, words: Iterable[str]) -> str:
    """`panic: DOGEUSDT; hot: SOLUSDT`."""
    return "; ".join(f"{word}: {name_some(groups[word])}" for word in words if word in groups)
