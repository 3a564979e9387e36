"""What can be wrong with a state file, and what the operator sees of it.

Each row of FAULTS is done to nav_state.json of a healthy desk, before the page's first look and under a page that has
shown the healthy state. The words are those of the alert line, of /readyz and of `python -m state doctor`.
"""

import json
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import pytest
from contract import assert_contract
from damage import (
    MIB,
    Damage,
    become_directory,
    become_fifo,
    become_secret,
    become_socket,
    cut_to,
    grown_to,
    holding,
    in_encoding,
    linked_to,
    with_field,
    with_stamp,
)
from sample_state import as_json, text_of
from worlds import State, World, surface

from dash_app.panels import PANELS
from dash_app.render.alerts import render_alerts
from dash_app.render.header import render_nav
from state import doctor
from state.trust.readiness import find_obstacles

NAME = "nav_state.json"
KEPT = "; last good content of 22:44:55 UTC kept"
NOT_REGULAR = "not a regular file"


class Fault(NamedTuple):
    """A damage, how the file is called after it (its status), and the reason beside that."""

    damage: Damage
    status: str
    reason: str


FAULTS = {
    "empty": Fault(holding(b""), "malformed", "the file is empty"),
    "blank": Fault(holding(b" \n"), "malformed", "the file is empty"),
    "torn": Fault(cut_to(0.5), "malformed", "torn or not JSON: Unterminated string starting at character 12,545"),
    "truncated": Fault(holding(b"{"), "malformed", "torn or not JSON: Expecting property name"),
    "zero bytes": Fault(holding(bytes(200)), "malformed", "torn or not JSON: Expecting value at character 0"),
    "two documents": Fault(holding(b"{} {}"), "malformed", "torn or not JSON: Extra data at character 3"),
    "a number of 5,000 digits": Fault(
        with_field("total_equity", "9" * 5000), "malformed", "holds a number too long to read"
    ),
    "200 MB": Fault(grown_to(200 * MIB), "unreadable", "209,715,200 bytes, over the limit of 64 MiB"),
    "100,000 lists deep": Fault(holding(b"[" * 100_000 + b"]" * 100_000), "malformed", "nested too deeply"),
    "100,000 objects deep": Fault(
        holding(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "malformed", "nested too deeply"
    ),
    "bad UTF-8": Fault(holding(b'{"total_equity": 1.0, "x": "\xff"}'), "malformed", "not UTF-8 text at byte 28"),
    "a list": Fault(holding(b"[1.0]"), "malformed", "holds a JSON list, not object"),
    "a string": Fault(holding(b'"nav"'), "malformed", "holds a JSON string, not object"),
    "a number": Fault(holding(b"10461.27"), "malformed", "holds a JSON number, not object"),
    "null": Fault(holding(b"null"), "malformed", "holds a JSON null, not object"),
    "a directory": Fault(become_directory, "unreadable", NOT_REGULAR),
    "a FIFO": Fault(become_fifo, "unreadable", NOT_REGULAR),
    "a socket": Fault(become_socket, "unreadable", NOT_REGULAR),
    "an endless device": Fault(linked_to("/dev/zero"), "unreadable", NOT_REGULAR),
    "a disk error": Fault(linked_to("/proc/self/mem"), "unreadable", "input/output error"),
    "a symlink loop": Fault(linked_to(NAME), "unreadable", "too many levels of symbolic links"),
    "permission denied": Fault(become_secret, "unreadable", "permission denied"),
}


def is_secret(path: Path) -> bool:
    """Whether a file is there that its owner may not read."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and not mode & stat.S_IRUSR


@contextmanager
def nobody() -> Iterator[None]:
    """Root may read everything, so for a moment this process is somebody else's."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def healthy() -> Iterator[World]:
    """A copy of the healthy world in a directory that everybody may look into."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield World(Path(name) / "state", scenario="v7.1/healthy")


def look(world: World) -> State:
    """The state as of now, which must come at once and keep the contract."""
    states: list[State] = []
    with nobody() if is_secret(world.directory / NAME) else nullcontext():
        thread = threading.Thread(target=lambda: states.append(world.load()), daemon=True)
        thread.start()
        thread.join(20)
    assert states, "the loader hangs"
    assert_contract(states[0])
    return states[0]


def assert_operator_sees(state: State, title: str, reason: str) -> None:
    """The alert line has both, the reason on hover or beside the title; no panel fails."""
    line = render_alerts(state)
    assert title in text_of(line)
    assert reason in json.dumps(as_json(line), ensure_ascii=False)
    for panel in PANELS:
        panel.render(state)


def obstacles(state: State) -> list[tuple[str | None, str]]:
    """What /readyz says."""
    return [(found.get("surface"), found["reason"]) for found in find_obstacles(state)]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_unusable_file_at_first_sight_gives_way_to_the_next_source(healthy: World, fault: Fault) -> None:
    """Not ready, doctor exits 2, and the NAV is that of nav.json, which the header says."""
    fault.damage(healthy.directory / NAME)
    state = look(healthy)
    assert_operator_sees(state, f"{NAME} {fault.status}", fault.reason)
    ((name, reason),) = obstacles(state)
    assert (name, reason.startswith(f"{fault.status}: {fault.reason}")) == (NAME, True)
    assert doctor.exit_code(state) == 1  # its effect is said, and no figure is lost
    assert (state["nav"]["nav_usd"], state["nav"]["source"]) == (10461.27, "nav.json")
    assert "nav.json" in text_of(render_nav(state))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_file_that_becomes_unusable_keeps_its_last_good_content_and_says_so(healthy: World, fault: Fault) -> None:
    """No number moves, its age goes on, and nothing calls it fresh; it is read again when it is well."""
    before, content = look(healthy), (healthy.directory / NAME).read_bytes()
    fault.damage(healthy.directory / NAME)
    healthy.now += 7.0
    state = look(healthy)
    assert_operator_sees(state, f"{NAME} {fault.status}", fault.reason)
    ((name, reason),) = obstacles(state)
    assert (name, reason.endswith(KEPT)) == (NAME, True)
    assert doctor.exit_code(state) == 1  # its effect is said, and no figure is lost
    assert state["nav"] | {"age_s": None, "exchange": None} == before["nav"] | {"age_s": None, "exchange": None}
    assert state["nav"]["age_s"] == pytest.approx(before["nav"]["age_s"] + 7.0)
    assert surface(state, NAME)["freshness"] == "late"
    heal(healthy.directory / NAME, content)
    assert (obstacles(look(healthy)), surface(look(healthy), NAME)["status"]) == ([], "ok")


def heal(path: Path, content: bytes) -> None:
    """The file as it was, in another one."""
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    path.write_bytes(content)


# --- not there -------------------------------------------------------------------------------------------------------

ABSENCES: dict[str, Damage] = {"missing": Path.unlink, "a dangling symlink": linked_to("nothing.json")}


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("damage", ABSENCES.values(), ids=ABSENCES)
def test_missing_file_is_missed_and_never_remembered(healthy: World, damage: Damage, warm: bool) -> None:
    """A warning, not ready, doctor exits 1."""
    if warm:
        look(healthy)
    damage(healthy.directory / NAME)
    state = look(healthy)
    assert_operator_sees(state, "1 of 9 files missing", NAME)
    assert (obstacles(state), doctor.exit_code(state)) == ([(NAME, "missing")], 1)
    assert (state["nav"]["source"], state["nav"]["age_s"]) == ("nav.json", pytest.approx(11.685))


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (Path.mkdir, "nothing to read in {}"),
        (lambda _: None, "{} does not exist"),
        (Path.touch, "{} is no directory"),
    ],
    ids=["empty", "gone", "a file"],
)
def test_missing_everything_is_said_in_large_words(healthy: World, put: Callable[[Path], None], said: str) -> None:
    """No number stays on the page, and the directory is named with what is wrong with it."""
    look(healthy)
    shutil.rmtree(healthy.directory)
    put(healthy.directory)
    state = look(healthy)
    assert_operator_sees(state, "NO STATE FILES", said.format(healthy.directory))
    assert (state["nav"], state["positions"], doctor.exit_code(state)) == ({}, [], 2)
    assert ("nav.json", "missing") in obstacles(state)


# --- readable, and something in it is wrong --------------------------------------------------------------------

TOKENS = {"NaN": "NaN", "Infinity": "Infinity", "1e400": "1e400", "a one with 400 zeros": "1" + "0" * 400}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_nav_that_is_none_is_that_of_the_next_file_which_the_header_names(healthy: World, token: str) -> None:
    with_field("total_equity", token)(healthy.directory / NAME)
    state = look(healthy)
    assert (state["nav"]["nav_usd"], state["nav"]["source"]) == (10461.27, "nav.json")
    assert "Source: nav.json" in text_of(render_nav(state))


class Stamp(NamedTuple):
    """What becomes of the stamp, and what is said of it."""

    change: Callable[[float], object]
    error: str | None


STAMPS = {
    "in the future": Stamp(lambda stamp: stamp + 3600, "its time stamp is 59 m 55 s in the future"),
    "missing": Stamp(lambda _: None, "no time stamp in the file"),
    "a word": Stamp(lambda _: "yesterday", "its time stamp cannot be read: yesterday"),
    "an amount": Stamp(lambda _: "NAV 10461.27 USD", "its time stamp cannot be read: words that are no time"),
    "of 1970": Stamp(lambda _: 5.0, "its time stamp cannot be read: a number that is no time"),
    "of the year 4000": Stamp(lambda _: "4000-01-01T00:00:00+00:00", "in the future"),
    "of the year 9999": Stamp(lambda _: "9999-12-31T23:59:59+00:00", "its time stamp cannot be read: 9999"),
    "in milliseconds": Stamp(lambda stamp: stamp * 1000, None),
    "in ISO 8601": Stamp(lambda _: "2025-11-26T22:44:55.045Z", None),
    "half a second ahead": Stamp(lambda stamp: stamp + 5.4, None),
}


@pytest.mark.parametrize("stamp", STAMPS.values(), ids=STAMPS)
def test_stamp_that_cannot_be_is_told_and_never_an_age(healthy: World, stamp: Stamp) -> None:
    """Not ready, doctor exits 2; the form in which a time is written does not matter."""
    with_stamp(stamp.change)(healthy.directory / NAME)
    state = look(healthy)
    if stamp.error is None:
        assert 0.0 <= state["nav"]["age_s"] < 5.0
        assert (obstacles(state), surface(state, NAME)["freshness"]) == ([], "fresh")
        return
    titles = {
        "future": " has a wrong clock",
        "cannot be": ": time stamp cannot be read",
        "no time": " has no time stamp",
    }
    title = next(title for word, title in titles.items() if word in stamp.error)
    assert_operator_sees(state, NAME + title, stamp.error)
    assert [name for name, _ in obstacles(state)] == [NAME]
    shown = surface(state, NAME)
    assert (shown["age_s"], shown["freshness"], doctor.exit_code(state)) == (None, "unknown", 2)
    # A file of unknown age is not the one that is alive: the NAV and its age are those of the next.
    assert (state["nav"]["source"], state["nav"]["age_s"]) == ("nav.json", surface(state, "nav.json")["age_s"])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_encoding_that_json_knows_is_read(healthy: World, encoding: str) -> None:
    before = look(healthy)
    in_encoding(encoding)(healthy.directory / NAME)
    assert look(healthy)["nav"] == before["nav"]


# --- between two looks ------------------------------------------------------------------------------------------------


def test_file_that_changes_its_kind_all_the_time_never_stops_the_page(healthy: World) -> None:
    """Also between the stat and the open of one look: a file, a FIFO, a directory, a link to an endless device."""
    path, content = healthy.directory / NAME, (healthy.directory / NAME).read_bytes()
    ended = threading.Event()

    def change() -> None:
        while not ended.is_set():
            for damage in (become_fifo, become_directory, linked_to("/dev/zero"), Path.touch):
                heal(path, content)
                damage(path)

    changer = threading.Thread(target=change)
    changer.start()
    try:
        seen = {surface(look(healthy), NAME)["status"] for _ in range(200)}
    finally:
        ended.set()
        changer.join()
    assert seen & {"unreadable", "malformed"}
    heal(path, content)
    assert surface(look(healthy), NAME)["status"] == "ok"
