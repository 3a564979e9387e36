"""What the executor says of itself: its mode, its circuit breaker, and how many positions have a stop."""

from typing import Any, NamedTuple

import dash_bootstrap_components as dbc

from dash_app.render import text
from dash_app.render.components import Child, big_word, card, field, line, sign, span, told, word_field, worst_tone
from dash_app.render.freshness import ages
from dash_app.render.readings import StateDict, number_at, rows_at, text_at, value_at
from state.formatting import fmt_number

MODE_ALERTS = ("halted", "risk_mode")
STOP_ALERTS = ("stops_missing", "stops_missing_in_trouble", "exits_mismatch")
SAID = ("mode", "circuit_breaker", "positions_registered")


class Stops(NamedTuple):
    """How many of how many positions have a stop; `missing` names those that have none, where they are known."""

    held: int
    of: int
    missing: tuple[str, ...] = ()


def render_executor(state: StateDict) -> list[dbc.Card]:
    """One card, or none where no file carries a word of the executor's."""
    stops = find_stops(state)
    said = any(value_at(state, f"kpis.risk.{name}") is not None for name in SAID)
    if not said and stops is None:
        return []
    tone, breaker = _severity(state, *MODE_ALERTS), _severity(state, "breaker")
    missing = _severity(state, *STOP_ALERTS)
    return [
        card(
            [text.EXECUTOR, *ages(state, "executor")],
            big_word(state, "kpis.risk.mode", text.DEFAULT_MODE, tone),
            line(*_breaker(state, breaker), *_refusals(state)),
            line(*_stops(stops, missing)),
            tone=worst_tone(tone, breaker, missing),
        )
    ]


def find_stops(state: StateDict) -> Stops | None:
    """From the rows that know it, else from the executor's own registry; None where neither does."""
    rows = [row for row in rows_at(state, "positions") if isinstance(row.get("has_stop"), bool)]
    if rows:
        without = [str(row.get("symbol") or "?") for row in rows if not row["has_stop"]]
        return Stops(len(rows) - len(without), len(rows), tuple(without))
    of, held = (number_at(state, f"kpis.risk.{name}_registered") for name in ("positions", "exits"))
    return None if of is None or held is None else Stops(int(min(held, of)), int(of))


def _severity(state: StateDict, *kinds: str) -> str:
    """How bad the alert of one of these kinds is: the card never says more, or less, than the alert line."""
    return next((text_at(row, "severity") for row in rows_at(state, "meta.alerts") if row.get("kind") in kinds), "")


def _breaker(state: StateDict, tone: str) -> list[Child]:
    active = value_at(state, "kpis.risk.circuit_breaker")
    if not isinstance(active, bool):
        return ["breaker ", word_field(state, "kpis.risk.circuit_breaker", "unknown")]
    limit = field(state, "kpis.risk.circuit_breaker_limit_pct", fmt_number)
    known: list[Child] = [" (limit ", limit, " %)"] if number_at(state, "kpis.risk.circuit_breaker_limit_pct") else []
    words = span(f"breaker {'tripped' if active else 'not tripped'}", tone)
    return [*sign(tone), words, *known]


def _refusals(state: StateDict) -> list[Child]:
    """Vetoes with their reasons, and the last order error."""
    vetoes = [row for row in rows_at(state, "kpis.risk.vetoes") if row.get("reason")]
    counts = [number_at(row, "count") or 0.0 for row in vetoes]
    reasons = ", ".join(f"{row['reason']} {fmt_number(count, 0)}" for row, count in zip(vetoes, counts, strict=True))
    found: list[Child] = [" · ", span(f"{fmt_number(sum(counts), 0)} vetoes", **told(reasons))] if vetoes else []
    symbol = text_at(state, "kpis.risk.last_error.symbol")
    if not symbol:
        return found
    words = text_at(state, "kpis.risk.last_error.message")
    return [*found, " · ", *sign("warn"), span(f"order error: {symbol}", "warn", **told(words))]


def _stops(stops: Stops | None, tone: str) -> list[Any]:
    if stops is None:
        return [span("stops unknown", "unknown", **told("no state file says which positions have a stop"))]
    if not stops.of:
        return ["no positions that need a stop"]
    words: list[Child] = ["stops on ", span(f"{stops.held} of {stops.of}", "strong")]
    if stops.held >= stops.of:
        return words
    without = span(f"{stops.of - stops.held} without", tone, **told(", ".join(stops.missing)))
    return [*words, " · ", *sign(tone), without]
