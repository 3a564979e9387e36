"""How bad what is: the table of severities, what alerts say, and that the alert line names all that has a colour."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rules import Changes, change, wrong
from worlds import SCENARIOS, Scenario, State, World

from dash_app.render.theme import tone_of
from state.trust import severity
from state.trust.severity import KINDS, rank_of

STATES = [
    ("normal", None), ("NORMAL", None), ("unknown", None), ("cautious", "drawdown"), ("recovery", "drawdown"),
    ("a new word", "drawdown"), ("defensive", "drawdown_deep"), ("Halted", "drawdown_deep"),
    ("DRAWDOWN", "drawdown_deep"),
]  # fmt: skip
MODES = [
    (None, False, None), ("", False, None), ("OK", False, None), ("normal", False, None), ("WARN", False, "risk_mode"),
    ("DEFENSIVE", False, "risk_mode"), ("PAUSED", False, "risk_mode"), ("HALTED", False, "halted"),
    ("halted", True, "risk_mode"),
]  # fmt: skip
STOPS = [
    (None, "normal", "stops_missing"), ("OK", "cautious", "stops_missing"), ("DEFENSIVE", "normal", "stops_missing"),
    ("HALTED", "normal", "stops_missing_in_trouble"), (None, "defensive", "stops_missing_in_trouble"),
]  # fmt: skip
FEES = [
    (None, None, None), (0.4, 10.0, None), (1.0, 10.0, None), (1.05, 10.0, "fees_exceed_pnl"),
    (1.05, -10.0, "fees_exceed_pnl"), (0.12, -10.0, "fees_on_a_loss"), (None, -10.0, None),
    (2.0, None, "fees_exceed_pnl"),
]  # fmt: skip
CLASSES = [
    ({"good", "ok"}, None), ({""}, None), ({"ok", "degraded"}, "router_degraded"), ({"poor"}, "router_poor"),
    ({"degraded", "broken"}, "router_poor"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "kind"), STATES)
def test_a_drawdown_state_is_calm_worth_a_look_or_deep(word: str, kind: str | None) -> None:
    """A word nobody knows is worth a look."""
    assert severity.drawdown_kind(word) == kind


@pytest.mark.parametrize(("mode", "slip", "kind"), MODES)
def test_only_a_halt_for_a_reason_is_red(mode: str | None, slip: bool, kind: str | None) -> None:
    """One that reads a percentage as a fraction is worth a look."""
    assert severity.mode_kind(mode, slip=slip) == kind


@pytest.mark.parametrize(("mode", "dd_state", "kind"), STOPS)
def test_missing_stops_are_red_only_beside_other_trouble(mode: str | None, dd_state: str, kind: str) -> None:
    """By themselves they are true of many healthy desks."""
    assert severity.stops_kind(mode, dd_state) == kind


@pytest.mark.parametrize(("ratio", "pnl_usd", "kind"), FEES)
def test_fees_above_the_gain_or_on_a_loss_are_told(
    ratio: float | None, pnl_usd: float | None, kind: str | None
) -> None:
    """A ratio above one, whichever the sign of the PnL."""
    assert severity.fees_kind(ratio, pnl_usd) == kind


@pytest.mark.parametrize(("classes", "kind"), CLASSES)
def test_a_router_is_poor_degraded_or_neither(classes: set[str], kind: str | None) -> None:
    """Of the portfolio and of its symbols together."""
    assert severity.router_kind(frozenset(classes)) == kind


WORSE = [
    ("most_files_missing", "file_replaced"), ("most_files_missing", "files_missing"), ("no_files", "halted"),
    ("exchange_unreachable", "halted"), ("writer_silent", "file_silent"), ("file_lost", "file_replaced"),
    ("drawdown_deep", "drawdown"),
    ("stops_missing_in_trouble", "stops_missing"), ("drawdown", "router_poor"), ("router_poor", "router_degraded"),
    ("stops_missing", "atr"), ("file_silent", "file_late"), ("risk_mode", "exchange_error"),
]  # fmt: skip


@pytest.mark.parametrize(("worse", "better"), WORSE)
def test_what_is_worse_stands_first(worse: str, better: str) -> None:
    """Whatever it is worse by: the severity, or the place within it."""
    assert rank_of(worse) < rank_of(better)


def test_every_kind_has_a_severity_and_they_do_not_mix() -> None:
    """The table itself is sorted, so that it can be read from the top."""
    ranks = [severity.SEVERITIES.index(KINDS[kind]) for kind in KINDS]
    assert ranks == sorted(ranks)


GONE_FIVE = ("nav.json", "positions.json", "router_health.json", "risk_snapshot.json", "execution_health.json")


def test_five_missing_files_are_worse_than_a_torn_one_that_is_still_shown(tmp_path: Path) -> None:
    """The effect is said, and what the parser said is there for whoever asks."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    world.load()
    world.remove(*GONE_FIVE).write_bytes("positions_state.json", b'{"items": [{"sym')
    first, torn = alert_of(world, "5 of 9 files missing"), alert_of(world, "positions_state.json malformed")
    assert (first["severity"], torn["severity"]) == ("fail", "warn")
    assert "positions shown from synced_state.json" in first["text"]
    assert torn["text"] == "what it last said is kept, of 22:44:55 UTC"
    assert "torn or not JSON" in torn["detail"]
    assert "torn or not JSON" not in torn["text"]


