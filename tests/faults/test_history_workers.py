"""What two workers answer about the same files, when one is replaced and the place of their history is not as it was.

| the place of the history | what the operator sees |
| --- | --- |
| as it is, or deleted while it runs | the same answer from both, what only the dead worker had seen included |
| not to be written, or without room | "History is not kept" with the reason; only the worker that saw the rate has it |
"""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from case_desk import shifted
from serving import HEALTHY_STATE, ROOT, Server, process_environ, serving, wait_until

CASE = ROOT / "tests" / "fixtures" / "cases" / "two_workers_fx"
ZAR = 180335.5567  # as the first files of the case have it; the second have no rate
FEW = 3  # looks of each worker, until both have seen what the other wrote


@dataclass(frozen=True)
class Answer:
    """/api/state of one worker."""

    etag: str | None
    state: dict[str, Any]

    def zar(self) -> float:
        """The NAV in ZAR; 0 when unknown."""
        return float(self.state["nav"]["nav_zar"])

    def reason(self) -> str | None:
        """Why the worker remembers alone."""
        reason: str | None = self.state["meta"]["history"]["reason"]
        return reason

    def alerts(self) -> list[str]:
        """The texts of the alert on that."""
        return [item["text"] for item in self.state["meta"]["alerts"] if item["title"] == "History is not kept"]


@contextmanager
def standing_still(pids: list[int]) -> Iterator[None]:
    """Processes that take no connection while the block runs."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def ask(server: Server, worker: int) -> Answer:
    """What this worker answers: the others stand still meanwhile."""
    with standing_still([pid for pid in server.workers() if pid != worker]):
        connection = http.client.HTTPConnection(server.address, timeout=20)
        try:
            connection.request("GET", "/api/state")
            answer = connection.getresponse()
            return Answer(answer.getheader("ETag"), json.loads(answer.read()))
        finally:
            connection.close()


def ask_all(server: Server) -> list[Answer]:
    """The last answer of each worker, after a few looks of each."""
    for _ in range(FEW):
        answers = [ask(server, worker) for worker in server.workers()]
    return answers


def replace_worker(server: Server, victim: int) -> None:
    """Kill it and wait for its successor."""
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(server.workers()) == 2 and victim not in server.workers())


def put(source: Path, state_dir: Path, seconds: float) -> None:
    """Copies of the files with their stamps moved; each a new file that is renamed, as the writers do it."""
    state_dir.mkdir(parents=True, exist_ok=True)
    for path in source.glob("*.json"):
        fresh = state_dir / f"{path.name}.new"
        fresh.write_text(json.dumps(shifted(json.loads(path.read_bytes()), seconds)))
        fresh.replace(state_dir / path.name)


@dataclass
class Wall:
    """A server on files that nobody writes but the test, and the place of its history."""

    server: Server
    state_dir: Path
    cache: Path
    behind_s: float

    def write_flat_kpis(self) -> None:
        """The files of the case's second step, which have no rate."""
        put(CASE / "step2", self.state_dir, self.behind_s)


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[Wall]:
    state_dir, cache = tmp_path / "logs" / "state", tmp_path / "cache"
    behind_s = time.time() - json.loads((CASE / "expect.json").read_text())["now"]
    put(CASE / "logs" / "state", state_dir, behind_s)
    settings = {"HEDGE_STATE_DIR": str(state_dir), "HEDGE_CACHE_DIR": str(cache), "HEDGE_WORKERS": "2"}
    with serving(tmp_path / "server.log", settings) as server:
        wait_until(lambda: len(server.workers()) == 2)
        yield Wall(server, state_dir, cache, behind_s)


def leave(_cache: Path) -> None:
    """Nothing happens to it."""


def put_file_in_its_place(cache: Path) -> None:
    """Neither root nor anybody else can write there."""
    shutil.rmtree(cache)
    cache.write_text("not a directory")


WHOLE: dict[str, Callable[[Path], None]] = {"as it is": leave, "deleted": shutil.rmtree}


@pytest.mark.parametrize("damage", WHOLE.values(), ids=WHOLE)
def test_both_workers_answer_the_same_when_one_is_replaced(wall: Wall, damage: Callable[[Path], None]) -> None:
    """The rate that only the dead worker had seen in the files, the last book and since when content stands."""
    seer = wall.server.workers()[0]
    assert ask(wall.server, seer).zar() == pytest.approx(ZAR)
    damage(wall.cache)
    wall.write_flat_kpis()
    ask_all(wall.server)
    replace_worker(wall.server, seer)
    first, second = ask_all(wall.server)
    assert first.zar() == pytest.approx(ZAR)
    assert (first.etag, first.state) == (second.etag, second.state)
    assert first.reason() is None
    assert first.alerts() == []


