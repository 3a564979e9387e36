"""What counts as a change, and which book may be believed: tables."""

from __future__ import annotations

from typing import Any

import pytest
from publisher_world import NOW_S, build_payloads

from execution.sync.book import read_legs
from execution.sync.transition_log import WATCHED, look
from execution.sync.transitions import Sighting, World, find_transitions
from state.files import surfaces

SOL = {"SOLUSDT": {"LONG": 9.4}}
SOL_SHORT = {"SOLUSDT": {"SHORT": 3.125}}
HEDGE = {"SOLUSDT": {"LONG": 9.4, "SHORT": 3.125}}

WORDS = [
    ("dd_state", "normal", "cautious", ("dd_state", "portfolio", "Drawdown state cautious, was normal")),
    ("atr_regime", "hot", "panic", ("atr_regime", "portfolio", "ATR regime panic, was hot")),
    ("router_quality", "poor", "ok", ("router_quality", "portfolio", "Router quality ok, was poor")),
    ("environment", "paper", "live", ("environment", "environment", "Environment live, was paper")),
    ("testnet", "on", "off", ("environment", "testnet", "Testnet off, was on")),
]


@pytest.mark.parametrize(("name", "old", "new", "expected"), WORDS)
def test_a_word_that_changes_is_a_transition(name: str, old: str, new: str, expected: tuple[str, str, str]) -> None:
    """With both words, at the time of the look."""
    (found,) = find_transitions(World(NOW_S, {name: old}), World(NOW_S + 5, {name: new}))
    assert (found.kind, found.subject, found.text) == expected
    assert (found.at_s, found.before, found.after) == (NOW_S + 5, old, new)


@pytest.mark.parametrize(("old", "new"), [({}, {"dd_state": "normal"}), ({"dd_state": "normal"}, {})])
def test_a_word_first_seen_or_lost_is_none(old: dict[str, str], new: dict[str, str]) -> None:
    """Not knowing is not a state of the portfolio."""
    assert find_transitions(World(NOW_S, old), World(NOW_S + 5, new)) == []


BOOKS: list[tuple[Any, Any, list[tuple[str | None, str | None, str]]]] = [
    ({}, SOL, [(None, "LONG", "SOLUSDT opened LONG 9.4")]),
    (SOL, {}, [("LONG", None, "SOLUSDT closed LONG 9.4")]),
    (SOL, SOL_SHORT, [("LONG", "SHORT", "SOLUSDT flipped LONG 9.4 to SHORT 3.125")]),
    (SOL, HEDGE, [(None, "SHORT", "SOLUSDT opened SHORT 3.125")]),
    (HEDGE, SOL_SHORT, [("LONG", None, "SOLUSDT closed LONG 9.4")]),
    (HEDGE, {}, [("LONG and SHORT", None, "SOLUSDT closed LONG 9.4 and SHORT 3.125")]),
    (SOL, {"SOLUSDT": {"LONG": 12.0}}, []),
    (SOL, SOL, []),
    (None, SOL, []),
    (SOL, None, []),
    (None, {}, []),
    ({}, {"SHIBUSDT": {"LONG": 12345678.0}}, [(None, "LONG", "SHIBUSDT opened LONG 12345678")]),
    ({}, {"BTCUSDT": {"SHORT": 0.00001}}, [(None, "SHORT", "BTCUSDT opened SHORT 0.00001")]),
    (
        SOL,
        {"BTCUSDT": {"LONG": 0.042}, "ADAUSDT": {"SHORT": 100.0}},
        [
            (None, "SHORT", "ADAUSDT opened SHORT 100"),
            (None, "LONG", "BTCUSDT opened LONG 0.042"),
            ("LONG", None, "SOLUSDT closed LONG 9.4"),
        ],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), BOOKS)
def test_positions_open_close_and_flip(old: Any, new: Any, expected: list[tuple[str | None, str | None, str]]) -> None:
    """By symbol and side; a change of size is none, and an unknown book says nothing."""
    found = find_transitions(World(NOW_S, legs=old), World(NOW_S + 5, legs=new))
    assert [(item.before, item.after, item.text) for item in found] == expected
    assert {(item.kind, item.subject) for item in found} <= {("position", item.text.split()[0]) for item in found}


def test_surfaces_fall_silent_at_their_own_thresholds_and_come_back() -> None:
    """nav_state.json after 100 s, nav.json after 300 s; each once, and at the time of its threshold."""
    world, found = World().after(Sighting(stamps={surfaces.NAV: NOW_S, surfaces.NAV_STATE: NOW_S}), NOW_S), []
    for second in range(5, 400, 5):
        fresh = {surfaces.NAV: NOW_S + 395} if second == 395 else {}
        later = world.after(Sighting(stamps=fresh), NOW_S + second)
        found += find_transitions(world, later)
        world = later
    assert [(item.at_s - NOW_S, item.before, item.after, item.text) for item in found] == [
        (100.0, "live", "silent", "nav_state.json silent: nothing new for 100 s"),
        (300.0, "live", "silent", "nav.json silent: nothing new for 5 min"),
        (395.0, "silent", "live", "nav.json back after 7 min"),
    ]