TORN: list[tuple[str, str, str, tuple[str, ...]]] = [
    ("positions_state.json", "warn", "positions shown from positions.json", ()),
    ("nav_state.json", "warn", "NAV from nav.json", ()),
    ("kpis_v7.json", "warn", "risk KPIs shown from risk_snapshot.json", ()),
    ("router_health.json", "warn", "router ratios", ()),
    ("risk_snapshot.json", "fail", "risk mode and circuit breaker unknown", ()),
    ("nav_state.json", "fail", "NAV unknown", ("nav.json",)),
    ("kpis_v7.json", "fail", "risk KPIs unknown", ("risk_snapshot.json",)),
]


@pytest.mark.parametrize(("name", "grade", "effect", "gone"), TORN)
def test_a_torn_file_says_what_is_shown_in_its_place(
    name: str, grade: str, effect: str, gone: tuple[str, ...], tmp_path: Path
) -> None:
    """Red only where NAV, positions or risk are unknown without it."""
    world = World(tmp_path / "state", scenario="v7.1/healthy").remove(*gone).write_bytes(name, b'{"a": ')
    found = alert_of(world, f"{name} malformed")
    assert found["severity"] == grade
    assert effect in found["text"]
    assert "torn or not JSON" in found["detail"]


def alert_of(world: World, title: str) -> Any:
    """The one alert of that title."""
    (found,) = [item for item in world.load()["meta"]["alerts"] if item["title"] == title]
    return found


def colored(state: State) -> Iterator[str]:
    """Every word that the panels of a state colour amber or red, or that says that something is old or broken."""
    risk, router, nav = state["kpis"]["risk"], state["router"], state["nav"]
    rows = [*state["kpis"]["symbols"].values(), *state["positions"]]
    words = [risk["dd_state"], risk["atr_regime"], router["quality"], *(router["quality_counts"] or {})]
    words += [row[key] for row in rows for key in ("dd_state", "atr_regime", "router_quality") if row.get(key)]
    yield from (word for word in words if tone_of(word) in ("warn", "fail") and is_shown(state, word))
    yield from (row["symbol"] for row in rows if tone_of(row["atr_regime"] or "") in ("warn", "fail"))
    yield from router["worst"]
    yield from ("Risk mode",) if severity.mode_kind(risk["mode"], slip=False) else ()
    yield from ("breaker",) if risk["circuit_breaker"] else ()
    yield from ("without a stop",) if any(row["has_stop"] is False for row in state["positions"]) else ()
    yield from ("Fee / PnL",) if severity.fees_kind(risk["fee_pnl_ratio"], risk["realized_pnl_usd"]) else ()
    yield from ("last confirmed",) if nav and nav["exchange"]["frozen"] else ()
    checks = [check for check in state["meta"]["checks"] if check["status"] in ("warn", "fail")]
    yield from (check["label"] for check in checks if check["name"] != "nav_live")  # a frozen NAV has its own words
    for item in state["meta"]["surfaces"]:
        amiss = item["status"] != "ok" or item["freshness"] in ("late", "stale") or item["frozen_since"]
        yield from (item["name"],) if item["listed"] and amiss else ()


def is_shown(state: State, word: str) -> bool:
    """A class of the router that no symbol is in is not on the page."""
    counts = state["router"]["quality_counts"] or {}
    return counts.get(word) != 0 or word == state["router"]["quality"]


def unnamed(state: State) -> list[str]:
    """What has a colour and is not named in the alert line."""
    line = " ".join(f"{item['title']}: {item['text']}" for item in state["meta"]["alerts"]).lower()
    return [word for word in colored(state) if word.lower() not in line]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nothing_has_a_colour_that_the_alert_line_does_not_name(scenario: Scenario) -> None:
    """As it is written, and when it has grown old."""
    assert unnamed(scenario.load()) == []