def test_workers_come_to_rest(wall: Wall) -> None:
    """While no file changes nobody writes the history, so that nobody has to read it again."""
    ask_all(wall.server)
    (database,) = wall.cache.glob("*.sqlite3")
    before = database.read_bytes(), database.stat().st_mtime_ns
    ask_all(wall.server)
    assert (database.read_bytes(), database.stat().st_mtime_ns) == before


def test_place_that_cannot_be_written_is_said_at_once(wall: Wall) -> None:
    """By the worker that remembers the rate, and by the first answer of the one that does not."""
    ask_all(wall.server)  # which sees the rate; a busy worker's own first load may come later
    put_file_in_its_place(wall.cache)
    wall.write_flat_kpis()
    ask_all(wall.server)
    victim, seer = wall.server.workers()
    replace_worker(wall.server, victim)
    for answer, zar in ((ask(wall.server, seer), ZAR), (ask(wall.server, wall.server.workers()[-1]), 0.0)):
        assert answer.zar() == pytest.approx(zar)
        assert answer.reason() == f"{wall.cache} is not writable: file exists"
        (text,) = answer.alerts()
        assert text.startswith(f"{answer.reason()}; ")


def test_place_that_can_be_written_again_is_used_again(wall: Wall) -> None:
    """Without a restart and without a file that changes, and with all that was remembered alone."""
    ask_all(wall.server)  # which sees the rate; a busy worker's own first load may come later
    put_file_in_its_place(wall.cache)
    wall.write_flat_kpis()
    assert all(answer.reason() for answer in ask_all(wall.server))
    wall.cache.unlink()
    wait_until(lambda: not any(answer.reason() for answer in ask_all(wall.server)))
    replace_worker(wall.server, wall.server.workers()[0])
    assert [answer.zar() for answer in ask_all(wall.server)] == pytest.approx([ZAR, ZAR])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with little room, where the history goes."""
    directory = tmp_path / "cache"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(directory)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no tmpfs may be mounted here")
    yield directory
    subprocess.run(["umount", "--lazy", directory], check=True)


def fill(directory: Path) -> Path:
    """A file that leaves no room for another byte."""
    ballast = directory / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(512)):
            pass
    return ballast


def test_full_disk_is_said(small_disk: Path, wall: Wall) -> None:
    """Each worker says so as soon as it has something to write; there is one answer again when there is room."""
    ask_all(wall.server)
    ballast = fill(small_disk)
    wall.write_flat_kpis()
    replace_worker(wall.server, wall.server.workers()[0])
    reasons = {answer.reason() for answer in ask_all(wall.server)}
    assert reasons == {f"the disk is full: {small_disk} takes no more"}
    ballast.unlink()
    wait_until(lambda: not any(answer.reason() for answer in ask_all(wall.server)))
    first, second = ask_all(wall.server)
    assert first.zar() == pytest.approx(ZAR)
    assert first.state == second.state


READERS = (("-m", "state"), ("-m", "state", "--json"), ("-m", "state", "doctor"))


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A copy of healthy files, with nothing beside them."""
    shutil.copytree(HEALTHY_STATE, tmp_path / "desk" / "logs" / "state")
    return tmp_path / "desk"


def names_in(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_command_line_leaves_nothing_beside_the_files(desk: Path, arguments: tuple[str, ...]) -> None:
    """It reads a history where there is one, and makes none; here it would be `cache/dashboard` in `logs`."""
    before = names_in(desk)
    environ = process_environ({"HEDGE_CACHE_DIR": "", "HEDGE_STATE_DIR": str(desk / "logs" / "state")})
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert "nav_state.json" in done.stdout or "NAV" in done.stdout, done.stderr
    assert names_in(desk) == before


def test_fixed_clock_leaves_nothing_beside_the_files(desk: Path, tmp_path: Path) -> None:
    """What a server sees as of `HEDGE_NOW` is no history of the desk; as of the real clock it is."""
    before = names_in(desk)
    settings = {"HEDGE_STATE_DIR": str(desk / "logs" / "state"), "HEDGE_CACHE_DIR": "", "HEDGE_WORKERS": "1"}
    with serving(tmp_path / "fixed.log", settings | {"HEDGE_NOW": "1764197100"}) as server:
        assert ask(server, server.workers()[0]).reason() is None
    assert names_in(desk) == before
    with serving(tmp_path / "real.log", settings) as server:
        ask(server, server.workers()[0])
    assert any(name.endswith(".sqlite3") for name in names_in(desk) - before)
