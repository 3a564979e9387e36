"""One written value changed: the page shows it, with all that is computed from it, or a check or an alert says so."""

import copy
import gc
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from changes import REMOVED, Change, changed, changes_of, written_places
from coherence import misfits
from differential import (
    EXEMPT,
    Exempt,
    changes_under,
    find_silent_changes,
    is_silent,
    is_unnoticed,
    matches,
)
from scenario_desk import Desk
from worlds import ROOT, SCENARIOS, Scenario, value_at

# Between them they have every field of the corpus.
NAMES = {"head/recent_orders", "head/wallet_btc_unpriced", "v7.1/drawdown", "v7.1/exchange_down", "v7.1/executor_only"}
CHOSEN = [item for item in SCENARIOS if item.name in NAMES | {"v7.1/publisher_cli", "v7.6/healthy"}]

every_scenario = pytest.mark.parametrize("scenario", CHOSEN, ids=lambda scenario: scenario.name)


@pytest.fixture(scope="module", autouse=True)
def _no_cycles() -> Iterator[None]:
    """States are trees, and thousands of them are made: looking for cycles in them is for nothing."""
    gc.disable()
    yield
    gc.enable()


def test_every_field_of_the_corpus_is_changed() -> None:
    """The scenarios left out have no field of their own."""
    assert fields_of(CHOSEN) == fields_of(SCENARIOS)


def changes_to_make(desk: Desk, scenario: Scenario) -> list[tuple[str, Change]]:
    """Each change of a field in the first two scenarios that it can be made in: the third one tells the same."""
    before = CHOSEN[: CHOSEN.index(scenario)]
    made = Counter(kind for earlier in before for kind in kinds_of(earlier))
    return [(file, change) for file, change in desk.changes() if made[file, change.place.pattern, change.kind] < 2]


@cache
def kinds_of(scenario: Scenario) -> frozenset[tuple[str, str, str]]:
    """Files, patterns and kinds of all changes that can be made in a scenario."""
    return frozenset((file, change.place.pattern, change.kind) for file, change in Desk(scenario).changes())


def fields_of(scenarios: list[Scenario]) -> set[tuple[str, str]]:
    """Files and patterns of everything they carry."""
    return {(file, place.pattern) for scenario in scenarios for file, place in Desk(scenario).places}


@every_scenario
def test_no_change_of_a_field_on_show_is_silent(scenario: Scenario) -> None:
    """Sign, size, word or presence: somebody notices."""
    desk = Desk(scenario)
    found = Counter(find_silent_changes(desk, changes_to_make(desk, scenario)))
    lines = [f"{item.file} {item.pattern} {item.kind}: {item.trouble} ({times})" for item, times in found.items()]
    assert not lines, "\n".join(lines)


@every_scenario
def test_fields_that_are_exempt_are_never_shown(scenario: Scenario) -> None:
    """They may be evidence that an alert or a check goes by, but no figure moves with them in silence."""
    desk = Desk(scenario)
    groups = [(entry, *group) for entry in EXEMPT for group in changes_under(desk, entry)]
    shown = [
        (file, entry.pattern, changes[0].kind) for entry, file, changes in groups if is_silent(desk, file, changes)
    ]
    assert shown == []


def test_every_exempt_entry_is_needed() -> None:
    """An entry that leaves nothing out any more would hide the next field of that name."""
    needless = set(EXEMPT)
    for scenario in SCENARIOS:
        desk = Desk(scenario)
        needless -= {entry for entry in needless if is_needed(desk, entry)}
    assert sorted((entry.file, entry.pattern) for entry in needless) == []


def is_needed(desk: Desk, entry: Exempt) -> bool:
    """Whether a change under an entry goes unnoticed."""
    groups = changes_under(desk, entry)
    return any(is_unnoticed(desk, file, [change]) for file, changes in groups for change in changes)


def test_the_model_lists_what_is_exempt() -> None:
    """Whoever reads the page can look up what it does not show."""
    model = (ROOT / "docs" / "state-model.md").read_text(encoding="utf-8")
    lines = [f"| {entry.file} | `{entry.pattern}` | {entry.reason} |" for entry in EXEMPT]
    missing = [line for line in lines if line not in model]
    assert not missing, "\n".join(missing)