def test_a_surface_that_was_silent_at_first_sight_did_not_fall_silent() -> None:
    """Nor did one whose stamp lies in the future."""
    stamps = {surfaces.NAV: NOW_S - 4000, surfaces.KPIS: NOW_S + 900}
    world = World().after(Sighting(stamps=stamps), NOW_S)
    assert find_transitions(World(), world) == []
    assert set(world.silent) == set(world.stamps) == {surfaces.NAV}


def test_a_clock_that_is_set_back_is_no_age() -> None:
    """The silence was not there; no duration is made up."""
    silent = World().after(Sighting(stamps={surfaces.NAV: NOW_S}), NOW_S).after(Sighting(), NOW_S + 500)
    (found,) = find_transitions(silent, silent.after(Sighting(), NOW_S + 20))
    assert found.text == "nav.json back"


# --- what may be believed --------------------------------------------------------------------------------------------

LIVE = {"source": "live", "fresh": True}
DOWN = {"source": "cache", "fresh": False, "nav_health": {"sources_ok": True, "fresh": False}}
ROW = {
    "symbol": "SOLUSDT", "positionSide": "BOTH", "qty": -3.0, "entryPrice": 1.0, "markPrice": 1.0, "unrealized": 0.0
}  # fmt: skip
SHORT_3 = {"SOLUSDT": {"SHORT": 3.0}}
SYNCED: list[tuple[dict[str, Any], dict[str, Any], Any]] = [
    ({"items": [], "nav_snapshot": LIVE}, {}, {}),
    ({"items": [], "nav_snapshot": DOWN}, {}, None),
    ({"items": [], "nav_snapshot": DOWN}, {"nav_detail": LIVE}, None),
    ({"items": [], "nav_snapshot": {"source": "unavailable"}}, {}, None),
    ({"items": [], "nav_snapshot": {"source": "live", "nav_health": {"fresh": False}}}, {}, None),
    ({"items": [], "nav_snapshot": {"source": "manual", "fresh": False}}, {}, {}),
    ({"items": []}, {"nav_detail": LIVE}, {}),
    ({"items": []}, {"nav_detail": DOWN}, None),
    ({"items": []}, {}, None),
    ({"items": [ROW]}, {}, SHORT_3),
    ({"items": [ROW], "nav_snapshot": LIVE}, {"nav_detail": DOWN}, SHORT_3),
    ({"items": [ROW, ROW], "nav_snapshot": LIVE}, {}, {"SOLUSDT": {"SHORT": 6.0}}),
    ({"items": [ROW, ROW | {"qty": 1.0}], "nav_snapshot": LIVE}, {}, {"SOLUSDT": {"SHORT": 3.0, "LONG": 1.0}}),
    ({"items": [ROW | {"qty": 0.0}], "nav_snapshot": LIVE}, {}, {}),
    ({"items": [ROW | {"qty": "3"}], "nav_snapshot": LIVE}, {}, None),
    ({"items": [ROW | {"qty": float("nan")}], "nav_snapshot": LIVE}, {}, None),
    ({"items": [ROW | {"qty": 10**400}], "nav_snapshot": LIVE}, {}, None),
    ({"items": [ROW | {"symbol": None}], "nav_snapshot": LIVE}, {}, None),
    ({"items": [ROW, {}], "nav_snapshot": LIVE}, {}, None),
    ({"items": 3, "nav_snapshot": LIVE}, {}, None),
    ({"nav_snapshot": LIVE}, {}, None),
    ({}, {"nav_detail": LIVE}, None),
]


@pytest.mark.parametrize(("synced", "nav", "legs"), SYNCED)
def test_a_book_is_believed_only_while_the_exchange_answers(synced: Any, nav: Any, legs: Any) -> None:
    """Empty is flat only then; a broken row leaves the whole book unknown."""
    assert read_legs(synced, nav) == legs


def test_looking_shows_the_words_the_daemon_and_the_executor_publish() -> None:
    """And a word for not knowing shows nothing."""
    payloads = build_payloads()
    seen = look(payloads)
    assert seen.words == {
        "dd_state": "normal", "atr_regime": "normal", "router_quality": "ok", "environment": "paper", "testnet": "off"
    }  # fmt: skip
    assert seen.legs == {"BTCUSDT": {"LONG": 0.042, "SHORT": 0.01}, "ETHUSDT": {"SHORT": 0.85}}
    assert seen.stamps == dict.fromkeys(WATCHED, NOW_S)
    kpis = payloads[surfaces.KPIS] | {"atr_regime": "unknown", "dd_state": {"state": "normal"}, "router_quality": None}
    assert look({surfaces.KPIS: kpis}).words == {}
