"""From readings to the normalized state: which module fills which section, in which order."""

import hashlib
import marshal
from typing import Any

from state.facts.aum import build_aum
from state.facts.book import Book, build_book
from state.facts.drawdown import find_drawdown
from state.facts.environment import find_environment
from state.facts.exchange import assess_exchange
from state.facts.fx import find_rate
from state.facts.kpis import build_kpis
from state.facts.nav import NavInputs, build_nav, pick_nav
from state.facts.positions import Exposure, build_positions, sum_exposure
from state.facts.router import build_router
from state.facts.sources import Sources
from state.files.transitions import show_transitions
from state.trust.alerts import build_alerts
from state.trust.checks import Facts, run_checks
from state.trust.drift import find_drift
from state.trust.freshness import describe_surfaces, largest_age

State = dict[str, Any]

SECTIONS = ("nav", "aum", "kpis", "positions", "router", "transitions")


def normalize(sources: Sources, state_dir: str) -> State:
    """The whole state, as docs/state-model.md has it."""
    rate, exchange, drawdown = find_rate(sources), assess_exchange(sources), find_drawdown(sources)
    kpis = build_kpis(sources, drawdown)
    book = build_book(sources, exchange)
    positions = build_positions(book, kpis["symbols"], sources.unknown)
    exposure = sum_exposure(positions, book)
    nav = build_nav(sources, NavInputs(rate, exchange, drawdown, exposure, kpis["risk"]))
    aum = build_aum(sources, pick_nav(sources)[1], rate)
    router = build_router(sources, kpis["symbols"])
    environment = find_environment(sources)
    facts = Facts(nav, aum, router, book, exposure, exchange, environment)
    state: State = {"nav": nav, "aum": aum, "kpis": kpis, "positions": positions, "router": router}
    state["transitions"] = show_transitions(sources.tape, sources.now)
    if sources.tape.error:
        sources.unknown.note("transitions", sources.tape.error)
    surfaces = describe_surfaces(sources)
    state["meta"] = {
        "loaded_at": sources.now,
        "data_age_s": sources.unknown.known("meta.data_age_s", largest_age(surfaces), "no file with a time stamp"),
        "state_dir": state_dir,
        "environment": environment.name,
        "testnet": environment.testnet,
        "surfaces": surfaces,
        "unknown": sources.unknown.reasons,
        "checks": run_checks(sources, facts),
        "last_book": _remember_book(sources, book, exposure),
        "drift": find_drift(sources),
        "transitions_skipped": sources.tape.skipped,
    }
    state["meta"]["alerts"] = build_alerts(state, exchange)
    return seal(state)


def unusable_state(now: float, state_dir: str, reason: str) -> State:
    """The least the contract allows, saying why: for a fault of the loader itself."""
    sentence = f"the loader failed on these files: {reason}"
    alert = {"severity": "fail", "title": "STATE CANNOT BE READ", "text": sentence, "since": None}
    state: State = {"nav": {}, "aum": {"slices": []}, "kpis": {}, "positions": [], "router": {}}
    state["transitions"] = []
    state["meta"] = {
        "loaded_at": now,
        "data_age_s": None,
        "state_dir": state_dir,
        "environment": None,
        "testnet": None,
        "surfaces": [],
        "unknown": dict.fromkeys(("nav", "aum", "kpis", "positions", "router", "meta"), sentence),
        "checks": [],
        "last_book": None,
        "drift": [],
        "transitions_skipped": 0,
        "alerts": [alert],
    }
    return seal(state)


def _remember_book(sources: Sources, book: Book, exposure: Exposure) -> dict[str, Any] | None:
    """While the book is unknown: the last one that was not."""
    if book.unknown is not None:
        return sources.memory.last_book
    at = sources.stamp(book.source) if book.source else None
    sources.memory.last_book = {"at": at, "count": len(book.members), "gross_usd": exposure.gross_usd}
    return None


def seal(state: State) -> State:
    """Add the digests, of each section and of all; what the clock or a rewrite of the same content changes is out."""
    meta = state["meta"]
    meta["sections"] = {name: _digest(_steady(name, state[name])) for name in SECTIONS}
    meta["sections"]["meta"] = _digest(_steady_meta(meta))
    meta["version"] = _digest(meta["sections"])
    return state


def _steady(name: str, section: Any) -> Any:
    if name != "nav" or not section:
        return section
    exchange = {key: value for key, value in section["exchange"].items() if key != "confirmed_age_s"}
    return {**{key: value for key, value in section.items() if key != "age_s"}, "exchange": exchange}


def _steady_meta(meta: dict[str, Any]) -> dict[str, Any]:
    around = ("age_s", "mtime")
    surfaces = [{key: value for key, value in item.items() if key not in around} for item in meta["surfaces"]]
    clocked = ("loaded_at", "data_age_s", "state_dir", "sections", "version")
    return {**{key: value for key, value in meta.items() if key not in clocked}, "surfaces": surfaces}


def _digest(value: Any) -> str:
    # As JSON, the digits of its floats alone would take longer. Version 2 has no references: equal values, equal bytes.
    return hashlib.blake2b(marshal.dumps(value, 2), digest_size=8).hexdigest()
