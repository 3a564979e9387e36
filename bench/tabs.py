"""How many tabs two workers hold at one tick a second, while the real writers write."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serving import ROOT, process_environ, serving, wait_until

from bench.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from serving import Server

    from bench.sizes import Sizes

WORKERS = 2
P99_TARGET_S = 0.2
# What a tab holds: one connection for each drawing. Both ends are counted, with room for everything else.
CONNECTIONS_PER_TAB = 3
OTHER_FILES = 200
WRITERS = (
    ("execution.executor", "--seed", "7", "--backfill-hours", "0.25"),
    ("execution.sync_state",),
)
WRITTEN = ("nav_state.json", "nav.json", "positions.json", "positions_state.json", "kpis_v7.json", "risk_snapshot.json")
# Beyond the crowd's own warm-up and the time it measures.
PATIENCE_S = 60.0


def bench_tabs(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """The slowest hundredth of the requests at each number of tabs; the largest number has the target."""
    scratch.mkdir()
    files = raise_file_limit(max(sizes.tabs) * CONNECTIONS_PER_TAB + OTHER_FILES)
    log_dir = scratch / "logs"
    settings = {"HEDGE_STATE_DIR": str(log_dir / "state"), "HEDGE_WORKERS": str(WORKERS)}
    with _writing(log_dir, scratch / "writers.log"):
        for tabs in sizes.tabs:
            with serving(scratch / f"dashboard-{tabs}.log", settings) as server:
                target_s = P99_TARGET_S if tabs == max(sizes.tabs) else None
                yield _measure(server, tabs, sizes, target_s, files)


def raise_file_limit(wanted: int) -> int:
    """Open files this process and its children may have, raised as far as allowed; the limit now in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(soft, min(wanted, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit


def _measure(server: Server, tabs: int, sizes: Sizes, target_s: float | None, files: int) -> Row:
    needed = tabs * CONNECTIONS_PER_TAB + OTHER_FILES
    if files < needed:
        raise OSError(f"{tabs} tabs need {needed} open files, and this system allows {files}")
    found = _gather(server, tabs, sizes)
    details = {
        "p50": f"{found['p50_s'] * 1e3:.0f} ms",
        "max": f"{found['p100_s'] * 1e3:.0f} ms",
        "late ticks": f"{found['late'] / found['ticks']:.1%}",
        "failed": f"{found['failed']:.0f} of {found['requests']:,.0f}",
        "ticks with a change": f"{found['changed'] / found['ticks']:.1%}",
        "connections": f"{found['connections']:.0f}",
        "workers' cores": f"{found['workers_cores']:.2f}",
        "generator's cores": f"{found['generator_cores']:.2f}",
    }
    return Row(
        f"p99 of a request, {tabs:,} tabs, {WORKERS} workers, wall", found["p99_s"], target=target_s, details=details
    )


def _gather(server: Server, tabs: int, sizes: Sizes) -> dict[str, float]:
    numbers = map(str, (tabs, sizes.warm_up_s, sizes.crowd_s, *server.workers()))
    command = [sys.executable, "-m", "bench.crowd", server.url, *numbers]
    ran = subprocess.run(  # noqa: S603 - this project's own process
        command,
        cwd=ROOT,
        env=process_environ({}),
        capture_output=True,
        text=True,
        timeout=sizes.warm_up_s + sizes.crowd_s + PATIENCE_S,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(f"the crowd failed:\n{ran.stderr}")
    found: dict[str, float] = json.loads(ran.stdout)
    return found


@contextmanager
def _writing(log_dir: Path, output: Path) -> Iterator[None]:
    """The paper executor and the sync daemon at work, at the pace of `make run`."""
    with output.open("ab") as said:
        processes = [
            subprocess.Popen(  # noqa: S603 - this project's own processes
                [sys.executable, "-m", *command, "--log-dir", str(log_dir)],
                cwd=ROOT,
                env=process_environ({}),
                stdout=said,
                stderr=said,
            )
            for command in WRITERS
        ]
    try:
        wait_until(lambda: all((log_dir / "state" / name).exists() for name in WRITTEN))
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE_S)
