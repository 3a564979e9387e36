"""Rule 4: written is written; a zero of no meaning is unknown, and no other file's figure comes in silence."""

from pathlib import Path
from typing import Any

import pytest
from rules import GONE, HOUR_S, Changes, change, is_nav, shift, told, wrong
from worlds import World

NAV_KEYS = (
    "nav",
    "nav_usd",
    "nav_detail.nav",
    "nav_detail.nav_usd",
    "nav_detail.total_nav",
    "aum.futures",
    "aum.total",
)
BLOCKS = ("risk_snapshot.json dd_state.drawdown", "risk_snapshot.json kpis_v7.drawdown")
PEAK = 10461.27
UNKNOWN = {"path": "nav.nav_usd", "unknown": True}
NO_DRAWDOWN = [{"path": path, "unknown": True} for path in ("nav.drawdown_pct", "kpis.risk.drawdown_pct")]
NO_PRICE = {"no_alert": "no price.*futures"}


def daemons(value: Any) -> Changes:
    """nav_state.json says this NAV, and the drawdown that goes with it."""
    written: dict[str, Any] = {"nav_state.json total_equity": value}
    if isinstance(value, float) and value < 0:
        pct = 100.0 * (PEAK - value) / PEAK
        written |= {f"nav_state.json {key}": pct for key in ("drawdown_pct", "drawdown")}
        written["nav_state.json drawdown_abs"] = PEAK - value
    return written


def executors(value: Any) -> Changes:
    """So do all files of the executor."""
    synced = {f"synced_state.json {key}": value for key in ("nav", "nav_snapshot.nav", "nav_snapshot.total_nav")}
    blocks = {f"{block}.{key}": value for block in BLOCKS for key in ("nav", "drawdown.nav", "nav_health.nav_total")}
    return {f"nav.json {key}": value for key in NAV_KEYS} | synced | blocks


NEGATIVE = -312.5
BELOW = [is_nav(NEGATIVE), told("below zero"), {"not": {"path": "nav.drawdown_pct", "below": 100.0}}]
SERIES_OF_ZERO = {"nav_state.json series": [{"t": "2025-11-26T22:44:00+00:00", "nav": 0.0, "total_equity": 0.0}]}
NO_SERIES: Changes = {"nav_state.json series": []}

NAVS: list[tuple[str, Changes, list[Any]]] = [
    ("below zero in nav_state.json", daemons(NEGATIVE), [*BELOW, told("nav agrees")]),
    ("below zero in every file", daemons(NEGATIVE) | executors(NEGATIVE), BELOW),
    ("below zero in nav.json alone", executors(NEGATIVE), [told("nav agrees|below zero")]),
    ("below zero, no daemon", executors(NEGATIVE) | {"nav_state.json": GONE}, [is_nav(NEGATIVE), told("below")]),
    ("zero in every file", daemons(0.0) | executors(0.0), [UNKNOWN, NO_PRICE, *NO_DRAWDOWN]),
    ("minus zero in every file", daemons(-0.0) | executors(-0.0), [UNKNOWN, NO_PRICE, *NO_DRAWDOWN]),
    ("a cold start", daemons(0.0), [is_nav(PEAK), told("says 0.00")]),
    ("a cold start, nav.json missing", daemons(0.0) | {"nav.json": GONE}, [UNKNOWN, NO_PRICE, *NO_DRAWDOWN]),
    ("zero without a history", daemons(0.0) | NO_SERIES, [is_nav(PEAK), told("says 0.00")]),
    ("zero without a history, nav.json missing", daemons(0.0) | NO_SERIES | {"nav.json": GONE}, [UNKNOWN, NO_PRICE]),
    ("zero that the history has too", daemons(0.0) | SERIES_OF_ZERO, [UNKNOWN, NO_PRICE, *NO_DRAWDOWN]),
    ("zero in nav.json alone", executors(0.0), [is_nav(PEAK), told("nav agrees")]),
    ("zero in nav.json, no nav_state.json", executors(0.0) | {"nav_state.json": GONE}, [UNKNOWN, *NO_DRAWDOWN]),
    ("no number", daemons(float("nan")), [is_nav(PEAK), told("nav_state.json.*not a number")]),
    ("infinity", daemons(float("inf")), [is_nav(PEAK), told("nav_state.json.*not a number")]),
    ("more than any desk has", daemons(1e30), [is_nav(PEAK), told("nav_state.json.*not a number")]),
    ("a word", daemons("abc"), [is_nav(PEAK), told("nav_state.json.*not a number")]),
    ("true", daemons(True), [is_nav(PEAK), told("nav_state.json.*not a number")]),
    ("a list", daemons([PEAK]), [is_nav(PEAK), told("nav_state.json.*not a number")]),
    ("null", daemons(None), [is_nav(PEAK), told("nav_state.json.*carries no nav")]),
    ("text of a number", daemons("10461.27"), [{"path": "nav.nav_usd", "near": PEAK}]),
]  # fmt: skip


