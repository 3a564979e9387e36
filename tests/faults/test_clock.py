"""The clock of the host jumps: what the operator sees while it is wrong, and that nothing of it stays.

| jump | what the operator sees |
| --- | --- |
| back, past the stamps | once: CLOCK IS OFF, for which files and how far they are ahead; no age at all; not ready |
| ahead by a day | both writers SILENT since their last stamp, the NAV frozen; not ready |
| right again | what there was to say before |
"""

from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from sample_state import text_of
from worlds import NOW, State, World

from dash_app.render.alerts import render_alerts
from dash_app.render.header import render_nav
from state import doctor
from state.trust.readiness import find_obstacles

JUMPS = {
    "an hour back": (-3600.0, "CLOCK IS OFF: 9 files have a wrong clock · stamped up to 59 m 55 s ahead: ", 2),
    "20 seconds back": (-20.0, "CLOCK IS OFF: 8 files have a wrong clock · stamped up to 15 s ahead: ", 2),
    "2 seconds back": (-2.0, "Router poor", 1),
    "a day ahead": (86_400.0, "EXECUTOR SILENT for 1 d 00 h · last wrote at 2025-11-26 22:44:48 UTC", 2),
    "to 1970": (-NOW, "CLOCK IS OFF: 9 files have a wrong clock", 2),
    "to 2100": (2_337_000_000.0, "EXECUTOR SILENT for", 2),
}


@pytest.fixture
def healthy(tmp_path: Path) -> World:
    """A copy of the healthy world."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


def ages_of(state: State) -> list[Any]:
    """Every age there is."""
    nav, meta = state["nav"], state["meta"]
    return [
        nav["age_s"],
        nav["exchange"]["confirmed_age_s"],
        meta["data_age_s"],
        *(row["age_s"] for row in meta["surfaces"]),
    ]


@pytest.mark.parametrize(("seconds", "words", "code"), JUMPS.values(), ids=JUMPS)
def test_jump_of_the_clock_is_said_and_leaves_nothing_behind(
    healthy: World, seconds: float, words: str, code: int
) -> None:
    """Under a page that was well before; also a second later, when nothing has changed but the time."""
    before = healthy.load()
    for later_s in (0.0, 0.7):
        state = healthy.load(now=NOW + seconds + later_s)
        assert_contract(state)
        assert words in text_of(render_alerts(state))
        assert (doctor.exit_code(state), bool(find_obstacles(state))) == (code, code == 2)
        assert [age for age in ages_of(state) if age is not None and age < 0] == []
        assert state["nav"]["nav_usd"] == before["nav"]["nav_usd"]
    assert healthy.load() == before


def test_clock_before_the_stamps_has_no_age_on_the_page(healthy: World) -> None:
    """n/a, and not 0 s."""
    state = healthy.load(now=NOW - 3600)
    assert set(ages_of(state)) == {None}
    assert "Age: n/a" in text_of(render_nav(state))
    assert {row["freshness"] for row in state["meta"]["surfaces"]} == {"unknown"}


def test_writers_go_on_under_a_clock_that_was_set_back(healthy: World) -> None:
    """Their next files have stamps of the new time, older than those before, and are shown all the same."""
    healthy.load()
    content = healthy.read("nav_state.json")
    state = healthy.write("nav_state.json", content | {"updated_at": NOW - 3605.0, "total_equity": 10500.0}).load(
        now=NOW - 3600
    )
    assert_contract(state)
    assert (state["nav"]["nav_usd"], state["nav"]["age_s"]) == (10500.0, pytest.approx(5.0))
    assert "nav_state.json has a wrong clock" not in text_of(render_alerts(state))
