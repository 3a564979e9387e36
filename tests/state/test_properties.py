"""Random damage to authentic files: the contract holds, and one bad surface never empties another."""

import copy
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import READ_SURFACES, Scenario, State, World, small_copy

BUDGET = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck), database=None)
BROAD = settings(BUDGET, max_examples=100)
WORLDS = ["v7.1/healthy", "v7.1/healthy_executor_last", "v7.1/exchange_down", "v7.1/offexchange", "v7.1/hedge_mode"]
WORLDS += ["v7.1/publisher_cli", "v7.1/sync_only", "v7.6/healthy", "v7.6/recent_orders"]

LEAVES: list[Any] = [None, True, False, 0, -0.0, 1, -1.5, 1e308, -1e308, 5e-324, 10**30, 10**400, 4e12, -5]
LEAVES += [float("nan"), float("inf"), float("-inf"), "", "NaN", "12", "x" * 5000, "\ud800", "2025-13-45T99:99:99"]
LEAVES += [[], {}, [[[[]]]], [None], {"a": {"b": None}}, {"": 1}, [1, "2", None, {"symbol": "BTCUSDT"}]]
nested = st.recursive(
    st.none() | st.floats() | st.text("abN. -é", max_size=6), lambda inner: st.lists(inner, max_size=3)
)
values = st.one_of(st.sampled_from(LEAVES), nested)
ACTIONS = ["drop", "retype", "retype", "retype", "swap", "duplicate"]


def paths_of(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path of a document; of long lists only the ends, so that rare fields are drawn often."""
    children: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = [(index, value[index]) for index in sorted({0, 1, len(value) - 1}) if 0 <= index < len(value)]
    return [prefix] + [path for key, child in children for path in paths_of(child, (*prefix, key))]


def mutate_value(document: Any, path: tuple[Any, ...], action: str, value: Any) -> Any:
    """The document with one place dropped, replaced, turned between list and dict, or doubled."""
    document = copy.deepcopy(document)
    if not path:
        return swap_container(document) if action == "swap" else value
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    spot = path[-1]
    if action == "drop":
        del parent[spot]
    elif action == "swap":
        parent[spot] = swap_container(parent[spot])
    elif action == "duplicate" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[spot]))
    else:
        parent[spot] = value
    return document


def swap_container(value: Any) -> Any:
    """A list where a dict was, and the other way round."""
    if isinstance(value, dict):
        return list(value.values())
    return {str(index): item for index, item in enumerate(value)} if isinstance(value, list) else [value]


def damage(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes of one damaged file: cut, overwritten, or changed in up to three places."""
    how = draw(st.sampled_from(["cut", "bytes", "values", "values", "values", "values"]))
    if how == "cut":
        return content[: draw(st.integers(0, len(content)))]
    if how == "bytes":
        at = draw(st.integers(0, len(content)))
        return content[:at] + draw(st.binary(max_size=4)) + content[at + 1 :]
    document = json.loads(content)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths_of(document)))
        document = mutate_value(document, path, draw(st.sampled_from(ACTIONS)), draw(values))
    return json.dumps(document).encode()


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """One damaged file."""
    return damage(draw, content)


@st.composite
def damages(draw: st.DrawFn, names: tuple[str, ...], most: int) -> tuple[str, dict[str, bytes | None]]:
    """A scenario, and for some of its files the bytes to replace them by (None: delete)."""
    scenario = draw(st.sampled_from(WORLDS))
    present = [name for name in names if (Scenario(scenario).state_dir / name).exists()]
    chosen = draw(st.lists(st.sampled_from(present), min_size=1, max_size=most, unique=True)) if present else []
    files = {name: (Scenario(scenario).state_dir / name).read_bytes() for name in chosen}
    gone = draw(st.integers(0, 9)) == 0
    return scenario, {name: None if gone else damage(draw, content) for name, content in files.items()}


def apply(world: World, changes: dict[str, bytes | None]) -> World:
    """Write the damage."""
    for name, content in changes.items():
        if content is None:
            world.remove(name)
        else:
            world.write_bytes(name, content)
    return world


def load_damaged(scenario: str, changes: dict[str, bytes | None], *, warm: bool = False) -> State:
    """The state of a scenario with some files damaged; `warm`: after a good load of the same directory."""
    with tempfile.TemporaryDirectory() as directory:
        world = small_copy(scenario, Path(directory))
        world.now = Scenario(scenario).expected["now"]
        if warm:
            world.load()
        return apply(world, changes).load()


@BROAD
@given(damages(READ_SURFACES, most=4))
def test_contract_holds_at_first_sight_of_damaged_files(case: tuple[str, dict[str, bytes | None]]) -> None:
    """Whatever is in the files: plain JSON, right types, a reason for each hole."""
    assert_contract(load_damaged(*case))


@BUDGET
@given(damages(READ_SURFACES, most=3))
def test_contract_holds_when_files_break_under_a_running_page(case: tuple[str, dict[str, bytes | None]]) -> None:
    """Last good content, remembered rate and remembered book included."""
    assert_contract(load_damaged(*case, warm=True))


NAV_CORE = ("nav_usd", "source", "age_s", "updated_at", "series", "realized_pnl_today_usd")
ROW_CORE = ("symbol", "side", "qty", "notional", "pnl", "entry_price", "mark_price", "leverage", "price_source")


def nav_core(state: State) -> Any:
    """What nav_state.json alone decides."""
    return [state["nav"].get(name) for name in NAV_CORE]


def whole_nav(state: State) -> Any:
    """Everything about NAV."""
    return state["nav"]


def aum_core(state: State) -> Any:
    """Slices without ZAR."""
    return [(item["label"], item["usd"], item["price_basis"]) for item in state["aum"]["slices"]]


def book_core(state: State) -> Any:
    """Rows without the risk words joined to them."""
    return [[row[name] for name in ROW_CORE] for row in state["positions"]]


def whole_book(state: State) -> Any:
    """Every field of every row."""
    return state["positions"]


def router_block(state: State) -> Any:
    """All router figures."""
    return state["router"]


def risk_block(state: State) -> Any:
    """All portfolio risk figures."""
    return state["kpis"]["risk"]


def risk_core(state: State) -> Any:
    """Portfolio risk figures but the drawdown, which is none beside a wallet with a coin that has no price."""
    return {key: value for key, value in risk_block(state).items() if key != "drawdown_pct"}


@cache
def load_healthy() -> State:
    """Read by all, changed by none."""
    return Scenario("v7.1/healthy").load()


UNTOUCHED = {
    "router_health.json": [whole_nav, aum_core, whole_book, risk_block],
    "kpis_v7.json": [nav_core, aum_core, book_core],
    "positions.json": [nav_core, aum_core, router_block, risk_block],
    "positions_state.json": [nav_core, aum_core, router_block, risk_block],
    "synced_state.json": [nav_core, aum_core, router_block, risk_block, book_core],
    "nav_state.json": [whole_book, router_block],
    "nav.json": [nav_core, book_core, router_block, risk_core],
    "risk_snapshot.json": [nav_core, aum_core, book_core],
}


@pytest.mark.parametrize("name", UNTOUCHED)
@settings(BUDGET, max_examples=25)
@given(data=st.data())
def test_one_bad_surface_never_empties_another(name: str, data: st.DataObject) -> None:
    """In the healthy world: what a surface does not carry does not move with it."""
    content = (Scenario("v7.1/healthy").state_dir / name).read_bytes()
    bad = data.draw(damaged(content))
    good, state = load_healthy(), load_damaged("v7.1/healthy", {name: bad})
    for part in UNTOUCHED[name]:
        assert part(state) == part(good), part.__doc__