@pytest.mark.parametrize("case", NAVS, ids=lambda case: str(case[0]))
def test_the_nav_is_what_is_written(case: Any, tmp_path: Path) -> None:
    """Its sign, its zero and its nonsense; and the AUM goes with it."""
    _, changes, claims = case
    state = change(World(tmp_path / "state", scenario="v7.1/healthy"), changes).load()
    assert wrong(state, claims) == []
    assert state["aum"]["total_usd"] == state["nav"]["nav_usd"]


TURNS: list[tuple[str, Changes, list[Any]]] = [
    ("without a history", NO_SERIES, [{"path": "nav.nav_usd", "near": PEAK}, told("says 0.00.*nav.json")]),
    ("a cold start", {}, [{"path": "nav.nav_usd", "near": PEAK}, told("says 0.00.*nav.json")]),
    ("in the history too", SERIES_OF_ZERO, [{"path": "nav.nav_usd", "unknown": True}]),
]


@pytest.mark.parametrize("case", TURNS, ids=lambda case: str(case[0]))
def test_a_zero_says_the_same_whichever_file_was_written_last(case: Any, tmp_path: Path) -> None:
    """The daemon writes it anew three times in each loop of the executor; another file's figure is told as that."""
    _, changes, claims = case
    world, found = change(World(tmp_path / "state", scenario="v7.1/healthy"), daemons(0.0) | changes), []
    for seconds in (0.0, 10.0):
        state = shift(world, seconds, "nav.json").load()
        assert wrong(state, claims) == []
        found.append([line["kind"] for line in state["meta"]["alerts"]])
    assert found[0] == found[1]


def test_an_old_figure_never_takes_it(tmp_path: Path) -> None:
    """Not even where the zero is a cold start: the executor has been silent for hours."""
    world = change(World(tmp_path / "state", scenario="v7.1/healthy"), daemons(0.0))
    assert wrong(shift(world, -3 * HOUR_S, "nav.json").load(), [UNKNOWN, *NO_DRAWDOWN]) == []


HEALTHS = ("risk_snapshot.json nav_health", *(f"{block}.nav_health" for block in BLOCKS))


@pytest.mark.parametrize("value", [PEAK, NEGATIVE, 0.0])
def test_the_exchange_is_heard_whatever_the_sign_of_the_nav(value: float, tmp_path: Path) -> None:
    """Of a zero nothing is known; a debt is as good a NAV as any."""
    world = World(tmp_path / "state", scenario="v7.1/exchange_down", now=1764197700.0)
    state = change(world, {**daemons(value), **executors(value), **dict.fromkeys(HEALTHS, GONE)}).load()
    unreachable = {"alert": "EXCHANGE UNREACHABLE", "severity": "fail"}
    assert wrong(state, [unreachable if value else {"not": unreachable}]) == []


FIGURES = [float("nan"), "abc", [1.0], True]
PLACES = {
    "nav_state.json": ("nav_state.json drawdown_pct", "nav_state.json drawdown"),
    "peak": ("nav_state.json peak_equity",),
}


@pytest.mark.parametrize("value", FIGURES, ids=repr)
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_a_drawdown_that_is_no_number_is_not_replaced_in_silence(
    places: tuple[str, ...], value: Any, tmp_path: Path
) -> None:
    """Another source's may be shown, beside a word on the one that was asked first."""
    world = change(World(tmp_path / "state", scenario="v7.1/healthy"), dict.fromkeys(places, value))
    assert wrong(world.load(), [told("nav_state.json.*not a number")]) == []


def test_a_drawdown_in_words_is_read(tmp_path: Path) -> None:
    """Digits in quotes are digits."""
    world = change(World(tmp_path / "state", scenario="v7.1/drawdown"), dict.fromkeys(PLACES["nav_state.json"], "7.80"))
    assert wrong(world.load(), [{"path": "nav.drawdown_pct", "near": 7.80}, told("drawdown")]) == []
