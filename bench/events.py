"""Event logs of any size: the corpus's week of orders, made as busy as the size asks."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING

from bench.worlds import CORPUS

if TYPE_CHECKING:
    from pathlib import Path

LOGS = ("orders_attempted", "orders_executed", "order_metrics", "risk_vetoes")
SOURCE = CORPUS / "healthy" / "logs" / "execution"

# Orders of the last minutes that one cycle finds appended.
APPENDED_LINES = 4


def write_logs(directory: Path, size_bytes: int) -> int:
    """About `size_bytes` over all logs, in order of time, each order with ids of its own; returns the real size."""
    directory.mkdir(parents=True)
    sources = {name: _lines(name) for name in LOGS}
    copies = math.ceil(size_bytes / sum(len(line) for lines in sources.values() for line in lines))
    if shutil.disk_usage(directory).free < 2 * size_bytes:
        raise OSError(f"{directory}: less than {2 * size_bytes:,} bytes free")
    for name, lines in sources.items():
        with (directory / f"{name}.jsonl").open("wb") as file:
            for line in lines:
                file.writelines(_renumber(line, copy) for copy in range(1, copies + 1))
    return sum(path.stat().st_size for path in directory.iterdir())


def punch_holes(directory: Path, hole_bytes: int) -> int:
    """Let every log go on behind a hole, together of so many bytes; returns the size they then claim to have."""
    for name in LOGS:
        path = directory / f"{name}.jsonl"
        with path.open("ab") as file:
            file.truncate(path.stat().st_size + hole_bytes // len(LOGS))
    append_orders(directory, 0)
    return sum(path.stat().st_size for path in directory.iterdir())


def append_orders(directory: Path, serial: int) -> None:
    """A handful of new lines in each log; `serial` makes their ids new."""
    for name in LOGS:
        with (directory / f"{name}.jsonl").open("ab") as file:
            file.writelines(_renumber(line, 1_000_000 + serial) for line in _lines(name)[-APPENDED_LINES:])


def _lines(name: str) -> list[bytes]:
    return (SOURCE / f"{name}.jsonl").read_bytes().splitlines(keepends=True)


def _renumber(line: bytes, copy: int) -> bytes:
    """The same record of another order: attempt, intent and order ids carry the number of the copy."""
    numbered = line.replace(b'"sig_', b'"sig_%d_' % copy).replace(b'"ord_', b'"ord_%d_' % copy)
    return numbered.replace(b'"orderId": ', b'"orderId": %d' % copy)