PATTERNS = [
    (Exempt("nav.json", "assets.*", ""), "nav.json", "assets.*", True),
    (Exempt("nav.json", "assets.*", ""), "nav_state.json", "assets.*", False),
    (Exempt("nav.json", "assets.*", ""), "nav.json", "assets.*.qty", False),
    (Exempt("nav.json", "assets.**", ""), "nav.json", "assets.*.qty", True),
    (Exempt("nav.json", "assets.**", ""), "nav.json", "assets", False),
    (Exempt("*", "**drawdown.age", ""), "kpis_v7.json", "dd_state.drawdown.age", True),
    (Exempt("*", "**drawdown.age", ""), "kpis_v7.json", "drawdown.age_s", False),
    (Exempt("*", "items.*_fmt", ""), "positions.json", "items.pnl_fmt", True),
    (Exempt("*", "items.*_fmt", ""), "positions.json", "items.*.pnl_fmt", False),
]


@pytest.mark.parametrize(("entry", "file", "pattern", "speaks"), PATTERNS)
def test_an_entry_speaks_of_its_own_fields_only(entry: Exempt, file: str, pattern: str, *, speaks: bool) -> None:
    """One star is one step, two are any."""
    assert matches(entry, file, pattern) is speaks


CHANGES: list[tuple[Any, list[Any]]] = [
    ({"a": {"b": 2.0}}, [{"a": {}}, {"a": {"b": -2.0}}, {"a": {"b": 20.0}}, {"a": {"b": 1.98}}]),
    ({"a": 0.0}, [{}]),
    ({"a": None}, []),
    ({"a": True}, [{}, {"a": False}]),
    ({"dd_state": "defensive"}, [{}, {"dd_state": "normal"}]),
    ({"dd_state": "other"}, [{}, {"dd_state": "normal"}]),
    ({"reason": "normal"}, [{}]),
    ([{"side": "LONG"}], [[{}], [{"side": "SHORT"}]]),
    ({"at": "2025-11-26T22:44:55+00:00"}, [{}, {"at": "2025-11-25T22:44:55+00:00"}]),
    ([0, 0, 0, 0, 0], [[0, 0, 0, 0]] * 2),
    ({"BTC": 0, "ETH": 0, "SOL": 0, "XRP": 0}, [dict.fromkeys(("ETH", "SOL", "XRP"), 0)]),
]


@pytest.mark.parametrize(("content", "others"), CHANGES)
def test_a_value_is_changed_alone(content: Any, others: list[Any]) -> None:
    """What is changed is a copy; the content stays as it is."""
    made = [changed(content, change) for place in written_places(content) for change in changes_of(place)]
    assert made[: len(others)] == others
    assert all(other != content for other in made)
    assert bool(made) == bool(others)


def test_several_values_are_changed_together() -> None:
    """In the order they are given."""
    first, second = written_places({"a": [1, 2]})
    changes = [change for place in (second, first) for change in changes_of(place) if change.value is REMOVED]
    assert changed({"a": [1, 2]}, *changes) == {"a": []}


MISFITS = [
    ("nav.nav_usd", {"drawdown in USD", "drawdown in percent", "Futures slice", "last point of the history"}),
    ("nav.peak_usd", {"drawdown in USD", "drawdown in percent"}),
    ("nav.drawdown_pct", {"drawdown in percent", "drawdown of the KPIs"}),
    ("nav.gross_exposure_usd", {"gross exposure"}),
    ("nav.net_exposure_usd", {"net exposure"}),
    ("nav.unrealized_pnl_usd", {"open PnL"}),
    ("kpis.risk.fees_usd", {"fee / PnL"}),
    ("aum.slices.0.usd", {"AUM", "Futures slice"}),
    ("positions.0.pnl", {"PnL of a row", "open PnL"}),
    ("positions.0.entry_price", {"PnL of a row"}),
    ("positions.0.notional", {"notional of a row", "gross exposure", "net exposure"}),
]


@pytest.mark.parametrize(("path", "unfit"), MISFITS)
def test_a_figure_that_moves_alone_does_not_fit(path: str, unfit: set[str]) -> None:
    """By a tenth of what it is."""
    state = copy.deepcopy(Scenario("v7.1/drawdown").load())
    assert misfits(state) == set()
    block = value_at(state, path.rpartition(".")[0])
    block[path.rpartition(".")[2]] *= 1.1
    assert misfits(state) == unfit
