"""`make run` as people meet it: three processes, a page that moves, and what it says on a bad day."""

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import PROGRAMS, Desk, is_running, link_repository, running_desk
from pages import (
    Field,
    Shown,
    agrees_at,
    list_wrong_positions,
    list_wrong_symbols,
    print_state,
    reason_at,
    shown,
    shows_age_between,
    value_at,
)
from playwright.sync_api import Browser
from serving import is_healthy, process_environ, wait_until

from dash_app.layout import POSITIONS_PER_PAGE

NAV = "#header-nav [data-field='nav.nav_usd']"
AGE = "#header-nav [data-field='nav.age_s']"
# The paper desk keeps no registry of stops and targets, and belongs to no exchange that could be a testnet.
UNTOLD = {"kpis.risk.positions_registered", "kpis.risk.exits_registered", "kpis.risk.exits_mismatch", "meta.testnet"}
# Stops, which it places none of, and changes over a time that a young log does not span.
MAYBE_UNTOLD = re.compile(r"positions\.[0-9]+\.(stop_price|stop_pct|has_stop)|nav\.change_(24h|7d)_(usd|pct)")
MARK = "window.loadedOnce = true"
# The page writes its ages once a second, so a text may be that old.
BEAT_S = 1.5


def unknown_paths(state: Any) -> set[str]:
    """What is unknown, but for what such a desk may have no word for."""
    return {path for path in state["meta"]["unknown"] if not MAYBE_UNTOLD.fullmatch(path)}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """As it starts by itself, with what it said until then."""
    with running_desk(tmp_path_factory.mktemp("desk"), {}) as desk:
        assert_says_where_the_page_is(desk)
        wait_until(lambda: unknown_paths(print_state(desk.state_dir)) == UNTOLD)
        yield desk


@pytest.fixture(scope="module")
def view(browser: Browser, desk: Desk) -> Iterator[Shown]:
    """One page for all of them, with a mark that a reload would wipe out."""
    with shown(browser, desk.server) as view:
        view.page.evaluate(MARK)
        yield view


def test_nothing_else_is_unknown_and_every_file_is_fresh(desk: Desk) -> None:
    meta = print_state(desk.state_dir)["meta"]
    assert unknown_paths({"meta": meta}) == UNTOLD
    assert {
        surface["name"]: surface["freshness"] for surface in meta["surfaces"] if surface["freshness"] != "fresh"
    } == {}
    assert [alert for alert in meta["alerts"] if alert["severity"] == "fail"] == []


def test_page_moves_by_itself(view: Shown) -> None:
    assert view.page.inner_text("#header-status") == "PAPER"
    await_change(view, AGE)
    await_change(view, NAV)
    unknown = view.page.eval_on_selector_all("[data-field][data-unknown]", "all => all.map(one => one.dataset.field)")
    assert [path for path in unknown if not MAYBE_UNTOLD.fullmatch(path)] == []
    assert view.complaints == []


def test_every_field_is_the_state_of_the_same_moment(view: Shown, desk: Desk) -> None:
    with desk.frozen():
        wrong = find_differences(view, desk)
        for _ in range(20):  # what was written last has still to be drawn
            if not wrong:
                break
            view.page.wait_for_timeout(250)
            wrong = find_differences(view, desk)
    assert wrong == []


def test_restarted_dashboard_is_found_again_without_a_reload(view: Shown, desk: Desk) -> None:
    before = desk.find_pid("dashboard")
    said = desk.control("restart", "hedge:dashboard")
    assert said.splitlines() == ["hedge:dashboard: stopped", "hedge:dashboard: started"]
    assert desk.find_pid("dashboard") != before
    view.page.wait_for_event("response", lambda answer: "update-component" in answer.url and answer.ok)
    view.await_true("!document.documentElement.matches('.connection-lost')")
    view.await_text("#connection", "connected")
    await_change(view, NAV)
    assert view.page.evaluate("window.loadedOnce === true")


# The last of the desk: it ends it.
def test_an_interrupt_ends_all_three(desk: Desk) -> None:
    """And is no trouble to any of them."""
    pids = [desk.find_pid(program) for program in PROGRAMS]
    assert all(is_running(pid) for pid in pids)
    desk.server.process.send_signal(signal.SIGINT)
    assert desk.server.process.wait(60) == 0
    assert not any(is_running(pid) for pid in pids)
    assert not is_healthy(desk.server.url)
    said = desk.server.log.read_text()
    assert "executor INFO stopped at NAV" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("how", [[], ["STATE_DIR=logs/state"]], ids=str)
def test_a_taken_port_ends_make_run_in_one_sentence(tmp_path: Path, how: list[str]) -> None:
    """At once, before anything has started, with an address that is free."""
    link_repository(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = subprocess.run(
            ["make", "-o", ".venv/.run", "run", *how],
            cwd=tmp_path,
            env=process_environ({"HEDGE_BIND": address}),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    sentence, made = ended.stderr.splitlines()
    assert re.fullmatch(rf"{address} is taken; HEDGE_BIND=127\.0\.0\.1:\d+ make run uses another port", sentence)
    assert made.startswith("make: ***")
    assert (ended.returncode, ended.stdout, list((tmp_path / "logs").iterdir())) == (2, "", [])


def assert_says_where_the_page_is(desk: Desk) -> None:
    """The last line of a good start."""
    *before, last = desk.server.log.read_text().splitlines()
    assert last == f"open {desk.server.url}"
    assert [line for line in before if line.startswith("open ") or re.search("CRIT|WARN|ERROR", line)] == []
    assert [line for line in before if "caught up on the last 6 h" in line] != []


def await_change(view: Shown, selector: str) -> None:
    """Return once the text of an element is another."""
    text = f'document.querySelector("{selector}").textContent'
    before = view.page.evaluate(text)
    view.await_true(f'{text} !== "{before}"')


def find_differences(view: Shown, desk: Desk) -> list[Any]:
    """What the page does not show as the state has it; ages lie between those before and after the look."""
    before = print_state(desk.state_dir)
    fields, positions, symbols = view.fields(), view.rows("positions-table"), view.rows("symbols-table")
    after = print_state(desk.state_dir)
    assert len(fields) > 40
    assert len(positions) == min(len(after["positions"]), POSITIONS_PER_PAGE)
    wrong = [field for field in fields if not shows(field, before, after)]
    return [*wrong, *list_wrong_positions(positions, after), *list_wrong_symbols(symbols, after)]


def shows(field: Field, before: Any, after: Any) -> bool:
    """Whether a field shows the state, or an age that the state had in between."""
    if field.unknown is not None:
        return bool(MAYBE_UNTOLD.fullmatch(field.path)) and field.unknown == reason_at(after, field.path)
    if not field.path.endswith("age_s"):
        return agrees_at(field, after)
    return shows_age_between(field.text, value_at(before, field.path) - BEAT_S, value_at(after, field.path))
