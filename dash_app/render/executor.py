"""What the executor says of itself: its mode, its circuit breaker, and how many positions have a stop."""

from typing import Any, NamedTuple

import dash_bootstrap_components as dbc

from dash_app.render import text
from dash_app.render.components import Child, big_word, card, field, line, sign, span, told, word_field, worst_tone
from dash_app.render.freshness import ages
from dash_app.render.readings import StateDict, number_at, reason_at, rows_at, text_at, value_at
from dash_app.render.theme import tone_of
from state.formatting import fmt_number

CALM_MODES = ("ok", "normal", "healthy")
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
    tone = mode_tone(state)
    missing = stops_tone(state, stops)
    return [
        card(
            [text.EXECUTOR, *ages(state, "executor")],
            big_word(state, "kpis.risk.mode", text.DEFAULT_MODE, tone),
            line(*_breaker(state), *_refusals(state)),
            line(*_stops(stops, missing)),
            tone=worst_tone(tone, _breaker_tone(state), missing),
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


def mode_tone(state: StateDict) -> str:
    """Red where nothing may be opened any more, amber for any other word that is not calm."""
    mode = text_at(state, "kpis.risk.mode").lower()
    return "" if not mode or mode in CALM_MODES else "fail" if mode == "halted" else "warn"


def stops_tone(state: StateDict, stops: Stops | None) -> str:
    """Missing stops are amber by themselves, and red beside a halt or a drawdown."""
    if stops is None or stops.held >= stops.of:
        return ""
    drawdown = text_at(state, "kpis.risk.dd_state") if not reason_at(state, "kpis.risk.dd_state") else ""
    return "fail" if "fail" in (mode_tone(state), tone_of(drawdown)) or tone_of(drawdown) == "warn" else "warn"


def _breaker_tone(state: StateDict) -> str:
    return "fail" if value_at(state, "kpis.risk.circuit_breaker") is True else ""


def _breaker(state: StateDict) -> list[Child]:
    active = value_at(state, "kpis.risk.circuit_breaker")
    if not isinstance(active, bool):
        return ["breaker ", word_field(state, "kpis.risk.circuit_breaker", "unknown")]
    limit = field(state, "kpis.risk.circuit_breaker_limit_pct", fmt_number)
    known: list[Child] = [" (limit ", limit, " %)"] if number_at(state, "kpis.risk.circuit_breaker_limit_pct") else []
    words = span(f"breaker {'tripped' if active else 'not tripped'}", _breaker_tone(state))
    return [*sign(_breaker_tone(state)), words, *known]


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
    if not tone:
        return words
    without = span(f"{stops.of - stops.held} without", tone, **told(", ".join(stops.missing)))
    return [*words, " · ", *sign(tone), without]
