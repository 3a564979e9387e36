"""What a loader has worked out before never shows: each load is as one that works everything out again."""

import gc
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_properties import apply, damages
from worlds import CORPUS, ENVIRON, NOW, READ_SURFACES, Scenario, World, small_copy

from state.loader import Loader

STEPS = 3


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, list[tuple[float, dict[str, bytes | None]]]]:
    """A scenario and what happens to it: after how many seconds which files become what."""
    scenario, first = draw(damages(READ_SURFACES, most=2))
    steps = [(1.0, first)]
    for _ in range(STEPS - 1):
        other, changes = draw(damages(READ_SURFACES, most=2))
        # Now and then the good files of another scenario: the writers take turns.
        good = {name: (Scenario(other).state_dir / name).read_bytes() for name in changes}
        steps.append((draw(st.sampled_from([1.0, 120.0, 400.0])), draw(st.sampled_from([changes, good]))))
    return scenario, steps


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck), database=None)
@given(histories())
def test_nothing_that_is_remembered_shows(case: tuple[str, list[tuple[float, dict[str, bytes | None]]]]) -> None:
    """One loader keeps what it derived from unchanged files, the other forgets it before each load."""
    scenario, steps = case
    with tempfile.TemporaryDirectory() as directory:
        world, now = small_copy(scenario, Path(directory)), Scenario(scenario).expected["now"]
        keeping, forgetting = Loader(world.directory), Loader(world.directory)
        keeping.load(now, ENVIRON)
        forgetting.load(now, ENVIRON)
        for delay_s, changes in steps:
            now += delay_s
            apply(world, {name: content for name, content in changes.items() if (world.directory / name).exists()})
            forgetting._derived.clear()
            assert keeping.load(now, ENVIRON) == forgetting.load(now, ENVIRON)


@pytest.mark.parametrize("changed", ["nav_state.json", "router_health.json"])
def test_a_caller_who_changes_a_state_does_not_change_the_next_one(changed: str, tmp_path: Path) -> None:
    """Neither where the file behind a section has changed, nor where it has not."""
    world = World(tmp_path, scenario="v7.1/healthy")
    expected = World(tmp_path / "other", scenario="v7.1/healthy")
    first = world.load()
    for row in [*first["kpis"]["symbols"].values(), *first["positions"], *first["meta"]["surfaces"]]:
        row.clear()
    first["nav"]["series"].clear()
    first["meta"]["unknown"].clear()
    for each in (world, expected):
        each.write(changed, each.read(changed) | {"note": "changed"})
    found, wanted = world.load(), expected.load()
    for section in ("nav", "aum", "kpis", "positions", "router"):
        assert found[section] == wanted[section]
    assert found["meta"]["unknown"] == wanted["meta"]["unknown"]


def test_what_was_derived_from_old_files_is_let_go(tmp_path: Path) -> None:
    """A loader that runs for weeks keeps one version of each file."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    shutil.copy(CORPUS / "v7.1/healthy/logs/nav_log.json", tmp_path)
    loader, sizes = Loader(world.directory), []
    for step in range(3):
        for source in (CORPUS / "v7.1/healthy/logs/state").glob("*.json"):
            world.write(source.name, world.read(source.name))
        loader.load(NOW + step, ENVIRON)
        sizes.append(len(loader._derived))
        held = {id(content) for contents, _ in loader._derived.values() for content in contents}
        assert held <= {id(reading.data) for reading in loader._readings.values()}
    assert sizes[0] == sizes[-1]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool, tmp_path: Path) -> None:
    """Whoever has switched it off keeps it off."""
    world = World(tmp_path, scenario="v7.1/healthy")
    try:
        gc.enable() if enabled else gc.disable()
        world.load()
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
