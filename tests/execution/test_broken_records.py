"""Damaged lines, damaged files and damaged payloads: skipped or refused, in one sentence, and never another error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from broken import CONTENTS, DEEP, HUGE, VALUES, fill, make_cycle, put, sentences
from processes import read_state
from publisher_world import NOW_S, build_close, build_payloads, end_locks, write_desk

from execution.paper.checkpoint import load_checkpoint
from execution.storage.atomic_json import write_json_atomic
from execution.surfaces.aum import read_holdings
from execution.surfaces.nav import load_nav_log
from execution.surfaces.schema import SCHEMAS, SurfaceError, check_surface
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_no_locks_left = pytest.fixture(autouse=True)(end_locks)
log_dir = pytest.fixture(write_desk)


GOOD_CLOSE = json.dumps(build_close(7, 2.0, NOW_S)).encode()
LINES: dict[str, bytes] = {
    "not JSON": b"not json",
    "cut off": GOOD_CLOSE[:40],
    "not UTF-8": GOOD_CLOSE.replace(b"BTC", b"\xff\xfe"),
    "deep": b"[" * 100_000,
    "a list": b"[1]",
    "no time": b'{"event_type": "order_close", "orderId": 8, "realizedPnlUsd": 1.0}',
    "10^400 as a time": b'{"event_type": "order_close", "realizedPnlUsd": 1.0, "ts": ' + HUGE + b"}",
    "a time of the next century": b'{"event_type": "order_close", "realizedPnlUsd": 1.0, "ts": 9.9e9}',
    "milliseconds": b'{"event_type": "order_close", "realizedPnlUsd": 1.0, "ts": 1764197100000}',
    "10^400 as PnL": GOOD_CLOSE.replace(b"2.0", HUGE),
    "1e300 as PnL": GOOD_CLOSE.replace(b"2.0", b"1e300"),
    "Infinity as PnL": GOOD_CLOSE.replace(b"2.0", b"Infinity"),
    "deep id": GOOD_CLOSE.replace(b": 7", b": " + DEEP),
    "a list as id": GOOD_CLOSE.replace(b": 7", b": [7]"),
    "an object as symbol": GOOD_CLOSE.replace(b'"BTCUSDT"', b'{"a": 1}'),
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_broken_line_is_skipped_with_one_sentence(
    log_dir: Path, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The lines around it count, and the daemon goes on."""
    log = log_dir / "execution" / "orders_executed.jsonl"
    cycle = make_cycle(log_dir)
    for number in range(3):
        with log.open("ab") as file:
            good = json.dumps(build_close(10 + number, 1.0, NOW_S)).encode()
            file.write(line + b"\n" + good + b"\n")
        assert cycle.run(NOW_S + number)
    assert read_state(log_dir, surfaces.KPIS)["fee_pnl"]["pnl"] == 8.0
    assert sentences(caplog, log.name) == [f"{log} has lines that are no records of an event; they are skipped"]
    assert cycle.feed.malformed == 3


READERS: list[tuple[str, Callable[[Path], Any]]] = [
    ("holdings.json", read_holdings),
    ("nav_log.json", load_nav_log),
    ("paper_state.json", lambda path: load_checkpoint(path.parent)),
]


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize(("name", "load"), READERS, ids=[name for name, _ in READERS])
def test_a_reader_that_refuses_does_so_in_one_sentence(
    tmp_path: Path, name: str, load: Callable[[Path], Any], content: bytes
) -> None:
    """ValueError with the name of the file; never another error."""
    fill(tmp_path / name, content)
    said = ""
    try:
        load(tmp_path / name)
    except ValueError as error:
        said = str(error)
    # A list is a NAV log, though it has no points.
    assert (name in said) == (not (name == "nav_log.json" and content.startswith(b"[") and content.endswith(b"]")))
    assert len(said) < 400


NAMES = {
    "aum.offexchange.*": "aum.offexchange.BTC",
    "quality_counts.*": "quality_counts.ok",
    "symbols.*": "symbols.BTCUSDT",
}


@pytest.mark.parametrize("value", [*VALUES.values(), -1], ids=[*VALUES, "-1"])
@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_schema_refuses_in_one_sentence(name: str, value: Any) -> None:
    """Any value in any field that has a rule: taken, or refused by name; never another error."""
    good = json.dumps(build_payloads()[name])
    for path in SCHEMAS[name]:
        payload, way = json.loads(good), path.replace("[]", ".0").replace("?", "")
        for pattern, one in NAMES.items():
            way = way.replace(pattern, one)
        put(payload, way, value)
        said = f"{name}: "
        try:
            check_surface(name, payload)
        except SurfaceError as error:
            said = str(error)
        assert said.startswith(f"{name}: ")
        assert len(said) < 300


def test_a_number_that_no_reader_can_hold_is_not_written(tmp_path: Path) -> None:
    """Named by its field."""
    with pytest.raises(ValueError, match=r"x\.json: rows\[1\]\.qty is an integer beyond 10\^308"):
        write_json_atomic(tmp_path / "x.json", {"rows": [{"qty": 10**300}, {"qty": 10**400}]})