RISK, EXECUTOR = "risk_snapshot.json ", "kpis_v7.json "
BAD_DAYS: dict[str, Changes] = {
    "halted": {f"{RISK}risk_mode": "HALTED", f"{RISK}circuit_breaker.active": True},
    "defensive mode": {f"{RISK}risk_mode": "DEFENSIVE"},
    "cautious": {f"{EXECUTOR}dd_state": "cautious"},
    "a state of a symbol": {f"{RISK}symbols.0.risk.dd_state": "defensive"},
    "a hot portfolio": {f"{EXECUTOR}atr_regime": "hot"},
    "a panicking symbol": {f"{EXECUTOR}atr.symbols.0.atr_regime": "panic"},
    "a poor router": {f"{EXECUTOR}router_quality": "poor"},
    "a broken symbol": {"router_health.json symbols.0.quality": "broken"},
    "a class counted": {"router_health.json summary.quality_counts": {"ok": 7, "broken": 1}},
    "a class counted in capitals": {"router_health.json summary.quality_counts": {"OK": 7, "Broken": 1}},
    "fees above the loss": {f"{RISK}fee_pnl": {"fee_pnl_ratio": 2.0, "fees": 20.0, "pnl": -10.0, "window_days": 7}},
    "a torn file": {"execution_health.json": b"{"},
    "an old file": {"router_health.json updated_ts": 1764190000.0},
    "an old ledger": {"positions_ledger.json updated_at": "2025-11-26T20:00:00+00:00"},
    "a silent exchange": {"nav.json nav_detail.source": "cache", "nav.json nav_detail.fresh": False},
}


@pytest.mark.parametrize("changes", BAD_DAYS.values(), ids=BAD_DAYS)
def test_what_goes_wrong_is_named(changes: Changes, tmp_path: Path) -> None:
    """On a desk of today that was well a minute ago."""
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    before = Counter(colored(world.load()))
    state = change(world, changes).load()
    assert Counter(colored(state)) - before
    assert unnamed(state) == []
    assert [item for item in state["meta"]["alerts"] if not item["text"]] == []


OLD_AT = "2025-11-26T20:00:00+00:00"
FILES: dict[str, tuple[Changes, dict[str, str]]] = {
    "all is well": ({}, {}),
    "an old file": ({"router_health.json updated_ts": 1764190000.0}, {"router_health.json": "fail"}),
    "an old file that need not be there": (
        {"positions_ledger.json updated_at": OLD_AT},
        {"positions_ledger.json": "info"},
    ),
    "a torn file whose content is elsewhere": ({"nav_state.json": b"{"}, {"nav_state.json": "warn"}),
    "a torn file that nothing stands for": ({"risk_snapshot.json": b"{"}, {"risk_snapshot.json": "fail"}),
    "one of each": (
        {"positions_ledger.json updated_at": OLD_AT, "nav_state.json": b"{", "router_health.json updated_ts": 1.0},
        {"positions_ledger.json": "info", "nav_state.json": "warn", "router_health.json": "fail"},
    ),
}


@pytest.mark.parametrize(("changes", "expected"), FILES.values(), ids=FILES)
def test_a_file_is_as_bad_as_the_alert_that_names_it(
    changes: Changes, expected: dict[str, str], tmp_path: Path
) -> None:
    """Its chip has that colour and no other."""
    state = change(World(tmp_path / "state", scenario="v7.6/healthy"), changes).load()
    graded = {item["name"]: item["severity"] for item in state["meta"]["surfaces"] if item["severity"]}
    assert graded == expected
    line = {name: alert["severity"] for alert in state["meta"]["alerts"] for name in alert["files"]}
    assert graded == line
    assert all(name in alert["title"] + alert["text"] for alert in state["meta"]["alerts"] for name in alert["files"])


@pytest.mark.parametrize(("gone", "severity"), [(2, "warn"), (5, "fail"), (9, "fail")])
def test_missing_files_are_as_bad_as_there_are_many(gone: int, severity: str, tmp_path: Path) -> None:
    """All of them together, up to the desk of which there is nothing."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    names = [item["name"] for item in world.load()["meta"]["surfaces"] if item["required"]][:gone]
    state = world.remove(*names).load()
    assert {item["name"]: item["severity"] for item in state["meta"]["surfaces"] if item["status"] == "missing"} == (
        dict.fromkeys(names, severity)
    )


def test_atr_of_the_symbols_is_one_line(tmp_path: Path) -> None:
    """Worst first, however many there are."""
    state = World(tmp_path / "state", scenario="v7.1/healthy").load()
    assert wrong(state, [{"alert": "ATR panic DOGEUSDT; hot: SOLUSDT$", "severity": "warn"}]) == []
    assert sum("atr" in item["title"].lower() for item in state["meta"]["alerts"]) == 1
