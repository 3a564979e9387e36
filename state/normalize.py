"""From readings to the normalized state: which module fills which section, in which order."""

import hashlib
import marshal
from typing import Any

from state.facts.aum import build_aum
from state.facts.book import Book, build_book, remember_book
from state.facts.drawdown import find_drawdown
from state.facts.environment import find_environment
from state.facts.exchange import assess_exchange
from state.facts.executor_word import find_word
from state.facts.fx import find_rate
from state.facts.kpis import build_kpis
from state.facts.nav import NavInputs, build_nav
from state.facts.nav_files import find_nav
from state.facts.positions import Exposure, build_positions, sum_exposure
from state.facts.router import build_router
from state.facts.series import build_history, remembered_series
from state.facts.sources import Sources
from state.facts.standing import frozen_since
from state.facts.stops import is_registry_behind, is_unregistered
from state.facts.tape import show_transitions
from state.files.values import mapping, number
from state.trust.alerts import Evidence, build_alerts
from state.trust.checks import run_checks
from state.trust.drift import find_drift
from state.trust.freshness import describe_surfaces, largest_age
from state.trust.nav_checks import Facts
from state.trust.surface_alerts import alert, grade_surfaces

State = dict[str, Any]

LAST_BOOK = "last_book"

SECTIONS = ("nav", "aum", "kpis", "positions", "router", "transitions")


def normalize(sources: Sources, state_dir: str) -> State:
    """The whole state, as docs/state-model.md has it."""
    rate, exchange, nav_found = find_rate(sources), assess_exchange(sources), find_nav(sources)
    drawdown = find_drawdown(sources, nav_found, exchange)
    said = find_word(sources, drawdown.figures.pct)
    kpis = build_kpis(sources, drawdown, nav_found, said)
    book = build_book(sources, exchange)
    positions = build_positions(sources, book, kpis["symbols"])
    said = said._replace(unregistered=is_unregistered(sources, book), behind=is_registry_behind(sources, book))
    exposure = sum_exposure(positions, book)
    history = build_history(sources, remembered_series(sources))
    nav = build_nav(sources, NavInputs(nav_found, rate, exchange, drawdown, exposure, history, kpis["risk"]))
    aum = build_aum(sources, nav_found, rate, exchange)
    router = build_router(sources, kpis["symbols"])
    environment = find_environment(sources)
    facts = Facts(nav_found, nav, aum, router, book, exposure, exchange, environment, drawdown, rate, history)
    state: State = {"nav": nav, "aum": aum, "kpis": kpis, "positions": positions, "router": router}
    state["transitions"] = show_transitions(sources.tape, sources.now)
    if sources.tape.error:
        sources.unknown.note("transitions", sources.tape.error)
    last_book = _remember_book(sources, book, exposure)
    seen = {
        "last_book": last_book,
        "drift": find_drift(sources),
        "positions_as_of": _book_as_of(sources, book, last_book),
    }
    sources.history.commit(sources.now)  # whether that works is among what the page says
    state["meta"] = _meta(sources, state_dir, facts) | seen
    evidence = Evidence(exchange, nav_found, drawdown, said, book, sources.history.reason, sources.directory_fault)
    state["meta"]["alerts"] = build_alerts(state, evidence)
    grade_surfaces(state["meta"]["surfaces"], state["meta"]["alerts"])
    return seal(state)


def _meta(sources: Sources, state_dir: str, facts: Facts) -> dict[str, Any]:
    surfaces = describe_surfaces(sources)
    return {
        "loaded_at": sources.now,
        "data_age_s": sources.unknown.known("meta.data_age_s", largest_age(surfaces), "no file with a time stamp"),
        "state_dir": state_dir,
        "environment": facts.environment.name,
        "testnet": facts.environment.testnet,
        "surfaces": surfaces,
        "unknown": sources.unknown.reasons,
        "stale": sources.stale.reasons,
        "checks": run_checks(sources, facts),
        "book_in_doubt": (facts.book.unknown or facts.book.damage) if facts.book.doubt else None,
        "transitions_skipped": sources.tape.skipped,
        "history": {"shared": sources.history.reason is None, "reason": sources.history.reason},
    }


def unusable_state(now: float, state_dir: str, reason: str) -> State:
    """The least the contract allows, saying why: for a fault of the loader itself."""
    sentence = f"the loader failed on these files: {reason}"
    line = alert("state_unreadable", "STATE CANNOT BE READ", sentence)
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
        "stale": {},
        "checks": [],
        "book_in_doubt": None,
        "last_book": None,
        "positions_as_of": None,
        "drift": [],
        "transitions_skipped": 0,
        "history": {"shared": True, "reason": None},
        "alerts": [line],
    }
    return seal(state)


def _remember_book(sources: Sources, book: Book, exposure: Exposure) -> dict[str, Any] | None:
    """While the book is unknown: the last one that was not."""
    remember_book(sources, book)
    if book.unknown is not None:
        last = sources.history.get(LAST_BOOK)
        return last if isinstance(last, dict) else None
    at = sources.stamp(book.source) if book.source else None
    if at is not None:
        sources.history.keep(LAST_BOOK, {"at": at, "count": len(book.members), "gross_usd": exposure.gross_usd}, at)
    return None


def _book_as_of(sources: Sources, book: Book, last_book: dict[str, Any] | None) -> float | None:
    """Of when the book on show is, where it is an old one; of when the last known one was, where none is shown."""
    if book.unknown is not None:
        return number(mapping(last_book).get("at"))
    if book.stale is None or book.source is None:
        return None
    reading = sources.readings[book.source]
    frozen_at = frozen_since(sources, reading)
    return reading.updated_at if frozen_at is None else frozen_at


def seal(state: State) -> State:
    """Add the digests, of each section and of all; what the clock or a rewrite of the same content changes is out."""
    meta = state["meta"]
    meta["sections"] = {name: digest(_steady(name, state[name])) for name in SECTIONS}
    meta["sections"]["meta"] = digest(_steady_meta(meta))
    meta["version"] = digest(meta["sections"])
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


def digest(value: Any) -> str:
    """A short name of plain content: equal where it is equal, in every process."""
    # As JSON, the digits of its floats alone would take longer. Version 2 has no references: equal values, equal bytes.
    return hashlib.blake2b(marshal.dumps(value, 2), digest_size=8).hexdigest()
