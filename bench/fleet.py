"""What desks of other hosts cost: a publisher, a store of a thousand desks, and the way from a write to the wall."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

from redis_server import RedisServer, redis_server, wait_until
from serving import ROOT

from bench.row import CORES, Row
from bench.timing import clock_of
from bench.worlds import copy_world
from execution.fleet.beat import Beat
from execution.fleet.desk_files import DeskFiles
from execution.fleet.packing import VERSION, make_fields
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.sizes import Sizes
    from execution.fleet.packing import Fields
    from execution.fleet.store import Store

PUBLISHER_TARGET = 0.02
STORE_TARGET = 0.05
DELAY_TARGET = 2.0

PERIOD_S = 1.0
# So long a stretch of a fleet's life is pressed together: in it each desk beats twice and changes once.
STRETCH_S = 10.0
BEATS = 2


def bench_fleet(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """Every row about publisher, store and mirror; none where there is no redis-server."""
    if not shutil.which("redis-server"):
        print("no redis-server here: the fleet is not measured")
        return
    scratch.mkdir(parents=True)
    with redis_server(scratch) as server:
        yield from _delay(server, scratch, sizes)
        server.ask("FLUSHALL")
        yield _store(server, scratch, sizes)


def _delay(server: RedisServer, scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """A desk whose every file is written anew at moments of no pattern, as soon as the wall has the last ones."""
    state_dir, desks = copy_world("healthy", scratch / "desk"), scratch / "desks"
    copy, dice = desks / "alpha" / "logs" / "state" / surfaces.NAV, random.Random(7)  # noqa: S311 - dice of a bench
    publish = ["publish", "--to", server.url, "--desk", "alpha", "--state-dir", str(state_dir)]
    mirror = ["mirror", "--from", server.url, "--into", str(desks), "--period", str(PERIOD_S)]
    with _running(publish) as publisher, _running(mirror):
        wait_until(copy.exists)
        clock = clock_of(publisher)
        cpu_s, wall_s = clock(), time.monotonic()
        delays = []
        for number in range(sizes.fleet_writes):
            time.sleep(dice.random() * PERIOD_S)
            delays.append(_write_and_wait(state_dir, copy, number))
        cores = (clock() - cpu_s) / (time.monotonic() - wall_s)
    delays.sort()
    for words, delay_s in (("p50", median(delays)), ("p95", delays[int(len(delays) * 0.95)])):
        yield Row(f"write to wall, {words}, wall", delay_s, PERIOD_S, DELAY_TARGET, "the mirror's period")
    pace = f"{(time.monotonic() - wall_s) / len(delays):.1f} s"
    yield Row("publisher, cores", cores, None, PUBLISHER_TARGET, unit=CORES, details={"every file written each": pace})


def _write_and_wait(state_dir: Path, copy: Path, number: int) -> float:
    for path in sorted(state_dir.glob("*.json")):
        temp = path.with_suffix(".new")
        temp.write_bytes(json.dumps({**json.loads(path.read_bytes()), "bench": number}).encode())
        temp.replace(path)
    wanted = (state_dir / surfaces.NAV).stat().st_mtime_ns
    began_s = time.monotonic()
    wait_until(lambda: copy.stat().st_mtime_ns == wanted)
    return time.monotonic() - began_s


def _store(server: RedisServer, scratch: Path, sizes: Sizes) -> Row:
    """What all desks and one mirror ask of the store in a stretch, one after the other; its own processor time."""
    files = DeskFiles(copy_world("healthy", scratch / "many"))
    files.look()
    fields, store = make_fields(files.packed), server.connect()
    names = [f"desk-{number}" for number in range(sizes.fleet_desks)]
    for name in names:
        _send(store, name, fields, 0, False)
    clock = clock_of(server.process.pid)
    before_s = clock()
    for number in range(1, 1 + BEATS):
        for name in names:
            _send(store, name, fields, number, number > 1)
    polls = int(STRETCH_S / PERIOD_S)
    for poll in range(polls):
        store.read_beats(names)
        for _ in store.read_files(names[poll::polls]):
            pass
    store.find_names()
    packed = sum(map(len, fields.values()))
    name = f"store of {sizes.fleet_desks:,} desks, cores"
    cores = (clock() - before_s) / STRETCH_S
    return Row(name, cores, None, STORE_TARGET, unit=CORES, details={"bytes a desk": packed, "a change each": "10 s"})


def _send(store: Store, name: str, fields: Fields, number: int, is_sent: bool) -> None:
    version = f"{number}".encode()
    beat = Beat("host:/logs", time.time(), 0.0, version.decode(), {}).encode()
    store.send(name, "host:/logs#1", beat, {**fields, VERSION: version}, is_sent)


@contextlib.contextmanager
def _running(arguments: list[str]) -> Iterator[int]:
    """A command of the fleet; its process id."""
    command = [sys.executable, "-m", "execution.fleet", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()
