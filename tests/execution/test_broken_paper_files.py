"""The paper executor's own input files, damaged: it goes on without what it cannot read, or refuses with advice."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from processes import read, read_state, run
from publisher_world import end_locks

from execution.executor import Executor
from execution.paper.options import parse_options
from state.files import surfaces

if TYPE_CHECKING:
    from pathlib import Path

_no_locks_left = pytest.fixture(autouse=True)(end_locks)

SHORT = ("--backfill-hours", "0.2")


HOLDINGS = '{"holdings": {"BTC": {"qty": Infinity}, "USDC": {"qty": 100.0}, "KAG": {"qty": NaN, "avg_cost": 30}}}'


def test_holdings_that_are_no_numbers_cost_nothing_else(tmp_path: Path) -> None:
    """Refused with a sentence each, once; the others, the NAV and everything else are published."""
    path = tmp_path / "holdings.json"
    path.write_text(HOLDINGS)
    code, said = run("executor", tmp_path, "--speed", "0", "--steps", "20", *SHORT, "--holdings", str(path))
    assert code == 0
    for name, value in (("BTC", "Infinity"), ("KAG", "NaN")):
        assert said.count(f"holdings.{name}.qty is {value}; expected a number, 0 or more") == 1
    aum = read_state(tmp_path, surfaces.NAV)["aum"]
    assert {asset: entry["usd_value"] for asset, entry in aum["offexchange"].items()} == {
        "BTC": None, "USDC": 100.0, "KAG": None
    }  # fmt: skip
    assert aum["total"] == pytest.approx(aum["futures"] + 100.0)
    assert aum["total_is_lower_bound"] is True
    assert run("sync_state", tmp_path, "--once")[0] == 0
    assert read_state(tmp_path, surfaces.NAV_STATE)["aum"]["offexchange"]["USDC"]["usd_value"] == 100.0


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff", b"1" + b"0" * 400, b'{"holdings": NaN}'])
def test_holdings_that_cannot_be_read_stop_no_executor(tmp_path: Path, content: bytes) -> None:
    """The account is published; that something else may be held is said."""
    (tmp_path / "holdings.json").write_bytes(content)
    arguments = ("--speed", "0", "--steps", "2", "--backfill-hours", "0", "--holdings", str(tmp_path / "holdings.json"))
    code, said = run("executor", tmp_path, *arguments)
    assert code == 0
    assert "Traceback" not in said
    assert said.count("what is held elsewhere is unknown") == 1
    assert read_state(tmp_path, surfaces.NAV)["aum"]["total_is_lower_bound"] is True


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves."""
    log_dir = tmp_path_factory.mktemp("paper")
    assert run("executor", log_dir, "--speed", "0", "--steps", "5", *SHORT)[0] == 0
    return log_dir


@pytest.fixture
def world(logs: Path) -> dict[str, Any]:
    """Its checkpoint."""
    found: dict[str, Any] = read(logs / "cache" / "paper_state.json")
    return found


WORLDS: list[tuple[str, Any]] = [
    ("world", None), ("world", []), ("peak", 3), ("peak", ["x", 1]), ("peak", [10**400, 1]), ("peak", [1.0]),
    ("world.now_s", float("inf")), ("world.now_s", 1e300), ("world.now_s", "x"), ("world.market", {}),
    ("world.market.regime", "odd"), ("world.market.logs.BTCUSDT", 1e308), ("world.account.cash", None),
    ("world.account.legs", [["A"]]), ("world.orders", [{}]), ("world.day_pnl", 3),
]  # fmt: skip


@pytest.mark.parametrize(("where", "value"), WORLDS)
def test_a_world_that_cannot_go_on_is_refused_with_advice(
    tmp_path: Path, world: dict[str, Any], where: str, value: Any
) -> None:
    """In one sentence, and nothing is published of it."""
    saved = json.loads(json.dumps(world))
    *way, last = where.split(".")
    block = saved
    for step in way:
        block = block[step]
    block[last] = value
    path = tmp_path / "cache" / "paper_state.json"
    path.parent.mkdir()
    path.write_text(json.dumps(saved))
    with pytest.raises(ValueError, match=r"is damaged \(.*\); delete it to begin a new account") as caught:
        Executor(parse_options(["--log-dir", str(tmp_path)]))
    assert str(path) in str(caught.value)
    assert list((tmp_path / "state").glob("*.json")) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff", b'{"a": 1}', b"null"])
def test_a_nav_log_that_cannot_be_read_begins_anew(logs: Path, tmp_path: Path, content: bytes) -> None:
    """The account goes on; that its history does not is said once."""
    begun = shutil.copytree(logs, tmp_path / "logs")
    (begun / "nav_log.json").write_bytes(content)
    code, said = run("executor", begun, "--speed", "0", "--steps", "5")
    assert code == 0
    assert said.count("the NAV history begins anew") == 1
    assert read(begun / "nav_log.json")


def test_an_event_log_that_cannot_be_read_leaves_the_account(tmp_path: Path) -> None:
    """NAV and book are published, without counts of events; what rests on events is not."""
    (tmp_path / "execution" / "order_metrics.jsonl").mkdir(parents=True)
    code, said = run("executor", tmp_path, "--speed", "0", "--steps", "5", *SHORT)
    assert (code, "Traceback" in said) == (1, False)
    assert "order_metrics.jsonl" in said
    (tmp_path / "execution" / "order_metrics.jsonl").rmdir()
    (tmp_path / "execution" / "sync_daemon_heartbeats.jsonl").mkdir()
    code, said = run("executor", tmp_path, "--speed", "0", "--steps", "5", *SHORT)
    assert (code, "Traceback" in said) == (0, False)
    assert said.count("event logs failed: ") == 1
    assert "exec_stats" not in read_state(tmp_path, surfaces.POSITIONS)
    assert read_state(tmp_path, surfaces.RISK_SNAPSHOT) is None
